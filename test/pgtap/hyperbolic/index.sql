\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(26);
-- a random tree's points: few near the centre, many far out
CREATE TABLE points AS SELECT i AS id, ruvector_exp_map_origin(l2_normalize(ARRAY[sin(i * 1.7), cos(i * 2.3), sin(i * 3.1), cos(i * 5.9), sin(i * 7.3)]::vector)
  * array_fill(ln(i) * 0.3, ARRAY[5])::vector)::vector(5) AS x FROM generate_series(2, 4000) i;
-- Not by UPDATE: an index over broken HOT chains of the same transaction may not be used.
CREATE TABLE p AS SELECT *, ruvector_poincare_to_lorentz(x)::vector(6) AS l FROM points;
CREATE TABLE q AS SELECT id, x, l FROM p WHERE id % 200 = 0;
CREATE FUNCTION pg_temp.plan_of(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; out text := '';
BEGIN FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || sql LOOP out := out || line || E'\n'; END LOOP; RETURN out; END $$;
-- exact neighbours, before there is an index
CREATE TABLE exact AS SELECT q.id AS q, n.id, n.d FROM q, LATERAL (SELECT p.id, p.x <~> q.x AS d FROM p ORDER BY p.x <~> q.x, p.id LIMIT 10) n;
CREATE TABLE exact_l AS SELECT q.id AS q, n.id, n.d FROM q, LATERAL (SELECT p.id, p.l <&> q.l AS d FROM p ORDER BY p.l <&> q.l, p.id LIMIT 10) n;

CREATE INDEX px ON p USING ruvector_hyperbolic (x) WITH (model = poincare, curvature = -1, m = 16, ef_construction = 100);
CREATE INDEX pl ON p USING ruvector_hyperbolic (l vector_lorentz_ops);
SET LOCAL enable_seqscan = off;
SELECT alike(pg_temp.plan_of('SELECT id FROM p ORDER BY x <~> ''[0,0,0,0,0]'' LIMIT 5'), '%Index Scan using px%', 'the index is used');
SELECT alike(pg_temp.plan_of('SELECT id FROM p ORDER BY l <&> ''[1,0,0,0,0,0]'' LIMIT 5'), '%Index Scan using pl%');
SELECT unalike(pg_temp.plan_of('SELECT id FROM p ORDER BY x <-> ''[0,0,0,0,0]'' LIMIT 5'), '%Index Scan using px%', 'not for other operators');
CREATE TABLE found AS SELECT q.id AS q, n.id, n.d FROM q, LATERAL (SELECT p.id, p.x <~> q.x AS d FROM p ORDER BY p.x <~> q.x LIMIT 10) n;
CREATE TABLE found_l AS SELECT q.id AS q, n.id, n.d FROM q, LATERAL (SELECT p.id, p.l <&> q.l AS d FROM p ORDER BY p.l <&> q.l LIMIT 10) n;
SELECT cmp_ok((SELECT count(*) FROM exact JOIN found USING (q, id))::numeric / (SELECT count(*) FROM exact), '>=', 0.95, 'recall, Poincare');
SELECT cmp_ok((SELECT count(*) FROM exact_l JOIN found_l USING (q, id))::numeric / (SELECT count(*) FROM exact_l), '>=', 0.95, 'recall, Lorentz');
-- the order is the operator's
CREATE TABLE walk AS SELECT row_number() OVER () AS n, d FROM (SELECT x <~> '[0.3,0.1,0,0,0]' AS d FROM p ORDER BY x <~> '[0.3,0.1,0,0,0]' LIMIT 200) s;
SELECT is((SELECT count(*) FROM walk a JOIN walk b ON b.n = a.n + 1 WHERE b.d < a.d), 0::bigint, 'in order');
SELECT is((SELECT count(*) FROM (SELECT id FROM p ORDER BY x <~> '[0.3,0.1,0,0,0]') s), 3999::bigint, 'a scan that is read to its end returns every row');
SELECT is((SELECT count(*) FROM (SELECT id FROM p ORDER BY x <~> NULL LIMIT 7) s), 7::bigint, 'NULL query');
-- rows come and go
INSERT INTO p VALUES (90001, '[0.61,0.2,0.1,0,0.3]', ruvector_poincare_to_lorentz('[0.61,0.2,0.1,0,0.3]'));
SELECT is((SELECT id FROM p ORDER BY x <~> '[0.61,0.2,0.1,0,0.3]' LIMIT 1), 90001, 'inserted');
SELECT is((SELECT id FROM p ORDER BY l <&> ruvector_poincare_to_lorentz('[0.61,0.2,0.1,0,0.3]') LIMIT 1), 90001);
DELETE FROM p WHERE id = 90001;
SELECT isnt((SELECT id FROM p ORDER BY x <~> '[0.61,0.2,0.1,0,0.3]' LIMIT 1), 90001, 'deleted');
UPDATE p SET x = '[0.61,0.2,0.1,0,0.3]' WHERE id = 77;
SELECT is((SELECT id FROM p ORDER BY x <~> '[0.61,0.2,0.1,0,0.3]' LIMIT 1), 77, 'updated');
INSERT INTO p VALUES (90002, NULL, NULL);
SELECT is((SELECT count(*) FROM (SELECT id FROM p ORDER BY x <~> '[0.3,0.1,0,0,0]') s), 3999::bigint, 'NULLs are not in the index');
-- what lies outside
SELECT throws_ok($$insert into p values (1, '[1,0,0,0,0]')$$, '22023', 'point of norm 1 is not inside the Poincare ball of radius 1');
SELECT throws_ok($$insert into p values (1, null, '[1,1,0,0,0,0]')$$, '22023', 'point is not on the hyperboloid: its first coordinate is 1, not 1.41421356');
SELECT throws_ok($$select id from p order by x <~> '[2,0,0,0,0]' limit 1$$, '22023', 'point of norm 2 is not inside the Poincare ball of radius 1');
SELECT throws_ok($$select id from p order by x <~> '[0,0]' limit 1$$, '22000', 'different vector dimensions 5 and 2');
-- options
SELECT throws_ok($$create index on p using ruvector_hyperbolic (x) with (model = lorentz)$$, '22023', 'model "lorentz" does not fit the operator class');
SELECT throws_ok($$create index on p using ruvector_hyperbolic (l vector_lorentz_ops) with (model = poincare)$$, '22023', 'model "poincare" does not fit the operator class');
SELECT throws_ok($$create index on p using ruvector_hyperbolic (x) with (curvature = -2)$$, '0A000');
SELECT throws_ok($$create index on p using ruvector_hyperbolic (x) with (curvature = 1)$$, '22023');
SELECT throws_ok($$create index on p using ruvector_hyperbolic (x) with (quantization = 'sq8')$$, '22023');
SELECT throws_ok($$create index on p using hnsw (x vector_poincare_ops) with (quantization = 'sq8')$$, '0A000', 'points of hyperbolic space cannot be quantized');
-- the operator classes on hnsw, and another curvature through an expression
DROP INDEX px;
CREATE INDEX ph ON p USING hnsw (x vector_poincare_ops);
SELECT is((SELECT id FROM p ORDER BY x <~> '[0.61,0.2,0.1,0,0.3]' LIMIT 1), 77, 'hnsw with vector_poincare_ops');
DROP INDEX ph;
CREATE INDEX pc ON p USING ruvector_hyperbolic ((ruvector_to_unit_curvature(x, -0.25)::vector(5)));
SELECT alike(pg_temp.plan_of('SELECT id FROM p ORDER BY ruvector_to_unit_curvature(x, -0.25)::vector(5) <~> ''[0,0,0,0,0]'' LIMIT 5'), '%Index Scan using pc%', 'curvature -0.25 by an expression');
SELECT is((SELECT array_agg(id) FROM (SELECT id FROM p ORDER BY ruvector_to_unit_curvature(x, -0.25)::vector(5) <~> ruvector_to_unit_curvature('[0.61,0.2,0.1,0,0.3]', -0.25) LIMIT 3) s),
  (SELECT array_agg(id) FROM (SELECT id FROM p ORDER BY ruvector_poincare_distance(x, '[0.61,0.2,0.1,0,0.3]', -0.25) LIMIT 3) s), 'gives that curvature''s order');
SELECT * FROM finish();
ROLLBACK;
