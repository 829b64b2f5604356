-- What members call to publish and to withdraw. Each call is one transaction, and may be repeated.

-- Raise an error unless SOURCE is one of the member's who asks.
CREATE FUNCTION check_source(given integer) RETURNS void
LANGUAGE plpgsql SET search_path = explog_lab, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM sources WHERE id = given AND member = me()) THEN
        RAISE EXCEPTION 'source % is not yours', given USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;

-- Have no other transaction publish or withdraw commits of PROJECT: else one could remove a commit
-- as nobody's while another begins to publish it.
CREATE FUNCTION lock_project(given integer) RETURNS void
LANGUAGE sql SET search_path = explog_lab, pg_temp
AS $$ SELECT pg_advisory_xact_lock(hashtext('explog_lab.projects'), given) $$;

CREATE FUNCTION hello(given uuid) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = explog_lab, pg_temp
AS $$
DECLARE
    own integer;
BEGIN
    INSERT INTO members (name) VALUES (session_user) ON CONFLICT DO NOTHING;
    INSERT INTO sources (member, token) VALUES (me(), given)
    ON CONFLICT (member, token) DO UPDATE SET seen = now() RETURNING id INTO own;
    RETURN jsonb_build_object('member', session_user, 'source', own,
        'version', (SELECT max(number) FROM migrations));
END $$;

-- Return the number of the member's source; it writes nothing, so that a replica answers.
CREATE FUNCTION source_of(given uuid) RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = explog_lab, pg_temp
AS $$ SELECT id FROM sources WHERE token = given AND member = me() $$;

CREATE FUNCTION put_project(from_source integer, address text, root_commits text[], called text)
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = explog_lab, pg_temp
AS $$
DECLARE
    owner integer := CASE WHEN address = '' THEN me() END;
    known integer;
BEGIN
    PERFORM check_source(from_source);
    PERFORM pg_advisory_xact_lock(hashtext('explog_lab.urls'), hashtext(address));
    SELECT id INTO known FROM projects
    WHERE url = address AND private_to IS NOT DISTINCT FROM owner AND roots && root_commits
    ORDER BY id LIMIT 1;
    IF known IS NULL THEN
        INSERT INTO projects (url, roots, name, private_to)
        VALUES (address, root_commits,
            regexp_replace(CASE WHEN address = '' THEN called ELSE address END, '^.*/', ''), owner)
        RETURNING id INTO known;
    ELSE
        UPDATE projects SET roots = ARRAY(SELECT unnest(roots) UNION SELECT unnest(root_commits))
        WHERE id = known AND NOT roots @> root_commits;
    END IF;
    INSERT INTO clones VALUES (from_source, known, called) ON CONFLICT DO NOTHING;
    RETURN known;
END $$;

CREATE FUNCTION words_of(tokens text) RETURNS tsvector
LANGUAGE sql IMMUTABLE SET search_path = explog_lab, pg_temp
AS $$
    SELECT array_to_tsvector(ARRAY(
        SELECT DISTINCT left(word, 500) FROM unnest(string_to_array(tokens, ' ')) AS word
        WHERE word <> ''))
$$;

CREATE FUNCTION gather_words() RETURNS void
LANGUAGE plpgsql SET search_path = explog_lab, pg_temp
AS $$
BEGIN
    IF pg_try_advisory_xact_lock(hashtext('explog_lab.vocabulary')) THEN
        WITH old AS (DELETE FROM vocabulary RETURNING word, target, documents)
        INSERT INTO vocabulary
        SELECT word, target, sum(documents) FROM old GROUP BY word, target HAVING sum(documents) > 0;
    END IF;
END $$;

CREATE FUNCTION publish_commits(from_source integer, to_project integer, given jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = explog_lab, pg_temp
AS $$
DECLARE
    owner integer;
BEGIN
    PERFORM check_source(from_source);
    SELECT private_to INTO STRICT owner FROM projects
    WHERE id = to_project AND (private_to IS NULL OR private_to = me());
    PERFORM lock_project(to_project);
    WITH rows AS MATERIALIZED (
        SELECT * FROM jsonb_to_recordset(given) AS r (oid text, digest text, author text,
            email text, folded_author text, author_time bigint, seconds bigint, subject text,
            said text, folded text, tokens text)
    ), added AS (
        INSERT INTO commits (project, private_to, oid, digest, author, email, folded_author,
            author_time, seconds, subject, said, folded, tokens, words)
        SELECT to_project, owner, oid, decode(digest, 'hex'), author, email, folded_author,
            author_time, seconds, subject, said, folded, tokens, words_of(tokens)
        FROM rows ON CONFLICT (project, oid, digest) DO NOTHING RETURNING words
    )
    INSERT INTO vocabulary
    SELECT word, 'commits', count(*) FROM added, unnest(tsvector_to_array(words)) AS word
    GROUP BY word;
    INSERT INTO claims
    SELECT c.id, k.experiment, k.step, k.place, k.results
    FROM jsonb_to_recordset(given) AS r (oid text, digest text, claims jsonb)
    JOIN commits c ON c.project = to_project AND c.oid = r.oid
        AND c.digest = decode(r.digest, 'hex')
    CROSS JOIN jsonb_to_recordset(r.claims)
        AS k (experiment text, step text, place smallint, results boolean)
    ON CONFLICT DO NOTHING;
    -- A source says one thing of a commit.
    DELETE FROM publications b
    USING jsonb_to_recordset(given) AS r (oid text), commits c
    WHERE c.project = to_project AND c.oid = r.oid AND b.commit = c.id AND b.source = from_source
        AND NOT EXISTS (SELECT 1 FROM jsonb_to_recordset(given) AS o (oid text, digest text)
            WHERE o.oid = c.oid AND decode(o.digest, 'hex') = c.digest);
    INSERT INTO publications
    SELECT c.id, from_source FROM jsonb_to_recordset(given) AS r (oid text, digest text)
    JOIN commits c ON c.project = to_project AND c.oid = r.oid
        AND c.digest = decode(r.digest, 'hex')
    ON CONFLICT DO NOTHING;
    DELETE FROM numbers n
    USING jsonb_to_recordset(given) AS r (oid text), commits c
    WHERE c.project = to_project AND c.oid = r.oid AND n.commit = c.id AND n.source = from_source;
    INSERT INTO numbers
    SELECT c.id, from_source, n.kind, n.name, n.folded, n.value, n.unit, n.reference
    FROM jsonb_to_recordset(given) AS r (oid text, digest text, numbers jsonb)
    JOIN commits c ON c.project = to_project AND c.oid = r.oid
        AND c.digest = decode(r.digest, 'hex')
    CROSS JOIN jsonb_to_recordset(r.numbers) AS n (kind smallint, name text, folded text,
        value double precision, unit text, reference text);
    IF random() < 0.02 THEN
        PERFORM gather_words();
    END IF;
END $$;

-- A commit that nobody publishes any more goes, and with it what is in it.
CREATE FUNCTION drop_unpublished() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = explog_lab, pg_temp
AS $$
BEGIN
    WITH gone AS (
        DELETE FROM commits c USING (SELECT DISTINCT commit FROM withdrawn) w
        WHERE c.id = w.commit AND NOT EXISTS (SELECT 1 FROM publications WHERE commit = c.id)
        RETURNING c.words
    )
    INSERT INTO vocabulary
    SELECT word, 'commits', -count(*) FROM gone, unnest(tsvector_to_array(words)) AS word
    GROUP BY word;
    RETURN NULL;
END $$;
CREATE TRIGGER drop_unpublished AFTER DELETE ON publications
REFERENCING OLD TABLE AS withdrawn FOR EACH STATEMENT EXECUTE FUNCTION drop_unpublished();

CREATE FUNCTION withdraw_commits(from_source integer, of_project integer, ids text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = explog_lab, pg_temp
AS $$
BEGIN
    PERFORM check_source(from_source);
    PERFORM lock_project(of_project);
    DELETE FROM publications b USING commits c
    WHERE b.source = from_source AND b.commit = c.id AND c.project = of_project
        AND c.oid = ANY (ids);
END $$;

CREATE FUNCTION put_log(from_source integer, called text, shown text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = explog_lab, pg_temp
AS $$
DECLARE
    known integer;
BEGIN
    PERFORM check_source(from_source);
    INSERT INTO logs (source, unit, name) VALUES (from_source, called, shown)
    ON CONFLICT (source, unit) DO UPDATE SET name = shown RETURNING id INTO known;
    RETURN known;
END $$;

CREATE FUNCTION publish_passages(from_source integer, to_log integer, given jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = explog_lab, pg_temp
AS $$
BEGIN
    PERFORM check_source(from_source);
    PERFORM 1 FROM logs WHERE id = to_log AND source = from_source;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'log % is not yours', to_log USING ERRCODE = 'insufficient_privilege';
    END IF;
    WITH rows AS MATERIALIZED (
        SELECT * FROM jsonb_to_recordset(given) AS r (key text, kind text, ident text, step text,
            title text, state text, tags text[], day boolean, seconds bigint, said text,
            folded text, tokens text)
    ), added AS (
        INSERT INTO passages (log, source, key, kind, ident, step, title, state, tags, day,
            seconds, said, folded, tokens, words)
        SELECT to_log, from_source, decode(key, 'hex'), kind, ident, step, title, state, tags, day,
            seconds, said, folded, tokens, words_of(tokens)
        FROM rows ON CONFLICT (log, key) DO NOTHING RETURNING words
    )
    INSERT INTO vocabulary
    SELECT word, 'passages', count(*) FROM added, unnest(tsvector_to_array(words)) AS word
    GROUP BY word;
    INSERT INTO step_hashes
    SELECT p.id, hash FROM jsonb_to_recordset(given) AS r (key text, hashes text[])
    JOIN passages p ON p.log = to_log AND p.key = decode(r.key, 'hex')
    CROSS JOIN unnest(r.hashes) AS hash
    ON CONFLICT DO NOTHING;
    IF random() < 0.02 THEN
        PERFORM gather_words();
    END IF;
END $$;

CREATE FUNCTION withdraw_passages(from_source integer, of_log integer, keys text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = explog_lab, pg_temp
AS $$
BEGIN
    PERFORM check_source(from_source);
    WITH gone AS (
        DELETE FROM passages WHERE source = from_source AND log = of_log
            AND key IN (SELECT decode(one, 'hex') FROM unnest(keys) AS one)
        RETURNING words
    )
    INSERT INTO vocabulary
    SELECT word, 'passages', -count(*) FROM gone, unnest(tsvector_to_array(words)) AS word
    GROUP BY word;
    DELETE FROM logs WHERE id = of_log AND source = from_source
        AND NOT EXISTS (SELECT 1 FROM passages WHERE log = of_log);
END $$;

-- What the lab has of a source: {unit: keys}, for one who lost what he remembered of it.
CREATE FUNCTION published(from_source integer)
RETURNS TABLE (what text, place integer, unit text, key text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = explog_lab, pg_temp
AS $$
BEGIN
    PERFORM check_source(from_source);
    RETURN QUERY
    SELECT 'commits'::text, c.project, NULL::text, c.oid::text
    FROM publications b JOIN commits c ON c.id = b.commit WHERE b.source = from_source
    UNION ALL
    SELECT 'passages', l.id, l.unit, encode(p.key, 'hex')
    FROM logs l JOIN passages p ON p.log = l.id WHERE l.source = from_source;
END $$;

-- Remove the member NAME with all that was published.
CREATE FUNCTION remove_member(called text) RETURNS void
LANGUAGE plpgsql SET search_path = explog_lab, pg_temp
AS $$
DECLARE
    own integer[] := ARRAY(SELECT s.id FROM sources s JOIN members m ON m.id = s.member
        WHERE m.name = called);
BEGIN
    PERFORM lock_project(id) FROM (SELECT id FROM projects ORDER BY id) AS p;
    WITH gone AS (DELETE FROM passages WHERE source = ANY (own) RETURNING words)
    INSERT INTO vocabulary
    SELECT word, 'passages', -count(*) FROM gone, unnest(tsvector_to_array(words)) AS word
    GROUP BY word;
    DELETE FROM publications WHERE source = ANY (own);
    DELETE FROM members WHERE name = called;
    DELETE FROM projects p WHERE NOT EXISTS (SELECT 1 FROM commits WHERE project = p.id);
END $$;

-- Withdraw all that the member published, from every machine.
CREATE FUNCTION forget() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = explog_lab, pg_temp
AS $$ SELECT remove_member(session_user) $$;

CREATE FUNCTION status() RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = explog_lab, pg_temp
AS $$
    SELECT jsonb_build_object(
        'member', session_user,
        'version', (SELECT max(number) FROM migrations),
        'members', (SELECT count(*) FROM members),
        'commits', (SELECT count(*) FROM publications b JOIN sources s ON s.id = b.source
            WHERE s.member = me()),
        'passages', (SELECT count(*) FROM passages p JOIN sources s ON s.id = p.source
            WHERE s.member = me()),
        'logs', (SELECT count(*) FROM logs l JOIN sources s ON s.id = l.source
            WHERE s.member = me()))
$$;
