\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(43);
CREATE TABLE e (a bigint, b bigint, w float8);
INSERT INTO e VALUES (1, 2, 1), (2, 3, 1), (3, 1, 1), (3, 4, 5), (4, 5, 1), (5, 6, 1), (6, 4, 1), (7, 7, 1);
\set edges 'select a, b from e'
\set weighted 'select a, b, w from e'
SELECT ok(abs(sum(score) - 1) < 1e-9, 'PageRank sums to 1') FROM ruvector_graph_pagerank(:'edges');
SELECT is(node, 7::bigint, 'a node that points to itself keeps what it has') FROM ruvector_graph_pagerank(:'edges', '{"personalizedOn": [7], "iterations": 50}') ORDER BY score DESC LIMIT 1;
SELECT is(node, 4::bigint) FROM ruvector_graph_eigenvector(:'edges', '{"orientation": "undirected"}') ORDER BY score DESC, node DESC LIMIT 1;
SELECT results_eq($$select node, score from ruvector_graph_degree('select a, b, w from e') where node = 3$$, $$values (3::bigint, 6::float8)$$);
SELECT results_eq($$select node, score from ruvector_graph_degree('select a, b from e', '{"orientation": "reverse"}') where node = 4$$, $$values (4::bigint, 2::float8)$$);
SELECT results_eq($$select node, round(score::numeric, 6) from ruvector_graph_closeness('values (1, 2), (2, 3)') where node = 1$$, $$values (1::bigint, 0.666667)$$);
SELECT results_eq($$select node, score from ruvector_graph_harmonic('values (1, 2), (2, 3)') where node = 1$$, $$values (1::bigint, 0.75::float8)$$);
SELECT results_eq($$select node, score from ruvector_graph_betweenness('values (1, 2), (2, 3)') where node = 2$$, $$values (2::bigint, 1::float8)$$);
SELECT results_eq($$select node, score from ruvector_graph_betweenness('values (1, 2), (2, 3)', '{"orientation": "undirected"}') where node = 2$$, $$values (2::bigint, 1::float8)$$);
SELECT is(count(DISTINCT component), 2::bigint) FROM ruvector_graph_wcc(:'edges');
SELECT is(count(DISTINCT component), 3::bigint) FROM ruvector_graph_scc(:'edges');
SELECT results_eq($$select array_agg(node order by node) from ruvector_graph_louvain('select a, b, w from e where w < 5') group by community order by 1$$,
  $$values ('{1,2,3}'::bigint[]), ('{4,5,6}'), ('{7}')$$);
SELECT results_eq($$select array_agg(node order by node) from ruvector_graph_leiden('select a, b from e') group by community order by 1$$,
  $$values ('{1,2,3}'::bigint[]), ('{4,5,6}'), ('{7}')$$);
SELECT is(count(*), 7::bigint) FROM ruvector_graph_label_propagation(:'edges');
SELECT is(sum(triangles), 6::numeric) FROM ruvector_graph_triangle_count(:'edges');
SELECT is(coefficient, 1::float8) FROM ruvector_graph_clustering_coefficient(:'edges') WHERE node = 1;
SELECT is(max(core), 2::bigint) FROM ruvector_graph_kcore(:'edges');
SELECT results_eq($$select node, depth, parent from ruvector_graph_bfs('select a, b from e', 1) order by depth, node limit 4$$,
  $$values (1::bigint, 0::bigint, null::bigint), (2, 1, 1), (3, 2, 2), (4, 3, 3)$$);
SELECT is(count(*), 3::bigint) FROM ruvector_graph_dfs(:'edges', 1, '{"maxDepth": 2}');
SELECT is(cost, 7::float8) FROM ruvector_graph_shortest_paths(:'weighted', 1) WHERE node = 4;
SELECT is(nodes, '{1,2,3,4}'::bigint[]) FROM ruvector_graph_dijkstra(:'weighted', 1, 4);
SELECT is((SELECT count(*) FROM ruvector_graph_dijkstra('select a, b from e', 4, 1)), 0::bigint, 'no way');
SELECT is((SELECT count(*) FROM ruvector_graph_dijkstra('select a, b from e', 4, 999)), 0::bigint, 'no such node');
CREATE TABLE place AS SELECT i AS id, i % 30 AS x, i / 30 AS y, i % 30 AS lon, i / 30 AS lat FROM generate_series(0, 899) i;
CREATE TABLE way AS SELECT p.id AS a, q.id AS b, (1 + (p.id * 7 + q.id * 13) % 5 / 10.0)::float8 AS w
  FROM place p JOIN place q ON abs(p.x - q.x) + abs(p.y - q.y) = 1;
SELECT is((SELECT round(cost::numeric, 9) FROM ruvector_graph_astar('select a, b, w from way', 'select id, x, y from place', 0, 899)),
  (SELECT round(cost::numeric, 9) FROM ruvector_graph_dijkstra('select a, b, w from way', 0, 899)), 'A* is as cheap as Dijkstra');
SELECT is((SELECT round(sum(w)::numeric, 9) FROM ruvector_graph_astar('select a, b, w from way', 'select id, x, y from place', 0, 899) p,
    generate_subscripts(p.nodes, 1) i JOIN way ON true WHERE way.a = p.nodes[i] AND way.b = p.nodes[i + 1]),
  (SELECT round(cost::numeric, 9) FROM ruvector_graph_astar('select a, b, w from way', 'select id, x, y from place', 0, 899)), 'its nodes are a way of that cost');
-- An estimate that promises too much shows that the coordinates are looked at.
SELECT ok((SELECT cost FROM ruvector_graph_astar('values (1, 2, 1), (2, 4, 1), (1, 3, 1), (3, 4, 2)', 'values (1, 0, 0), (2, 9, 9), (3, 0, 0), (4, 0, 0)',
  1, 4, '{"xProperty": "column2", "yProperty": "column3"}')) = 3, 'far detours are left out');
SELECT is((SELECT cost FROM ruvector_graph_astar('values (1, 2, 1e6), (2, 3, 1e6)', 'select * from (values (1, 7.0, 50.0), (3, 7.5, 50.5), (9, 1, 1)) v(id, lon, lat)',
  1, 3, '{"longitudeProperty": "lon", "latitudeProperty": "lat"}')), 2e6::float8, 'nodes without coordinates can be passed');
SELECT is((SELECT count(*) FROM ruvector_graph_astar('values (1, 2, 1)', 'select 1, 0 AS x, 0 AS y', 2, 1)), 0::bigint, 'no way by A*');
SELECT throws_ok($$select ruvector_graph_astar('values (1, 2, 1)', 'select 1 as id, 0 as u, 0 as y', 1, 2)$$, '42703', 'the node query returns no column "x"');
SELECT throws_ok($$select ruvector_graph_astar('values (1, 2, 1)', 'select 1 as id, ''a'' as x, 0 as y', 1, 2)$$, '42804', 'column "x" of the node query must be a number');
SELECT throws_ok($$select ruvector_graph_astar('values (1, 2, 1)', 'select 1', 1, 2)$$, '22023', 'a node query returns a node and 1 to 15 columns of numbers, not 1 columns');
SELECT results_eq($$select nodes, cost from ruvector_graph_yens('values (1, 2, 1.0), (2, 3, 1.0), (1, 3, 5.0)', 1, 3)$$,
  $$values ('{1,2,3}'::bigint[], 2::float8), ('{1,3}', 5)$$);
SELECT is(count(*), 2::bigint) FROM ruvector_graph_all_shortest_paths('values (1, 2), (1, 3), (2, 4), (3, 4), (1, 5), (5, 6), (6, 4)', 1, 4);
SELECT is(sum(weight), 4::float8) FROM ruvector_graph_spanning_tree('values (1, 2, 1), (2, 3, 3), (1, 3, 3)');
SELECT is(array_agg(node ORDER BY position), '{1,2,3,4}'::bigint[]) FROM ruvector_graph_topological_sort('values (1, 3), (2, 3), (3, 4)');
SELECT throws_ok($$select ruvector_graph_topological_sort('values (1, 2), (2, 1)')$$, '22023', 'the graph has a cycle, on or before node 1');
SELECT is(similarity, 0.5::float8) FROM ruvector_graph_node_similarity('values (1, 10), (1, 11), (2, 10)', '{"topK": 1}') WHERE node1 = 1;
SELECT ok(abs(score - 1 / ln(2)) < 1e-9) FROM ruvector_graph_link_prediction('values (1, 2), (2, 3)', 1, 3);
SELECT is(array_length(walk, 1), 6) FROM ruvector_graph_random_walk('values (1, 2), (2, 1)', '{"walkLength": 5, "walksPerNode": 1}') LIMIT 1;
SELECT is(vector_dims(embedding), 8) FROM ruvector_graph_fast_rp('values (1, 2)', '{"embeddingDimension": 8}') LIMIT 1;
SELECT throws_ok($$select ruvector_graph_pagerank('values (1, 2)', '{"damping": 1}')$$, '22023', 'unknown option "damping" of the algorithm');
SELECT throws_ok($$select ruvector_graph_pagerank('values (1)')$$, '22023');
SELECT throws_ok($$select ruvector_graph_pagerank('values (1, null::bigint)')$$, '42804', 'column "target" of the edge query must be an integer, not null');
SELECT * FROM finish();
ROLLBACK;
