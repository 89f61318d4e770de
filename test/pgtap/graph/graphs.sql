\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(27);
SELECT lives_ok($$select ruvector_create_graph('social')$$);
SELECT results_eq('select name from ruvector_graphs', ARRAY['social'::name]);
SELECT throws_ok($$select ruvector_create_graph('social')$$, '42710', 'graph "social" already exists');
CREATE SCHEMA plain;
SELECT throws_ok($$select ruvector_create_graph('plain')$$, '42710', 'schema "plain" already exists');
SELECT throws_ok($$select ruvector_create_graph('')$$, '22023', 'name of a graph must have 1 to 63 bytes, not 0');
SELECT throws_ok($$select ruvector_create_graph('pg_x')$$, '42939');
SELECT throws_ok($$select ruvector_drop_graph('plain')$$, '42704', 'graph "plain" does not exist');
SELECT lives_ok($$select ruvector_drop_graph('nothing', if_exists => true)$$);
SELECT lives_ok($$select ruvector_create_node_label('social', 'Person',
  '{"name": "text not null", "age": "integer", "height": "float", "born": "date", "seen": "timestamptz",
    "tags": "text[]", "embedding": "vector(2)", "id": "integer"}')$$);
SELECT lives_ok($$select ruvector_create_edge_type('social', 'KNOWS', '{"since": "integer"}')$$);
SELECT lives_ok($$select ruvector_create_node_label('social', 'node')$$, 'a label named as a table');
SELECT has_view('social'::name, 'label_node'::name, 'its view is named otherwise');
SELECT throws_ok($$select ruvector_create_node_label('social', 'Person')$$, '42710', 'label "Person" is already declared');
SELECT throws_ok($$select ruvector_create_node_label('social', 'X', '{"a": "blob"}')$$, '22023', 'unknown property type "blob"');
SELECT throws_ok($$select ruvector_create_node_label('social', 'X', '{"a": 1}')$$, '22023', 'the type of property "a" must be a string');
SELECT throws_ok($$select ruvector_create_node_label('nowhere', 'X')$$, '42704', 'graph "nowhere" does not exist');
INSERT INTO social.node SELECT 7, ARRAY[id], '{name: "Ada", age: 36, height: 1.65, born: date("1815-12-10"), id: 1,
  seen: datetime("2020-01-01T10:00:00+01:00[Europe/Berlin]"), tags: ["x"], embedding: vector([1, 2])}'
  FROM social.name WHERE name = 'Person';
INSERT INTO social.node SELECT 8, ARRAY[id], '{name: "Bo"}' FROM social.name WHERE name = 'Person';
INSERT INTO social.node_label SELECT id, unnest(ARRAY[7, 8]) FROM social.name WHERE name = 'Person';
INSERT INTO social.edge SELECT 1, id, 7, 8, '{since: 1999}' FROM social.name WHERE name = 'KNOWS';
SELECT results_eq($$select id, name, age, height, born, seen at time zone 'UTC', tags, embedding, property_id from social."Person" order by id$$,
  $$values (7::bigint, 'Ada', 36::bigint, 1.65::float8, date '1815-12-10', timestamp '2020-01-01 09:00', '["x"]'::jsonb, '[1,2]'::vector(2), 1::bigint),
    (8, 'Bo', null, null, null, null, null, null, null)$$);
SELECT results_eq($$select id, source, target, since from social."KNOWS"$$, $$values (1::bigint, 7::bigint, 8::bigint, 1999::bigint)$$);
SELECT results_eq($$select id, labels, properties->>'name' from social.nodes order by id$$,
  $$values (7::bigint, ARRAY['Person'], 'Ada'), (8, ARRAY['Person'], 'Bo')$$);
SELECT results_eq($$select id, type, source, target, properties->>'since' from social.relationships$$,
  $$values (1::bigint, 'KNOWS', 7::bigint, 8::bigint, '1999')$$);
SELECT throws_ok($$insert into social.node select 9, ARRAY[id], '{name: 5}' from social.name where name = 'Person'$$, '23514',
  'new row for relation "node" violates check constraint "Person.name"');
SELECT throws_ok($$insert into social.node select 9, ARRAY[id], '{}' from social.name where name = 'Person'$$, '23514');
SELECT throws_ok($$insert into social.node select 9, ARRAY[id], '{name: "x", embedding: vector([1])}' from social.name where name = 'Person'$$, '23514');
SELECT lives_ok($$insert into social.node values (9, '{}', '{name: 5}')$$, 'other nodes are free');
CREATE TABLE social.mine (i int);
SELECT throws_ok($$select ruvector_drop_graph('social')$$, '55000', 'schema "social" holds tables that are not of the graph');
DROP TABLE social.mine;
SELECT lives_ok($$select ruvector_drop_graph('social')$$);
SELECT is((SELECT count(*) FROM ruvector_graphs), 0::bigint);
SELECT * FROM finish();
ROLLBACK;
