-- Algorithms over the edges of the graph. A statement reads the edges into compressed rows first (the projection)
-- and hands out a row for each node; the degrees, which cost nothing to compute, tell what that takes, and the other
-- figures are what comes on top.
SET client_min_messages = warning;
SET maintenance_work_mem = '512MB';
CREATE TEMP TABLE algorithm (what text, statement text, bar numeric);
INSERT INTO algorithm VALUES
  ('projection and rows', 'SELECT count(*) FROM ruvector_cypher_rows(''bench'', ''CALL ruvector.degree("Node", "LINK") YIELD node, score RETURN id(node), score'') AS (n bigint, s float8)', 1000),
  ('PageRank, 20 iterations', 'SELECT count(*) FROM ruvector_cypher_rows(''bench'', ''CALL ruvector.pagerank("Node", "LINK", {iterations: 20, tolerance: 0}) YIELD node, score RETURN id(node), score'') AS (n bigint, s float8)', 150),
  ('Louvain', 'SELECT count(*) FROM ruvector_cypher_rows(''bench'', ''CALL ruvector.louvain("Node", "LINK") YIELD node, community RETURN id(node), community'') AS (n bigint, c bigint)', 1000),
  ('weak components', 'SELECT count(*) FROM ruvector_cypher_rows(''bench'', ''CALL ruvector.wcc("Node", "LINK") YIELD node, component RETURN id(node), component'') AS (n bigint, c bigint)', NULL),
  ('triangles', 'SELECT count(*) FROM ruvector_cypher_rows(''bench'', ''CALL ruvector.triangleCount("Node", "LINK") YIELD node, triangles RETURN id(node), triangles'') AS (n bigint, t bigint)', NULL),
  ('projection and rows by SQL', 'SELECT count(*) FROM ruvector_graph_degree(''SELECT source, target FROM bench.edge'')', NULL);
DO $$
DECLARE a algorithm; m record; base record;
BEGIN
  FOR a IN SELECT * FROM algorithm LOOP
    SELECT * INTO m FROM measure(a.statement, 5);
    IF a.what LIKE 'projection%' THEN
      base := m;
      INSERT INTO figures (part, what, value, unit, bar) VALUES
        ('algorithms', a.what || ', median', m.median, 'ms', a.bar), ('algorithms', a.what || ', CPU', m.cpu, 'ms', NULL);
    ELSE
      INSERT INTO figures (part, what, value, unit, bar) VALUES
        ('algorithms', a.what || ' beyond the projection, median', m.median - base.median, 'ms', a.bar),
        ('algorithms', a.what || ' beyond the projection, CPU', m.cpu - base.cpu, 'ms', NULL);
    END IF;
  END LOOP;
END $$;
