-- avg and sum of vector and halfvec: alone, in windows, in parallel plans.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
CREATE FUNCTION pg_temp.plan_of(q text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; plan text := '';
BEGIN FOR line IN EXECUTE 'EXPLAIN ' || q LOOP plan := plan || line || E'\n'; END LOOP; RETURN plan; END $$;
CREATE FUNCTION pg_temp.serial(q text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r text;
BEGIN
  PERFORM set_config('max_parallel_workers_per_gather', '0', true);
  EXECUTE q INTO r;
  PERFORM set_config('max_parallel_workers_per_gather', '2', true);
  RETURN r;
END $$;
CREATE TABLE many_vector AS SELECT i AS id, i % 5 AS g, format('[%s,%s]', i % 10, i % 2)::vector AS v FROM generate_series(1, 2000) i;
ANALYZE many_vector;
CREATE TABLE many_halfvec AS SELECT i AS id, i % 5 AS g, format('[%s,%s]', i % 10, i % 2)::halfvec AS v FROM generate_series(1, 2000) i;
ANALYZE many_halfvec;
SELECT plan(30);

SELECT is((SELECT avg(v)::text FROM (VALUES ('[1,2]'::vector), ('[3,5]'), (NULL)) t(v)), '[2,3.5]', 'vector: avg ignores NULL');
SELECT is((SELECT sum(v)::text FROM (VALUES ('[1,2]'::vector), ('[3,5]'), (NULL)) t(v)), '[4,7]', 'vector: sum ignores NULL');
SELECT is((SELECT avg(v) FROM (VALUES (NULL::vector)) t(v)), NULL::vector, 'vector: avg of no rows');
SELECT is((SELECT sum(v) FROM (VALUES (NULL::vector)) t(v)), NULL::vector, 'vector: sum of no rows');
SELECT is((SELECT avg(v)::text FROM (VALUES ('[-0]'::vector)) t(v)), '[-0]', 'vector: the sign of zero is kept');
SELECT is(vector_combine('{1,2,3}', '{2,4,5}'), '{3,6,8}'::float8[], 'vector_combine');
SELECT is(vector_combine('{0}', '{2,4,5}'), '{2,4,5}'::float8[], 'vector_combine with an empty left');
SELECT is(vector_combine('{2,4,5}', '{0}'), '{2,4,5}'::float8[], 'vector_combine with an empty right');
SELECT is((WITH s AS (SELECT '{1,2}'::float8[] AS x) SELECT vector_accum(x, '[3]')::text || x::text FROM s), '{2,5}{1,2}', 'vector_accum leaves its argument alone');
SELECT results_eq($$SELECT id, (avg(v) OVER (ORDER BY id))::text FROM (VALUES (1, '[1]'::vector), (2, '[3]'), (3, '[5]')) t(id, v)$$, $$VALUES (1, '[1]'), (2, '[2]'), (3, '[3]')$$, 'vector: avg as a window function');
SELECT ok(pg_temp.plan_of($$SELECT avg(v), sum(v) FROM many_vector$$) ~ 'Partial Aggregate', 'vector: the plan is parallel');
SELECT is((SELECT ROW(avg(v)::text, sum(v)::text)::text FROM many_vector), pg_temp.serial($$SELECT ROW(avg(v)::text, sum(v)::text)::text FROM many_vector$$), 'vector: parallel equals serial');
SELECT is((SELECT avg(v)::text FROM many_vector), '[4.5,0.5]', 'vector: average of many');
SELECT is((SELECT avg(v) FROM many_vector WHERE id < 0), NULL, 'vector: parallel average of no rows');
SELECT results_eq($$SELECT g, avg(v)::text FROM many_vector GROUP BY g ORDER BY g$$, $$SELECT g, format('[%s,%s]', avg(id % 10)::float8, avg(id % 2)::float8) FROM many_vector GROUP BY g ORDER BY g$$, 'vector: averages of groups');
SELECT is((SELECT avg(v)::text FROM (VALUES ('[1,2]'::halfvec), ('[3,5]'), (NULL)) t(v)), '[2,3.5]', 'halfvec: avg ignores NULL');
SELECT is((SELECT sum(v)::text FROM (VALUES ('[1,2]'::halfvec), ('[3,5]'), (NULL)) t(v)), '[4,7]', 'halfvec: sum ignores NULL');
SELECT is((SELECT avg(v) FROM (VALUES (NULL::halfvec)) t(v)), NULL::halfvec, 'halfvec: avg of no rows');
SELECT is((SELECT sum(v) FROM (VALUES (NULL::halfvec)) t(v)), NULL::halfvec, 'halfvec: sum of no rows');
SELECT is((SELECT avg(v)::text FROM (VALUES ('[-0]'::halfvec)) t(v)), '[-0]', 'halfvec: the sign of zero is kept');
SELECT is(halfvec_combine('{1,2,3}', '{2,4,5}'), '{3,6,8}'::float8[], 'halfvec_combine');
SELECT is(halfvec_combine('{0}', '{2,4,5}'), '{2,4,5}'::float8[], 'halfvec_combine with an empty left');
SELECT is(halfvec_combine('{2,4,5}', '{0}'), '{2,4,5}'::float8[], 'halfvec_combine with an empty right');
SELECT is((WITH s AS (SELECT '{1,2}'::float8[] AS x) SELECT halfvec_accum(x, '[3]')::text || x::text FROM s), '{2,5}{1,2}', 'halfvec_accum leaves its argument alone');
SELECT results_eq($$SELECT id, (avg(v) OVER (ORDER BY id))::text FROM (VALUES (1, '[1]'::halfvec), (2, '[3]'), (3, '[5]')) t(id, v)$$, $$VALUES (1, '[1]'), (2, '[2]'), (3, '[3]')$$, 'halfvec: avg as a window function');
SELECT ok(pg_temp.plan_of($$SELECT avg(v), sum(v) FROM many_halfvec$$) ~ 'Partial Aggregate', 'halfvec: the plan is parallel');
SELECT is((SELECT ROW(avg(v)::text, sum(v)::text)::text FROM many_halfvec), pg_temp.serial($$SELECT ROW(avg(v)::text, sum(v)::text)::text FROM many_halfvec$$), 'halfvec: parallel equals serial');
SELECT is((SELECT avg(v)::text FROM many_halfvec), '[4.5,0.5]', 'halfvec: average of many');
SELECT is((SELECT avg(v) FROM many_halfvec WHERE id < 0), NULL, 'halfvec: parallel average of no rows');
SELECT results_eq($$SELECT g, avg(v)::text FROM many_halfvec GROUP BY g ORDER BY g$$, $$SELECT g, format('[%s,%s]', avg(id % 10)::float8, avg(id % 2)::float8) FROM many_halfvec GROUP BY g ORDER BY g$$, 'halfvec: averages of groups');
SELECT * FROM finish();
ROLLBACK;
