-- What members have published. Times are seconds since 1970, object ids full and in hexadecimal.
-- Nobody but the owner touches the tables: members call the functions of the migrations that
-- follow. Row-level security is a second lock, for the day that somebody grants a table by mistake.
-- Migrations only add, so that a client of an older version still reads and publishes.

CREATE TABLE members (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE
);

-- The explogs of a member, one for each machine: what one withdraws, another may still publish.
CREATE TABLE sources (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member integer NOT NULL REFERENCES members ON DELETE CASCADE,
    token uuid NOT NULL,
    seen timestamptz NOT NULL DEFAULT now(),
    UNIQUE (member, token)
);

-- A project is its address and its root commits: clones with the same address that have a root in
-- common are one, forks have other addresses. One without an address is its member's alone.
CREATE TABLE projects (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    url text NOT NULL,
    roots text[] NOT NULL,
    name text NOT NULL,
    private_to integer REFERENCES members ON DELETE CASCADE
);
CREATE INDEX projects_by_url ON projects (url);

-- What the folder of a source's clone is called.
CREATE TABLE clones (
    source integer NOT NULL REFERENCES sources ON DELETE CASCADE,
    project integer NOT NULL REFERENCES projects ON DELETE CASCADE,
    name text NOT NULL,
    PRIMARY KEY (source, project, name)
);

-- A commit is stored once, however many publish it. `digest` is of all that it says: what is made
-- up under the id of a true commit takes nobody's place. `tokens` has the words of the text with
-- blanks between and around them, `words` which words there are, the first 500 characters of each.
-- `folded` is NULL where the text is ASCII.
CREATE TABLE commits (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project integer NOT NULL REFERENCES projects ON DELETE CASCADE,
    private_to integer,
    oid text COLLATE "C" NOT NULL,
    digest bytea NOT NULL,
    author text NOT NULL,
    email text NOT NULL,
    folded_author text,
    author_time bigint NOT NULL,
    seconds bigint NOT NULL,
    subject text NOT NULL,
    said text NOT NULL,
    folded text,
    tokens text NOT NULL,
    words tsvector NOT NULL,
    UNIQUE (project, oid, digest)
);
CREATE INDEX commits_by_date ON commits (seconds DESC, id DESC);
CREATE INDEX commits_by_oid ON commits (oid);
CREATE INDEX commits_by_word ON commits USING gin (words);

CREATE TABLE claims (
    commit bigint NOT NULL REFERENCES commits ON DELETE CASCADE,
    experiment text COLLATE "C" NOT NULL,
    step text COLLATE "C" NOT NULL,
    place smallint NOT NULL,
    results boolean NOT NULL,
    PRIMARY KEY (experiment, step, commit)
);
CREATE INDEX claims_by_commit ON claims (commit);

CREATE TABLE publications (
    commit bigint NOT NULL REFERENCES commits ON DELETE CASCADE,
    source integer NOT NULL REFERENCES sources ON DELETE CASCADE,
    PRIMARY KEY (commit, source)
);
CREATE INDEX publications_by_source ON publications (source);

-- The numbers that a source read at a commit: its settings say in which files. `kind` is 0 for a
-- metric, 1 for a parameter.
CREATE TABLE numbers (
    commit bigint NOT NULL,
    source integer NOT NULL,
    kind smallint NOT NULL,
    name text COLLATE "C" NOT NULL,
    folded text NOT NULL,
    value double precision,
    unit text NOT NULL,
    reference text NOT NULL,
    FOREIGN KEY (commit, source) REFERENCES publications ON DELETE CASCADE
);
CREATE INDEX numbers_by_commit ON numbers (commit, source);
CREATE INDEX numbers_by_name ON numbers (kind, name, value);

-- `unit` is what the source calls the log; nobody else learns in which folder it is.
CREATE TABLE logs (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source integer NOT NULL REFERENCES sources ON DELETE CASCADE,
    unit text NOT NULL,
    name text NOT NULL,
    UNIQUE (source, unit)
);

-- A piece of a log, with what a search asks of its experiment. `key` is a digest of all that it
-- says. `day` tells whether `seconds` is a date.
CREATE TABLE passages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    log integer NOT NULL REFERENCES logs ON DELETE CASCADE,
    source integer NOT NULL,
    key bytea NOT NULL,
    kind text NOT NULL,
    ident text COLLATE "C",
    step text COLLATE "C" NOT NULL,
    title text NOT NULL,
    state text,
    tags text[] NOT NULL,
    day boolean NOT NULL,
    seconds bigint NOT NULL,
    said text NOT NULL,
    folded text,
    tokens text NOT NULL,
    words tsvector NOT NULL,
    UNIQUE (log, key)
);
CREATE INDEX passages_by_date ON passages (seconds DESC, id DESC);
CREATE INDEX passages_by_ident ON passages (ident, step);
CREATE INDEX passages_by_word ON passages USING gin (words);

CREATE TABLE step_hashes (
    passage bigint NOT NULL REFERENCES passages ON DELETE CASCADE,
    hash text COLLATE "C" NOT NULL,
    PRIMARY KEY (hash, passage)
);
CREATE INDEX step_hashes_by_passage ON step_hashes (passage);

-- In how many documents a word is, by which a search chooses its plan. Each batch adds rows, so
-- that publishers do not wait for each other; `gather_words` makes one of those of a word.
CREATE TABLE vocabulary (
    word text COLLATE "C" NOT NULL,
    target text NOT NULL,
    documents integer NOT NULL
);
CREATE INDEX vocabulary_by_word ON vocabulary (target, word) INCLUDE (documents);

-- Who asks: the role that logged in, also inside functions of the owner.
CREATE FUNCTION me() RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = explog_lab, pg_temp
AS $$ SELECT id FROM members WHERE name = session_user $$;

DO $$
DECLARE
    tab text;
BEGIN
    FOREACH tab IN ARRAY ARRAY['members', 'sources', 'projects', 'clones', 'commits', 'claims',
        'publications', 'numbers', 'logs', 'passages', 'step_hashes', 'vocabulary']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tab);
    END LOOP;
END $$;
CREATE POLICY visible ON projects FOR SELECT USING (private_to IS NULL OR private_to = me());
CREATE POLICY visible ON commits FOR SELECT USING (private_to IS NULL OR private_to = me());
CREATE POLICY visible ON passages FOR SELECT USING (true);
