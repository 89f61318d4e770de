\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
-- ruvector_cypher() in FROM is a scan of its own: what it must give is what the scan of a function gives.
SELECT plan(31);

SELECT ruvector_create_graph('cs');
SELECT count(*) FROM ruvector_cypher('cs', 'UNWIND range(1, 200) AS k CREATE (n:N {k: k, pad: "0123456789"})');

-- The plan of a session's first query was made before the module was loaded; from here on:
CREATE FUNCTION plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; lines text := '';
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP lines := lines || line || E'\n'; END LOOP;
  RETURN lines;
END $$;
CREATE FUNCTION twenty(low int) RETURNS SETOF json LANGUAGE sql AS $$
  SELECT * FROM ruvector_cypher('cs', 'MATCH (n:N) WHERE n.k > $low RETURN n.k AS k ORDER BY k LIMIT 20', jsonb_build_object('low', low)) $$;

SELECT is(plan_of($$SELECT x FROM ruvector_cypher('cs', 'RETURN 1 AS one') AS x$$),
  E'Custom Scan (ruvector_cypher)\n  Output: x\n  Function Call: ruvector_cypher(''cs''::text, ''RETURN 1 AS one''::text, ''{}''::jsonb)\n',
  'EXPLAIN shows the call');
SELECT is((SELECT x->>'one' FROM ruvector_cypher('cs', 'RETURN 1 AS one') AS x), '1', 'json');
SELECT is((SELECT x::text FROM ruvector_cypher('cs', 'RETURN 1 AS one, "ä\"" AS s') AS x), '{"one":1,"s":"ä\""}', 'text');
SELECT is((SELECT x::text || '/' || (x->>'one') FROM ruvector_cypher('cs', 'RETURN 1 AS one') AS x), '{"one":1}/1', 'both');
SELECT is((SELECT upper(x::text) FROM ruvector_cypher('cs', 'RETURN "a" AS a') AS x), '{"A":"A"}', 'text in an expression');
SELECT is((SELECT upper(x::text) FROM ruvector_cypher('cs', 'UNWIND ["a", "b"] AS a RETURN a') AS x WHERE x::text LIKE '%b%'),
  '{"A":"B"}', 'text in a condition');
SELECT is((SELECT max(x::text) FROM ruvector_cypher('cs', 'UNWIND ["a", "b"] AS a RETURN a') AS x), '{"a":"b"}', 'text in an aggregate');
SELECT is((SELECT string_agg(t, ',') FROM (SELECT x::text AS t FROM ruvector_cypher('cs', 'UNWIND ["a", "b"] AS a RETURN a') AS x
  ORDER BY x::text DESC) s), '{"a":"b"},{"a":"a"}', 'sorted by text');
SELECT is((SELECT count(DISTINCT x::text) FROM ruvector_cypher('cs', 'UNWIND [1, 2, 1] AS a RETURN a') AS x), 2::bigint, 'distinct text');
SELECT is((SELECT string_agg(s.t, ',' ORDER BY s.t) FROM (SELECT DISTINCT x::text AS t FROM ruvector_cypher('cs', 'UNWIND [1, 2, 1] AS a RETURN a') AS x) s),
  '{"a":1},{"a":2}', 'SELECT DISTINCT text');
SELECT is((SELECT (SELECT x::text) FROM ruvector_cypher('cs', 'RETURN 1 AS one') AS x), '{"one":1}', 'text in a subquery');
SELECT is((SELECT row_to_json(x.*)::text FROM (SELECT y FROM ruvector_cypher('cs', 'RETURN 1 AS one') AS y) AS x),
  '{"y":{"one":1}}', 'a whole row');
SELECT is((SELECT string_agg(o || ':' || (x->>'a'), ',') FROM ruvector_cypher('cs', 'UNWIND [7, 8] AS a RETURN a') WITH ORDINALITY AS c(x, o)),
  '1:7,2:8', 'WITH ORDINALITY');
SELECT is((SELECT string_agg((a->>'a') || coalesce(b->>'b', '-'), ',') FROM ROWS FROM (
  ruvector_cypher('cs', 'UNWIND [7, 8] AS a RETURN a'), ruvector_cypher('cs', 'RETURN 9 AS b')) AS c(a, b)), '79,8-', 'ROWS FROM');
SELECT is((SELECT count(*) FROM ruvector_cypher('cs', NULL)), 0::bigint, 'NULL gives no row');
SELECT is((SELECT count(*) FROM ruvector_cypher('cs', 'RETURN 1 AS one', NULL)), 0::bigint, 'NULL for the parameters, too');
SELECT is((SELECT count(*) FROM ruvector_cypher('cs', 'MATCH (n:N) RETURN n.k AS k')), 200::bigint, 'more rows than are kept at hand');
SELECT is((SELECT sum((x::text::json->>'k')::int) FROM ruvector_cypher('cs', 'MATCH (n:N) RETURN n.k AS k') AS x), 20100::bigint, 'all of them');
SELECT is((SELECT count(*) FROM ruvector_cypher('cs', 'UNWIND range(1, 3) AS i RETURN $s AS s', jsonb_build_object('s', repeat('0123456789', 5000))) AS x
  WHERE length(x::text) > 40000), 3::bigint, 'wide rows');
SELECT is((SELECT count(*) FROM (SELECT 1 FROM ruvector_cypher('cs', 'MATCH (n:N) RETURN n.k AS k') LIMIT 3) s), 3::bigint, 'LIMIT');

-- Again with other arguments, and again with the same ones.
SELECT is((SELECT sum((x->>'a')::int) FROM generate_series(1, 3) AS g, ruvector_cypher('cs', 'UNWIND range(1, $n) AS a RETURN a', jsonb_build_object('n', g)) AS x),
  10::bigint, 'arguments from another row');
SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off;
SELECT is((SELECT count(*) FROM generate_series(1, 3) AS g LEFT JOIN ruvector_cypher('cs', 'CREATE (n:Once) RETURN 1 AS a UNION ALL UNWIND range(2, 100) AS a RETURN a') AS x
  ON g <= (x->>'a')::int), 297::bigint, 'inside a nested loop');
SELECT is((SELECT x->>'n' FROM ruvector_cypher('cs', 'MATCH (n:Once) RETURN count(n) AS n') AS x), '1', 'which ran it once');
RESET enable_hashjoin; RESET enable_mergejoin; RESET enable_material;

-- A cursor that goes back.
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT x::text FROM ruvector_cypher('cs', 'UNWIND range(1, 100) AS a RETURN a') AS x;
MOVE 90 IN c;
CREATE TEMP TABLE seen(t text);
CREATE FUNCTION take(c refcursor) RETURNS text LANGUAGE plpgsql AS $$ DECLARE t text; BEGIN FETCH PRIOR FROM c INTO t; RETURN t; END $$;
SELECT is(take('c'), '{"a":89}', 'a cursor goes back');
COMMIT;

-- Plans that are kept, privileges, and settings of the function.
PREPARE p(text, jsonb) AS SELECT x::text FROM ruvector_cypher('cs', $1, $2) AS x;
CREATE FUNCTION executed(q text, p jsonb) RETURNS text LANGUAGE plpgsql AS $$ DECLARE t text; BEGIN
  EXECUTE format('EXECUTE p(%L, %L)', q, p) INTO t; RETURN t; END $$;
SELECT is((SELECT string_agg(executed('RETURN $a AS a', jsonb_build_object('a', g)), ',') FROM generate_series(1, 8) AS g),
  '{"a":1},{"a":2},{"a":3},{"a":4},{"a":5},{"a":6},{"a":7},{"a":8}', 'prepared');
CREATE ROLE cypher_scan_nobody;
REVOKE EXECUTE ON FUNCTION ruvector_cypher FROM PUBLIC;
SET ROLE cypher_scan_nobody;
SELECT throws_ok('EXECUTE p(''RETURN 1 AS a'', ''{}'')', '42501', 'permission denied for function ruvector_cypher', 'EXECUTE is needed');
RESET ROLE;
GRANT EXECUTE ON FUNCTION ruvector_cypher TO PUBLIC;
DROP ROLE cypher_scan_nobody;
ALTER FUNCTION ruvector_cypher SET work_mem = '1MB';
SELECT unalike(plan_of($$SELECT x FROM ruvector_cypher('cs', 'RETURN 1 AS one') AS x$$), '%Custom Scan%', 'settings of the function are obeyed by the server');
SELECT is(executed('RETURN 1 AS a', '{}'), '{"a":1}', 'also by a kept plan');
ALTER FUNCTION ruvector_cypher RESET ALL;

-- Errors leave nothing behind.
SELECT throws_ok($$SELECT * FROM ruvector_cypher('cs', 'RETURN 1/0 AS x')$$, '22012', NULL, 'an error of the query');
SELECT is((SELECT count(*) FROM twenty(150)), 20::bigint, 'inlined from an SQL function');

SET track_functions = 'all';
BEGIN;
SELECT count(*) FROM ruvector_cypher('cs', 'RETURN 1 AS one');
SELECT cmp_ok((SELECT calls FROM pg_stat_xact_user_functions WHERE funcname = 'ruvector_cypher'), '>=', 1::bigint, 'counted as a function');
COMMIT;

SELECT * FROM finish();
