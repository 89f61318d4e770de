\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(24);
DO $$ BEGIN PERFORM ruvector_create_graph('g'); END $$;
CREATE FUNCTION pg_temp.c(q text, p jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS
  $$SELECT string_agg(x::text, ';') FROM ruvector_cypher('g', q, p) x$$;
CREATE FUNCTION pg_temp.detail(q text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE d text;
BEGIN
  PERFORM ruvector_cypher('g', q);
  RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL;
  RETURN SQLSTATE || ' ' || d;
END $$;

SELECT is(pg_temp.c($$CREATE (a:P {n: 1})-[:R {w: 1.5}]->(b:P {n: 2})$$), NULL, 'no rows without RETURN');
SELECT is(pg_temp.c($$MATCH (a)-[r]->(b) RETURN a.n, r.w, b.n$$), '{"a.n":1,"r.w":1.5,"b.n":2}');
SELECT is(pg_temp.c($$MATCH (a:P {n: $n}) RETURN a.n + $m AS x$$, '{"n": 2, "m": 0.5}'), '{"x":2.5}', 'parameters');
SELECT is(pg_temp.c($$RETURN 1.0 AS a, 1 AS b, 'q"\n' AS c, null AS d, date('2020-02-29') AS e$$),
  '{"a":1.0,"b":1,"c":"q\"\n","d":null,"e":"2020-02-29"}', 'values as JSON');
SELECT is(pg_temp.c($$RETURN 'Abc' =~ '(?i)a.c' AS a, 'Abc' =~ 'b' AS b$$), '{"a":true,"b":false}', 'regular expressions match the whole text');
SELECT results_eq($$SELECT n, t FROM ruvector_cypher_rows('g', 'MATCH (a:P) RETURN a.n, a.n > 1') AS (n int, t boolean) ORDER BY n$$,
  $$VALUES (1, false), (2, true)$$, 'typed rows');
SELECT results_eq($$SELECT v FROM ruvector_cypher_rows('g', 'RETURN vector([1, 2])') AS (v vector)$$,
  $$VALUES ('[1,2]'::vector)$$, 'vectors');
SELECT is((SELECT p->'properties' FROM ruvector_cypher_rows('g', 'MATCH (p {n: 2}) RETURN p') AS (p jsonb)), '{"n": 2}', 'nodes as jsonb');
SELECT throws_ok($$SELECT * FROM ruvector_cypher_rows('g', 'RETURN 1, 2') AS (a int)$$, '42804');
SELECT throws_ok($$SELECT * FROM ruvector_cypher_rows('g', 'MATCH (p) RETURN p') AS (a int)$$, '42804');

SELECT is(pg_temp.detail('MATCH (n) RETURN m'), E'42601 SyntaxError: UndefinedVariable at line 1, column 18.\nMATCH (n) RETURN m\n                 ^');
SELECT is(pg_temp.detail(E'RETURN\n 1 / 0'), E'22012 ArithmeticError: DivisionByZero at line 2, column 6.\n 1 / 0\n     ^');
SELECT is(pg_temp.detail('MATCH (a)-->() DELETE a') LIKE '23514 %DeleteConnectedNode%', true, 'a node with relationships stays');
SELECT is(pg_temp.c('MATCH (a:P) RETURN count(*) AS c'), '{"c":2}', 'and a failed query leaves no trace');
SELECT throws_ok($$SELECT ruvector_cypher('no such graph', 'RETURN 1')$$, '42704');
SELECT throws_ok($$SELECT ruvector_cypher('g', 'RETURN ' || repeat('(', 10000) || '1' || repeat(')', 10000))$$, '54001');
SET LOCAL ruvector.cypher_work_mem = '1MB';
SELECT throws_ok($$SELECT ruvector_cypher('g', 'UNWIND range(1, 1000000) AS x RETURN collect(x)')$$, '53200');
RESET ruvector.cypher_work_mem;

SELECT is(pg_temp.c('UNWIND [1, 2, 1] AS x MERGE (k:K {x: x}) ON CREATE SET k.c = 1 ON MATCH SET k.c = k.c + 1 RETURN k.x, k.c'),
  '{"k.x":1,"k.c":2};{"k.x":2,"k.c":1};{"k.x":1,"k.c":2}', 'MERGE sees its own rows');
SELECT is(pg_temp.c('MATCH (k:K) DETACH DELETE k RETURN count(k) AS c'), '{"c":2}');
SELECT is(pg_temp.c('MATCH (k:K) RETURN count(*) AS c'), '{"c":0}');
SELECT is(pg_temp.c('CREATE (a:L {k: 1})-[r:LR]->(b:L {k: 2}) WITH a, b, r DELETE r CREATE (a)-[:LR]->(b) RETURN count(*) AS c'), '{"c":1}');
DO $$ BEGIN PERFORM ruvector_cypher('g', 'MATCH (a:L {k: 1}), (b:L {k: 2}) CREATE (a)-[:LR]->(b)'); END $$;
SELECT matches(pg_temp.detail('MATCH (a:L {k: 1}) DETACH DELETE a WITH a MATCH (b:L {k: 2}) CREATE (a)-[:LR]->(b)'),
  '^23514 EntityNotFound', 'a node that this transaction kept before and deletes now gets no relationship');
SELECT ok(pg_temp.c('EXPLAIN MATCH (a:P)-[:R]->(b) RETURN b') LIKE '%LabelScan :P%', 'EXPLAIN');
SET LOCAL "TimeZone" = 'Europe/Berlin';
SELECT is(pg_temp.c('RETURN datetime({year: 2020, month: 7}) AS d'), '{"d":"2020-07-01T00:00+02:00[Europe/Berlin]"}', 'the session''s time zone');
SELECT * FROM finish();
ROLLBACK;
