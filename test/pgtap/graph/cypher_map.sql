\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(33);
SELECT is('{name: "Ada", age: 36}'::cypher_map::text, '{age: 36, name: ''Ada''}', 'keys come out sorted');
SELECT is('{}'::cypher_map::text, '{}');
SELECT is('{a: null}'::cypher_map::text, '{}', 'null is no property');
SELECT is('{a: 1, a: 2.0}'::cypher_map::text, '{a: 2.0}', 'the last of a key wins');
SELECT is('{"a": 1, "b": [1.5, "x"]}'::jsonb::cypher_map::text, '{a: 1, b: [1.5, ''x'']}');
SELECT is('{a: 1, d: date("2020-02-29"), v: vector([1, 2.5]), n: NaN}'::cypher_map::jsonb,
  '{"a": 1, "d": "2020-02-29", "v": [1, 2.5], "n": "NaN"}'::jsonb);
SELECT is('{a: "x"}'::cypher_map -> 'a', '"x"'::jsonb);
SELECT is('{a: "x"}'::cypher_map ->> 'a', 'x');
SELECT is('{a: "x"}'::cypher_map ->> 'b', NULL);
SELECT is('{a: 1.0}'::cypher_map ->> 'a', '1.0', 'a float stays a float');
SELECT is('{t: datetime("2020-01-01T10:00:00+01:00[Europe/Berlin]")}'::cypher_map ->> 't', '2020-01-01T10:00:00+01:00[Europe/Berlin]');
SELECT ok('{a: false}'::cypher_map ? 'a');
SELECT ok(NOT '{a: false}'::cypher_map ? 'b');
SELECT is(ruvector_property_type('{a: 1}', 'a'), 'integer');
SELECT is(ruvector_property_type('{a: vector([1])}', 'a'), 'vector');
SELECT is(ruvector_property_vector('{a: vector([1, 2])}', 'a'), '[1,2]'::vector);
SELECT is(ruvector_property_vector('{a: [1, 2.5]}', 'a'), '[1,2.5]'::vector, 'a list of numbers is a vector');
SELECT is(ruvector_property_vector('{a: [1, "x"]}', 'a'), NULL);
SELECT is(ruvector_property_vector('{a: "x"}', 'a'), NULL);
SELECT throws_ok($$select '{a: }'::cypher_map$$, '22P02', 'invalid input syntax for type cypher_map at character 5');
SELECT throws_ok($$select '{a: {b: 1}}'::cypher_map$$, '22000', 'a property cannot hold a map');
SELECT throws_ok($$select '{a: 99999999999999999999}'::cypher_map$$, '22003', 'integer "99999999999999999999" does not fit 64 bits');
SELECT throws_ok($$select '[1]'::jsonb::cypher_map$$, '22000', 'only a JSON object can be cast to type cypher_map');
SELECT ok('{a: 1, b: 2}'::cypher_map = '{b: 2, a: 1}'::cypher_map);
SELECT ok('{a: 1}'::cypher_map <> '{a: 1.0}'::cypher_map, 'types are part of the value');
SELECT is((SELECT count(*) FROM (SELECT m FROM (VALUES ('{a: 1}'::cypher_map), ('{a: 1}'), ('{}')) t(m) GROUP BY m) g), 2::bigint, 'grouping');
SELECT is(ruvector_graph_sort_key('{a: 1}', 'a'), ruvector_graph_sort_key('{a: 1.0}', 'a'));
SELECT ok(ruvector_graph_sort_key('{a: 2}', 'a') < ruvector_graph_sort_key('{a: 10}', 'a'));
SELECT is(ruvector_graph_sort_key('{a: 2}', 'b'), NULL);
SELECT ok(ruvector_graph_has_label('{1,5,7}', 5) AND NOT ruvector_graph_has_label('{1,5}', 2) AND NOT ruvector_graph_has_label('{}', 2));
-- binary form through COPY, a value large enough for TOAST included
CREATE TEMP TABLE maps (i int, m cypher_map);
INSERT INTO maps SELECT i, jsonb_build_object('i', i, 's', repeat('x', i * 100), 'f', i / 2.0)::cypher_map FROM generate_series(0, 100, 10) i;
INSERT INTO maps VALUES (-1, '{v: vector([1.5]), d: duration("P1MT0.5S"), p: point({srid: 4326, x: 1.0, y: 2.0})}');
INSERT INTO maps SELECT -2, ('{v: vector(' || array_fill(0.125::real, ARRAY[3000])::vector::text || ')}')::cypher_map;
SELECT is((SELECT count(*) FROM maps WHERE m::text::cypher_map = m), 13::bigint, 'text form is exact');
SELECT is((SELECT sum(vector_dims(ruvector_property_vector(m, 'v'))) FROM maps), 3001::bigint);
SELECT is((SELECT substr(encode(cypher_map_send('{}'), 'hex'), 1, 2)), '01');
SELECT * FROM finish();
ROLLBACK;
