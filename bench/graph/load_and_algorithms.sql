-- psql -f load_and_algorithms.sql [-v nodes=100000 -v edges=1000000]: times the bulk import of a random
-- graph with a skewed degree, its projection and the algorithms. Needs maintenance_work_mem for the edges.
\if :{?nodes}
\else
  \set nodes 100000
\endif
\if :{?edges}
\else
  \set edges 1000000
\endif
\set ON_ERROR_STOP 1
SET client_min_messages = warning;
SET maintenance_work_mem = '512MB';
SELECT ruvector_drop_graph('bench', true);
SELECT setseed(0.5);
CREATE TEMP TABLE n AS SELECT i AS id, 'name' || i AS name, i % 100 AS grp FROM generate_series(1, :nodes) i;
CREATE TEMP TABLE e AS SELECT 1 + floor(:nodes * random())::bigint AS a, 1 + floor(:nodes * random() ^ 2)::bigint AS b, i AS since
  FROM generate_series(1, :edges) i;
ANALYZE n, e;
\timing on
\echo import of nodes and edges
SELECT ruvector_create_graph('bench');
SELECT * FROM ruvector_graph_import('bench', 'SELECT ''Node'' AS label, * FROM n', 'SELECT a AS source, b AS target, ''LINK'' AS type, since FROM e');
\echo plain tables with the same indexes
CREATE TABLE pg_temp.plain_n AS SELECT * FROM n;
ALTER TABLE pg_temp.plain_n ADD PRIMARY KEY (id);
CREATE TABLE pg_temp.plain_e AS SELECT * FROM e;
CREATE INDEX ON pg_temp.plain_e (a, b);
CREATE INDEX ON pg_temp.plain_e (b, a);
\timing off
VACUUM (ANALYZE) bench.node, bench.node_label, bench.edge;
\timing on
\echo PageRank over SQL, 20 iterations; then Louvain, WCC, triangles
SELECT count(*), max(score) FROM ruvector_graph_pagerank('SELECT source, target FROM bench.edge', '{"iterations": 20, "tolerance": 0}');
SELECT count(DISTINCT community) FROM ruvector_graph_louvain('SELECT source, target FROM bench.edge');
SELECT count(DISTINCT component) FROM ruvector_graph_wcc('SELECT source, target FROM bench.edge');
SELECT sum(triangles) / 3 FROM ruvector_graph_triangle_count('SELECT source, target FROM bench.edge');
\timing off
SELECT ruvector_drop_graph('bench');
