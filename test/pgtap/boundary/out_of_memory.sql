-- What memory there is: an allocation that cannot be is SQLSTATE 53200, and errors cost none. Apart
-- because AddressSanitizer ends the process where operator new would throw (test/tools/asan_run.sh).
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
CREATE EXTENSION ruvector_test;
SELECT plan(6);
SELECT throws_ok($$select rv_throw('oom')$$, '53200', 'out of memory');
SELECT throws_ok($$select rv_pmr(1::bigint << 58)$$, '53200', 'out of memory');
SELECT is(rv_live(), 0, 'no C++ object outlives it');

-- 40,000 caught errors: warm up, measure, repeat, compare.
CREATE PROCEDURE pg_temp.storm(n int) LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..n LOOP
  BEGIN PERFORM rv_pg_error('x'); EXCEPTION WHEN OTHERS THEN NULL; END;
  BEGIN PERFORM rv_throw('long'); EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END $$;
CALL pg_temp.storm(2000);
CREATE TEMP TABLE before AS SELECT rv_rss_kb() AS kb, rv_destroyed() AS destroyed;
CALL pg_temp.storm(20000);
SELECT is(rv_live(), 0, 'nothing left after 40,000 caught errors');
SELECT is(rv_destroyed() - (SELECT destroyed FROM before), 20000 * 13, 'every destructor ran');
SELECT cmp_ok(rv_rss_kb() - (SELECT kb FROM before), '<', 8192::bigint, 'the backend did not grow by 8 MB');
SELECT * FROM finish();
ROLLBACK;
