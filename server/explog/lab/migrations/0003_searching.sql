-- A query comes as JSON, never as SQL: clauses, all of which hold, of terms, one of which holds.
-- From it a statement is made here, in which each value is a quoted literal. `d` is the document
-- that is looked at: a row of commits or of passages. A term has two forms: a condition on `d`, and
-- for words also a SELECT of the ids that fulfil it.

-- Return WORDS, the last of which may go on, in the language of full-text search.
CREATE FUNCTION ts_query(found text[], goes_on boolean) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = explog_lab, pg_temp
AS $$
    SELECT string_agg('''' || replace(replace(left(word, 500), '\', '\\'), '''', '''''') || ''''
        || CASE WHEN goes_on AND place = cardinality(found) THEN ':*' ELSE '' END, ' & ')
    FROM unnest(found) WITH ORDINALITY AS w (word, place)
$$;

-- Return that `d` has the words of TERM; by INDEXED, such that the index finds them.
CREATE FUNCTION has_words(term jsonb, indexed boolean) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = explog_lab, pg_temp
AS $$
DECLARE
    found text[] := array_remove(ARRAY(SELECT jsonb_array_elements_text(term->'words')), '');
    goes_on boolean := (term->>'prefix')::boolean;
    sql text;
BEGIN
    IF cardinality(found) = 0 THEN
        RETURN 'false';
    END IF;
    sql := format(CASE WHEN indexed THEN 'd.words @@ %L::tsquery'
        ELSE 'ts_match_vq(d.words, %L::tsquery)' END, ts_query(found, goes_on));
    IF cardinality(found) > 1 OR length(found[1]) >= 500 THEN
        sql := sql || format(' AND strpos(d.tokens, %L) > 0',
            ' ' || array_to_string(found, ' ') || CASE WHEN goes_on THEN '' ELSE ' ' END);
    END IF;
    RETURN '(' || sql || ')';
END $$;

-- Return that `d` has the words of TERM with all their signs, each in one of its spellings.
CREATE FUNCTION has_signs(term jsonb) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = explog_lab, pg_temp
AS $$
    SELECT coalesce(string_agg('(' || (
        SELECT string_agg(format(
            'strpos(coalesce(d.folded, lower(d.said COLLATE "C")), %L) > 0', one), ' OR ')
        FROM jsonb_array_elements_text(look) AS one) || ')', ' AND '), 'true')
    FROM jsonb_array_elements(term->'looks') AS look
$$;

-- Return that the id in COLUMN begins with the digits of TERM.
CREATE FUNCTION begins_with_hash(term jsonb, col text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = explog_lab, pg_temp
AS $$
    SELECT format('(%s >= %L AND %s < %L)', col, term->>'hash', col, (term->>'hash') || 'g')
$$;

-- Return the condition for the step or experiment in REFERENCE, on its columns in the table ROW;
-- with all that is beneath.
CREATE FUNCTION is_reference(reference jsonb, experiment text, step text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = explog_lab, pg_temp
AS $$
    SELECT format('(%s = %L', experiment, reference->>'experiment')
        || CASE WHEN reference->>'step' = '' THEN '' ELSE
            format(' AND (%s = %L OR starts_with(%s, %L))', step, reference->>'step', step,
                (reference->>'step') || '.') END || ')'
$$;

CREATE FUNCTION is_numbered(number jsonb) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = explog_lab, pg_temp
AS $$
    SELECT format('(d.ident = %L AND d.kind = %L AND d.step = %L)', number->>'experiment',
        CASE WHEN number->>'step' = '' THEN 'experiment' ELSE 'step' END, number->>'step')
$$;

-- Return what TERM names otherwise than by words: a condition, and a SELECT of ids for each.
CREATE FUNCTION named(term jsonb, target text) RETURNS TABLE (condition text, ids text)
LANGUAGE plpgsql IMMUTABLE SET search_path = explog_lab, pg_temp
AS $$
DECLARE
    sql text;
BEGIN
    IF term ? 'reference' AND target = 'commits' THEN
        sql := is_reference(term->'reference', 'k.experiment', 'k.step');
        RETURN QUERY SELECT
            format('EXISTS (SELECT 1 FROM claims k WHERE k.commit = d.id AND %s)', sql),
            format('SELECT k.commit FROM claims k WHERE %s', sql);
    ELSIF term ? 'reference' THEN
        sql := is_reference(term->'reference', 'd.ident', 'd.step');
        RETURN QUERY SELECT sql, format('SELECT d.id FROM passages d WHERE %s', sql);
    END IF;
    IF term ? 'hash' AND target = 'commits' THEN
        sql := begins_with_hash(term, 'd.oid');
        RETURN QUERY SELECT sql, format('SELECT d.id FROM commits d WHERE %s', sql);
    ELSIF term ? 'hash' THEN
        sql := format('(%s OR h.hash = ANY (%L::text[]))', begins_with_hash(term, 'h.hash'),
            ARRAY(SELECT jsonb_array_elements_text(term->'shorter')));
        RETURN QUERY SELECT
            format('EXISTS (SELECT 1 FROM step_hashes h WHERE h.passage = d.id AND %s)', sql),
            format('SELECT h.passage FROM step_hashes h WHERE %s', sql);
    END IF;
    IF term ? 'number' AND target = 'passages' THEN
        sql := is_numbered(term->'number');
        RETURN QUERY SELECT sql, format('SELECT d.id FROM passages d WHERE %s', sql);
    END IF;
END $$;

-- Return that a row `n` of numbers is as TERM compares.
CREATE FUNCTION compares(term jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = explog_lab, pg_temp
AS $$
DECLARE
    sql text := format('n.kind = %L AND n.name = %L', term->>'kind', term->>'metric');
    operator text := term->>'operator';
BEGIN
    IF operator = '' THEN
        RETURN sql;
    ELSIF operator NOT IN ('<', '<=', '>', '>=', '=', '!=') THEN
        RAISE EXCEPTION 'unknown comparison' USING ERRCODE = 'invalid_parameter_value';
    ELSIF term ? 'number' THEN
        RETURN sql || format(' AND n.value %s %L::double precision', operator, term->>'number')
            || CASE WHEN term->>'unit' = '' THEN '' ELSE ' AND n.unit = ''%''' END;
    END IF;
    RETURN sql || format(' AND n.folded %s %L', operator, term->>'folded');
END $$;

-- Return that the commit `d` is of a repository called GIVEN: that is the name of its project or of
-- anybody's clone of it, or with a slash a part of its address. There are few projects, so that they
-- are looked for once and not for each commit. Those that one may not see do not even take time.
CREATE FUNCTION of_repository(given text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = explog_lab, pg_temp
AS $$
DECLARE
    found integer[] := ARRAY(SELECT id FROM projects WHERE private_to IS NULL OR private_to = me());
    called integer[] := ARRAY(SELECT id FROM projects WHERE id = ANY (found)
        AND (projects.name = given OR (given LIKE '%/%' AND strpos(url, given) > 0)));
    cloned integer[] := ARRAY(SELECT DISTINCT project FROM clones WHERE project = ANY (found)
        AND project <> ALL (called) AND clones.name IN (given, given || '.git'));
BEGIN
    IF cardinality(called) + cardinality(cloned) = 0 THEN
        RETURN 'false';
    END IF;
    RETURN format('(d.project = ANY (%L::integer[]) OR (d.project = ANY (%L::integer[])'
        ' AND EXISTS (SELECT 1 FROM publications b JOIN clones o ON o.source = b.source'
        ' WHERE b.commit = d.id AND o.project = d.project AND o.name IN (%L, %L))))',
        called, cloned, given, given || '.git');
END $$;

CREATE FUNCTION filters(term jsonb, target text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = explog_lab, pg_temp
AS $$
DECLARE
    name text := term->>'filter';
    given text := term->>'value';
    is_commits boolean := target = 'commits';
BEGIN
    CASE
    WHEN name = 'kind' AND is_commits THEN RETURN (given = 'commit')::text;
    WHEN name = 'kind' THEN RETURN format('d.kind = %L', given);
    WHEN name = 'after' THEN
        RETURN format('(d.seconds >= %L::bigint AND d.seconds >= 43200)', given);
    WHEN name = 'before' THEN
        RETURN format('(d.seconds < %L::bigint AND d.seconds >= 43200)', given);
    WHEN name = 'number' AND is_commits THEN
        RETURN format('EXISTS (SELECT 1 FROM numbers n WHERE n.commit = d.id AND %s)',
            compares(term));
    WHEN name = 'number' THEN
        -- A step has what the commit gave that stands on it.
        RETURN format('(d.kind = ''step'' AND EXISTS (SELECT 1 FROM step_hashes h'
            ' JOIN commits c ON c.oid >= h.hash AND c.oid < h.hash || ''g'''
            ' JOIN numbers n ON n.commit = c.id AND n.source = d.source'
            ' WHERE h.passage = d.id'
            ' AND n.reference IN ('''', ''e'' || d.ident || ''.'' || d.step) AND %s))',
            compares(term));
    WHEN name = 'author' AND is_commits THEN
        RETURN format('strpos(coalesce(d.folded_author,'
            ' lower((d.author || '' <'' || d.email || ''>'') COLLATE "C")), %L) > 0', given);
    WHEN name = 'repo' AND is_commits THEN
        RETURN of_repository(given);
    WHEN name = 'log' AND NOT is_commits THEN
        RETURN format('d.log IN (SELECT id FROM logs WHERE logs.name IN (%L, %L))',
            given, given || '.org');
    WHEN name = 'state' AND NOT is_commits THEN RETURN format('d.state = %L', given);
    WHEN name = 'tag' AND NOT is_commits THEN RETURN format('%L = ANY (d.tags)', given);
    ELSE RETURN 'false';
    END CASE;
END $$;

-- Return TERM as a condition on `d`.
CREATE FUNCTION condition(term jsonb, target text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = explog_lab, pg_temp
AS $$
DECLARE
    others text;
BEGIN
    IF term ? 'filter' THEN
        RETURN filters(term, target);
    END IF;
    SELECT coalesce(string_agg(' OR ' || n.condition, ''), '') INTO others
    FROM named(term, target) AS n;
    RETURN format('((%s AND %s)%s)', has_words(term, false), has_signs(term), others);
END $$;

-- Return a SELECT of (id, seconds, named) of the documents that fulfil TERM, which is no filter, and
-- REST. NAMES is the condition for those that are named.
CREATE FUNCTION found_by(term jsonb, target text, rest text, names text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = explog_lab, pg_temp
AS $$
    SELECT string_agg('SELECT d.id, d.seconds, coalesce(' || names || ', false) AS named'
        || format(' FROM %I d WHERE ', target) || begin || ' AND ' || rest, ' UNION ')
    FROM (
        SELECT has_words(term, true) || ' AND ' || has_signs(term) AS begin
        UNION ALL
        SELECT 'd.id IN (' || n.ids || ')' FROM named(term, target) AS n) AS ways
$$;

-- Return in about how many documents TERM is, which is no filter; MOST if in more.
CREATE FUNCTION frequency(term jsonb, target text, most integer) RETURNS integer
LANGUAGE plpgsql STABLE SET search_path = explog_lab, pg_temp
AS $$
DECLARE
    found text[] := ARRAY(SELECT left(w, 500) FROM jsonb_array_elements_text(term->'words') AS w);
    goes_on boolean := (term->>'prefix')::boolean;
    documents bigint := CASE WHEN cardinality(found) = 0 THEN 0 ELSE most END;
    counted bigint;
    sql text;
BEGIN
    FOR place IN 1 .. cardinality(found) LOOP
        IF goes_on AND place = cardinality(found) THEN
            -- Very many words begin with a few letters: they are not all looked at.
            SELECT coalesce(sum(s.documents), 0) + CASE WHEN count(*) = 20000 THEN most ELSE 0 END
            INTO counted FROM (SELECT v.documents FROM vocabulary v WHERE v.target = frequency.target
                AND v.word >= found[place] AND v.word < found[place] || U&'\+10FFFF'
                LIMIT 20000) AS s;
        ELSE
            SELECT coalesce(sum(v.documents), 0) INTO counted FROM vocabulary v
            WHERE v.target = frequency.target AND v.word = found[place];
        END IF;
        documents := least(documents, counted);
    END LOOP;
    FOR sql IN SELECT n.ids FROM named(term, target) AS n LOOP
        EXECUTE format('SELECT count(*) FROM (%s LIMIT %s) AS s', sql, most) INTO counted;
        documents := documents + counted;
    END LOOP;
    RETURN least(greatest(documents, 0), most);
END $$;

-- Return which clause of QUERY, from 0, fewest documents fulfil; NULL if those are MOST or more, or
-- QUERY has no clause of words.
CREATE FUNCTION rarest(query jsonb, target text, most integer) RETURNS integer
LANGUAGE sql STABLE SET search_path = explog_lab, pg_temp
AS $$
    SELECT place::integer - 1
    FROM jsonb_array_elements(query->'clauses') WITH ORDINALITY AS c (clause, place)
    CROSS JOIN LATERAL (
        SELECT sum(CASE WHEN term ? 'filter' THEN most ELSE frequency(term, target, most) END) AS n
        FROM jsonb_array_elements(clause->'terms') AS term) AS f
    WHERE NOT (clause->>'negative')::boolean AND f.n < most
    ORDER BY f.n LIMIT 1
$$;

-- Return QUERY as a condition on `d`.
CREATE FUNCTION fulfils(query jsonb, target text) RETURNS text
LANGUAGE sql STABLE SET search_path = explog_lab, pg_temp
AS $$
    SELECT coalesce(string_agg(
        CASE WHEN negative THEN 'NOT coalesce(' || alternatives || ', false)' ELSE alternatives END,
        ' AND '), 'true')
    FROM jsonb_array_elements(query->'clauses') AS clause
    CROSS JOIN LATERAL (SELECT (clause->>'negative')::boolean AS negative) AS c
    CROSS JOIN LATERAL (
        SELECT '(' || string_agg(condition(term, target), ' OR ') || ')' AS alternatives
        FROM jsonb_array_elements(clause->'terms') AS term) AS a
$$;

-- Return the condition for the very things that QUERY names; NULL if it names none.
CREATE FUNCTION exactly(query jsonb, target text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = explog_lab, pg_temp
AS $$
    SELECT '(' || string_agg(one, ' OR ') || ')'
    FROM jsonb_array_elements(query->'clauses') AS clause
    CROSS JOIN jsonb_array_elements(clause->'terms') AS term
    CROSS JOIN LATERAL (
        SELECT is_numbered(coalesce(term->'reference', term->'number')) AS one
        WHERE target = 'passages' AND (term ? 'reference' OR term ? 'number')
        UNION ALL
        SELECT n.condition FROM named(term - 'reference' - 'number', target) AS n) AS names
    WHERE NOT (clause->>'negative')::boolean
$$;

-- Return how many documents are better gathered than looked for among the newest, of which QUERY
-- wants MOST. Of N documents n have a word: one gathers n, or looks at N / n for each that is wanted.
-- What else QUERY asks for makes one look at more.
CREATE FUNCTION few_documents(query jsonb, target text, most integer) RETURNS integer
LANGUAGE sql STABLE SET search_path = explog_lab, pg_temp
AS $$
    SELECT CASE WHEN reltuples > 0 AND jsonb_array_length(query->'clauses') = 1
        THEN least(5000, greatest(500, sqrt(most * reltuples)))::integer ELSE 5000 END
    FROM pg_class WHERE oid = target::regclass
$$;

-- Yield up to MOST documents of TARGET that QUERY finds: those that it names, then the newest. What
-- is said of them is in COLUMNS, which may be those of JOINED.
-- Few are gathered by the index first, and then looked at; of many, the newest are looked at until
-- there are enough. Which it is, the vocabulary says: the planner guesses it wrong.
CREATE FUNCTION search_in(target text, columns text, joined text, query jsonb, most integer)
RETURNS TABLE (kind text, members text[], source integer, experiment text, step text, title text,
    said text, log text, url text, project text, oid text, seconds bigint, exact boolean)
LANGUAGE plpgsql STABLE SET search_path = explog_lab, pg_temp
AS $$
DECLARE
    few integer := rarest(query, target, few_documents(query, target, most));
    names text := exactly(query, target);
    visible text := CASE WHEN target <> 'commits' THEN 'true'
        ELSE format('(d.private_to IS NULL OR d.private_to = %L::integer)', me()) END;
    rest text;
    front text;
    newest text := format(' ORDER BY seconds DESC, id DESC LIMIT %s', most);
    shown text := format(' FROM best JOIN %I d ON d.id = best.id %s', target, joined)
        || ' ORDER BY d.seconds DESC, d.id DESC';
BEGIN
    IF few IS NOT NULL THEN
        rest := visible || ' AND '
            || fulfils(jsonb_build_object('clauses', (query->'clauses') - few), target);
        SELECT string_agg(found_by(term, target, rest, coalesce(names, 'false')), ' UNION ')
        INTO front FROM jsonb_array_elements(query->'clauses'->few->'terms') AS term;
        RETURN QUERY EXECUTE 'WITH found AS MATERIALIZED (' || front
            || '), best AS MATERIALIZED (SELECT id, named FROM found'
            || format(' ORDER BY named DESC, seconds DESC, id DESC LIMIT %s', most)
            || ') SELECT ' || columns || ', best.named' || shown;
        RETURN;
    END IF;
    rest := visible || ' AND ' || fulfils(query, target);
    front := format('WITH best AS MATERIALIZED (SELECT d.id FROM %I d WHERE ', target) || rest;
    IF names IS NOT NULL THEN
        RETURN QUERY EXECUTE front || ' AND ' || names || newest || ') SELECT ' || columns
            || ', true' || shown;
        front := front || ' AND NOT coalesce(' || names || ', false)';
    END IF;
    RETURN QUERY EXECUTE front || newest || ') SELECT ' || columns || ', false' || shown;
END $$;

CREATE FUNCTION search(query jsonb, most integer)
RETURNS TABLE (kind text, members text[], source integer, experiment text, step text, title text,
    said text, log text, url text, project text, oid text, seconds bigint, exact boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = explog_lab, pg_temp
AS $$
    SELECT * FROM search_in('passages',
        'd.kind, ARRAY[m.name], d.source, d.ident::text, d.step::text, d.title, d.said, l.name,'
        ' NULL::text, NULL::text, NULL::text, CASE WHEN d.day THEN d.seconds END',
        'JOIN logs l ON l.id = d.log JOIN sources s ON s.id = d.source'
        ' JOIN members m ON m.id = s.member',
        query, most)
    UNION ALL
    -- A claim like [e2e] is not about an experiment, as long as no log has that id.
    SELECT * FROM search_in('commits',
        '''commit''::text, ARRAY(SELECT DISTINCT m.name FROM publications b'
        ' JOIN sources s ON s.id = b.source JOIN members m ON m.id = s.member'
        ' WHERE b.commit = d.id ORDER BY 1), NULL::integer, k.experiment::text, k.step::text,'
        ' d.subject, d.said, NULL::text, o.url, o.name, d.oid::text, d.seconds',
        'JOIN projects o ON o.id = d.project'
        ' LEFT JOIN LATERAL (SELECT k.experiment, k.step FROM claims k WHERE k.commit = d.id'
        ' AND (k.experiment ~ ''^[0-9]*$'''
        ' OR EXISTS (SELECT 1 FROM passages e WHERE e.ident = k.experiment))'
        ' ORDER BY k.place, k.results DESC, k.step = '''', k.experiment, k.step LIMIT 1) k ON true',
        query, most)
$$;
