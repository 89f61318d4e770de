-- Recall of hnsw over sparse vectors, which are found by sketches: built over the rows, and filled row by row.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(8);
SELECT setseed(0.3);
CREATE TABLE dots (id int, v sparsevec(3));
INSERT INTO dots SELECT i, ARRAY[random() * random(), random() * random(), random() * random()]::vector::sparsevec FROM generate_series(1, 5000) i;
CREATE TABLE questions AS SELECT ARRAY[random(), random(), random()]::vector::sparsevec AS v FROM generate_series(1, 25);
CREATE TABLE filled (LIKE dots);
-- The share of the true 20 nearest that an index of this class finds.
CREATE FUNCTION pg_temp.found(class text, operator text, by_inserts boolean) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
  search text := format('SELECT array_agg(d.id + 10000 * q.n) FROM (SELECT v, row_number() OVER () AS n FROM questions) q, LATERAL (SELECT id FROM filled ORDER BY v %s q.v LIMIT 20) d', operator);
  true_ids int[]; ids int[];
BEGIN
  TRUNCATE filled;
  IF by_inserts THEN EXECUTE format('CREATE INDEX filled_v ON filled USING hnsw (v %s)', class); END IF;
  INSERT INTO filled TABLE dots;
  IF NOT by_inserts THEN EXECUTE format('CREATE INDEX filled_v ON filled USING hnsw (v %s)', class); END IF;
  SET LOCAL enable_indexscan = off;
  EXECUTE search INTO true_ids;
  RESET enable_indexscan;
  SET LOCAL enable_seqscan = off;
  EXECUTE search INTO ids;
  RESET enable_seqscan;
  ASSERT ruvector_last_scan() ->> 'index' = 'filled_v';
  DROP INDEX filled_v;
  RETURN (SELECT count(*) / 500.0 FROM unnest(true_ids) t WHERE t = ANY (ids));
END $$;
SELECT cmp_ok(pg_temp.found('sparsevec_l2_ops', '<->', false), '>=', 0.99, 'L2, built');
SELECT cmp_ok(pg_temp.found('sparsevec_ip_ops', '<#>', false), '>=', 0.97, 'inner product, built');
SELECT cmp_ok(pg_temp.found('sparsevec_cosine_ops', '<=>', false), '>=', 0.99, 'cosine, built');
SELECT cmp_ok(pg_temp.found('sparsevec_l1_ops', '<+>', false), '>=', 0.99, 'L1, built');
SELECT cmp_ok(pg_temp.found('sparsevec_l2_ops', '<->', true), '>=', 0.99, 'L2, inserted');
SELECT cmp_ok(pg_temp.found('sparsevec_ip_ops', '<#>', true), '>=', 0.97, 'inner product, inserted');
SELECT cmp_ok(pg_temp.found('sparsevec_cosine_ops', '<=>', true), '>=', 0.99, 'cosine, inserted');
SELECT cmp_ok(pg_temp.found('sparsevec_l1_ops', '<+>', true), '>=', 0.99, 'L1, inserted');
SELECT * FROM finish();
ROLLBACK;
