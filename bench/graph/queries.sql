-- Latency of queries as a client of one connection sees them, random parameters, warm.
SET client_min_messages = warning;
CREATE OR REPLACE FUNCTION measure_cypher(query text, runs int, nodes int, OUT median float8, OUT best float8, OUT cpu float8)
LANGUAGE plpgsql AS $$
DECLARE took float8[] := '{}'; began float8; cpu_began float8; p jsonb; n bigint;
BEGIN
  PERFORM setseed(0.7);
  FOR i IN -20..runs LOOP
    IF i = 0 THEN cpu_began := cpu_ms(); END IF;
    p := jsonb_build_object('id', 1 + floor(nodes * random())::int, 'other', 1 + floor(nodes * random())::int);
    began := now_ms();
    SELECT count(*) INTO n FROM ruvector_cypher('bench', query, p);
    IF i > 0 THEN took := took || now_ms() - began; END IF;
  END LOOP;
  cpu := (cpu_ms() - cpu_began) / runs;
  SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY t), min(t) INTO median, best FROM unnest(took) t;
END $$;
CREATE TEMP TABLE question (what text, query text, bar numeric);
INSERT INTO question VALUES
  ('MATCH by a property', 'MATCH (n:Node {id: $id}) RETURN n.name', 0.5),
  ('one hop', 'MATCH (n:Node {id: $id})-[:LINK]->(m:Node) RETURN m.id, m.name', NULL),
  ('two hops', 'MATCH (n:Node {id: $id})-[:LINK]->(:Node)-[:LINK]->(m:Node) RETURN m.id', 2),
  ('two hops, distinct ends counted', 'MATCH (n:Node {id: $id})-[:LINK]->(:Node)-[:LINK]->(m:Node) RETURN count(DISTINCT m)', 2),
  ('shortest path', 'MATCH (a:Node {id: $id}), (b:Node {id: $other}) MATCH p = shortestPath((a)-[:LINK*..10]->(b)) RETURN length(p)', 8);
INSERT INTO figures (part, what, value, unit, bar)
  SELECT 'queries', q.what || ', ' || v.what, v.value, 'ms', v.bar
    FROM question q, measure_cypher(q.query, 300, :nodes) m, LATERAL (VALUES ('median', m.median, q.bar), ('CPU', m.cpu, NULL)) v(what, value, bar);
