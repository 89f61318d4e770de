\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(16);
SELECT setseed(0.25);
CREATE TABLE docs (id int PRIMARY KEY, v vector(16));
INSERT INTO docs SELECT i, (SELECT array_agg((CASE WHEN d % 3 = i % 3 THEN 3 ELSE 0 END + random())::real ORDER BY d) FROM generate_series(1, 16) d)::vector
  FROM generate_series(1, 1500) i;
CREATE INDEX docs_v ON docs USING hnsw (v vector_l2_ops);
SET LOCAL enable_seqscan = off;
SET LOCAL enable_sort = off;
CREATE FUNCTION ask(n int) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN PERFORM id FROM docs ORDER BY v <-> (SELECT v FROM docs WHERE id = n) LIMIT 5; RETURN ruvector_last_trajectory(); END $$;

-- patterns
SELECT throws_ok($$SELECT * FROM ruvector_extract_patterns('docs')$$, '55000', 'learning is not enabled for the table');
SELECT ruvector_enable_feature('learning', 'docs', '{"mode": "advise", "store_query": "full"}');
SELECT is((SELECT count(*)::int FROM ruvector_extract_patterns('docs')), 0, 'no scans, no patterns');
SET LOCAL ruvector.trajectory_sample_rate = 1;
SET LOCAL ruvector.audit_rate = 1;
SELECT count(ask(i)) FROM generate_series(1, 30) i \g /dev/null
SELECT ruvector_learning_flush() \g /dev/null
SELECT is((SELECT (count(*), sum(scans))::text FROM ruvector_extract_patterns('docs', 3)), '(3,30)', 'three kinds of queries');
SELECT ok((SELECT bool_and(scans = 10 AND round(mean_effort) = 40 AND mean_distances > 40 AND abs(weight - 10) < 0.1) FROM ruvector_pattern), 'each with its scans');
SELECT is((SELECT count(*)::int FROM ruvector_extract_patterns('docs', 6)), 6);
SELECT is((SELECT count(*)::int FROM ruvector_consolidate_patterns('docs', 0.98, dry_run := true)), 3, 'which are three again');
SELECT is((SELECT count(*)::int FROM ruvector_pattern), 6, 'a dry run changes nothing');
SELECT is((SELECT count(*)::int FROM ruvector_consolidate_patterns('docs', 0.98)), 3);
SELECT is((SELECT (count(*), sum(scans))::text FROM ruvector_pattern), '(3,30)', 'consolidated');
SELECT ruvector_export_patterns('docs') AS patterns \gset
UPDATE ruvector_pattern SET last_seen = last_seen - interval '1 year' WHERE id = 1;
SELECT is((SELECT string_agg(reason, ',') FROM ruvector_prune_patterns('docs')), 'not seen since ' || (current_date - interval '1 year')::date, 'pruned');
SELECT is((SELECT count(*)::int FROM ruvector_prune_patterns('docs', min_weight := 100, dry_run := true)), 2);
SELECT is(ruvector_import_patterns('docs', :'patterns'), 3::bigint, 'imported');
SELECT is(ruvector_export_patterns('docs'), :'patterns'::jsonb, 'the same as they were');
SELECT throws_ok($$SELECT * FROM ruvector_extract_patterns('docs', 65)$$, '22023', 'num_clusters must be between 1 and 64, not 65');
SELECT throws_ok($$SELECT ruvector_import_patterns('docs', '{}')$$, '22023');
SELECT is(ruvector_learning_stats('docs')->>'patterns', '3');
SELECT * FROM finish();
ROLLBACK;
