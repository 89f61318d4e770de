-- Distances between bit strings.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT no_plan();
SELECT is(hamming_distance(a::varbit, b::varbit), h::float8, 'hamming ' || a || ' ' || b) FROM (VALUES
  ('111', '111', 0), ('111', '110', 1), ('111', '000', 3), ('', '', 0),
  (repeat('10', 512), repeat('01', 512), 1024), (repeat('1', 513), repeat('0', 513), 513)) t(a, b, h);
SELECT is(jaccard_distance(a::varbit, b::varbit), j::float8, 'jaccard ' || a || ' ' || b) FROM (VALUES
  ('1111', '1111', 0), ('1111', '1110', 0.25), ('1100', '1000', 0.5), ('1111', '0000', 1), ('0000', '0000', 1), ('', '', 1),
  (repeat('10', 512), repeat('01', 512), 1), (repeat('1', 64), repeat('10', 32), 0.5)) t(a, b, j);
SELECT is(B'1010' <~> B'0011', 2::float8, '<~>');
SELECT is(B'1110' <%> B'0111', 0.5::float8, '<%>');
SELECT is(ruvector_hamming_distance(a := B'1010', b := B'0011'), 2::float8);
SELECT is(ruvector_jaccard_distance(a := B'1110', b := B'0111'), 0.5::float8);
SELECT throws_ok(format('SELECT %s(%L::varbit, %L::varbit)', f, a, b), '22000',
                 format('different bit lengths %s and %s', length(a), length(b)))
  FROM unnest(ARRAY['hamming_distance', 'jaccard_distance']) f, (VALUES ('111', '00'), ('1111', '00000'), ('', '0')) t(a, b);
SELECT is(hamming_distance(NULL, B'1'), NULL, 'strict');

-- Every length around the words of the kernels, against counting characters.
CREATE TABLE strings AS SELECT n, string_agg((random() < 0.5)::int::text, '') AS a, string_agg((random() < 0.3)::int::text, '') AS b
  FROM generate_series(1, 600, 7) n, generate_series(1, n) GROUP BY n;
CREATE TABLE expected AS SELECT n, count(*) FILTER (WHERE x <> y) AS differ, count(*) FILTER (WHERE x = '1' AND y = '1') AS met,
  count(*) FILTER (WHERE x = '1' OR y = '1') AS any_ FROM strings, LATERAL unnest(string_to_array(a, NULL), string_to_array(b, NULL)) t(x, y) GROUP BY n;
SELECT is((SELECT count(*)::int FROM strings JOIN expected USING (n) WHERE a::varbit <~> b::varbit <> differ), 0, 'hamming counts');
SELECT is((SELECT count(*)::int FROM strings JOIN expected USING (n) WHERE met > 0 AND
           a::varbit <%> b::varbit <> 1 - met::float8 / any_), 0, 'jaccard counts');

-- Out of line and compressed.
CREATE TABLE big (v varbit);
INSERT INTO big SELECT repeat('1000', 100000)::varbit FROM generate_series(1, 2);
ALTER TABLE big ALTER v SET STORAGE EXTERNAL;
INSERT INTO big SELECT repeat('0100', 100000)::varbit;
SELECT is((SELECT array_agg(x.v <~> y.v ORDER BY x.v <~> y.v)::text FROM big x, big y), '{0,0,0,0,0,200000,200000,200000,200000}');

SELECT is((SELECT count(*)::int FROM pg_operator WHERE oprleft = 'bit'::regtype AND oprname IN ('<~>', '<%>') AND oprcom = oid), 2, 'commute');
SELECT is((SELECT count(*)::int FROM pg_proc WHERE proname IN ('hamming_distance', 'jaccard_distance', 'ruvector_hamming_distance',
  'ruvector_jaccard_distance') AND provolatile = 'i' AND proisstrict AND proparallel = 's'), 4, 'immutable, strict, parallel safe');
SELECT * FROM finish();
ROLLBACK;
