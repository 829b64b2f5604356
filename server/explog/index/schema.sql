-- The index. Disposable: everything in it can be read again from logs and repositories.
-- Times are seconds since 1970, object ids full and in hexadecimal, lines 1-based.

CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE repositories (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL,
    common_dir TEXT NOT NULL UNIQUE,
    signature TEXT,
    tips TEXT NOT NULL,
    commits INTEGER NOT NULL DEFAULT 0 -- how many of its commits are in the index
);

-- `stamp` is the rowid in `commit_words`; see explog.index.stamps: it grows with the date,
-- so that the newest of very many matches are found without sorting all.
CREATE TABLE commits (
    id INTEGER PRIMARY KEY,
    stamp INTEGER NOT NULL UNIQUE,
    repository INTEGER NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    oid TEXT NOT NULL,
    author TEXT NOT NULL,
    email TEXT NOT NULL,
    author_time INTEGER NOT NULL,
    committer_time INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    width INTEGER NOT NULL
);
CREATE UNIQUE INDEX commits_by_oid ON commits (repository, oid);
CREATE INDEX commits_by_author_time ON commits (author_time);

-- What commits claim. `step` is '' for a whole experiment; `place` as in explog.refs.Place.
CREATE TABLE claims (
    commit_id INTEGER NOT NULL REFERENCES commits (id) ON DELETE CASCADE,
    experiment TEXT NOT NULL,
    step TEXT NOT NULL,
    place INTEGER NOT NULL,
    results INTEGER NOT NULL,
    PRIMARY KEY (experiment, step, commit_id)
) WITHOUT ROWID;
CREATE INDEX claims_by_commit ON claims (commit_id);

CREATE TABLE logs (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    stamp TEXT NOT NULL,
    digest TEXT NOT NULL,
    size INTEGER NOT NULL,
    problem TEXT
);

-- A section is the subtree of a top heading (or what stands before the first): the unit that is
-- read again when its digest changes. `start` and `size` are bytes.
CREATE TABLE sections (
    id INTEGER PRIMARY KEY,
    log INTEGER NOT NULL REFERENCES logs (id) ON DELETE CASCADE,
    digest BLOB NOT NULL,
    start INTEGER NOT NULL,
    line INTEGER NOT NULL
);
CREATE INDEX sections_by_log ON sections (log, start);

-- Within a section `start` and `line` count from its own: a change above moves one row alone.
CREATE TABLE experiments (
    id INTEGER PRIMARY KEY,
    section INTEGER NOT NULL REFERENCES sections (id) ON DELETE CASCADE,
    start INTEGER NOT NULL,
    size INTEGER NOT NULL,
    line INTEGER NOT NULL,
    ident TEXT NOT NULL,
    aliases TEXT NOT NULL,
    title TEXT NOT NULL,
    todo TEXT,
    done INTEGER NOT NULL,
    tags TEXT NOT NULL,
    created TEXT,
    closed TEXT
);
CREATE INDEX experiments_by_ident ON experiments (ident);
CREATE INDEX experiments_by_section ON experiments (section);
CREATE INDEX experiments_by_todo ON experiments (todo);

-- `hashes` as explog.index.records writes them; empty if `hash` is the only one, or there is none.
CREATE TABLE steps (
    experiment INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    number TEXT NOT NULL,
    line INTEGER NOT NULL,
    text TEXT NOT NULL,
    box TEXT,
    hash TEXT,
    hashes TEXT NOT NULL,
    PRIMARY KEY (experiment, position)
) WITHOUT ROWID;
CREATE INDEX steps_by_hash ON steps (hash) WHERE hash IS NOT NULL;

-- All prose; `stamp` as for commits, `line` counts from the section's. `text` of the kind
-- "experiment" begins with its title, on a line of its own. What is in no experiment has the kind
-- "text" and the `title` of the heading that it is under.
CREATE TABLE passages (
    id INTEGER PRIMARY KEY,
    stamp INTEGER NOT NULL UNIQUE,
    section INTEGER NOT NULL REFERENCES sections (id) ON DELETE CASCADE,
    experiment INTEGER,
    title TEXT,
    kind TEXT NOT NULL,
    step TEXT NOT NULL,
    line INTEGER NOT NULL,
    text TEXT NOT NULL,
    day TEXT,
    width INTEGER NOT NULL
);
CREATE INDEX passages_by_experiment ON passages (section, experiment);

-- All text, and the words in it. Where `width` is 2, it is given what explog.index.words.indexed
-- makes of it. A commit also has a word for its repository.
-- Two of them, as the newest commits and the newest passages are asked for apart.
CREATE VIRTUAL TABLE commit_words USING fts5 (
    text, content = '', columnsize = 0, tokenize = 'unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE passage_words USING fts5 (
    text, content = '', columnsize = 0, tokenize = 'unicode61 remove_diacritics 2'
);
-- Bytes of words gathered before they are written: the default of 1 MiB makes for many merges.
INSERT INTO commit_words (commit_words, rank) VALUES ('hashsize', 8388608);
INSERT INTO passage_words (passage_words, rank) VALUES ('hashsize', 8388608);
-- Many pieces may be there before what was written is merged while somebody waits: a server has
-- Index.tidy do it when nobody does.
INSERT INTO commit_words (commit_words, rank) VALUES ('automerge', 16);
INSERT INTO passage_words (passage_words, rank) VALUES ('automerge', 16);
INSERT INTO commit_words (commit_words, rank) VALUES ('crisismerge', 64);
INSERT INTO passage_words (passage_words, rank) VALUES ('crisismerge', 64);
CREATE VIRTUAL TABLE commit_words_vocabulary USING fts5vocab (commit_words, instance);
CREATE VIRTUAL TABLE passage_words_vocabulary USING fts5vocab (passage_words, instance);

CREATE TABLE diagnoses (
    section INTEGER NOT NULL REFERENCES sections (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    line INTEGER NOT NULL,
    message TEXT NOT NULL,
    experiment TEXT
);
CREATE INDEX diagnoses_by_section ON diagnoses (section);

-- Commits that no branch reaches any more. `claims` has lines `experiment step`.
CREATE TABLE unreachable (
    oid TEXT NOT NULL,
    repository INTEGER NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    email TEXT NOT NULL,
    author_time INTEGER NOT NULL,
    committer_time INTEGER NOT NULL,
    subject TEXT NOT NULL,
    claims TEXT NOT NULL,
    PRIMARY KEY (oid, repository)
) WITHOUT ROWID;

-- Steps that a change of history may have touched and that nobody has looked at since.
CREATE TABLE pending (
    experiment TEXT NOT NULL,
    step TEXT NOT NULL,
    PRIMARY KEY (experiment, step)
) WITHOUT ROWID;

-- Results commits, and others that were asked for: whether their values are read.
CREATE TABLE readings (
    commit_id INTEGER PRIMARY KEY REFERENCES commits (id) ON DELETE CASCADE,
    done INTEGER NOT NULL
);
CREATE INDEX readings_to_do ON readings (commit_id) WHERE NOT done;

-- What commits give; see explog.results.values. Commits with the same files of parameters have one
-- sample of them in common, whose `digest` names those files. It is NULL for other samples.
CREATE TABLE samples (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    reference TEXT NOT NULL,
    digest TEXT
);
CREATE UNIQUE INDEX samples_by_digest ON samples (digest) WHERE digest IS NOT NULL;
CREATE TABLE sampled (
    commit_id INTEGER NOT NULL REFERENCES commits (id) ON DELETE CASCADE,
    sample INTEGER NOT NULL REFERENCES samples (id),
    PRIMARY KEY (commit_id, sample)
) WITHOUT ROWID;
CREATE INDEX sampled_by_sample ON sampled (sample);
CREATE TRIGGER unsampled AFTER DELETE ON sampled
WHEN NOT EXISTS (SELECT 1 FROM sampled WHERE sample = OLD.sample) BEGIN
    DELETE FROM samples WHERE id = OLD.sample; END;

-- `kind` is 0 for a metric, 1 for a parameter. `value` is NULL for NaN and for what is no number.
CREATE TABLE numbers (
    sample INTEGER NOT NULL REFERENCES samples (id) ON DELETE CASCADE,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    text TEXT NOT NULL,
    value REAL,
    unit TEXT NOT NULL,
    PRIMARY KEY (sample, kind, name)
) WITHOUT ROWID;
CREATE INDEX numbers_by_name ON numbers (kind, name, value);

-- What of a commit's values could not be read, and why.
CREATE TABLE troubles (
    commit_id INTEGER NOT NULL REFERENCES commits (id) ON DELETE CASCADE,
    source TEXT NOT NULL,
    message TEXT NOT NULL
);
CREATE INDEX troubles_by_commit ON troubles (commit_id);
