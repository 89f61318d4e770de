\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(14);
SELECT is(vector_dims(ruvector_embed_text('a cat')), 256, 'default dimension');
SELECT is(vector_dims(ruvector_embed_text('a cat', 16000)), 16000);
SELECT ok(abs(vector_norm(ruvector_embed_text('a cat', 64)) - 1) < 1e-5, 'length 1');
SELECT is(vector_norm(ruvector_embed_text('...', 64)), 0::float8, 'nothing to embed: the zero vector');
SELECT is(vector_norm(ruvector_embed_text('', 64)), 0::float8);
SELECT is(ruvector_embed_text(NULL), NULL, 'NULL in, NULL out');
SELECT is(ruvector_embed_text('Dogs CHASE cats'), ruvector_embed_text('dogs, chase -- cats!'));
SELECT throws_ok($$select ruvector_embed_text('x', 0)$$, '22023', 'number of dimensions must be between 1 and 16000, not 0');
SELECT throws_ok($$select ruvector_embed_text('x', 16001)$$, '22023', 'number of dimensions must be between 1 and 16000, not 16001');
SELECT is(vector_dims((SELECT ruvector_text_idf(t) FROM (VALUES ('a b'), ('c')) d(t))), 8192);
SELECT is(vector_dims((SELECT ruvector_text_idf(t, 100) FROM (VALUES ('a b'), (NULL)) d(t))), 100);
SELECT is((SELECT ruvector_text_idf(t) FROM (SELECT ''::text WHERE false) d(t)), NULL, 'no rows');
SELECT throws_ok($$select ruvector_text_idf('x', 0)$$, '22023', 'number of buckets must be between 1 and 16000, not 0');
CREATE TEMP TABLE docs AS SELECT * FROM (VALUES
  (1, 'a large feline with a striped coat'), (2, 'a treaty signed by two states'),
  (3, 'a stringed instrument played with a bow'), (4, 'a small domestic feline')) d(id, body);
SELECT is((SELECT id FROM docs, (SELECT ruvector_text_idf(body) AS idf FROM docs) i
  ORDER BY ruvector_embed_text(body, 256, idf) <=> ruvector_embed_text('striped felines', 256, idf) LIMIT 1), 1, 'nearest text');
SELECT * FROM finish();
ROLLBACK;
