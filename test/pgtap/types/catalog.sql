-- The catalogue: flags, counts and links of what the extension defines.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
CREATE TEMP VIEW members AS SELECT d.classid, d.objid FROM pg_depend d
  WHERE d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass
    AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'ruvector');
SELECT plan(22);

SELECT is((SELECT string_agg(p.oid::regprocedure::text, ', ') FROM members m JOIN pg_proc p ON p.oid = m.objid JOIN pg_language l ON l.oid = p.prolang
  WHERE m.classid = 'pg_proc'::regclass AND p.prokind = 'f' AND p.oid::regprocedure::text ~ '(vector|halfvec|sparsevec|bit)[,)]' AND p.proname ~ '^(vector|halfvec|sparsevec|l1|l2|inner|cosine|hamming|jaccard|binary|subvector|array_to|ruvector_(l1|l2|inner|cosine|norm|add|sub|mul|scalar_mul|hamming|jaccard))'
  AND NOT (p.provolatile = 'i' AND p.proisstrict AND p.proparallel = 's' AND l.lanname = 'c')), NULL, 'functions of the types are immutable, strict, parallel safe, in C');
SELECT is((SELECT string_agg(p.oid::regprocedure::text, ', ') FROM members m JOIN pg_proc p ON p.oid = m.objid WHERE m.classid = 'pg_proc'::regclass AND p.prokind = 'a' AND p.proparallel <> 's'), NULL, 'aggregates are parallel safe');
SELECT is((SELECT string_agg(a.aggfnoid::regprocedure::text, ' ' ORDER BY a.aggfnoid::regprocedure::text COLLATE "C") FROM pg_aggregate a JOIN members m ON m.objid = a.aggfnoid JOIN pg_proc p ON p.oid = m.objid WHERE p.proname IN ('avg', 'sum') AND a.aggcombinefn <> 0), 'avg(halfvec) avg(sparsevec) avg(vector) sum(halfvec) sum(sparsevec) sum(vector)', 'avg and sum have combine functions');
SELECT is((SELECT count(*) FROM members m JOIN pg_operator o ON o.oid = m.objid WHERE m.classid = 'pg_operator'::regclass AND o.oprleft = 'vector'::regtype AND o.oprright = 'vector'::regtype AND o.oprname IN ('<->', '<#>', '<=>', '<+>', '<~>', '<%>', '+', '-', '*', '||', '<', '<=', '=', '<>', '>=', '>') AND (o.oprname NOT IN ($$<~>$$, $$<%>$$))), 14::bigint, 'operators of vector');
SELECT is((SELECT count(*) FROM members m JOIN pg_operator o ON o.oid = m.objid WHERE m.classid = 'pg_operator'::regclass AND o.oprleft = 'halfvec'::regtype AND o.oprright = 'halfvec'::regtype AND o.oprname IN ('<->', '<#>', '<=>', '<+>', '<~>', '<%>', '+', '-', '*', '||', '<', '<=', '=', '<>', '>=', '>') AND (o.oprname NOT IN ($$<~>$$, $$<%>$$))), 14::bigint, 'operators of halfvec');
SELECT is((SELECT count(*) FROM members m JOIN pg_operator o ON o.oid = m.objid WHERE m.classid = 'pg_operator'::regclass AND o.oprleft = 'sparsevec'::regtype AND o.oprright = 'sparsevec'::regtype AND o.oprname IN ('<->', '<#>', '<=>', '<+>', '<~>', '<%>', '+', '-', '*', '||', '<', '<=', '=', '<>', '>=', '>') AND (o.oprname NOT IN ($$<~>$$, $$<%>$$))), 13::bigint, 'operators of sparsevec');
SELECT is((SELECT count(*) FROM members m JOIN pg_operator o ON o.oid = m.objid WHERE m.classid = 'pg_operator'::regclass AND o.oprleft = 'bit'::regtype AND o.oprright = 'bit'::regtype AND o.oprname IN ('<->', '<#>', '<=>', '<+>', '<~>', '<%>', '+', '-', '*', '||', '<', '<=', '=', '<>', '>=', '>') AND (true)), 2::bigint, 'operators of bit');
SELECT is((SELECT string_agg(o.oid::regoperator::text, ', ') FROM members m JOIN pg_operator o ON o.oid = m.objid WHERE m.classid = 'pg_operator'::regclass AND o.oprname IN ('<->', '<#>', '<=>', '<+>', '<~>', '<%>', '+', '*', '=', '<>') AND o.oprleft = o.oprright AND o.oprcom <> o.oid), NULL, 'symmetric operators are their own commutators');
SELECT is((SELECT string_agg(o.oid::regoperator::text, ', ') FROM members m JOIN pg_operator o ON o.oid = m.objid WHERE m.classid = 'pg_operator'::regclass AND o.oprname IN ('<', '<=', '>=', '>', '=', '<>') AND (o.oprcom = 0 OR o.oprnegate = 0 OR o.oprrest = 0 OR o.oprjoin = 0)), NULL, 'comparisons have commutator, negator and selectivity');
SELECT is((SELECT count(*) FROM members m JOIN pg_operator o ON o.oid = m.objid WHERE m.classid = 'pg_operator'::regclass AND o.oprname = '=' AND o.oprcanhash AND o.oprcanmerge AND o.oprleft IN ('vector'::regtype, 'halfvec'::regtype, 'sparsevec'::regtype)), 3::bigint, 'equality hashes and merges');
SELECT is((SELECT count(*) FROM pg_cast c JOIN members m ON m.objid = c.oid AND m.classid = 'pg_cast'::regclass WHERE c.castcontext = 'i' AND c.castsource IN ('vector'::regtype, 'halfvec'::regtype, 'sparsevec'::regtype, 'real[]'::regtype, 'integer[]'::regtype, 'double precision[]'::regtype, 'numeric[]'::regtype) AND c.casttarget IN ('vector'::regtype, 'halfvec'::regtype, 'sparsevec'::regtype, 'real[]'::regtype)), 7::bigint, 'implicit casts');
SELECT is((SELECT count(*) FROM pg_cast c JOIN members m ON m.objid = c.oid AND m.classid = 'pg_cast'::regclass WHERE c.castcontext = 'a' AND c.castsource IN ('vector'::regtype, 'halfvec'::regtype, 'sparsevec'::regtype, 'real[]'::regtype, 'integer[]'::regtype, 'double precision[]'::regtype, 'numeric[]'::regtype) AND c.casttarget IN ('vector'::regtype, 'halfvec'::regtype, 'sparsevec'::regtype, 'real[]'::regtype)), 16::bigint, 'assignment casts');
SELECT is((SELECT string_agg(a.amname || '.' || o.opcname, ' ' ORDER BY a.amname COLLATE "C", o.opcname COLLATE "C") FROM members m JOIN pg_opclass o ON o.oid = m.objid JOIN pg_am a ON a.oid = o.opcmethod WHERE m.classid = 'pg_opclass'::regclass AND o.opcdefault AND a.amname IN ('btree', 'hash') AND o.opcintype IN ('vector'::regtype, 'halfvec'::regtype, 'sparsevec'::regtype)), 'btree.halfvec_ops btree.sparsevec_ops btree.vector_ops hash.halfvec_ops hash.sparsevec_ops hash.vector_ops', 'default operator classes');
SELECT is((SELECT bool_and(amvalidate(o.oid)) FROM members m JOIN pg_opclass o ON o.oid = m.objid WHERE m.classid = 'pg_opclass'::regclass), true, 'operator classes are valid');
SELECT is((SELECT count(*) FROM pg_type t JOIN members m ON m.objid = t.oid WHERE t.typname IN ('vector', 'halfvec', 'sparsevec') AND t.typlen = -1 AND t.typalign = 'i' AND t.typstorage = 'e' AND t.typcategory = 'U' AND t.typdelim = ',' AND t.typmodin <> 0 AND t.typmodout = 0 AND t.typsend <> 0 AND t.typreceive <> 0 AND t.typarray <> 0), 3::bigint, 'properties of the types');
SELECT is((SELECT extrelocatable FROM pg_extension WHERE extname = 'ruvector'), true, 'relocatable');
SELECT lives_ok($$DROP EXTENSION ruvector; CREATE SCHEMA elsewhere; CREATE EXTENSION ruvector SCHEMA elsewhere$$, 'installs in another schema');
SELECT is((SELECT elsewhere.avg(v)::text FROM (VALUES ('[1]'::elsewhere.vector), ('[3]')) t(v)), '[2]', 'and works without search_path');
SELECT is('[0,3]'::elsewhere.vector OPERATOR(elsewhere.<->) '[4,0]', 5::float8, 'operators too');
SELECT lives_ok($$CREATE SCHEMA moved; ALTER EXTENSION ruvector SET SCHEMA moved$$, 'moves to another schema');
SELECT is('[0,3]'::moved.vector OPERATOR(moved.<->) '[4,0]', 5::float8, 'and works there');
SELECT lives_ok($$DROP EXTENSION ruvector$$, 'can be dropped');
SELECT * FROM finish();
ROLLBACK;
