-- Out-of-line vectors read in random order: their places are learned, and never trusted.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
SELECT * FROM no_plan();
CREATE TABLE places (id int PRIMARY KEY, v vector(800));
ALTER TABLE places ALTER v SET STORAGE external;
INSERT INTO places SELECT i, array_fill(i::real, ARRAY[800])::vector FROM generate_series(1, 2000) i;
-- Rows whose vector is not the one of their id, in an order that no scan of the table has.
CREATE FUNCTION wrong(seed text) RETURNS bigint LANGUAGE sql AS
$$ SELECT count(*) FROM (SELECT id, v FROM places ORDER BY md5(seed || id)) s
   WHERE l1_distance(v, array_fill(id::real, ARRAY[800])::vector) <> 0 $$;
CREATE FUNCTION index_look_ups() RETURNS bigint LANGUAGE sql VOLATILE AS
$$ SELECT pg_stat_get_xact_numscans(i.indexrelid) FROM pg_class t JOIN pg_index i ON i.indrelid = t.reltoastrelid
   WHERE t.oid = 'places'::regclass $$;

SELECT is(wrong('a'), 0::bigint, 'loaded at one time');
BEGIN;
SELECT index_look_ups() AS before \gset
SELECT is(wrong('b'), 0::bigint, 'once more');
SELECT cmp_ok(index_look_ups() - :before, '<', 200::bigint, 'hardly any of 2,000 values needed the index');
COMMIT;

DELETE FROM places WHERE id % 3 = 0;
VACUUM places;
INSERT INTO places SELECT i, array_fill(i::real, ARRAY[800])::vector FROM generate_series(3, 2000, 3) i ORDER BY md5(i::text);
UPDATE places SET v = array_fill(id::real, ARRAY[800])::vector WHERE id % 5 = 0;
SELECT is(wrong('c'), 0::bigint, 'places were used again');
SELECT is(wrong('d'), 0::bigint, 'and once more');

BEGIN;
UPDATE places SET v = array_fill(0::real, ARRAY[800])::vector WHERE id <= 100;
SELECT is(wrong('e'), 100::bigint, 'the transaction''s own values');
ROLLBACK;
SELECT is(wrong('f'), 0::bigint, 'values of an aborted transaction are not read');

VACUUM FULL places;
SELECT is(wrong('g'), 0::bigint, 'a new file');
TRUNCATE places;
INSERT INTO places SELECT i, array_fill(i::real, ARRAY[800])::vector FROM generate_series(1, 50) i;
SELECT is(wrong('h'), 0::bigint, 'a shorter one');
DROP TABLE places;
DROP FUNCTION wrong, index_look_ups;
SELECT * FROM finish();
