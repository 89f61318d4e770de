-- sparsevec: distances, order, equality and what PostgreSQL builds on them.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
CREATE FUNCTION pg_temp.plan_of(q text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; result text := ''; BEGIN
  FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || q LOOP result := result || line || E'\n'; END LOOP; RETURN result; END $$;
SELECT no_plan();

-- distances
SELECT is(l2_distance('{1:3}/2'::sparsevec, '{2:4}/2'), 5::float8);
SELECT is(sparsevec_l2_squared_distance('{1:3}/2', '{2:4}/2'), 25::float8);
SELECT is(inner_product('{1:1,3:3,5:5}/5'::sparsevec, '{2:4,3:6,4:8}/5'), 18::float8);
SELECT is(sparsevec_negative_inner_product('{1:1,2:2}/2', '{1:3,2:4}/2'), (-11)::float8);
SELECT is(cosine_distance('{1:1,2:1}/2'::sparsevec, '{1:-1,2:-1}/2'), 2::float8);
SELECT is(cosine_distance('{1:1,2:2}/2'::sparsevec, '{}/2'), 'NaN'::float8, 'no angle to a zero vector');
SELECT is(l1_distance('{1:1,3:3,5:5}/8'::sparsevec, '{2:2,4:4}/8'), 15::float8);
SELECT is('{}/2'::sparsevec <-> '{1:3,2:4}/2', 5::float8, '<->');
SELECT is('{1:1,2:2}/2'::sparsevec <#> '{1:3,2:4}/2', (-11)::float8, '<#>');
SELECT is('{1:1}/2'::sparsevec <=> '{2:2}/2', 1::float8, '<=>');
SELECT is('{}/2'::sparsevec <+> '{1:3,2:4}/2', 7::float8, '<+>');
SELECT is(l2_norm('{1:3,2:4}/2'::sparsevec), 5::float8);
SELECT is(l2_normalize('{1:3,2:4}/2'::sparsevec)::text, '{1:0.6,2:0.8}/2');
SELECT is(l2_normalize('{1:3e38,2:1e-37}/2'::sparsevec)::text, '{1:1}/2', 'what vanishes is dropped');
SELECT is(l2_normalize('{}/2'::sparsevec)::text, '{}/2');
SELECT is(ruvector_l2_distance(a := '{}/2'::sparsevec, b := '{1:3,2:4}/2'), 5::float8);
SELECT is(ruvector_inner_product(a := '{1:1}/2'::sparsevec, b := '{1:3,2:4}/2'), 3::float8);
SELECT is(ruvector_cosine_distance(a := '{1:1}/2'::sparsevec, b := '{2:4}/2'), 1::float8);
SELECT is(ruvector_l1_distance(a := '{}/2'::sparsevec, b := '{1:3,2:4}/2'), 7::float8);
SELECT throws_ok(format('SELECT %s(%L::sparsevec, %L)', f, '{}/2', '{}/1'), '22000',
                 'different sparsevec dimensions 2 and 1', f)
  FROM unnest(ARRAY['l2_distance', 'inner_product', 'cosine_distance', 'l1_distance',
                    'sparsevec_l2_squared_distance', 'sparsevec_negative_inner_product']) f;

-- Random vectors of every density agree with their dense form. Whole values: exactly.
SELECT setseed(0.5);
CREATE TABLE pairs AS
  SELECT i, d.a, d.b, d.a::sparsevec AS sa, d.b::sparsevec AS sb FROM generate_series(1, 300) i,
  LATERAL (SELECT array_agg(CASE WHEN random() < (i + 0 * j) % 30 / 30.0 THEN floor(random() * 9) - 4 ELSE 0 END)::real[]::vector AS a,
                  array_agg(CASE WHEN random() < (i + 0 * j) % 17 / 17.0 THEN floor(random() * 9) - 4 ELSE 0 END)::real[]::vector AS b
           FROM generate_series(1, 1 + i) j) d;
SELECT is((SELECT count(*)::int FROM pairs WHERE (sa <-> sb) = (a <-> b)), 300, 'l2 as dense');
SELECT is((SELECT count(*)::int FROM pairs WHERE (sa <#> sb) = (a <#> b)), 300, 'inner product as dense');
SELECT is((SELECT count(*)::int FROM pairs WHERE (sa <+> sb) = (a <+> b)), 300, 'l1 as dense');
SELECT is((SELECT count(*)::int FROM pairs WHERE abs((sa <=> sb) - (a <=> b)) < 1e-6
           OR ((sa <=> sb) = 'NaN' AND (a <=> b) = 'NaN')), 300, 'cosine as dense');
SELECT is((SELECT count(*)::int FROM pairs WHERE sa::vector = a AND sb::vector = b), 300, 'back to dense');

-- Packed, plain, compressed and out-of-line values give the same distances.
CREATE TABLE big AS SELECT (SELECT array_agg(CASE WHEN j % 3 = i % 3 THEN (i + j) % 11 ELSE 0 END)::int[]::sparsevec
  FROM generate_series(1, 20000) j) AS v FROM generate_series(1, 4) i;
CREATE TABLE squeezed (v sparsevec);
ALTER TABLE squeezed ALTER v SET STORAGE EXTENDED;
INSERT INTO squeezed SELECT v FROM big;
SELECT ok((SELECT min(pg_column_size(v)) FROM big) > 40000, 'stored out of line and not compressed');
SELECT ok((SELECT max(pg_column_size(v)) FROM squeezed) < 40000, 'stored compressed');
SELECT is((SELECT sum(b.v <+> s.v) FROM big b, squeezed s), (SELECT sum(b.v::text::sparsevec <+> s.v::text::sparsevec) FROM big b, squeezed s));
SELECT is((SELECT count(*)::int FROM big b JOIN squeezed s ON b.v = s.v), 4);

-- order
SELECT is(sparsevec_cmp(a::sparsevec, b::sparsevec), o, a || ' and ' || b) FROM (VALUES
  ('{1:1,2:2,3:3}/3', '{1:1,2:2,3:3}/3', 0), ('{1:1}/3', '{}/3', 1), ('{1:-1}/3', '{}/3', -1),
  ('{1:1,2:2}/2', '{1:1,2:2,3:3}/3', -1), ('{1:1,2:2}/2', '{1:1,2:2,3:-3}/3', -1), ('{}/1', '{}/2', -1),
  ('{1:2}/2', '{1:1,2:2,3:3}/3', 1), ('{5:1}/5', '{3:1}/3', -1), ('{5:-1}/5', '{3:1}/3', -1),
  ('{}/1000000000', '{1000000000:1}/1000000000', -1)) t(a, b, o);
SELECT is((SELECT count(*)::int FROM pairs p, pairs q
           WHERE sparsevec_cmp(p.sa, q.sb) <> btarraycmp(p.a::real[], q.b::real[]) AND p.i % 20 = 0), 0, 'orders as real[]');
SELECT is((SELECT count(*)::int FROM pairs p, pairs q WHERE p.i % 20 = 0 AND
  (((p.sa < q.sa) <> (p.a < q.a)) OR ((p.sa <= q.sa) <> (p.a <= q.a)) OR ((p.sa = q.sa) <> (p.a = q.a)) OR
   ((p.sa <> q.sa) <> (p.a <> q.a)) OR ((p.sa >= q.sa) <> (p.a >= q.a)) OR ((p.sa > q.sa) <> (p.a > q.a)))), 0, 'six operators as dense');

-- equality: hashing, sorting, grouping, joining, partitioning
CREATE TABLE many AS SELECT i, ('{' || 1 + i % 10 || ':' || 1 + i % 7 || '}/10')::sparsevec AS v FROM generate_series(1, 7000) i;
ANALYZE many;
SELECT is((SELECT count(*)::int FROM (SELECT DISTINCT v FROM many) d), 70, 'DISTINCT');
SELECT is((SELECT array_agg(DISTINCT n)::text FROM (SELECT count(*) n FROM many GROUP BY v) g), '{100}', 'GROUP BY');
SELECT ok(pg_temp.plan_of('SELECT v FROM many GROUP BY v') ~ 'HashAggregate', 'groups by hashing');
SET LOCAL enable_hashagg = off;
SELECT is((SELECT array_agg(DISTINCT n)::text FROM (SELECT count(*) n FROM many GROUP BY v) g), '{100}', 'GROUP BY by sorting');
RESET enable_hashagg;
SELECT ok(pg_temp.plan_of('SELECT 1 FROM many a JOIN many b USING (v)') ~ 'Hash Join', 'joins by hashing');
SELECT is((SELECT count(*)::int FROM many a JOIN many b USING (v)), 700000, 'hash join');
SET LOCAL enable_hashjoin = off; SET LOCAL enable_nestloop = off;
SELECT ok(pg_temp.plan_of('SELECT 1 FROM many a JOIN many b USING (v)') ~ 'Merge Join', 'joins by merging');
SELECT is((SELECT count(*)::int FROM many a JOIN many b USING (v)), 700000, 'merge join');
RESET enable_hashjoin; RESET enable_nestloop;
SELECT is((SELECT count(*)::int FROM pairs p JOIN pairs q ON p.sa = q.sb
           WHERE sparsevec_hash(p.sa) <> sparsevec_hash(q.sb)
              OR sparsevec_hash_extended(p.sa, 7) <> sparsevec_hash_extended(q.sb, 7)), 0, 'equal values hash equal');
SELECT is((SELECT count(*)::int FROM pairs WHERE sparsevec_hash(sa) <> (sparsevec_hash_extended(sa, 0) << 32 >> 32)::int), 0,
          'the hash is the low half of the extended hash with seed 0');
SELECT ok((SELECT count(DISTINCT sparsevec_hash(v)) FROM many) = 70, 'different values hash differently');
CREATE TABLE parts (v sparsevec(10)) PARTITION BY HASH (v);
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parts SELECT v FROM many;
SELECT ok((SELECT count(*) FROM parts_0) BETWEEN 1000 AND 6000, 'partitions by hash');
SELECT ok(pg_temp.plan_of($$SELECT 1 FROM parts WHERE v = '{1:1}/10'$$) !~ 'parts_0.*parts_1', 'prunes partitions');
SELECT is((SELECT count(*)::int FROM parts WHERE v = '{1:1}/10'), 100);
CREATE INDEX ON many (v);
CREATE INDEX ON many USING hash (v);
SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off;
SELECT ok(pg_temp.plan_of('SELECT v FROM many ORDER BY v') ~ 'Index.*many_v_idx', 'btree gives the order');
SELECT is((SELECT count(*)::int FROM many WHERE v < '{1:2}/10'), 6400);
SELECT is((SELECT count(*)::int FROM many WHERE v = '{1:2}/10'), 100);
SELECT throws_ok($$CREATE UNIQUE INDEX ON many (v)$$, '23505');

-- catalogue
SELECT is(row(typlen, typbyval, typalign, typstorage, typcategory, typdelim, typmodout::oid, typanalyze::oid)::text,
          '(-1,f,i,e,U,",",0,0)', 'type') FROM pg_type WHERE oid = 'sparsevec'::regtype;
SELECT is('_sparsevec'::regtype, 'sparsevec[]'::regtype, 'array type');
SELECT is((SELECT array_agg(p.oid::regprocedure ORDER BY 1)::text FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.deptype = 'e'
  JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'ruvector'
  WHERE (prorettype = 'sparsevec'::regtype OR 'sparsevec'::regtype = ANY (proargtypes))
    AND prokind = 'f' AND NOT 'internal'::regtype = ANY (proargtypes) AND proname NOT LIKE '%search%'
    AND NOT (provolatile = 'i' AND proisstrict AND proparallel = 's')), NULL, 'functions are immutable, strict, parallel safe');
SELECT is((SELECT count(*)::int FROM pg_operator o WHERE oprleft = 'sparsevec'::regtype AND oprright = oprleft
  AND oprname IN ('<->', '<#>', '<=>', '<+>') AND oprcom = oid), 4, 'distances commute');
SELECT is((SELECT string_agg(oprname, ' ' ORDER BY oprname) FROM pg_operator WHERE oprleft = 'sparsevec'::regtype
  AND oprcanhash AND oprcanmerge), '=', 'equality can hash and merge');
SELECT is((SELECT string_agg(amname, ' ' ORDER BY amname) FROM pg_opclass c JOIN pg_am a ON a.oid = opcmethod
  WHERE opcintype = 'sparsevec'::regtype AND opcdefault AND opcname = 'sparsevec_ops'), 'btree hash', 'default operator classes');
SELECT is((SELECT string_agg(castsource::regtype || '>' || casttarget::regtype || castcontext::text, ' ' ORDER BY castsource::regtype::text, casttarget::regtype::text)
  FROM pg_cast WHERE 'sparsevec'::regtype IN (castsource, casttarget)),
  'double precision[]>sparseveca halfvec>sparseveci integer[]>sparseveca numeric[]>sparseveca real[]>sparseveca '
  'sparsevec>halfveca sparsevec>sparseveci sparsevec>vectora vector>sparseveci', 'casts');
SELECT * FROM finish();
ROLLBACK;
