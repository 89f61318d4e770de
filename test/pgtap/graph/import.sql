\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(41);
SELECT ruvector_create_graph('g');
CREATE TABLE person AS SELECT i AS id, 'p' || i AS name, (i * 0.5)::float8 AS x, date '2020-01-01' + i AS born,
  ARRAY[i, -i] AS numbers, ARRAY[i, 1]::real[]::vector AS v, nullif(i % 2, 0) AS odd FROM generate_series(1, 100) i;
CREATE TABLE knows AS SELECT i AS a, i % 100 + 1 AS b, i AS since FROM generate_series(1, 100) i;
SELECT results_eq($$select * from ruvector_graph_import('g', 'select ''Person'' as label, * from person',
  'select a as source, b as target, ''KNOWS'' as type, since from knows')$$, $$values (100::bigint, 100::bigint)$$);
SELECT is((SELECT count(*) FROM g.nodes WHERE labels = '{Person}'), 100::bigint);
SELECT is((SELECT count(*) FROM g.node_label), 100::bigint);
SELECT is((SELECT properties::text FROM g.nodes WHERE properties->>'id' = '7'),
  '{born: date(''2020-01-08''), id: 7, name: ''p7'', numbers: [7, -7], odd: 1, v: vector([7, 1]), x: 3.5}', 'types are kept');
SELECT ok(NOT (SELECT properties ? 'odd' FROM g.nodes WHERE properties->>'id' = '8'), 'NULL is no property');
SELECT is((SELECT count(*) FROM g.relationships r JOIN g.nodes s ON s.id = r.source JOIN g.nodes t ON t.id = r.target
  WHERE r.type = 'KNOWS' AND (t.properties->>'id')::int = (s.properties->>'id')::int % 100 + 1
    AND r.properties->>'since' = s.properties->>'id'), 100::bigint, 'ends and properties are right');
SET LOCAL enable_seqscan = off;
SELECT is((SELECT count(*) FROM g.edge WHERE source = 5), 1::bigint, 'the indexes were built');
SELECT is_empty($$SELECT relname FROM pg_class WHERE relnamespace = 'g'::regnamespace AND reloptions IS NOT NULL$$, 'and keep no setting');
SET LOCAL enable_seqscan = on;
-- a second import finds the nodes of the first; keys may repeat across labels
SELECT results_eq($$select * from ruvector_graph_import('g', 'select array[''City'', ''Place''] as labels, i as id from generate_series(1, 3) i',
  'select i as source, ''Person'' as source_label, 1 as target, ''City'' as target_label, ''LIVES_IN'' as type from generate_series(1, 50) i')$$,
  $$values (3::bigint, 50::bigint)$$);
SELECT is((SELECT count(DISTINCT r.target) FROM g.relationships r JOIN g.nodes t ON t.id = r.target
  WHERE r.type = 'LIVES_IN' AND t.labels = '{City,Place}'), 1::bigint);
SELECT results_eq($$select * from ruvector_graph_import('g', NULL, 'select 10 as source, 20 as target, ''KNOWS'' as type')$$, $$values (0::bigint, 1::bigint)$$);
SELECT results_eq($$select * from ruvector_graph_import('g', 'select ''Code'' as label, ''c1''::text as code, ''{"a": [1, 2], "b": 1.5}''::jsonb as properties', key => 'code')$$,
  $$values (1::bigint, 0::bigint)$$);
SELECT is((SELECT properties::text FROM g.nodes WHERE labels = '{Code}'), '{a: [1, 2], b: 1.5, code: ''c1''}');
SELECT throws_ok($$select ruvector_graph_import('g', NULL, 'select 1 as source, 2 as target, ''X'' as type')$$, '22023', 'several nodes have the key "1" that an edge names');
SELECT throws_ok($$select ruvector_graph_import('g', NULL, 'select 1000 as source, 2 as target, ''X'' as type')$$, '42704',
  'no node has the key "1000" that column "source" of the edges query names');
SELECT throws_ok($$select ruvector_graph_import('g', 'select 1 as id')$$, '42703', 'the nodes query must return a column "label" or "labels"');
SELECT throws_ok($$select ruvector_graph_import('g', NULL, 'select 1 as source')$$, '42703');
SELECT throws_ok($$select ruvector_graph_import('g', 'select ''A'' as label, ''{"m": {"x": 1}}''::jsonb as properties')$$, '42804', 'a property cannot hold a map, node, relationship or path');
SELECT throws_ok($$select ruvector_graph_import('g', 'select ''A'' as label, 1/0 as z')$$, '22012', 'division by zero');
SELECT is((SELECT count(*) FROM g.node), 104::bigint, 'failed imports leave nothing');
SELECT throws_ok($$select ruvector_graph_import('g', 'select '''' as label')$$, '22023', 'label must not be empty');
-- keys of any size, in sequence and far apart, under labels that take turns
CREATE FUNCTION spread(i int) RETURNS bigint IMMUTABLE LANGUAGE sql AS
  $$ SELECT CASE i % 3 WHEN 0 THEN i WHEN 1 THEN -i ELSE i * 9007199254740::bigint END $$;
SELECT ruvector_create_graph('k');
SELECT is((SELECT nodes_imported FROM ruvector_graph_import('k',
  'select (array[''Even'', ''Odd''])[i % 2 + 1] as label, spread(i) as id, i as number from generate_series(1, 3000) i
   union all select ''Text'', spread(i), -i from generate_series(1, 500) i',
  'select spread(i) as source, (array[''Even'', ''Odd''])[i % 2 + 1] as source_label, spread(i % 500 + 1)::text as target,
     ''Text'' as target_label, (array[''A'', ''B'', ''C''])[i % 3 + 1] as type, i as number from generate_series(1, 3000) i')), 3500::bigint);
SELECT is((SELECT count(*) FROM k.relationships r JOIN k.nodes s ON s.id = r.source JOIN k.nodes t ON t.id = r.target
  WHERE s.properties->>'number' = r.properties->>'number' AND s.labels <> '{Text}' AND t.labels = '{Text}'
    AND (t.properties->>'number')::int = -((r.properties->>'number')::int % 500 + 1)
    AND r.type = (array['A', 'B', 'C'])[(r.properties->>'number')::int % 3 + 1]), 3000::bigint, 'every edge joins what it names');
SELECT throws_ok($$select ruvector_graph_import('k', NULL, 'select spread(4) as source, ''Even'' as source_label, spread(4) as target, ''X'' as type')$$,
  '22023', 'several nodes have the key "-4" that an edge names');
SELECT is((SELECT array_agg(DISTINCT attstattarget) FROM pg_attribute WHERE attrelid IN ('k.node'::regclass, 'k.edge'::regclass)
  AND attname = 'properties')::text, '{0}', 'ANALYZE does not compare whole maps, which nothing asks for');
-- relationships are written by source, type and target: all at once, or in parts as large as the memory allows
CREATE FUNCTION out_of_order(edges regclass) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint; BEGIN
  EXECUTE format('SELECT count(*) FROM (SELECT (source, type, target, id) < lag((source, type, target, id)) OVER (ORDER BY ctid) AS back FROM %s) x WHERE back', edges)
    INTO n; RETURN n;
END $$;
CREATE FUNCTION hub(graph text) RETURNS text LANGUAGE sql AS $$ SELECT (ruvector_graph_import(graph,
  'select ''N'' as label, i as id from generate_series(0, 999) i',
  'select (i * 7919) % 1000 as source, (i * 104729) % 997 as target, (array[''A'', ''B''])[i % 2 + 1] as type, i as number from generate_series(1, 20000) i'))::text $$;
SELECT ruvector_create_graph('o'), ruvector_create_graph('parts');
SELECT is(hub('o'), '(1000,20000)');
SELECT is(out_of_order('o.edge'), 0::bigint, 'in order');
SET LOCAL maintenance_work_mem = '1MB';
SELECT is(hub('parts'), '(1000,20000)');
RESET maintenance_work_mem;
SELECT ok(out_of_order('parts.edge') BETWEEN 1 AND 10 AND NOT EXISTS (
    (SELECT s.properties->>'id', t.properties->>'id', r.type, r.properties->>'number' FROM parts.relationships r
       JOIN parts.nodes s ON s.id = r.source JOIN parts.nodes t ON t.id = r.target)
  EXCEPT
    SELECT ((i * 7919) % 1000)::text, ((i * 104729) % 997)::text, (array['A', 'B'])[i % 2 + 1], i::text FROM generate_series(1, 20000) i),
  'few parts, nothing lost or mixed up');
-- queries that would run in parallel, and what is no query
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SELECT ruvector_create_graph('p');
SELECT results_eq($$select * from ruvector_graph_import('p', 'select ''Person'' as label, * from person',
  'select a as source, b as target, ''KNOWS'' as type, since from knows')$$, $$values (100::bigint, 100::bigint)$$, 'no parallel query while rows are written');
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
SELECT throws_ok($$select ruvector_graph_import('p', 'delete from person')$$, '42P11');
SELECT throws_ok($$select ruvector_graph_import('p', 'select 1; select 2')$$, '42P11');
SELECT throws_ok($$select ruvector_graph_import('p', 'delete from person returning ''A'' as label')$$, '0A000', 'DELETE is not allowed in a non-volatile function');
SELECT is((SELECT count(*) FROM p.node), 100::bigint, 'and nothing came of it');
-- declared types are enforced, indexes kept up
SELECT ruvector_create_node_label('g', 'Typed', '{"n": "integer not null"}');
SELECT throws_ok($$select ruvector_graph_import('g', 'select ''Typed'' as label, ''x'' as n')$$, '23514');
SELECT lives_ok($$select ruvector_graph_import('g', 'select ''Typed'' as label, 5 as n')$$);
-- privileges are the caller's
CREATE ROLE rv_import_test;
SET LOCAL ROLE rv_import_test;
SELECT throws_ok($$select ruvector_graph_import('g', 'select ''A'' as label')$$, '42501', 'permission denied for schema g');
RESET ROLE;
GRANT USAGE ON SCHEMA g TO rv_import_test;
GRANT SELECT ON ALL TABLES IN SCHEMA g TO rv_import_test;
SET LOCAL ROLE rv_import_test;
SELECT throws_ok($$select ruvector_graph_import('g', 'select ''A'' as label')$$, '42501', 'permission denied for table node');
RESET ROLE;
GRANT INSERT ON g.node, g.node_label, g.edge TO rv_import_test;
SET LOCAL ROLE rv_import_test;
SELECT lives_ok($$select ruvector_graph_import('g', 'select ''Person'' as label, 7777 as id')$$, 'INSERT is enough');
SELECT throws_ok($$select ruvector_graph_import('g', 'select ''NewLabel'' as label, 7778 as id')$$, '42501', 'permission denied for table name');
RESET ROLE;
SET LOCAL transaction_read_only = on;
SELECT throws_ok($$select ruvector_graph_import('g', 'select ''Person'' as label')$$, '25006');
SELECT * FROM finish();
ROLLBACK;
