-- Rank fusion and hybrid search.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(41);
SELECT results_eq($$SELECT id, round(score::numeric, 6), ranks FROM ruvector_rrf(jsonb_build_array(ARRAY[1,2,3], ARRAY[3,4]))$$,
  $$VALUES ('3', round(1/63.0 + 1/61.0, 6), ARRAY[3,1]::bigint[]), ('1', round(1/61.0, 6), ARRAY[1,NULL]), ('2', round(1/62.0, 6), ARRAY[2,NULL]), ('4', round(1/62.0, 6), ARRAY[NULL,2])$$, 'two lists');
SELECT is((SELECT id FROM ruvector_rrf('[["a","b"],["b"],["c","b"]]', 1, '{1,1,10}') LIMIT 1), 'c', 'three lists with weights');
SELECT is((SELECT count(*)::int FROM ruvector_rrf('[[],null,[]]')), 0, 'empty lists');
SELECT is((SELECT array_agg(id) FROM ruvector_rrf('[[5,5,6]]')), ARRAY['5','6'], 'an id twice in a list counts once');
SELECT throws_ok($$SELECT * FROM ruvector_rrf('[[1]]', k => 0)$$, '22023', 'k must be at least 1, not 0');
SELECT throws_ok($$SELECT * FROM ruvector_rrf('[1]')$$, '22023', 'lists must be an array of arrays');

CREATE SCHEMA "odd schema";
CREATE TABLE "odd schema"."Do cs" (id int PRIMARY KEY, "Emb" vector(3), h halfvec(3), s sparsevec(10), body text, tag int);
-- No two scores are equal: which of equal ones are among the candidates is the plan's choice.
INSERT INTO "odd schema"."Do cs" SELECT i, ARRAY[sin(i), cos(i), sin(2 * i)]::real[]::vector, ARRAY[sin(i), cos(i), sin(2 * i)]::real[]::halfvec,
  ruvector_to_sparse(ARRAY[1 + i % 10, 1 + (i * 7 + 3) % 10], ARRAY[1 + i % 3 + i / 1009.0, CASE WHEN i % 10 = (i * 7 + 3) % 10 THEN 0 ELSE 1 + i % 5 + i / 2003.0 END], 10),
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
SET LOCAL enable_seqscan = off;
SELECT is((SELECT count(*)::int FROM (SELECT ctid AS r, id FROM "odd schema"."Do cs" ORDER BY s <#> '{1:1,4:2}/10' LIMIT 20) x JOIN "odd schema"."Do cs" d ON d.id = x.id AND d.ctid = x.r), 20, 'rows that were put into order have their ctid');
SELECT is((SELECT count(*)::int FROM (SELECT ctid AS r, id FROM "odd schema"."Do cs" ORDER BY body <@> bm25query('word3 <-> common'::tsquery, '"odd schema".body_idx') LIMIT 20) x JOIN "odd schema"."Do cs" d ON d.id = x.id AND d.ctid = x.r), 20, 'and so have those of texts whose scores the index does not know');
RESET enable_seqscan;
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
-- linear and dbsf against the formulae of docs/hybrid-search.md, written out: candidates of both lists with their true distances.
CREATE FUNCTION pg_temp.formula(method text, weights float8[], candidates int, tag_is int DEFAULT NULL) RETURNS TABLE (id int, score float8) LANGUAGE plpgsql AS $$
DECLARE
  r record; dm float8; om float8; ds float8; os float8; n int;
BEGIN
  CREATE TEMP TABLE both_lists ON COMMIT DROP AS
    SELECT d.id, d."Emb" <=> '[1,0.5,0]' AS dd, d.s <#> '{1:1,4:2}/10' AS od FROM "odd schema"."Do cs" d
      WHERE d.id IN (SELECT x.id FROM "odd schema"."Do cs" x WHERE tag_is IS NULL OR x.tag = tag_is ORDER BY x."Emb" <=> '[1,0.5,0]' LIMIT candidates)
        OR d.id IN (SELECT x.id FROM "odd schema"."Do cs" x WHERE tag_is IS NULL OR x.tag = tag_is ORDER BY x.s <#> '{1:1,4:2}/10' LIMIT candidates);
  SELECT count(*), sum(dd) / count(*), sum(od) / count(*) INTO n, dm, om FROM both_lists;
  SELECT sqrt(sum(power(dd - dm, 2)) / n), sqrt(sum(power(od - om, 2)) / n) INTO ds, os FROM both_lists;
  FOR r IN SELECT b.*, (SELECT max(dd) FROM both_lists) AS dx, (SELECT min(dd) FROM both_lists) AS dn, (SELECT max(od) FROM both_lists) AS ox, (SELECT min(od) FROM both_lists) AS o_n FROM both_lists b LOOP
    id := r.id;
    IF method = 'linear' THEN
      score := weights[1] * coalesce((r.dx - r.dd) / nullif(r.dx - r.dn, 0), 1) + weights[2] * coalesce((r.ox - r.od) / nullif(r.ox - r.o_n, 0), 1);
    ELSE  -- similarity is the negative distance: 0 at its mean less three deviations, 1 at the mean and three
      score := weights[1] * CASE WHEN ds = 0 THEN 0.5 ELSE greatest(0, least(1, ((-r.dd) - (-dm - 3 * ds)) / (6 * ds))) END + weights[2] * CASE WHEN os = 0 THEN 0.5 ELSE greatest(0, least(1, ((-r.od) - (-om - 3 * os)) / (6 * os))) END;
    END IF;
    RETURN NEXT;
  END LOOP;
  DROP TABLE both_lists;
END $$;
-- Ties at the end of the candidates would make the sets differ: the ids decide among the rows of equal distance, so compare where there are none.
CREATE FUNCTION pg_temp.differences(m text, w float8[], c int, tag_is int DEFAULT NULL) RETURNS int LANGUAGE sql AS $$
  SELECT count(*)::int FROM ruvector_hybrid_search('"odd schema"."Do cs"', 'Emb', 's', dense_query => '[1,0.5,0]', sparse_query => '{1:1,4:2}/10', k => 1000, method => m, weights => w, candidates => c,
      id_column => 'id', filter => 'tag = ' || tag_is) h
    FULL JOIN pg_temp.formula(m, w, c, tag_is) f ON f.id = h.id::int WHERE abs(h.score - f.score) < 1e-9 IS NOT TRUE $$;
SELECT is(pg_temp.differences('linear', '{1,1}', 300), 0, 'linear, by its formula');
SELECT is(pg_temp.differences('linear', '{0.3,2.5}', 300), 0, 'linear with weights');
SELECT is(pg_temp.differences('linear', '{1,1}', 300, 3), 0, 'linear with a filter');
SELECT is(pg_temp.differences('dbsf', '{1,1}', 300), 0, 'dbsf, by its formula');
SELECT is(pg_temp.differences('dbsf', '{0.3,2.5}', 300), 0, 'dbsf with weights');
SELECT is(pg_temp.differences('dbsf', '{1,1}', 300, 2), 0, 'dbsf with a filter; here nobody matches the sparse query');
-- A few rows far from the rest: here the cut at three deviations is reached.
UPDATE "odd schema"."Do cs" SET s = '{1:500,4:500}/10' WHERE id = (SELECT min(id) FROM "odd schema"."Do cs");
SELECT is(pg_temp.differences('dbsf', '{1,1}', 300), 0, 'dbsf with an outlier');
-- Without ties at the end of either list, rows that only one of them has are among the compared ones.
CREATE TABLE few AS SELECT i AS id, ARRAY[sin(i * 1.7), cos(i * 1.7), sin(i)]::real[]::vector AS e, ruvector_to_sparse(ARRAY[1, 2 + i % 3], ARRAY[1 + (i * 37 % 101) / 100.0, 1]::real[], 10) AS s FROM generate_series(1, 90) i;
CREATE FUNCTION pg_temp.few_formula() RETURNS TABLE (id int, score float8) LANGUAGE sql AS $$
  WITH d AS (SELECT id FROM few ORDER BY e <=> '[1,0.5,0]' LIMIT 20), o AS (SELECT id FROM few ORDER BY s <#> '{1:1}/10' LIMIT 20),
    b AS (SELECT id, e <=> '[1,0.5,0]' AS dd, s <#> '{1:1}/10' AS od FROM few WHERE id IN (TABLE d UNION TABLE o)),
    l AS (SELECT min(dd) AS dn, max(dd) AS dx, min(od) AS o_n, max(od) AS ox FROM b)
  SELECT b.id, (dx - dd) / (dx - dn) + (ox - od) / (ox - o_n) FROM b, l $$;
SELECT is((SELECT count(*)::int FROM ruvector_hybrid_search('few', 'e', 's', dense_query => '[1,0.5,0]', sparse_query => '{1:1}/10', k => 1000, method => 'linear', candidates => 20, id_column => 'id') h
  FULL JOIN pg_temp.few_formula() f ON f.id = h.id::int WHERE abs(h.score - f.score) < 1e-9 IS NOT TRUE), 0, 'linear over rows that one list misses: their true distance counts');
SELECT ok((SELECT count(*) > 20 FROM pg_temp.few_formula()), 'and there are such rows');
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
