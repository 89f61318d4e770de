-- Functions, operators and aggregates on sparsevec; ranking formulae.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(44);
SELECT is(ruvector_to_sparse('{5,1,3}', '{2,1,0}', 5)::text, '{1:1,5:2}/5', 'coordinates in any order, zeros dropped');
SELECT is(ruvector_to_sparse('{}', '{}', 5)::text, '{}/5', 'nothing');
SELECT throws_ok($$SELECT ruvector_to_sparse('{6}', '{1}', 5)$$, '22000', 'sparsevec index 6 is not between 1 and 5');
SELECT throws_ok($$SELECT ruvector_to_sparse('{0}', '{1}', 5)$$, '22000', 'sparsevec index 0 is not between 1 and 5');
SELECT throws_ok($$SELECT ruvector_to_sparse('{2,2}', '{1,1}', 5)$$, '22000', 'sparsevec index 2 is given twice');
SELECT throws_ok($$SELECT ruvector_to_sparse('{2}', '{1,1}', 5)$$, '22000', 'number of indices (1) must equal number of values (2)');
SELECT throws_ok($$SELECT ruvector_to_sparse('{2}', '{NaN}', 5)$$, '22000');
SELECT throws_ok($$SELECT ruvector_to_sparse('{NULL}', '{1}', 5)$$, '22004');
SELECT throws_ok($$SELECT ruvector_to_sparse('{{1},{2}}', '{1,1}', 5)$$, '22000', 'array must be 1-D');
SELECT throws_ok($$SELECT ruvector_to_sparse('{1}', '{1}', 0)$$, '22000');
SELECT throws_ok($$SELECT ruvector_to_sparse((SELECT array_agg(i) FROM generate_series(1, 16001) i), (SELECT array_agg(1) FROM generate_series(1, 16001)), 20000)$$, '54000');
SELECT is(ruvector_to_sparse(NULL, '{1}', 5), NULL, 'NULL in, NULL out');
SELECT is(ruvector_sparse_from_dense('[1,0,-0.5,0.1]'::vector, 0.2)::text, '{1:1,3:-0.5}/4', 'from vector');
SELECT is(ruvector_sparse_from_dense('[1,0,-0.5]'::halfvec)::text, '{1:1,3:-0.5}/3', 'from halfvec');
SELECT throws_ok($$SELECT ruvector_sparse_from_dense('[1]'::vector, -1)$$, '22023');
SELECT is(ruvector_sparse_to_dense('{1:1,3:-0.5}/4')::text, '[1,0,-0.5,0]', 'to dense');
SELECT is(ruvector_sparse_dot('{1:1,3:2}/4', '{3:4}/4'), 8::float8, 'dot');
SELECT is(ruvector_sparse_cosine('{1:3,3:4}/4', '{3:2}/4'), 1 - ('{1:3,3:4}/4'::sparsevec <=> '{3:2}/4'), 'cosine');
SELECT is(ruvector_sparse_cosine('{}/4', '{3:2}/4'), 'NaN'::float8, 'cosine of zero');
SELECT is(ruvector_sparse_euclidean('{1:3}/4', '{3:4}/4'), 5::float8, 'euclidean');
SELECT is(ruvector_sparse_add('{1:1,3:2}/4', '{3:-2,4:1}/4')::text, '{1:1,4:1}/4', 'add drops what cancels');
SELECT is(('{1:1,3:2}/4'::sparsevec + '{3:2}/4')::text, '{1:1,3:4}/4', '+');
SELECT is(('{1:1,3:2}/4'::sparsevec - '{3:2}/4')::text, '{1:1}/4', '-');
SELECT is(('{1:1,3:2}/4'::sparsevec * '{3:2}/4')::text, '{3:4}/4', '*');
SELECT throws_ok($$SELECT '{1:1}/4'::sparsevec + '{1:1}/5'$$, '22000', 'different sparsevec dimensions 4 and 5');
SELECT throws_ok($$SELECT '{1:3e38}/4'::sparsevec + '{1:3e38}/4'$$, '22003', 'value out of range: overflow');
SELECT is(ruvector_sparse_scale('{1:1,3:2}/4', -2)::text, '{1:-2,3:-4}/4', 'scale');
SELECT is(ruvector_sparse_scale('{1:1}/4', 0)::text, '{}/4', 'scale by zero');
SELECT is(ruvector_sparse_normalize('{1:3,3:4}/4')::text, '{1:0.6,3:0.8}/4', 'normalize');
SELECT is(ruvector_sparse_top_k('{1:1,2:-3,3:3,4:2}/4', 2)::text, '{2:-3,3:3}/4', 'top_k');
SELECT throws_ok($$SELECT ruvector_sparse_top_k('{1:1}/4', -1)$$, '22023', 'k must not be negative, not -1');
SELECT is(ruvector_sparse_prune('{1:1,2:-3,3:3,4:2}/4', 2)::text, '{2:-3,3:3,4:2}/4', 'prune');
SELECT is(ruvector_sparse_nnz('{1:1,2:-3}/4') + ruvector_sparse_dim('{1:1}/4'), 6, 'nnz, dim');
SELECT is(ruvector_sparse_intersection('{1:1,2:-3}/4', '{2:9,3:1}/4')::text, '{2:-3}/4', 'intersection');
SELECT is((SELECT sum(s)::text || avg(s) FROM (VALUES ('{1:1,3:2}/4'::sparsevec), ('{1:1}/4'), (NULL)) t(s)), '{1:2,3:2}/4{1:1,3:1}/4', 'sum and avg');
SELECT is((SELECT sum(s)::text || avg(s) FROM (VALUES (NULL::sparsevec)) t(s)), NULL, 'sum and avg of nothing');
SELECT throws_ok($$SELECT sum(s) FROM (VALUES ('{1:1}/4'::sparsevec), ('{1:1}/5')) t(s)$$, '22000');
-- Parallel plans give what serial ones give.
CREATE TABLE many AS SELECT ruvector_to_sparse(ARRAY[i % 50 + 1, 60], ARRAY[1, i % 3], 60) AS s FROM generate_series(1, 20000) i;
ANALYZE many;
SELECT set_config('max_parallel_workers_per_gather', '0', true);
CREATE TEMP TABLE serial AS SELECT sum(s) AS a, avg(s) AS b FROM many;
SET LOCAL max_parallel_workers_per_gather = 2;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SELECT is((SELECT ROW(sum(s), avg(s))::text FROM many), (SELECT ROW(a, b)::text FROM serial), 'parallel equals serial');
SELECT is(ruvector_tf_idf(3, 10, 1000), 3 * ln(100::float8), 'tf_idf');
SELECT is(ruvector_tf_idf('{1:2,2:1}/3'::sparsevec, '{1:10,3:5}/3', 10)::text, '{}/3', 'a term that every document has weighs nothing');
SELECT throws_ok($$SELECT ruvector_tf_idf(1, 11, 10)$$, '22023');
SELECT ok(abs(ruvector_bm25_score('{3,0}', '{10,7}', 50, 40, 100) - ln(1 + 90.5 / 10.5) * 6.6 / (3 + 1.2 * (0.25 + 0.75 * 1.25))) < 1e-12, 'bm25_score');
SELECT throws_ok($$SELECT ruvector_bm25_score('{1}', '{1}', 1, 1, 10, k1 => -1)$$, '22023');
SELECT is(rrf_score(1) + coalesce(rrf_score(NULL), -1), 1 / 61::float8, 'rrf_score; no rank, no score');
SELECT * FROM finish();
ROLLBACK;
