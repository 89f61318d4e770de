\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(11);
CREATE SCHEMA "Odd schema";
CREATE TABLE "Odd schema"."doc's" ("the id" uuid, "v v" vector(4));
INSERT INTO "Odd schema"."doc's" SELECT md5(i::text)::uuid, ARRAY[sin(i), cos(i), sin(2 * i), cos(3 * i)]::vector FROM generate_series(1, 300) i;
INSERT INTO "Odd schema"."doc's" VALUES (md5('x')::uuid, NULL);
CREATE TABLE q AS SELECT i AS id, ARRAY[1, i, 0, -i]::vector AS v FROM generate_series(1, 3) i;
SELECT is((SELECT count(*) FROM ruvector_cross_attention('q', 'v', '"Odd schema"."doc''s"', 'v v')), 3::bigint, 'one output a query');
SELECT ok((SELECT output <-> ruvector_attention('[1,2,0,-2]', vs, vs) < 1e-5
  FROM ruvector_cross_attention('q', 'v', '"Odd schema"."doc''s"', 'v v') c,
    (SELECT array_agg("v v") AS vs FROM "Odd schema"."doc's" WHERE "v v" IS NOT NULL) t WHERE c.id = '2'), 'equals attention over the rows');
SELECT ok((SELECT output <-> ruvector_attention('[1,2,0,-2]', vs, vs, 'entmax') < 1e-5
  FROM ruvector_cross_attention('q', 'v', '"Odd schema"."doc''s"', 'v v', 'entmax') c,
    (SELECT array_agg("v v") AS vs FROM "Odd schema"."doc's" WHERE "v v" IS NOT NULL) t WHERE c.id = '2'), 'of other types, too');
SELECT is((SELECT count(*) FROM ruvector_mha_search('"Odd schema"."doc''s"', 'v v', '[1,2,0,-2]', 2, 5, 'the id')), 5::bigint);
SELECT ok((SELECT abs(sum(score) - 1) < 1e-9 FROM ruvector_mha_search('"Odd schema"."doc''s"', 'v v', '[1,2,0,-2]', 2, 1000, 'the id')), 'weights sum to 1');
SELECT is((SELECT id FROM ruvector_mha_search('"Odd schema"."doc''s"', 'v v', '[1,2,0,-2]', 1, 1, 'the id')),
  (SELECT "the id"::text FROM "Odd schema"."doc's" ORDER BY "v v" <#> '[1,2,0,-2]' LIMIT 1), 'one head is inner product search');
SELECT throws_ok($$select * from ruvector_mha_search('q', 'v', '[1,2,0,-2]', 3)$$, '22023', '4 dimensions cannot be split into 3 heads');
SELECT throws_ok($$select * from ruvector_mha_search('q', 'nope', '[1,2,0,-2]', 2)$$, '42703');
SELECT throws_ok($$select * from ruvector_mha_search('q', 'v', '[1,2]', 2)$$, '22000', 'different vector dimensions 2 and 4');
-- the caller's rights
CREATE ROLE attention_guest;
SET LOCAL ROLE attention_guest;
SELECT throws_ok($$select * from ruvector_mha_search('public.q', 'v', '[1,2,0,-2]', 2)$$, '42501');
SELECT throws_ok($$select ruvector_attention_create('x', 'bilinear', weights => '{"W": [[1]]}')$$, '42501');
RESET ROLE;
SELECT * FROM finish();
ROLLBACK;
