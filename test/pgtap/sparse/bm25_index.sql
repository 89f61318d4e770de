-- ruvector_bm25: scores, index scans, queries, statistics.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT plan(60);
CREATE FUNCTION pg_temp.plan_of(q text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; plan text := '';
BEGIN FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || q LOOP plan := plan || line || E'\n'; END LOOP; RETURN plan; END $$;
-- The scores of a query through the index and through the table; NULL when they are the same bits.
CREATE FUNCTION pg_temp.disagreement(query text, tail text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE a text; b text; q text := format('SELECT body <@> %s AS d FROM docs %s', query, replace(tail, 'ORDER', 'ORDER BY body <@> ' || query));
BEGIN
  PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'on', true);
  IF pg_temp.plan_of(q) !~ 'Index Scan using \w+_idx' THEN RAISE EXCEPTION 'no index scan: %', pg_temp.plan_of(q); END IF;
  EXECUTE 'SELECT string_agg(coalesce(d::text, ''NULL''), '','') FROM (' || q || ') s' INTO a;
  PERFORM set_config('enable_seqscan', 'on', true), set_config('enable_indexscan', 'off', true);
  EXECUTE 'SELECT string_agg(coalesce(d::text, ''NULL''), '','') FROM (' || q || ') s' INTO b;
  PERFORM set_config('enable_indexscan', 'on', true);
  IF a IS DISTINCT FROM b THEN RETURN format(E'%s\nindex: %s\ntable: %s', q, left(a, 300), left(b, 300)); END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION pg_temp.random_text(seed int, words int) RETURNS text LANGUAGE sql AS $$
  SELECT coalesce(string_agg('w' || (h % 200 * (h / 200 % 200) / 200 * (h / 40000 % 200) / 200), ' '), '')
  FROM (SELECT abs(hashint8(seed * 1000::bigint + n)) AS h FROM generate_series(1, words) n) x $$;

CREATE TABLE docs (id int, body text, tag int);
INSERT INTO docs SELECT i, CASE WHEN i % 90 <> 0 THEN pg_temp.random_text(i, i % 60) END, i % 5 FROM generate_series(1, 1500) i;
INSERT INTO docs VALUES (2000, 'The quick brown fox jumps over the lazy dog', 1), (2001, 'A dog, lazy and brown; the fox is quick', 1),
  (2002, repeat('elephant ', 70000), 1), (2003, '', 1), (2004, 'foxes jumping quickly over dogs', 1);
CREATE INDEX docs_idx ON docs USING ruvector_bm25 (body) WITH (text_config = 'english', pending_pages = 2);
ANALYZE docs;

SELECT is(pg_temp.disagreement($$'w3 w17'$$, 'ORDER LIMIT 10'), NULL, 'index scan = sequential scan, two words');
SELECT is(pg_temp.disagreement($$'w0 w1 w2 w3 w4 w5 w6 w7'$$, 'ORDER LIMIT 500'), NULL, 'many words, many rows');
SELECT is(pg_temp.disagreement($$'w150'$$, 'ORDER'), NULL, 'all rows: those without the word and NULLs too');
SELECT is(pg_temp.disagreement($$'nothing such'$$, 'ORDER'), NULL, 'words that do not occur');
SELECT is(pg_temp.disagreement($$''$$, 'ORDER LIMIT 5'), NULL, 'no words');
SELECT is(pg_temp.disagreement($$'w9 w9 w9 w20'$$, 'ORDER LIMIT 20'), NULL, 'a repeated word counts again');
SELECT is(pg_temp.disagreement($$'w9 w20'$$, 'WHERE tag = 2 ORDER LIMIT 20'), NULL, 'with a filter');
SELECT is(pg_temp.disagreement($$'elephant'$$, 'ORDER LIMIT 3'), NULL, 'a word that occurs 70,000 times');
SELECT is((SELECT id FROM docs ORDER BY body <@> 'elephant' LIMIT 1), 2002, 'long texts are indexed whole');
SELECT is((SELECT array_agg(id ORDER BY id) FROM (SELECT id FROM docs WHERE body <@> 'foxes jump' < 0) s), ARRAY[2000, 2001, 2004], 'stems; WHERE without an order');
-- The score is the textbook's.
SELECT ok(abs((SELECT body <@> 'w3' FROM docs WHERE id = 100) + (SELECT ruvector_bm25_score(ARRAY[tf], ARRAY[df], dl, avgdl, n) FROM
  (SELECT (SELECT count(*) FROM regexp_matches(body, '\mw3\M', 'g')) AS tf, (SELECT count(*) FROM docs WHERE body ~ '\mw3\M') AS df,
    (SELECT sum(cardinality(positions)) FROM unnest(to_tsvector('english', body))) AS dl,
    ((SELECT sum(cardinality(positions)) FROM docs d, unnest(to_tsvector('english', d.body)) WHERE id <> 2002) + 70000) / (SELECT count(body) FROM docs)::float8 AS avgdl,
    (SELECT count(body) FROM docs) AS n FROM docs WHERE id = 100) s)) < 1e-9, 'the score is the formula''s');
SELECT ok(pg_temp.plan_of($$SELECT id FROM docs ORDER BY body <@> 'w3' LIMIT 5$$) ~ 'Index Scan using docs_idx', 'the planner likes the index');
SELECT ok(pg_temp.plan_of($$SELECT id FROM docs ORDER BY body <@> 'w3' DESC LIMIT 5$$) !~ 'Index Scan using docs_idx', 'but not for the other direction');
PREPARE find(text) AS SELECT id FROM docs ORDER BY body <@> $1 LIMIT 1;
SET LOCAL plan_cache_mode = force_generic_plan;
SELECT ok(pg_temp.plan_of($$EXECUTE find('elephant')$$) ~ 'Index Scan using docs_idx', 'a parameter as query');
CREATE TEMP TABLE found AS EXECUTE find('elephant');
SELECT is((SELECT id FROM found), 2002, 'and its answer');
RESET plan_cache_mode;

-- bm25query
SELECT is(bm25query('a:b', 'docs_idx')::text, 'words:docs_idx:a:b', 'text form');
SELECT is(bm25query('a & b'::tsquery, 'docs_idx')::text, $$tsquery:docs_idx:'a' & 'b'$$, 'text form of a tsquery');
SELECT is('words::x y'::bm25query::text, 'words::x y', 'read without an index');
SELECT is(bm25query('x:y', 'docs_idx')::text::bm25query::text, 'words:docs_idx:x:y', 'read with one');
SELECT throws_ok($$SELECT 'words:x'::bm25query$$, '22P02', 'invalid input syntax for type bm25query');
SELECT throws_ok($$SELECT 'words:nothere:x'::bm25query$$, '42P01');
SELECT is('other:docs_idx:x'::bm25query::text, 'words::other:docs_idx:x', 'anything else is words');
SELECT ok(bm25query(NULL::text) IS NULL, 'NULL');
SELECT is((SELECT array_agg(id ORDER BY id) FROM docs WHERE body <@> bm25query(to_tsquery('english', 'fox & dogs'), 'docs_idx') < 0), ARRAY[2000, 2001, 2004], 'AND');
SELECT is((SELECT array_agg(id ORDER BY id) FROM docs WHERE body <@> bm25query(to_tsquery('english', 'fox & !jump'), 'docs_idx') < 0), ARRAY[2001], 'NOT');
SELECT is((SELECT array_agg(id ORDER BY id) FROM docs WHERE body <@> bm25query(to_tsquery('english', 'elephant | lazy'), 'docs_idx') < 0), ARRAY[2000, 2001, 2002], 'OR');
SELECT is((SELECT array_agg(id ORDER BY id) FROM docs WHERE body <@> bm25query(phraseto_tsquery('english', 'brown fox'), 'docs_idx') < 0), ARRAY[2000], 'a phrase');
SELECT is((SELECT array_agg(id ORDER BY id) FROM docs WHERE body <@> bm25query(to_tsquery('english', 'elep:*'), 'docs_idx') < 0), ARRAY[2002], 'a prefix');
SELECT is(pg_temp.disagreement($$bm25query('w3 & w5'::tsquery, 'docs_idx')$$, 'ORDER LIMIT 30'), NULL, 'AND by index');
SELECT is(pg_temp.disagreement($$bm25query('w3 & !w5 | w7'::tsquery, 'docs_idx')$$, 'ORDER LIMIT 300'), NULL, 'AND, NOT, OR by index');
SELECT is(pg_temp.disagreement($$bm25query('w2 <-> w3'::tsquery, 'docs_idx')$$, 'ORDER LIMIT 30'), NULL, 'a phrase by index');
SELECT is(pg_temp.disagreement($$bm25query('!(w2 <-> w3) & w4'::tsquery, 'docs_idx')$$, 'ORDER LIMIT 30'), NULL, 'NOT a phrase by index');
SELECT is(pg_temp.disagreement($$bm25query('w1:* & w5'::tsquery, 'docs_idx')$$, 'ORDER LIMIT 100'), NULL, 'a prefix by index');
SELECT is(pg_temp.disagreement($$bm25query('w3:A | w5:B'::tsquery, 'docs_idx')$$, 'ORDER LIMIT 10'), NULL, 'weight labels');
SELECT is(pg_temp.disagreement($$bm25query(''::tsquery, 'docs_idx')$$, 'ORDER LIMIT 10'), NULL, 'an empty tsquery matches nothing');
SELECT throws_ok($$SELECT 'x'::text <@> bm25query('w3')$$, '22023', 'bm25query names no index');
SELECT is(pg_temp.disagreement($$bm25query('w3 & w5'::tsquery)$$, 'ORDER LIMIT 30'), NULL, 'the planner finds the index for a bm25query too');
SELECT throws_ok($$SELECT body <@> bm25query('w3', 'docs') FROM docs$$, '42809');
SELECT throws_ok($$SELECT 'x'::text <@> 'y'::text$$, '55000');
SELECT throws_ok(format('SELECT body <@> bm25query(%L::tsquery, ''docs_idx'') FROM docs', (SELECT string_agg('x' || i, '&') FROM generate_series(1, 65) i)), '54000', 'a bm25query holds at most 64 words of a tsquery');

-- changes
INSERT INTO docs SELECT i, pg_temp.random_text(i, i % 60), i % 5 FROM generate_series(3000, 4200) i;
SELECT is(pg_temp.disagreement($$'w3 w17 w80'$$, 'ORDER LIMIT 100'), NULL, 'after insertions');
UPDATE docs SET body = pg_temp.random_text(id + 50000, 20) WHERE id % 4 = 0;
DELETE FROM docs WHERE id % 7 = 0;
SELECT is(pg_temp.disagreement($$'w3 w17 w80'$$, 'ORDER'), NULL, 'after updates and deletions');
INSERT INTO docs VALUES (9000, (SELECT string_agg('unique' || i, ' ') FROM generate_series(1, 3000) i), 1);
SELECT is((SELECT id FROM docs ORDER BY body <@> 'unique2999' LIMIT 1), 9000, 'a text larger than a page');
SELECT is((SELECT count(*)::int FROM ruvector_index_check('docs_idx', true) WHERE severity = 'error'), 0, 'the index is sound and complete');
REINDEX INDEX docs_idx;
SELECT is(pg_temp.disagreement($$'w3 w17 w80'$$, 'ORDER LIMIT 100'), NULL, 'after REINDEX');

-- other columns
CREATE TABLE kinds (id int, a text[], v tsvector, c varchar(100));
INSERT INTO kinds VALUES (1, '{"red apple","green pear"}', to_tsvector('english', 'red apples and green pears'), 'red apple'), (2, '{banana,NULL}', strip(to_tsvector('english', 'banana banana')), 'banana'), (3, NULL, NULL, NULL);
CREATE INDEX kinds_a ON kinds USING ruvector_bm25 (a) WITH (text_config = 'english');
CREATE INDEX kinds_v ON kinds USING ruvector_bm25 (v);
CREATE INDEX kinds_c ON kinds USING ruvector_bm25 (c) WITH (text_config = 'pg_catalog.english');
SET LOCAL enable_seqscan = off;
SELECT is((SELECT array_agg(id) FROM (SELECT id FROM kinds ORDER BY a <@> 'pears' LIMIT 1) s), ARRAY[1], 'text[]');
SELECT is((SELECT array_agg(id) FROM (SELECT id FROM kinds ORDER BY v <@> bm25query('banana'::tsquery) LIMIT 1) s), ARRAY[2], 'tsvector, and a query without an index in a scan');
SELECT is((SELECT array_agg(id) FROM (SELECT id FROM kinds ORDER BY c <@> 'apples' LIMIT 1) s), ARRAY[1], 'varchar');
RESET enable_seqscan;
SELECT throws_ok('CREATE INDEX ON docs USING ruvector_bm25 (body)', '22023', 'a BM25 index on text needs a text search configuration');
SELECT throws_ok($$CREATE INDEX ON docs USING ruvector_bm25 (body) WITH (text_config = 'klingon')$$, '22023', 'text_config "klingon" needs its schema');
SELECT throws_ok($$CREATE INDEX ON docs USING ruvector_bm25 (body) WITH (text_config = 'english', k1 = -1)$$, '22023');
SELECT throws_ok($$CREATE INDEX ON docs USING ruvector_bm25 (body) WITH (text_config = 'english', b = 2)$$, '22023');
CREATE TEXT SEARCH CONFIGURATION mine (COPY = english);
SELECT throws_ok($$CREATE INDEX ON docs USING ruvector_bm25 (body) WITH (text_config = 'mine')$$, '22023', 'text_config "mine" needs its schema');
-- a second index makes the choice the user's
CREATE INDEX docs_tag_idx ON docs USING ruvector_bm25 (body) WITH (text_config = 'english') WHERE tag = 1;
SELECT lives_ok($$SELECT body <@> 'fox' FROM docs LIMIT 1$$, 'a partial index is no rival');
CREATE INDEX docs_simple_idx ON docs USING ruvector_bm25 (body) WITH (text_config = 'simple', k1 = 2, b = 0);
SELECT throws_ok($$SELECT body <@> 'fox' FROM docs LIMIT 1$$, '55000');
SELECT isnt((SELECT body <@> bm25query('quick fox', 'docs_idx') FROM docs WHERE id = 2001), (SELECT body <@> bm25query('quick fox', 'docs_simple_idx') FROM docs WHERE id = 2001), 'each index has its own scores');
-- partitions: one set of statistics
CREATE TABLE parts (id int, body text) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (1000);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (1000) TO (9000);
CREATE INDEX parts_idx ON parts USING ruvector_bm25 (body) WITH (text_config = 'simple');
INSERT INTO parts SELECT i, pg_temp.random_text(i, 20) FROM generate_series(1, 2000) i;
CREATE TABLE whole AS TABLE parts;
CREATE INDEX whole_idx ON whole USING ruvector_bm25 (body) WITH (text_config = 'simple');
SET LOCAL enable_seqscan = off;
SELECT ok(pg_temp.plan_of($$SELECT id FROM parts ORDER BY body <@> 'w3 w90' LIMIT 20$$) ~ 'Merge Append.*Index Scan', 'partitions are merged');
SELECT is((SELECT array_agg(d) FROM (SELECT body <@> 'w3 w90' AS d FROM parts ORDER BY body <@> 'w3 w90' LIMIT 20) s),
  (SELECT array_agg(d) FROM (SELECT body <@> 'w3 w90' AS d FROM whole ORDER BY body <@> 'w3 w90' LIMIT 20) s), 'partitions score as the whole table does');
-- The scan tells the operator the score of its own row and column; of anything else it is computed.
CREATE TABLE two_texts (id int, a text, b text);
INSERT INTO two_texts SELECT i, 'red ' || repeat('blue ', i % 7) || 'w' || i, repeat('red ', i % 5) || 'green w' || i % 9 FROM generate_series(1, 400) i;
INSERT INTO two_texts SELECT 500, 'red ' || string_agg(md5(i::text), ' '), 'red' FROM generate_series(1, 2000) i;
CREATE INDEX two_texts_a ON two_texts USING ruvector_bm25 (a) WITH (text_config = 'simple');
UPDATE two_texts SET id = id + 1000 WHERE id % 3 = 0;
CREATE FUNCTION pg_temp.scores() RETURNS text LANGUAGE sql AS $$
  SELECT md5(string_agg(x::text, ';' ORDER BY x.id)) FROM (SELECT t.id, t.a <@> bm25query('red w7 blue', 'two_texts_a') AS a, t.b <@> bm25query('red w7 blue', 'two_texts_a') AS b,
      o.a <@> bm25query('red w7 blue', 'two_texts_a') AS other, t.a || '' <@> bm25query('red w7 blue', 'two_texts_a') AS copy
    FROM (SELECT * FROM two_texts ORDER BY a <@> bm25query('red w7 blue', 'two_texts_a') LIMIT 1000) t LEFT JOIN LATERAL (SELECT a FROM two_texts y WHERE y.id = t.id + 1) o ON true) x $$;
SET LOCAL enable_seqscan = off;
CREATE TEMP TABLE by_index AS SELECT pg_temp.scores() AS s;
SET LOCAL enable_seqscan = on;
SET LOCAL enable_indexscan = off;
SELECT is((SELECT s FROM by_index), pg_temp.scores(), 'the same scores of every column and row with the index and without');
SET LOCAL enable_indexscan = on;
SET LOCAL enable_seqscan = off;
SELECT is((SELECT count(*)::int FROM (SELECT t.id, t.a <@> bm25query('red w7 blue', 'two_texts_a') AS d, t.a || '' <@> bm25query('red w7 blue', 'two_texts_a') AS copy, t.b <@> bm25query('red w7 blue', 'two_texts_a') AS b, t.b || '' <@> bm25query('red w7 blue', 'two_texts_a') AS b_copy
  FROM two_texts t ORDER BY t.a <@> bm25query('red w7 blue', 'two_texts_a')) x WHERE d <> copy OR b <> b_copy), 0, 'bit for bit');
RESET enable_seqscan;
SELECT * FROM finish();
ROLLBACK;
