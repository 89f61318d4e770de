\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(31);
SELECT setseed(0.25);
CREATE TABLE docs (id int PRIMARY KEY, v vector(16));
INSERT INTO docs SELECT i, (SELECT array_agg((CASE WHEN d % 3 = i % 3 THEN 3 ELSE 0 END + random())::real ORDER BY d) FROM generate_series(1, 16) d)::vector
  FROM generate_series(1, 1500) i;
CREATE INDEX docs_v ON docs USING hnsw (v vector_l2_ops);
CREATE TABLE other AS SELECT * FROM docs LIMIT 300;
CREATE INDEX other_v ON other USING hnsw (v vector_l2_ops);
SELECT ruvector_enable_feature('learning', 'docs', '{"store_query": "full"}');
SET LOCAL enable_seqscan = off;
SET LOCAL enable_sort = off;
CREATE FUNCTION ask(n int) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN PERFORM id FROM docs ORDER BY v <-> (SELECT v FROM docs WHERE id = n) LIMIT 5; RETURN ruvector_last_trajectory(); END $$;

-- sampling
SELECT is(current_setting('ruvector.trajectory_sample_rate'), '0.01');
SELECT is(current_setting('ruvector.audit_rate'), '0.001');
SET LOCAL ruvector.trajectory_sample_rate = 0;
SET LOCAL ruvector.audit_rate = 0;
SELECT is(ask(1), NULL, 'nothing is sampled at rate 0');
SELECT is((SELECT waiting FROM ruvector_capture_status()), 0::bigint);
SET LOCAL ruvector.trajectory_sample_rate = 1;
SELECT isnt(ask(1), NULL, 'at rate 1 a scan has a number before anything is written');
SELECT is((SELECT count(*)::int FROM ruvector_trajectory), 0, 'and nothing is written');
SELECT id FROM other ORDER BY v <-> (SELECT v FROM docs WHERE id = 1) LIMIT 5 \g /dev/null
SELECT is(ruvector_last_trajectory(), NULL, 'scans of indexes that do not learn are not sampled');
SELECT audited FROM ruvector_audit_recall('docs_v', 20) \g /dev/null
SELECT is((SELECT waiting FROM ruvector_capture_status()), 1::bigint, 'nor are those of an audit');
SELECT is(ruvector_learning_flush(), 1::bigint);
SELECT is(ruvector_learning_flush(), 0::bigint, 'once');
SELECT is((SELECT (tbl::text, index_name, role_name, effort, returned, cardinality(features) IS NULL, length(sketch), query IS NULL)::text FROM ruvector_trajectory),
  '(docs,docs_v,' || current_user || ',40,5,t,64,t)', 'what a trajectory holds');
SELECT ok((SELECT hops > 0 AND distances > hops AND pages > 0 AND elapsed_us > 0 FROM ruvector_trajectory));

-- many scans, some of them
SET LOCAL ruvector.trajectory_sample_rate = 0.1;
SELECT count(ask(i)) > 20 AND count(ask(i)) < 400 AS some FROM generate_series(1, 1000) i \gset
SELECT ok(:'some', 'about a tenth of the scans is sampled');
SELECT cmp_ok((SELECT waiting FROM ruvector_capture_status()), '<=', 1024::bigint, 'a session keeps a bounded number');
SELECT ruvector_learning_flush() \g /dev/null

-- feedback on what is not written yet
SET LOCAL ruvector.trajectory_sample_rate = 1;
SELECT ask(3) AS trajectory \gset
SELECT ruvector_record_feedback(:trajectory, ARRAY[1, 2, 3], ARRAY[4]) \g /dev/null
SELECT is((SELECT (relevant, irrelevant)::text FROM ruvector_trajectory WHERE id = :trajectory), '(3,1)', 'feedback writes the trajectory first');
SELECT throws_ok('SELECT ruvector_record_feedback(1, ARRAY[1], NULL)', '42704', 'trajectory 1 does not exist');

-- queries
SET LOCAL ruvector.audit_rate = 1;
SELECT ask(7) AS trajectory \gset
SELECT ruvector_learning_flush() \g /dev/null
SELECT is((SELECT query::vector FROM ruvector_trajectory WHERE id = :trajectory), (SELECT v FROM docs WHERE id = 7), 'a query kept for audits, in full where that is allowed');
SELECT ruvector_enable_feature('learning', 'docs', '{"store_query": "sketch"}');
SELECT ask(8) AS trajectory \gset
SELECT ruvector_learning_flush() \g /dev/null
SELECT is((SELECT (query IS NULL, sketch IS NULL)::text FROM ruvector_trajectory WHERE id = :trajectory), '(t,f)');
SELECT ruvector_enable_feature('learning', 'docs', '{"store_query": "none"}');
SELECT ask(9) AS trajectory \gset
SELECT ruvector_learning_flush() \g /dev/null
SELECT is((SELECT (query IS NULL, sketch IS NULL)::text FROM ruvector_trajectory WHERE id = :trajectory), '(t,t)');
SELECT throws_ok($$SELECT ruvector_enable_feature('learning', 'docs', '{"store_query": "all"}')$$, '23514');

-- an index's own rates and budget
SELECT ruvector_enable_feature('learning', 'docs', '{"sample_rate": 0, "audit_rate": 0, "store_query": "full"}');
SELECT is(ask(1), NULL, 'an index whose rate is 0 is not sampled');
SELECT ruvector_enable_feature('learning', 'docs', '{"sample_rate": 0.3}');
SELECT count(ask(i)) BETWEEN 80 AND 160 AS some FROM generate_series(1, 400) i \gset
SELECT ok(:'some', 'a share of its scans is');
SELECT ruvector_learning_flush() \g /dev/null
SELECT ruvector_enable_feature('learning', 'docs', '{"audit_rate": 1}');
SELECT ask(10) AS trajectory \gset
SELECT ruvector_learning_flush() \g /dev/null
SELECT is((SELECT query::vector FROM ruvector_trajectory WHERE id = :trajectory), (SELECT v FROM docs WHERE id = 10), 'whose query is kept at its rate of audits');
SELECT ruvector_enable_feature('learning', 'docs', '{"audit_budget_ms": 0}');
SELECT is((SELECT audits FROM ruvector_learning_work()), 0, 'no budget, no audit');
SELECT ruvector_enable_feature('learning', 'docs', '{"audit_budget_ms": 3600000}');
SELECT is((SELECT audits FROM ruvector_learning_work()), 1);
SELECT is((SELECT (c.v->>'sample_rate', c.v->>'audit_budget_ms')::text FROM jsonb_array_elements(ruvector_export_learning('docs')->'config') c(v)), '(0.3,3600000)', 'both travel');

-- off
SET LOCAL ruvector.learning = off;
SELECT is(ask(1), NULL, 'off: nothing is sampled');
RESET ruvector.learning;
SELECT ruvector_disable_feature('learning', 'docs');
SELECT is(ask(1), NULL, 'nor where the index does not learn any more');
SELECT ruvector_enable_feature('learning', 'docs', '{"mode": "observe", "store_query": "full"}');
SET LOCAL transaction_read_only = on;
SELECT throws_ok('SELECT ruvector_learning_flush()', '25006');
SELECT lives_ok('SELECT ask(2)', 'a read-only transaction is sampled');
SELECT ok((SELECT recall > 0.5 FROM ruvector_audit_recall('docs_v', 5)), 'and may audit without a note');
SELECT * FROM finish();
ROLLBACK;
