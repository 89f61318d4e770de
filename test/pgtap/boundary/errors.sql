-- The two doors between PostgreSQL and C++: no error lost, nothing leaked, no crash.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
CREATE EXTENSION ruvector_test;
-- throws_ok() cannot see 57014: PL/pgSQL's WHEN OTHERS does not catch query_canceled.
CREATE FUNCTION pg_temp.was_canceled(q text) RETURNS bool LANGUAGE plpgsql AS $$
BEGIN EXECUTE q; RETURN false; EXCEPTION WHEN query_canceled THEN RETURN true; END $$;
CREATE FUNCTION pg_temp.parts(q text, OUT message text, OUT detail text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN EXECUTE q; EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT; END $$;
SELECT plan(28);

SELECT throws_ok($$select rv_throw('std')$$, 'XX000', 'plain std::runtime_error');
SELECT throws_ok($$select rv_throw('core')$$, 'XX002', 'index looks corrupted');
SELECT throws_ok($$select rv_throw('null')$$, '22004', 'no null here');
SELECT throws_ok($$select rv_throw('protocol')$$, '08P01', 'bad message');
SELECT throws_ok($$select rv_throw('int')$$, 'XX000', 'unknown C++ exception');
SELECT throws_ok($$select rv_throw('length')$$, 'XX000');
SELECT is(rv_live(), 0, 'no C++ object outlives an exception');
SELECT is((SELECT detail || ' ' || hint FROM pg_temp.parts($$select rv_throw('hint')$$)), 'The limit is 6. Use less.', 'detail and hint arrive');
SELECT is((SELECT length(message) FROM pg_temp.parts($$select rv_throw('long')$$)), 5000, 'a long message is not cut');
SELECT is((SELECT length(detail) FROM pg_temp.parts($$select rv_throw('longhint')$$)), 511, 'a long detail is cut between characters');
SELECT is((SELECT length(hint) FROM pg_temp.parts($$select rv_throw('longhint')$$)), 256, 'a long hint is cut between characters');

SELECT throws_ok($$select rv_pg_error('abc')$$, '22P02', 'invalid input syntax for type integer: "abc"');
SELECT is(rv_live(), 0, 'no C++ object outlives an ereport');
SELECT is(rv_pg_error('17'), 17, 'the good path returns the value');
SELECT throws_ok($$select rv_nested('select rv_throw(''core'')')$$, 'XX002', 'index looks corrupted');
SELECT throws_ok($$select rv_nested('select 1/0')$$, '22012', 'division by zero');
SELECT is(rv_nested('select 1'), 5, 'SPI_OK_SELECT');
SELECT is(rv_live(), 0, 'nothing left after nesting');

SET statement_timeout = '200ms';
SELECT ok(pg_temp.was_canceled($$select rv_nested('select pg_sleep(5)')$$), 'a timeout passes through C++');
SET statement_timeout = 0;

SELECT ok(rv_pmr(1000000), 'pmr vector in a memory context, 64-byte alignment');
SELECT is(rv_cached(1), 1, 'object cached in fn_mcxt');
SELECT throws_ok($$select rv_cached(-1)$$, '22003', 'negative');
SELECT is(rv_live(), 0, 'reset callback destroyed the cached objects');

CREATE PROCEDURE pg_temp.storm(n int) LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..n LOOP
  BEGIN PERFORM rv_pg_error('x'); EXCEPTION WHEN OTHERS THEN NULL; END;
  BEGIN PERFORM rv_throw('long'); EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END $$;
CREATE TEMP TABLE before AS SELECT rv_destroyed() AS destroyed;
CALL pg_temp.storm(2000);
SELECT is(rv_live(), 0, 'nothing left after 4,000 caught errors');
SELECT is(rv_destroyed() - (SELECT destroyed FROM before), 2000 * 13, 'every destructor ran');

SELECT throws_ok($$select '[1,2'::vector$$, '22P02', 'invalid input syntax for type vector: "[1,2"');
SELECT throws_ok($$select ('[' || repeat('1,', 3000) || ']')::vector$$, '22P02');
SELECT is((SELECT length(message) > 6000 FROM pg_temp.parts($$select ('[' || repeat('1,', 3000) || ']')::vector$$)), true, 'a long literal is quoted whole');
SELECT * FROM finish();
ROLLBACK;
