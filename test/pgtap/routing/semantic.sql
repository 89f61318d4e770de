\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(14);
SELECT ruvector_create_route('billing', 'accountant', '{I want a refund for my order,why was my card charged twice,send me the invoice}',
  '{I want a tour of the office}', threshold := 0.3);
SELECT ruvector_create_route('code', 'coder', '{fix this python function,my program crashes with a null pointer,write a unit test}', threshold := 0.3);
SELECT is((SELECT route FROM ruvector_semantic_route('please refund my order') LIMIT 1), 'billing');
SELECT is((SELECT (target_agent, matched)::text FROM ruvector_semantic_route('the python function crashes') LIMIT 1), '(coder,t)');
SELECT is((SELECT nearest FROM ruvector_semantic_route('write me a unit test') LIMIT 1), 'write a unit test');
SELECT is(ruvector_classify_request('I want a tour of your office'), NULL, 'a negative is nearer');
SELECT is(ruvector_classify_request('zebras graze in the savanna'), NULL);
SELECT is(ruvector_classify_request('refund my order'), 'billing');
SELECT throws_ok($$SELECT ruvector_create_route('x', 'a', '{}')$$, '22023', 'route "x" needs at least one utterance');
SELECT throws_ok($$SELECT ruvector_create_route('x', 'a', '{hi}', '{hi}')$$, '22023', 'route "x" has an utterance that is a negative, too');
SELECT throws_ok($$SELECT ruvector_create_route('x', 'a', '{hi}', aggregation := 'median')$$, '23514');
UPDATE ruvector_semantic_routes SET threshold = 0.99;
CREATE TEMP TABLE fitted AS SELECT * FROM ruvector_fit_routes(
  '{refund the order please,charged my card two times,where is my invoice,fix the function,unit test for my program,good morning,what is the weather}',
  '{billing,billing,billing,code,code,NULL,NULL}');
SELECT is((SELECT count(*)::int FROM fitted WHERE f1_before < f1_after), 2, 'both improved');
SELECT ok((SELECT bool_and(f1_after > 0.79 AND threshold_after < 0.99) FROM fitted));
SELECT is((SELECT threshold FROM ruvector_semantic_routes WHERE name = 'code'), (SELECT threshold_after FROM fitted WHERE route = 'code'), 'applied');
SELECT throws_ok($$SELECT * FROM ruvector_fit_routes('{a}', '{nowhere}')$$, '42704', 'route "nowhere" does not exist');
SELECT ok(ruvector_drop_route('code') AND NOT ruvector_drop_route('code'));
SELECT * FROM finish();
ROLLBACK;
