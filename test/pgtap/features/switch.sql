\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(9);
CREATE TABLE t (a int);
SELECT throws_ok($$SELECT ruvector_enable_feature('levitation')$$, '22023', 'unknown feature "levitation"');
SELECT throws_ok($$SELECT ruvector_enable_feature(NULL)$$, '22004');
SELECT throws_ok($$SELECT ruvector_assert(false, '42710', 'as said')$$, '42710', 'as said');
SELECT ok(ruvector_assert(true, '42710', 'not said'));
SELECT throws_ok($$SELECT ruvector_assert(NULL, '22004', 'unknown is not true')$$, '22004', 'unknown is not true');
SELECT ok(ruvector_tenant_visible(NULL), 'nobody''s rows are everybody''s');
CREATE ROLE rv_tenant_a; CREATE ROLE rv_tenant_b; CREATE ROLE rv_member IN ROLE rv_tenant_a;
SET LOCAL ROLE rv_member;
SELECT ok(ruvector_tenant_visible('rv_tenant_a'), 'a member sees its role''s rows');
SELECT ok(NOT ruvector_tenant_visible('rv_tenant_b'), 'and no other''s');
SELECT ok(NOT ruvector_tenant_visible('no such role'));
SELECT * FROM finish();
ROLLBACK;
