-- What a session keeps of a graph (labels, places, plans, prepared index expressions) never changes an
-- answer: after writes, VACUUM, rollback, new indexes and in every isolation level.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
SELECT plan(18);
DO $$ BEGIN PERFORM ruvector_create_graph('w'); END $$;
CREATE FUNCTION c(q text, p jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS
  $$SELECT string_agg(x::text, ';') FROM ruvector_cypher('w', q, p) x$$;
-- 400 nodes of a label, 40 relationships at each: several leaves of the index.
SELECT c('UNWIND range(0, 399) AS i CREATE (:P {i: i})') IS NULL AS made \gset
SELECT c('MATCH (a:P), (b:P) WHERE b.i <> a.i AND (b.i - a.i + 400) % 400 <= 40 CREATE (a)-[:R]->(b)') IS NULL AS made \gset
VACUUM ANALYZE w.node, w.node_label, w.edge;
SELECT is(c('MATCH (a:P)-[:R]->(b:P) RETURN count(*) AS n'), '{"n":16000}', 'every relationship is found');
SELECT is(c('MATCH (a:P {i: 7})-[:R]->(:P)-[:R]->(b:P) RETURN count(*) AS n, count(DISTINCT b) AS d'),
  '{"n":1600,"d":79}', 'two steps');
SELECT is(c('MATCH (a:P {i: 7})-[:R]->(:P)-[:R]->(b:P) RETURN count(*) AS n'), '{"n":1600}', 'two steps, counted');
SELECT is((SELECT count(*) FROM ruvector_cypher('w', 'MATCH (a:P)<-[:R]-(b:P) RETURN id(a), id(b)')),
  (SELECT count(*) FROM w.edge), 'the other way');
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT is(c('MATCH (a:P {i: 7})-[:R]->(:P)-[:R]->(b:P) RETURN count(*) AS n'), '{"n":1600}', 'serializable');
COMMIT;
-- The session has seen the label's nodes; now one loses it.
BEGIN;
SELECT c('MATCH (a:P {i: 8}) REMOVE a:P') IS NULL AS made \gset
SELECT is(c('MATCH (a:P {i: 7})-[:R]->(b:P) RETURN count(*) AS n'), '{"n":39}', 'a label that was removed');
ROLLBACK;
SELECT is(c('MATCH (a:P {i: 7})-[:R]->(b:P) RETURN count(*) AS n'), '{"n":40}', 'and was not');
SELECT c('MATCH (a:P {i: 8}) REMOVE a:P') IS NULL AS made \gset
SELECT is(c('MATCH (a:P {i: 7})-[:R]->(b:P) RETURN count(*) AS n'), '{"n":39}', 'removed for good');
VACUUM w.node, w.node_label, w.edge;
SELECT is(c('MATCH (a:P {i: 7})-[:R]->(b:P) RETURN count(*) AS n'), '{"n":39}', 'after VACUUM');
SELECT is(c('MATCH (a:P)-[:R]->(b:P) RETURN count(*) AS n'), '{"n":15920}', 'everywhere');
SELECT c('MATCH (a {i: 9}) DETACH DELETE a') IS NULL AS made \gset
SELECT is(c('MATCH (a:P {i: 7})-[:R]->(b:P) RETURN count(*) AS n'), '{"n":38}', 'after a deletion');
VACUUM w.node, w.node_label, w.edge;
SELECT c('MATCH (a:P {i: 7}) CREATE (a)-[:R]->(:P {i: 1000})') IS NULL AS made \gset
SELECT is(c('MATCH (a:P {i: 7})-[:R]->(b:P) RETURN count(*) AS n'), '{"n":39}', 'after VACUUM and a new node');
-- Indexes that come after the session has written.
SELECT c('CREATE INDEX FOR (n:P) ON (n.i)') IS NULL AS made \gset
SELECT c('CREATE (:P {i: 1001})') IS NULL AS made \gset
SELECT is(c('MATCH (n:P {i: 1001}) RETURN n.i AS i'), '{"i":1001}', 'a new index gets rows');
SELECT c('CREATE CONSTRAINT u FOR (n:P) REQUIRE n.i IS UNIQUE') IS NULL AS made \gset
SELECT throws_ok($$SELECT c('CREATE (:P {i: 1001})')$$, '23505', NULL, 'and a new constraint is kept');
SELECT c('DROP CONSTRAINT u') IS NULL AS made \gset
SELECT is(c('CREATE (n:P {i: 1001}) RETURN n.i AS i'), '{"i":1001}', 'until it is dropped');
-- A plan made on an empty graph does not scan when the graph has grown.
DO $$ BEGIN PERFORM ruvector_create_graph('grows'); END $$;
SELECT count(*) AS made FROM ruvector_cypher('grows', 'CREATE INDEX FOR (n:Q) ON (n.i)') \gset
SELECT count(*) AS made FROM ruvector_cypher('grows', 'MATCH (n:Q {i: 1}) SET n.j = 1') \gset
SELECT ok(EXISTS (SELECT 1 FROM ruvector_cypher('grows', 'EXPLAIN MATCH (n:Q {i: 1}) SET n.j = 1') x
  WHERE x::text LIKE '%IndexSeek%'), 'an index is used on an empty graph');
-- A query that reads an index while it is empty, and again after the query itself has filled it.
SELECT is((SELECT string_agg(x::text, ';') FROM ruvector_cypher('grows',
  'OPTIONAL MATCH (n:Q)-[r]->() WITH count(r) AS none UNWIND range(1, 900) AS i CREATE (n:Q {i: i})-[:R]->(:S)
   WITH count(*) AS made MATCH (n:Q)-[r:R]->(s:S) RETURN made, count(r) AS n') x), '{"made":900,"n":900}', 'an index that was empty');
-- While the tree grows beneath the reader.
SELECT is((SELECT string_agg(x::text, ';') FROM ruvector_cypher('grows',
  'MATCH (n:Q)-[r:R]->() WITH count(r) AS before UNWIND range(1, 5000) AS i CREATE (n:Q)-[:R]->(:S)
   WITH before, count(*) AS made MATCH (n:Q)-[r:R]->(:S) RETURN before, made, count(r) AS n') x),
  '{"before":900,"made":5000,"n":5900}', 'an index that grew');
SELECT * FROM finish();
