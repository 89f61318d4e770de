-- Filters that keep rows near the query, far from it, and anywhere: the index gives what an exact scan gives.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(7);
SELECT setseed(0.5);
CREATE TABLE items AS
  SELECT i AS id, i % 10 AS label, random() AS ink,
         (SELECT array_agg(3 * sin(i % 10 * 7.3 + j * 1.9) + random())::real[]::vector(24) FROM generate_series(1, 24) j WHERE i > 0) AS v
  FROM generate_series(1, 6000) i;
CREATE INDEX items_v ON items USING hnsw (v vector_l2_ops) WITH (m = 8, ef_construction = 32);
ANALYZE items;
-- The share of the ten nearest rows that pass which a scan of the index finds.
CREATE FUNCTION pg_temp.found(condition text, queries int DEFAULT 40) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE q record; near int[]; exact int[]; hits int := 0; wanted int := 0; statement text;
BEGIN
  FOR q IN SELECT id, label, v FROM items ORDER BY id LIMIT queries LOOP
    statement := format('SELECT array_agg(id) FROM (SELECT id FROM items WHERE %s ORDER BY v <-> %L LIMIT 10) x', replace(condition, '$label', q.label::text), q.v);
    SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off;
    EXECUTE statement INTO near;
    SET LOCAL enable_seqscan = on; SET LOCAL enable_sort = on; SET LOCAL enable_indexscan = off;
    EXECUTE statement INTO exact;
    SET LOCAL enable_indexscan = on;
    IF cardinality(near) IS DISTINCT FROM cardinality(exact) THEN RAISE EXCEPTION '% rows instead of %', cardinality(near), cardinality(exact); END IF;
    wanted := wanted + cardinality(exact);
    hits := hits + (SELECT count(*) FROM unnest(near) n WHERE n = ANY (exact));
  END LOOP;
  RETURN hits::numeric / wanted;
END $$;
SELECT cmp_ok(pg_temp.found('label = $label'), '>=', 0.95, 'one row in ten, where the query is');
SELECT cmp_ok(pg_temp.found('label = ($label + 1) % 10'), '>=', 0.95, 'one row in ten, in another place');
SELECT cmp_ok(pg_temp.found('ink < 0.01'), '>=', 0.95, 'one row in a hundred, anywhere');
SELECT cmp_ok(pg_temp.found('ink < 0.01 AND label = ($label + 5) % 10'), '>=', 0.95, 'fewer rows than asked for: all of them');
SET LOCAL hnsw.iterative_scan = strict_order;
SELECT cmp_ok(pg_temp.found('label = $label'), '>=', 0.95, 'in strict order');
RESET hnsw.iterative_scan;
-- A selective filter is cheaper without the index; a wide one is not.
CREATE INDEX ON items (ink);
CREATE FUNCTION pg_temp.plan_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; whole text := '';
BEGIN
  FOR line IN EXECUTE 'EXPLAIN ' || statement LOOP whole := whole || line; END LOOP;
  RETURN whole;
END $$;
SELECT unalike(pg_temp.plan_of($$SELECT id FROM items WHERE ink < 0.005 ORDER BY v <-> (SELECT v FROM items LIMIT 1) LIMIT 10$$), '%using items\_v %', 'a selective filter is answered exactly');
SELECT alike(pg_temp.plan_of($$SELECT id FROM items WHERE ink < 0.9 ORDER BY v <-> (SELECT v FROM items LIMIT 1) LIMIT 10$$), '%using items\_v %', 'a wide one by the index');
SELECT * FROM finish();
ROLLBACK;
