\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
SELECT plan(19);
DO $$ BEGIN PERFORM ruvector_create_graph('g'); PERFORM ruvector_cypher('g', 'UNWIND [1, 2, 3] AS n CREATE (:P {n: n})'); END $$;
CREATE FUNCTION c(q text, p jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS
  $$SELECT string_agg(x::text, ';') FROM ruvector_cypher('g', q, p) x$$;
CREATE FUNCTION doubled(x bigint) RETURNS TABLE (y bigint, t text) LANGUAGE sql AS 'SELECT 2 * x, x::text';
CREATE FUNCTION kinds(a float8, b boolean, c text, d date, e bigint[], f jsonb, g vector) RETURNS TABLE (a float8, b boolean, c text, d date, e bigint[], f jsonb, g vector)
  LANGUAGE sql AS 'SELECT $1, $2, $3, $4, $5, $6, $7';
CREATE TABLE log (x bigint);
CREATE FUNCTION note(x bigint) RETURNS void LANGUAGE sql VOLATILE AS 'INSERT INTO log VALUES (x)';
CREATE FUNCTION fails(x bigint) RETURNS TABLE (y bigint) LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION USING ERRCODE = 'RV001', MESSAGE = 'no ' || x; END$$;

SELECT lives_ok($$SELECT ruvector_register_procedure('my.doubled(x :: INTEGER?) :: (y :: INTEGER?, t :: STRING?)', 'doubled(bigint)')$$);
SELECT is(c('CALL my.doubled(4)'), '{"y":8,"t":"4"}', 'alone');
SELECT is(c('MATCH (p:P) CALL my.doubled(p.n) YIELD y AS twice WHERE twice > 2 RETURN p.n AS n, twice ORDER BY n'), '{"n":2,"twice":4};{"n":3,"twice":6}', 'for each row');
SELECT is(c('CALL my.doubled', '{"x": 21}'), '{"y":42,"t":"21"}', 'arguments from parameters');
SELECT is(c('CALL my.doubled(null)'), '{"y":null,"t":null}', 'NULL goes in and comes out');
SELECT throws_ok($$SELECT c('CALL my.doubled("a")')$$, '42804');
SELECT throws_ok($$SELECT c('CALL my.doubled(1, 2)')$$, '42601');
SELECT throws_ok($$SELECT c('CALL my.nothing()')$$, '42704');
SELECT lives_ok($$SELECT ruvector_register_procedure('my.kinds(a :: FLOAT?, b :: BOOLEAN?, c :: STRING?, d :: ANY?, e :: LIST?, f :: MAP?, g :: ANY?) :: (a :: FLOAT?, b :: BOOLEAN?, c :: STRING?, d :: ANY?, e :: LIST?, f :: MAP?, g :: ANY?)', 'kinds(float8, boolean, text, date, bigint[], jsonb, vector)')$$);
SELECT is(c('CALL my.kinds(1, true, "t", date("2020-01-02"), [1, 2], {k: 1.5}, vector([1, 2]))'),
  '{"a":1.0,"b":true,"c":"t","d":"2020-01-02","e":[1,2],"f":{"k":1.5},"g":[1.0,2.0]}', 'types both ways');
SELECT lives_ok($$SELECT ruvector_register_procedure('my.note(x :: INTEGER) :: VOID', 'note(bigint)')$$);
SELECT is(c('MATCH (p:P) CALL my.note(p.n) RETURN count(*) AS c'), '{"c":3}', 'a VOID procedure lets rows pass');
SELECT results_eq('SELECT x FROM log ORDER BY x', 'VALUES (1::bigint), (2), (3)', 'and its effects are there');
BEGIN;
SELECT c('CALL my.note(10)') IS NULL AS x \gset
ROLLBACK;
SELECT is((SELECT count(*) FROM log), 3::bigint, 'inside the transaction');
SELECT lives_ok($$SELECT ruvector_register_procedure('my.fails(x :: INTEGER) :: (y :: INTEGER)', 'fails(bigint)')$$);
SELECT throws_ok($$SELECT c('CALL my.fails(7)')$$, 'RV001', 'no 7', 'its errors keep their SQLSTATE');
REVOKE EXECUTE ON FUNCTION doubled(bigint) FROM PUBLIC;
CREATE ROLE rv_caller;
GRANT USAGE ON SCHEMA g TO rv_caller;
GRANT SELECT ON ALL TABLES IN SCHEMA g TO rv_caller;
SET ROLE rv_caller;
SELECT throws_ok($$SELECT ruvector_cypher('g', 'CALL my.doubled(4)')$$, '42501', NULL, 'the caller needs EXECUTE');
SELECT throws_ok($$SELECT ruvector_register_procedure('my.mine(x :: INTEGER) :: (y :: INTEGER)', 'fails(bigint)')$$, '42501', NULL, 'who registers needs the table');
RESET ROLE;
SELECT throws_ok($$SELECT ruvector_register_procedure('ruvector.mine(x :: INTEGER) :: (y :: INTEGER)', 'fails(bigint)')$$, '22023');
REVOKE ALL ON ALL TABLES IN SCHEMA g FROM rv_caller;
REVOKE ALL ON SCHEMA g FROM rv_caller;
DROP ROLE rv_caller;
SELECT * FROM finish();
