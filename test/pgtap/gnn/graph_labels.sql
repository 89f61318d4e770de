-- A property graph's labels and types as nodes and edges: their views are read like any table.
SELECT enabled AS has_graph FROM ruvector_features() WHERE feature = 'graph' \gset
\if :has_graph
BEGIN;
SELECT plan(9);
SELECT ruvector_create_graph('people');
SELECT ruvector_create_node_label('people', 'Person', '{"name": "text not null", "team": "text", "embedding": "vector(4)"}');
SELECT ruvector_create_edge_type('people', 'KNOWS', '{"closeness": "float"}');
CREATE TABLE person AS
  SELECT i AS id, 'p' || i AS name, CASE WHEN i <= 20 THEN 'red' ELSE 'blue' END AS team,
    ARRAY[sin(i), cos(i), sin(3 * i), CASE WHEN i <= 20 THEN 0.4 ELSE -0.4 END]::real[]::vector AS embedding FROM generate_series(1, 40) i;
CREATE TABLE knows AS
  SELECT i AS source, (i - 1) / 20 * 20 + 1 + (i * j * 7 + j) % 20 AS target, 1.0 / j AS closeness FROM generate_series(1, 40) i, generate_series(1, 3) j;
SELECT ruvector_graph_import('people', nodes => $$SELECT 'Person' AS label, * FROM person$$,
  edges => $$SELECT source, target, 'KNOWS' AS type, closeness FROM knows$$);
SELECT ruvector_gnn_create('m', '[{"type": "gcn", "out": 8, "activation": "relu"}, {"type": "gcn", "out": 2}]', 4);

-- The same as over tables, with no column named.
CREATE VIEW pairs AS SELECT p.id AS node, t.id FROM people."Person" p JOIN person t ON t.name = p.name;
SELECT is((SELECT count(*)::int FROM ruvector_gnn_embed('m', 'people."Person"', 'people."KNOWS"') g JOIN pairs p ON p.node = g.node_id
  JOIN ruvector_gnn_embed('m', 'person', 'knows') t ON t.node_id = p.id WHERE g.embedding <-> t.embedding < 1e-6), 40, 'embed');
SELECT is((SELECT count(*)::int FROM ruvector_message_pass('people."Person"', 'people."KNOWS"', weight_column => 'closeness') g JOIN pairs p ON p.node = g.node_id
  JOIN ruvector_message_pass('person', 'knows', weight_column => 'closeness') t ON t.node_id = p.id WHERE g.output <-> t.output < 1e-6), 40, 'message_pass, weights');
SELECT is((SELECT count(*)::int FROM ruvector_gnn_train('m', 'people."Person"', 'people."KNOWS"', label => 'team', epochs => 60)), 60, 'train');
SELECT ok((SELECT avg((class = team)::int) > 0.9 FROM ruvector_gnn_classify('m', 'people."Person"', 'people."KNOWS"') JOIN people."Person" ON id = node_id), 'classify');
-- What Cypher creates is seen at once, and a part is read through the indexes.
SELECT ruvector_cypher('people', $$MATCH (a:Person {name: 'p1'}), (b:Person {name: 'p2'})
  CREATE (n:Person {name: 'new', embedding: a.embedding})-[:KNOWS]->(a), (n)-[:KNOWS]->(b)$$);
SELECT is((SELECT class FROM ruvector_gnn_classify('m', 'people."Person"', 'people."KNOWS"', (SELECT array_agg(id) FROM people."Person" WHERE name = 'new'))), 'red', 'a new node, inductively');
-- An edge to another label needs a view that leaves it out.
SELECT ruvector_cypher('people', $$MATCH (a:Person {name: 'p1'}) CREATE (a)-[:KNOWS]->(:City {name: 'Bern'})$$);
SELECT throws_like($$SELECT ruvector_message_pass('people."Person"', 'people."KNOWS"')$$, '%refers to node %, which is not in people."Person"%', 'an end outside the label');
CREATE VIEW friends AS SELECT k.* FROM people."KNOWS" k JOIN people."Person" p ON p.id = k.target;
SELECT is((SELECT count(*)::int FROM ruvector_message_pass('people."Person"', 'friends')), 41, 'a view leaves it out');
-- Undeclared labels: any query over the graph's tables is a view.
CREATE VIEW anyone AS SELECT id, ruvector_property_vector(properties, 'embedding') AS embedding FROM people.nodes WHERE 'Person' = ANY (labels);
SELECT is((SELECT count(*)::int FROM ruvector_message_pass('anyone', 'friends')), 41, 'a view over all nodes');
SELECT throws_ok($$SELECT ruvector_message_pass('person', 'pairs')$$, '42703', 'column "src_id" of public.pairs does not exist', 'no customary column');
SELECT * FROM finish();
ROLLBACK;
\else
SELECT plan(1);
SELECT skip('this build has no graph', 1);
\endif
