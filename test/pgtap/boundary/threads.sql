-- Worker threads in a backend: signals stay with the main thread, cancel works, exceptions arrive.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
CREATE EXTENSION ruvector_test;
CREATE FUNCTION pg_temp.was_canceled(q text) RETURNS bool LANGUAGE plpgsql AS $$
BEGIN EXECUTE q; RETURN false; EXCEPTION WHEN query_canceled THEN RETURN true; END $$;
SELECT plan(6);
SELECT is(rv_parallel_sum(10000000), 49999995000000);
SELECT is(split_part(rv_thread_masks(), '/', 1), split_part(rv_thread_masks(), '/', 2), 'every worker thread blocks PostgreSQL''s signals');
SELECT throws_ok($$select rv_parallel_throw()$$, 'XX000', 'thrown on a worker thread');
SET statement_timeout = '100ms';
SELECT ok(pg_temp.was_canceled('select rv_parallel_sum(100000000, 1000)'), 'worker threads stop on a cancel');
SET statement_timeout = 0;
SELECT is(rv_live(), 0);
SELECT is(rv_parallel_sum(1000000), 499999500000, 'the pool still works after a cancel');
SELECT * FROM finish();
ROLLBACK;
