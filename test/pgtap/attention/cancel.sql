-- A cancel ends a long layer within 200 ms.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(10);
CREATE TABLE x AS SELECT n, array_agg(ARRAY(SELECT sin(i * j) FROM generate_series(1, 64) j)::vector ORDER BY i) AS v
  FROM (VALUES (1500), (16000)) s(n), generate_series(1, n) i GROUP BY n;
INSERT INTO x SELECT 256, array_agg(ARRAY(SELECT sin(i * j) FROM generate_series(1, 256) j)::vector ORDER BY i) FROM generate_series(1, 8000) i;
CREATE TABLE rows AS SELECT i AS id, ARRAY(SELECT sin(i * j) FROM generate_series(1, 64) j)::vector AS v FROM generate_series(1, 6000) i;
CREATE TABLE run (what text, q text);
INSERT INTO run VALUES
  ('blockwise', $q$SELECT count(*) FROM x, ruvector_self_attention(v) WHERE n = 16000$q$),
  ('heads', $q$SELECT count(*) FROM x, ruvector_self_attention(v, 'multi_head') WHERE n = 16000$q$),
  ('float64', $q$SELECT count(*) FROM x, ruvector_self_attention(v, 'entmax') WHERE n = 16000$q$),
  ('hopfield', $q$SELECT count(*) FROM x, ruvector_self_attention(v, 'hopfield', '{"steps": 1000}') WHERE n = 1500$q$),
  ('sinkhorn', $q$SELECT count(*) FROM x, ruvector_self_attention(v, 'sinkhorn', '{"n_iters": 1001}') WHERE n = 1500$q$),
  ('nystrom', $q$SELECT count(*) FROM x, ruvector_self_attention(v, 'nystrom', '{"num_landmarks": 1500}') WHERE n = 1500$q$),
  ('delta_rule', $q$SELECT count(*) FROM x, ruvector_self_attention(v, 'delta_rule') WHERE n = 256$q$),
  ('cross attention', $q$SELECT count(*) FROM ruvector_cross_attention('rows', 'v', 'rows', 'v', 'entmax')$q$),
  ('maxsim', $q$SELECT ruvector_maxsim(v, v) FROM x WHERE n = 16000$q$);
\ir ../cancel_times.psql
SELECT * FROM finish();
ROLLBACK;
