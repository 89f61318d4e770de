-- Rank fusion and hybrid search.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(30);
SELECT results_eq($$SELECT id, round(score::numeric, 6), ranks FROM ruvector_rrf(jsonb_build_array(ARRAY[1,2,3], ARRAY[3,4]))$$,
  $$VALUES ('3', round(1/63.0 + 1/61.0, 6), ARRAY[3,1]::bigint[]), ('1', round(1/61.0, 6), ARRAY[1,NULL]), ('2', round(1/62.0, 6), ARRAY[2,NULL]), ('4', round(1/62.0, 6), ARRAY[NULL,2])$$, 'two lists');
SELECT is((SELECT id FROM ruvector_rrf('[["a","b"],["b"],["c","b"]]', 1, '{1,1,10}') LIMIT 1), 'c', 'three lists with weights');
SELECT is((SELECT count(*)::int FROM ruvector_rrf('[[],null,[]]')), 0, 'empty lists');
SELECT is((SELECT array_agg(id) FROM ruvector_rrf('[[5,5,6]]')), ARRAY['5','6'], 'an id twice in a list counts once');
SELECT throws_ok($$SELECT * FROM ruvector_rrf('[[1]]', k => 0)$$, '22023', 'k must be at least 1, not 0');
SELECT throws_ok($$SELECT * FROM ruvector_rrf('[1]')$$, '22023', 'lists must be an array of arrays');

CREATE SCHEMA "odd schema";
CREATE TABLE "odd schema"."Do cs" (id int PRIMARY KEY, "Emb" vector(3), h halfvec(3), s sparsevec(10), body text, tag int);
INSERT INTO "odd schema"."Do cs" SELECT i, ARRAY[sin(i), cos(i), sin(2 * i)]::real[]::vector, ARRAY[sin(i), cos(i), sin(2 * i)]::real[]::halfvec,
  ruvector_to_sparse(ARRAY[1 + i % 10, 1 + (i * 7 + 3) % 10], ARRAY[1 + i % 3, CASE WHEN i % 10 = (i * 7 + 3) % 10 THEN 0 ELSE 1 + i % 5 END], 10),
  'word' || i % 10 || ' common ' || repeat('filler ', i % 4), i % 5 FROM generate_series(1, 300) i WHERE 1 + i % 10 <> 1 + (i * 7 + 3) % 10;
CREATE INDEX ON "odd schema"."Do cs" USING ruvector_sparse (s);
CREATE INDEX body_idx ON "odd schema"."Do cs" USING ruvector_bm25 (body) WITH (text_config = 'english');
CREATE FUNCTION pg_temp.search(k int DEFAULT 10, method text DEFAULT 'rrf', candidates int DEFAULT 50, filter text DEFAULT NULL) RETURNS TABLE (id text, score float8, dr bigint, dd float8, sr bigint, sd float8) LANGUAGE sql AS $$
  SELECT h.id, h.score, dense_rank, dense_distance, sparse_rank, sparse_distance FROM ruvector_hybrid_search('"odd schema"."Do cs"', 'Emb', 's', dense_query => '[1,0.5,0]', sparse_query => '{1:1,4:2}/10', k => k, method => method, candidates => candidates, filter => filter, id_column => 'id') h $$;
-- The same, written out.
CREATE FUNCTION pg_temp.by_hand(candidates int) RETURNS TABLE (id int, score float8) LANGUAGE sql AS $$
  WITH d AS (SELECT id, row_number() OVER (ORDER BY "Emb" <=> '[1,0.5,0]', ctid) AS r FROM "odd schema"."Do cs" ORDER BY "Emb" <=> '[1,0.5,0]' LIMIT candidates),
    s AS (SELECT id, row_number() OVER (ORDER BY s <#> '{1:1,4:2}/10', ctid) AS r FROM (SELECT id, s, ctid FROM "odd schema"."Do cs" ORDER BY s <#> '{1:1,4:2}/10' LIMIT candidates) x)
  SELECT id, rrf_score(d.r) + rrf_score(s.r) FROM d FULL JOIN s USING (id) ORDER BY 2 DESC LIMIT 10 $$;
SELECT is((SELECT array_agg(round(score::numeric, 9) ORDER BY score DESC) FROM pg_temp.search()), (SELECT array_agg(round(score::numeric, 9) ORDER BY score DESC) FROM pg_temp.by_hand(50)), 'rrf equals the query by hand');
SELECT is((SELECT count(*)::int FROM pg_temp.search(k => 7)), 7, 'k');
SELECT ok((SELECT bool_and(abs(dd - ("Emb" <=> '[1,0.5,0]')) < 1e-9 AND abs(sd - (s <#> '{1:1,4:2}/10')) < 1e-9) FROM pg_temp.search(k => 50, candidates => 20) h JOIN "odd schema"."Do cs" d ON d.id = h.id::int), 'both distances are true, also of rows that one list misses');
SELECT ok((SELECT bool_or(dr IS NULL) AND bool_or(sr IS NULL) FROM pg_temp.search(k => 50, candidates => 20)), 'and their missing rank is NULL');
SELECT ok((SELECT bool_and(d.tag = 3) AND count(*) = 10 FROM pg_temp.search(filter => 'tag = 3') h JOIN "odd schema"."Do cs" d ON d.id = h.id::int), 'filter');
SELECT is((SELECT count(*)::int FROM pg_temp.search(filter => 'tag = 99 -- comment')), 0, 'a filter that nothing passes');
SELECT throws_ok($$SELECT * FROM pg_temp.search(filter => 'tag = ')$$, '42601');
SELECT throws_ok($$SELECT * FROM pg_temp.search(filter => 'nothere = 1')$$, '42703');
SELECT ok((SELECT bool_and(score BETWEEN 0 AND 2) AND max(score) > 1 FROM pg_temp.search(method => 'linear')), 'linear: between 0 and the sum of the weights');
SELECT ok((SELECT bool_and(score BETWEEN 0 AND 2) AND count(*) = 10 FROM pg_temp.search(method => 'dbsf')), 'dbsf');
SELECT is((SELECT array_agg(id::int) FROM ruvector_hybrid_search('"odd schema"."Do cs"', 'Emb', 's', dense_query => '[1,0.5,0]', sparse_query => '{1:1}/10', k => 5, method => 'linear', weights => '{1,0}', id_column => 'id')),
  (SELECT array_agg(id) FROM (SELECT id FROM "odd schema"."Do cs" ORDER BY "Emb" <=> '[1,0.5,0]' LIMIT 5) x), 'weight 0 takes a list out');
SELECT is((SELECT count(*)::int FROM ruvector_hybrid_search('"odd schema"."Do cs"', 'h', 's', dense_query => '[1,0.5,0]', sparse_query => '{1:1}/10', dense_operator => '<->')), 10, 'halfvec, another operator');
SELECT ok((SELECT bool_and(h.sparse_distance <= 0) AND count(*) FILTER (WHERE sparse_rank IS NOT NULL) > 0 FROM ruvector_hybrid_search('"odd schema"."Do cs"', 'Emb', text_column => 'body', dense_query => '[1,0.5,0]', text_query => 'word3 common') h), 'dense and text');
SELECT is((SELECT count(*)::int FROM ruvector_hybrid_search('"odd schema"."Do cs"', 'Emb', text_column => 'body', dense_query => '[1,0.5,0]', text_query => 'word3', text_index => '"odd schema".body_idx') h WHERE row_ctid IS NOT NULL), 10, 'with the index named');
SELECT throws_ok($$SELECT * FROM ruvector_hybrid_search('"odd schema"."Do cs"', 'Emb', dense_query => '[1,0.5,0]')$$, '22023');
SELECT throws_ok($$SELECT * FROM ruvector_hybrid_search('"odd schema"."Do cs"', 'Emb', 's', dense_query => '[1,0.5,0]')$$, '22004', 'the query for column "s" is missing');
SELECT throws_ok($$SELECT * FROM ruvector_hybrid_search('"odd schema"."Do cs"', 'nothere', 's', dense_query => '[1,0.5,0]', sparse_query => '{1:1}/10')$$, '42703');
SELECT throws_ok($$SELECT * FROM pg_temp.search(method => 'magic')$$, '22023', 'unknown method "magic"');
SELECT throws_ok($$SELECT * FROM pg_temp.search(k => 0)$$, '22023');
SELECT throws_ok($$SELECT * FROM ruvector_hybrid_search('"odd schema"."Do cs"', 'Emb', 's', dense_query => '[1,0.5,0]', sparse_query => '{1:1}/10', weights => '{1}')$$, '22023');
SELECT throws_ok($$SELECT * FROM ruvector_hybrid_search('"odd schema"."Do cs"', 'Emb', 's', dense_query => '[1,0.5,0]', sparse_query => '{1:1}/10', dense_operator => '; drop table x')$$, '22023');
-- Row security and privileges are the caller's.
CREATE ROLE rv_reader;
GRANT USAGE ON SCHEMA "odd schema" TO rv_reader;
SET LOCAL ROLE rv_reader;
SELECT throws_ok($$SELECT * FROM ruvector_hybrid_search('"odd schema"."Do cs"', 'Emb', 's', dense_query => '[1,0.5,0]', sparse_query => '{1:1}/10')$$, '42501');
SELECT throws_ok($$SELECT 'x'::text <@> bm25query('word3', '"odd schema".body_idx')$$, '42501', NULL, 'statistics need the right to read the column');
RESET ROLE;
GRANT SELECT ON "odd schema"."Do cs" TO rv_reader;
ALTER TABLE "odd schema"."Do cs" ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON "odd schema"."Do cs" TO rv_reader USING (tag = 2);
SET LOCAL ROLE rv_reader;
SELECT ok((SELECT bool_and(id::int % 5 = 2) AND count(*) > 0 FROM ruvector_hybrid_search('"odd schema"."Do cs"', 'Emb', 's', dense_query => '[1,0.5,0]', sparse_query => '{1:1}/10', id_column => 'id')), 'row security');
RESET ROLE;
SELECT * FROM finish();
ROLLBACK;
