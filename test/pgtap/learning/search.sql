\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(38);
-- 64 clusters in 24 dimensions: queries differ in how hard they are.
SELECT setseed(0.5);
CREATE TABLE items (id int PRIMARY KEY, v vector(24));
INSERT INTO items SELECT i, (SELECT array_agg((sin(c * 7.3 + d * 1.7) + spread * (random() - 0.5))::real ORDER BY d) FROM generate_series(1, 24) d)::vector
  FROM (SELECT i, i % 64 AS c, CASE WHEN i % 64 < 40 THEN 0.4 ELSE 2.5 END AS spread FROM generate_series(1, 4000) i) s;
CREATE INDEX items_v ON items USING hnsw (v vector_l2_ops) WITH (m = 6, ef_construction = 20);
CREATE TABLE plain (a int PRIMARY KEY);

SELECT throws_ok($$SELECT ruvector_enable_feature('learning')$$, '22004', 'learning is enabled for a table: give table_name');
SELECT throws_ok($$SELECT ruvector_enable_feature('learning', 'plain')$$, '55000', 'table plain has no hnsw or ivfflat index');
SELECT throws_ok($$SELECT ruvector_enable_feature('learning', 'items', '{"speed": 1}')$$, '22023', 'unknown learning option "speed"');
SELECT lives_ok($$SELECT ruvector_enable_feature('learning', table_name := 'items')$$);
SELECT is((SELECT (index_name, index_exists, mode, version)::text FROM ruvector_learning_status('items')), '(items_v,t,observe,)');

-- audits
SET LOCAL hnsw.ef_search = 10;
CREATE TEMP TABLE low AS SELECT * FROM ruvector_audit_recall('items_v', 100);
SET LOCAL hnsw.ef_search = 400;
CREATE TEMP TABLE high AS SELECT * FROM ruvector_audit_recall('items_v', 100);
SELECT ok((SELECT recall FROM low) < (SELECT recall FROM high), 'more effort finds more');
SELECT cmp_ok((SELECT recall FROM high), '>', 0.98::float8);
SELECT ok(low <= recall AND recall <= high AND audited = 100 AND NOT alarm, 'with an interval') FROM low;
SELECT is((SELECT mean_effort FROM high), 400::float8);
SELECT is((SELECT count(*)::int FROM ruvector_audit), 2, 'noted');
SELECT throws_ok($$SELECT ruvector_audit_recall('items')$$, '42809');
SELECT throws_ok($$SELECT ruvector_audit_recall('plain_pkey')$$, '0A000', 'index "plain_pkey" is not ordered by a distance');
SELECT throws_ok($$SELECT ruvector_audit_recall('items_v', 0)$$, '22023', 'number of queries must be between 1 and 10000, not 0');
SELECT throws_ok($$SELECT ruvector_audit_recall('items_v', query_source := 'SELECT v FROM items WHERE false')$$, '55000', 'there is no query to audit with');
RESET hnsw.ef_search;

-- tuning
CREATE TEMP TABLE tuned AS SELECT * FROM ruvector_auto_tune('items_v', 0.97, sample_queries := 400, apply := true);
SELECT is((SELECT count(*)::int FROM tuned WHERE recommended), 1);
SELECT ok((SELECT distances FROM tuned WHERE effort = 10) < (SELECT max(distances) FROM tuned) / 2, 'more effort, more work');
SELECT cmp_ok((SELECT recall FROM tuned WHERE recommended), '>=', 0.97::float8);
SELECT is((SELECT (mode, version, recall_target)::text FROM ruvector_learning_status('items')), '(on,1,0.97)', 'in use');
SELECT is((SELECT safe_effort FROM ruvector_learning_status('items')), (SELECT effort FROM tuned WHERE recommended));
SELECT is((SELECT (effort, parameter)::text FROM ruvector_recommend_params('items')), '(' || (SELECT effort FROM tuned WHERE recommended) || ',hnsw.ef_search)');
SELECT cmp_ok((SELECT recall FROM ruvector_audit_recall('items_v', 200, query_source := 'SELECT v FROM items WHERE id % 20 = 7')), '>=', 0.95::float8, 'the promise, on other queries');
SELECT throws_ok($$SELECT * FROM ruvector_auto_tune('items_v', 1.5)$$, '22023', 'recall_target must be above 0 and below 1, not 1.5');
SELECT throws_ok($$SELECT * FROM ruvector_auto_tune('plain_pkey')$$, '0A000');

-- the model steers plain searches, of this session and at once
SET LOCAL enable_seqscan = off;
SELECT ok((ruvector_get_search_params('items_v', (SELECT v FROM items WHERE id = 1))->>'effort')::int >= 10);
UPDATE ruvector_search_model SET params = '{2,0,77,10,1000,1,0.97,0,0}';
SELECT is((ruvector_get_search_params('items_v', (SELECT v FROM items WHERE id = 1))->>'effort')::int, 77, 'a changed model is used at once');
SET LOCAL ruvector.learning = off;
SELECT is((ruvector_get_search_params('items_v', (SELECT v FROM items WHERE id = 1))->>'effort')::int, 40, 'not where the session forbids it');
RESET ruvector.learning;
UPDATE ruvector_search_model SET params = '{1,2,3}';
SELECT is((ruvector_get_search_params('items_v', (SELECT v FROM items WHERE id = 1))->>'effort')::int, 40, 'a damaged model does not stop searches');

-- versions
SELECT count(*) FROM ruvector_auto_tune('items_v', 0.9, sample_queries := 60, apply := true);
SELECT is((SELECT version FROM ruvector_learning_status('items')), 2);
SELECT throws_ok($$SELECT ruvector_learning_promote('items_v', 9)$$, '42704', 'index items_v has no version 9');
SELECT is(ruvector_learning_rollback('items_v'), 1);
SELECT is((SELECT version FROM ruvector_learning_status('items')), 1, 'rolled back');
SELECT ruvector_learning_promote('items_v', 2);

-- drift: a model that promises too much is found out and replaced
UPDATE ruvector_search_model SET params[3] = 10, params[2] = 0 WHERE version = 2;
UPDATE ruvector_learning_config SET recall_target = 0.999, monitor = NULL;
SELECT ok((SELECT alarm FROM ruvector_audit_recall('items_v', 300)), 'alarm within 300 audited queries');
SELECT is((SELECT (version, safe_effort, alarms)::text FROM ruvector_learning_status('items')), '(3,20,1)', 'and a safer version is in use');

-- capture
SET LOCAL ruvector.trajectory_sample_rate = 1;
SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> (SELECT v FROM items WHERE id = 5) LIMIT 10) s;
SELECT cmp_ok(ruvector_learning_flush(), '>=', 1::bigint, 'sampled scans are written when asked');
SELECT lives_ok($$SELECT ruvector_record_feedback(ruvector_last_trajectory(), ARRAY[1, 2], ARRAY[3])$$);
SELECT ok((ruvector_learning_stats('items')->>'relevant_share')::float8 > 0.66);

SELECT is(ruvector_import_learning('items', ruvector_export_learning('items')), 3::bigint, 'out and in again');
SELECT ruvector_disable_feature('learning', 'items', purge := true);
SELECT is((SELECT count(*)::int FROM ruvector_search_model) + (SELECT count(*)::int FROM ruvector_learning_config), 0, 'purged');
SELECT * FROM finish();
ROLLBACK;
