-- quantvec, pqcodebook and the functions around them.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT setseed(0.2);
CREATE TABLE items AS SELECT i AS id, (SELECT array_agg((random() + (i % 5) * j * 0.1)::real) FROM generate_series(1, 32) j WHERE i = i)::vector AS v FROM generate_series(1, 600) i;
CREATE TABLE books AS SELECT 'eight' AS name, ruvector_train_product_quantizer('SELECT v FROM items ORDER BY id', 8) AS book
  UNION ALL SELECT 'four', ruvector_train_product_quantizer('SELECT v FROM items', bits := 4);
ALTER TABLE items ADD s quantvec, ADD p quantvec, ADD f quantvec, ADD b bit(32);
UPDATE items SET s = ruvector_quantize_scalar(v), b = ruvector_quantize_binary(v - (SELECT avg(v) FROM items)),
  p = ruvector_quantize_product(v, (SELECT book FROM books WHERE name = 'eight')),
  f = ruvector_quantize_product(v, (SELECT book FROM books WHERE name = 'four'));
SELECT plan(34);
SELECT is(pg_column_size(s), 16 + 32 + 1, 'a scalar code is a byte a dimension') FROM items LIMIT 1;
SELECT is(pg_column_size(p), 20 + 8 + 1, 'a product code is a byte a subspace') FROM items LIMIT 1;
SELECT is(pg_column_size(f), 20 + 4 + 1, 'or half of one') FROM items LIMIT 1;
SELECT cmp_ok((SELECT max(ruvector_dequantize(s) <-> v) FROM items), '<', 0.12::float8, 'scalar codes come close');
SELECT cmp_ok((SELECT avg(ruvector_dequantize(p, book) <-> v) FROM items, books WHERE name = 'eight'), '<', 1.2::float8, 'product codes come closer than nothing');
SELECT cmp_ok((SELECT avg(ruvector_dequantize(f, book) <-> v) FROM items, books WHERE name = 'four'), '<', 1.8::float8, 'so do those of 4 bits');
SELECT is(ruvector_dequantize(B'101'), '[1,-1,1]'::vector, 'bits are signs');
SELECT is(ruvector_dequantize(ruvector_quantize_scalar('[1,1,1]'::vector)), '[1,1,1]'::vector, 'a constant vector is exact');
SELECT is(ruvector_dequantize(ruvector_quantize_scalar('[-1,0,1]'::halfvec))::text, ruvector_dequantize(ruvector_quantize_scalar('[-1,0,1]'::vector))::text, 'halfvec and vector agree');
SELECT is((SELECT count(*) FROM items, books WHERE name = 'eight' AND ruvector_quantize_product(v::halfvec::vector, book)::text <> ruvector_quantize_product(v::halfvec, book)::text), 0::bigint, 'halfvec and vector agree on product codes');
SELECT is(ruvector_quantize_binary('[1,-1,2]'::vector), B'101', 'binary');
SELECT is(ruvector_quantize_binary('[1,-1,2]'::halfvec), B'101', 'binary of halfvec');
SELECT is(ruvector_quantized_distance(s, v, d), CASE d WHEN 'l2' THEN ruvector_dequantize(s) <-> v WHEN 'l1' THEN ruvector_dequantize(s) <+> v WHEN 'cosine' THEN ruvector_dequantize(s) <=> v ELSE ruvector_dequantize(s) <#> v END, d || ' is the distance of the dequantized vector')
  FROM items, unnest('{l2,l1,cosine,inner_product}'::text[]) d WHERE id = 7;
SELECT is(ruvector_quantized_distance(p, v, book), ruvector_dequantize(p, book) <-> v, 'the same with a codebook') FROM items, books WHERE id = 7 AND name = 'eight';
SELECT is(ruvector_quantized_distance(B'101', B'110'), 2::float8, 'Hamming distance of bits');
SELECT cmp_ok((SELECT count(*) FROM (SELECT id FROM items ORDER BY ruvector_quantized_distance(s, (SELECT v FROM items WHERE id = 7)) LIMIT 10) q JOIN (SELECT id FROM items ORDER BY v <-> (SELECT v FROM items WHERE id = 7) LIMIT 10) e USING (id)), '>=', 9::bigint, 'scalar codes keep the order');
SELECT is((SELECT id FROM items ORDER BY ruvector_quantized_distance(p, (SELECT v FROM items WHERE id = 7), (SELECT book FROM books WHERE name = 'eight')) LIMIT 1), 7, 'product codes find the vector itself');
-- Values travel.
SELECT is((SELECT count(*) FROM items WHERE s::text::quantvec::text <> s::text OR p::text::quantvec::text <> p::text), 0::bigint, 'text form');
SELECT is((SELECT count(*) FROM books WHERE book::text::pqcodebook::text <> book::text), 0::bigint, 'text form of codebooks');
SELECT is((SELECT ('\x' || encode(quantvec_send(s), 'hex')) FROM items WHERE id = 1), (SELECT s::text FROM items WHERE id = 1), 'binary form');
SELECT is(ruvector_train_product_quantizer('SELECT v FROM items ORDER BY id', 8)::text, (SELECT book::text FROM books WHERE name = 'eight'), 'training is deterministic');
-- What does not work.
SELECT throws_ok($$SELECT ruvector_dequantize(p) FROM items$$, '22023', 'the code of a product quantizer needs its codebook', 'no codebook');
SELECT throws_ok($$SELECT ruvector_dequantize(s, book) FROM items, books$$, '22023', 'the code is not of a product quantizer', 'a codebook too many');
SELECT throws_ok($$SELECT ruvector_dequantize(p, book) FROM items, books WHERE name = 'four'$$, '22023', 'the code was made with another codebook', 'another codebook');
SELECT throws_ok($$SELECT ruvector_quantize_product('[1,2]'::vector, book) FROM books$$, '22000', 'expected 32 dimensions, not 2', 'other dimensions');
SELECT throws_ok($$SELECT ruvector_quantized_distance(s, v, 'hamming') FROM items$$, '22023', 'unknown distance "hamming"', 'unknown distance');
SELECT throws_ok($$SELECT ruvector_quantized_distance(s, '[1]') FROM items$$, '22000', 'different vector dimensions 32 and 1', 'distance of other dimensions');
SELECT throws_ok($$SELECT 'nonsense'::quantvec$$, '22P02', 'invalid input syntax for type quantvec: "nonsense"', 'no hexadecimal');
SELECT throws_ok($$SELECT '\x0101'::quantvec$$, '22000', 'invalid quantvec value: it ends early', 'a short value');
SELECT throws_ok($$SELECT ruvector_train_product_quantizer('SELECT v FROM items LIMIT 100')$$, '22000', 'the query returned 100 vectors, fewer than the 256 centroids of a subspace', 'too few vectors');
SELECT throws_ok($$SELECT ruvector_train_product_quantizer('SELECT 1')$$, '42804', 'the query to train on must return vectors, not int4', 'no vectors');
SELECT * FROM finish();
ROLLBACK;
