-- A random graph whose ends are unevenly spread, by the import and as plain tables with the same indexes.
SET client_min_messages = warning;
SET maintenance_work_mem = '512MB';
SELECT ruvector_drop_graph('bench', true) AS dropped \gset
DROP TABLE IF EXISTS bench_n, bench_e, plain_n, plain_e;
SELECT setseed(0.5) AS seeded \gset
CREATE TABLE bench_n AS SELECT i AS id, 'name' || i AS name, i % 100 AS grp FROM generate_series(1, :nodes) i;
CREATE TABLE bench_e AS SELECT 1 + floor(:nodes * random())::bigint AS a, 1 + floor(:nodes * random() ^ 2)::bigint AS b, i AS since
  FROM generate_series(1, :edges) i;
VACUUM ANALYZE bench_n, bench_e;
CHECKPOINT;
SELECT now_ms() AS t0, cpu_ms() AS c0 \gset
CREATE TABLE plain_n AS SELECT * FROM bench_n;
ALTER TABLE plain_n ADD PRIMARY KEY (id);
CREATE TABLE plain_e AS SELECT * FROM bench_e;
CREATE INDEX ON plain_e (a, b);
CREATE INDEX ON plain_e (b, a);
SELECT now_ms() AS t1, cpu_ms() AS c1 \gset
SELECT ruvector_create_graph('bench') AS made \gset
SELECT * FROM ruvector_graph_import('bench', 'SELECT ''Node'' AS label, * FROM bench_n',
  'SELECT a AS source, b AS target, ''LINK'' AS type, since FROM bench_e') \gset
SELECT now_ms() AS t2, cpu_ms() AS c2 \gset
INSERT INTO figures (part, what, value, unit, bar, at_least) VALUES
  ('import', 'edges a second, nodes included', :relationships_imported / ((:t2 - :t1) / 1000.0), '1/s', 200000, true),
  ('import', 'edges a CPU second', :relationships_imported / ((:c2 - :c1) / 1000.0), '1/s', NULL, true),
  ('import', 'CPU time, times plain tables with two indexes an edge', (:c2 - :c1)::float8 / (:c1 - :c0), 'x', 2, false);
SELECT count(*) AS made FROM ruvector_cypher('bench', 'CREATE INDEX node_id FOR (n:Node) ON (n.id)') \gset
VACUUM ANALYZE bench.node, bench.node_label, bench.edge;
