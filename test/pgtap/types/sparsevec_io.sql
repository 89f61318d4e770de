-- sparsevec: text and binary form, type modifiers, casts, and the words of every error.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
CREATE FUNCTION pg_temp.detail(q text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE d text; BEGIN EXECUTE q; RETURN 'no error';
EXCEPTION WHEN OTHERS THEN GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL; RETURN d; END $$;
SELECT no_plan();

-- text
SELECT is(i::sparsevec::text, o, 'reads ' || quote_literal(translate(i, E'\t\n\r\f', '....'))) FROM (VALUES
  ('{1:1.5,3:3.5}/5', '{1:1.5,3:3.5}/5'),
  (E' {\t1 : 1.5 ,\n3 : -3.5 }\r/ 5 \f', '{1:1.5,3:-3.5}/5'),
  ('{3:3,1:1}/3', '{1:1,3:3}/3'),
  ('{1:0,2:1,3:-0}/3', '{2:1}/3'),
  ('{}/1000000000', '{}/1000000000'),
  ('{1000000000:1}/1000000000', '{1000000000:1}/1000000000'),
  ('{1:1e-45,2:3.4028235e38}/2', '{1:1e-45,2:3.4028235e+38}/2'),
  ('{1:0.1,2:0.33333334}/2', '{1:0.1,2:0.33333334}/2')) t(i, o);

SELECT throws_ok(format('SELECT %L::sparsevec', i), '22P02',
                 format('invalid input syntax for type sparsevec: "%s"', i), 'refuses ' || quote_literal(i))
  FROM unnest(ARRAY['', '{', '{:', '{}', '{}/', '{}/a', '{}/1a', '{1,}/1', '{1:}/1', '{1:1,}/1', '{1a:1}/1',
                    '{1:1a}/1', '{1:hello}/1', '[1,2]']) i;
SELECT is(pg_temp.detail(format('SELECT %L::sparsevec', i)), d, 'detail for ' || quote_literal(i)) FROM (VALUES
  ('', 'Vector contents must start with "{".'), ('[1]', 'Vector contents must start with "{".'),
  ('{}', 'Unexpected end of input.'), ('{}/1a', 'Junk after closing.'), ('{1:x}/1', '')) t(i, d);
SELECT throws_ok(format('SELECT %L::sparsevec', '{1:' || i || ',2:1}/2'), '22003',
                 format('"%s" is out of range for type sparsevec', i))
  FROM unnest(ARRAY['4e38', '-4e38', '1e-46', '-1e-46']) i;
SELECT throws_ok(format('SELECT %L::sparsevec', i), s, m, 'refuses ' || i) FROM (VALUES
  ('{1:NaN}/1', '22000', 'NaN not allowed in sparsevec'),
  ('{1:Infinity}/1', '22000', 'infinite value not allowed in sparsevec'),
  ('{1:-inf}/1', '22000', 'infinite value not allowed in sparsevec'),
  ('{1:1,1:2}/2', '22000', 'sparsevec indices must not contain duplicates'),
  ('{0:1}/1', '22000', 'sparsevec index out of bounds'),
  ('{2:1}/1', '22000', 'sparsevec index out of bounds'),
  ('{2147483648:1}/1', '22000', 'sparsevec index out of bounds'),
  ('{-2147483649:1}/1', '22000', 'sparsevec index out of bounds'),
  ('{}/0', '22000', 'sparsevec must have at least 1 dimension'),
  ('{}/-9223372036854775809', '22000', 'sparsevec must have at least 1 dimension'),
  ('{}/1000000001', '54000', 'sparsevec cannot have more than 1000000000 dimensions'),
  ('{}/9223372036854775808', '54000', 'sparsevec cannot have more than 1000000000 dimensions')) t(i, s, m);
SELECT is(length(('{' || string_agg(i || ':1', ',') || '}/16000')::sparsevec::text), 116901, 'holds 16000 elements')
  FROM generate_series(1, 16000) i;
SELECT throws_ok($$SELECT ('{' || string_agg(i || ':1', ',') || '}/20000')::sparsevec FROM generate_series(1, 16001) i$$,
                 '54000', 'sparsevec cannot have more than 16000 non-zero elements');

-- type modifier
SELECT throws_ok(format('SELECT %L::sparsevec(%s)', '{}/3', m), s, e) FROM (VALUES
  ('2', '22000', 'expected 2 dimensions, not 3'),
  ('3, 2', '22023', 'invalid type modifier'),
  ('0', '22023', 'dimensions for type sparsevec must be at least 1'),
  ('1000000001', '22023', 'dimensions for type sparsevec cannot exceed 1000000000')) t(m, s, e);
SELECT is('{}/3'::sparsevec(3)::text, '{}/3');
CREATE TABLE typed (v sparsevec(3));
SELECT is(format_type(atttypid, atttypmod), 'sparsevec(3)') FROM pg_attribute
  WHERE attrelid = 'typed'::regclass AND attname = 'v';
SELECT throws_ok($$INSERT INTO typed VALUES ('{}/4')$$, '22000', 'expected 3 dimensions, not 4');
SELECT throws_ok($$INSERT INTO typed SELECT '{}/4'::sparsevec$$, '22000', 'expected 3 dimensions, not 4');

-- binary
SELECT is(sparsevec_send('{1:1,3:-2}/5'), '\x00000005000000020000000000000000000000023f800000c0000000', 'wire format');
-- One binary COPY field; `data` is what sparsevec_recv() gets.
CREATE FUNCTION pg_temp.receive(data bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE path text := current_setting('data_directory') || '/sparsevec_io.bin'; result text; file oid;
BEGIN
  file := lo_from_bytea(0, '\x5047434f50590aff0d0a00'::bytea || '\x0000000000000000' || '\x0001'
    || int4send(length(data)) || data || '\xffff');
  PERFORM lo_export(file, path);
  CREATE TEMP TABLE received (v sparsevec) ON COMMIT DROP;
  EXECUTE format('COPY received FROM %L (FORMAT binary)', path);
  SELECT v::text INTO result FROM received;
  DROP TABLE received;
  RETURN result;
END $$;
SELECT is(pg_temp.receive(sparsevec_send(v)), v::text, 'receives what it sent') FROM unnest(ARRAY[
  '{}/1', '{1:1,3:-2}/5', '{1000000000:1e-45}/1000000000']::sparsevec[]) v;
CREATE FUNCTION pg_temp.message(VARIADIC words int[]) RETURNS bytea LANGUAGE sql AS
  $$SELECT string_agg(int4send(w), '' ORDER BY i) FROM unnest(words) WITH ORDINALITY t(w, i)$$;
-- 1065353216 is 1.0, 2143289344 is NaN, 2139095040 is infinity, -2147483648 is -0.0
SELECT throws_ok(format('SELECT pg_temp.receive(pg_temp.message(%s))', w), s, m, 'refuses ' || w) FROM (VALUES
  ('0,0,0', '22000', 'sparsevec must have at least 1 dimension'),
  ('1000000001,0,0', '54000', 'sparsevec cannot have more than 1000000000 dimensions'),
  ('5,-1,0', '22000', 'sparsevec cannot have negative number of elements'),
  ('20000,16001,0', '54000', 'sparsevec cannot have more than 16000 non-zero elements'),
  ('1,2,0', '54000', 'sparsevec cannot have more elements than dimensions'),
  ('5,0,1', '22000', 'expected unused to be 0, not 1'),
  ('5,1,0,5,1065353216', '22000', 'sparsevec index out of bounds'),
  ('5,1,0,-1,1065353216', '22000', 'sparsevec index out of bounds'),
  ('5,2,0,1,0,1065353216,1065353216', '22000', 'sparsevec indices must be in ascending order'),
  ('5,2,0,1,1,1065353216,1065353216', '22000', 'sparsevec indices must not contain duplicates'),
  ('5,1,0,0,2143289344', '22000', 'NaN not allowed in sparsevec'),
  ('5,1,0,0,2139095040', '22000', 'infinite value not allowed in sparsevec'),
  ('5,1,0,0,0', '22000', 'binary representation of sparsevec cannot contain zero values'),
  ('5,1,0,0,-2147483648', '22000', 'binary representation of sparsevec cannot contain zero values'),
  ('5,1,0,0', '08P01', 'insufficient data left in message'),
  ('5,1', '08P01', 'insufficient data left in message'),
  ('5,0,0,7', '22P03', 'incorrect binary data format')) t(w, s, m);
-- A table of them, there and back.
CREATE TABLE out_ AS SELECT i, CASE WHEN i % 10 > 0 THEN (SELECT array_agg(CASE WHEN (i * j) % 7 = 0 THEN i + j / 8.0 ELSE 0 END)
  FROM generate_series(1, 200) j)::real[]::sparsevec END AS v FROM generate_series(1, 100) i;
CREATE TABLE in_ (LIKE out_);
DO $$ DECLARE path text := current_setting('data_directory') || '/sparsevec_io.bin'; BEGIN
  EXECUTE format('COPY out_ TO %L (FORMAT binary)', path);
  EXECUTE format('COPY in_ FROM %L (FORMAT binary)', path); END $$;
SELECT set_eq('TABLE in_', 'TABLE out_', 'binary COPY keeps every row');
SELECT is((SELECT count(*)::int FROM in_ WHERE v IS NULL), 10);

-- casts
SELECT is('[0,1.5,-0,3.5,0]'::vector::sparsevec::text, '{2:1.5,4:3.5}/5', 'vector to sparsevec');
SELECT is('[0,1.5,-0,3.5,0]'::halfvec::sparsevec::text, '{2:1.5,4:3.5}/5', 'halfvec to sparsevec');
SELECT is('{2:1.5,4:3.5}/5'::sparsevec::vector::text, '[0,1.5,0,3.5,0]', 'sparsevec to vector');
SELECT is('{2:1.5,4:3.5}/5'::sparsevec::halfvec::text, '[0,1.5,0,3.5,0]', 'sparsevec to halfvec');
SELECT is('{1:1e-8}/1'::sparsevec::halfvec::text, '[0]', 'a value below binary16 vanishes');
SELECT is(ARRAY[1, 0, 2]::int[]::sparsevec::text, '{1:1,3:2}/3', 'int4[]');
SELECT is(ARRAY[1.5, 0, -2]::real[]::sparsevec::text, '{1:1.5,3:-2}/3', 'float4[]');
SELECT is(ARRAY[1.5, 0, 1e-46]::float8[]::sparsevec::text, '{1:1.5}/3', 'float8[]');
SELECT is(ARRAY[1.5, 0, 2.25]::numeric[]::sparsevec::text, '{1:1.5,3:2.25}/3', 'numeric[]');
SELECT throws_ok(q, s, m, q) FROM (VALUES
  ($$SELECT '[1,2,3]'::vector::sparsevec(2)$$, '22000', 'expected 2 dimensions, not 3'),
  ($$SELECT '[1,2,3]'::halfvec::sparsevec(2)$$, '22000', 'expected 2 dimensions, not 3'),
  ($$SELECT '{}/3'::sparsevec::vector(2)$$, '22000', 'expected 2 dimensions, not 3'),
  ($$SELECT '{}/3'::sparsevec::halfvec(2)$$, '22000', 'expected 2 dimensions, not 3'),
  ($$SELECT '{}/16001'::sparsevec::vector$$, '54000', 'vector cannot have more than 16000 dimensions'),
  ($$SELECT '{}/16001'::sparsevec::halfvec$$, '54000', 'halfvec cannot have more than 16000 dimensions'),
  ($$SELECT '{1:65520}/1'::sparsevec::halfvec$$, '22003', '"65520" is out of range for type halfvec'),
  ($$SELECT '{1,2,3}'::int[]::sparsevec(2)$$, '22000', 'expected 2 dimensions, not 3'),
  ($$SELECT '{1,NULL}'::real[]::sparsevec$$, '22004', 'array must not contain nulls'),
  ($$SELECT '{NaN}'::real[]::sparsevec$$, '22000', 'NaN not allowed in sparsevec'),
  ($$SELECT '{-Infinity}'::real[]::sparsevec$$, '22000', 'infinite value not allowed in sparsevec'),
  ($$SELECT '{4e38}'::float8[]::sparsevec$$, '22000', 'infinite value not allowed in sparsevec'),
  ($$SELECT '{}'::real[]::sparsevec$$, '22000', 'sparsevec must have at least 1 dimension'),
  ($$SELECT '{{1}}'::real[]::sparsevec$$, '22000', 'array must be 1-D'),
  ($$SELECT array_agg(n)::sparsevec FROM generate_series(1, 16001) n$$, '54000', 'sparsevec cannot have more than 16000 non-zero elements')) t(q, s, m);
SELECT is(array_fill(0, ARRAY[100000])::sparsevec::text, '{}/100000', 'an array may be longer than a vector');
SELECT * FROM finish();
ROLLBACK;
