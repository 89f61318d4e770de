-- What a session keeps of a graph (labels, places, plans, prepared index expressions) never changes an
-- answer: after writes, VACUUM, rollback, new indexes and in every isolation level.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
SELECT plan(42);
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
-- Values that the session has read before, of rows that everybody sees.
DO $$ BEGIN PERFORM ruvector_create_graph('v'); END $$;
CREATE FUNCTION v(q text, p jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS
  $$SELECT string_agg(x::text, ';') FROM ruvector_cypher('v', q, p) x$$;
SELECT v('UNWIND range(1, 3000) AS i CREATE (:P {i: i, t: "t" + i % 7})-[:R {w: i}]->(:Q {j: i})') IS NULL AS made \gset
VACUUM ANALYZE v.node, v.node_label, v.edge;
\set all 'MATCH (p:P) RETURN sum(p.i) AS n, count(p.t) AS m, min(p.t) AS t, count(p.none) AS z'
\set links 'MATCH (:P {i: 5})-[r:R]->(q:Q) RETURN r.w AS w, q.j AS j'
SELECT is(v(:'all'), '{"n":4501500,"m":3000,"t":"t0","z":0}', 'values, first from the rows');
SELECT is(v(:'all'), '{"n":4501500,"m":3000,"t":"t0","z":0}', 'then from what was kept');
SELECT is(v(:'links') || v(:'links'), '{"w":5,"j":5}{"w":5,"j":5}', 'values of relationships');
BEGIN;
SELECT v('MATCH (p:P {i: 5})-[r]->(q) SET p.i = 1005, p.none = 1, r.w = 50, q.j = 51') IS NULL AS made \gset
SELECT is(v(:'all'), '{"n":4502500,"m":3000,"t":"t0","z":1}', 'values that this transaction changed');
SELECT is(v('MATCH (p:P) WHERE p.i = 1005 AND p.none = 1 MATCH (p)-[r]->(q) RETURN r.w AS w, q.j AS j'), '{"w":50,"j":51}', 'of relationships as well');
ROLLBACK;
SELECT is(v(:'all') || v(:'links'), '{"n":4501500,"m":3000,"t":"t0","z":0}{"w":5,"j":5}', 'and did not');
SELECT is(v('MATCH (p:P {i: 6}) SET p.i = 9006 WITH p MATCH (q:P) WHERE id(q) = id(p) RETURN q.i AS i'), '{"i":9006}', 'within one statement');
SELECT is(v(:'all'), '{"n":4510500,"m":3000,"t":"t0","z":0}', 'changed for good');
VACUUM v.node, v.edge;
SELECT is(v(:'all'), '{"n":4510500,"m":3000,"t":"t0","z":0}', 'after VACUUM');
SELECT v('MATCH (p:P {i: 9006})-[r]->() SET p.t = "a long text that is new", r.w = 66 REMOVE p:P SET p:O') IS NULL AS made \gset
VACUUM v.node, v.node_label, v.edge;
SELECT is(v('MATCH (p {i: 9006})-[r]->() RETURN p.t AS t, r.w AS w, labels(p) AS l, p:P AS p, p:O AS o'),
  '{"t":"a long text that is new","w":66,"l":["O"],"p":false,"o":true}', 'another value and label after VACUUM');
SELECT v('MATCH (p:P) WHERE p.i > 2990 DETACH DELETE p') IS NULL AS made \gset
SELECT is(v('MATCH (p:P) RETURN count(p.i) AS n, max(p.i) AS m'), '{"n":2989,"m":2990}', 'deleted nodes have none');
-- Neighbours that were read before, of a graph that did not change.
VACUUM v.node, v.node_label, v.edge;
\set near 'MATCH (p:P)-[:R]->(q:Q) WHERE p.i <= 10 RETURN count(*) AS n, sum(q.j) AS s'
SELECT is(v(:'near') || v(:'near'), '{"n":9,"s":49}{"n":9,"s":49}', 'neighbours, read and kept');
BEGIN;
SELECT v('MATCH (p:P {i: 1}), (q:Q {j: 3}) CREATE (p)-[:R]->(q)') IS NULL AS made \gset
SELECT is(v(:'near'), '{"n":10,"s":52}', 'one more in this transaction');
ROLLBACK;
SELECT is(v(:'near'), '{"n":9,"s":49}', 'that was rolled back');
SELECT v('MATCH (:P {i: 2})-[r:R]->() DELETE r') IS NULL AS made \gset
SELECT is(v(:'near'), '{"n":8,"s":47}', 'one less');
VACUUM v.node, v.node_label, v.edge;
SELECT is(v(:'near') || v(:'near'), '{"n":8,"s":47}{"n":8,"s":47}', 'and after VACUUM');
SELECT is(v('MATCH (p:P)-[:R]->(q:Q) WHERE p.i <= 10 WITH count(*) AS before MATCH (p:P {i: 1}), (q:Q {j: 3}) CREATE (p)-[:R]->(q)
  WITH before MATCH (p:P)-[:R]->(q:Q) WHERE p.i <= 10 RETURN before, count(*) AS n'), '{"before":8,"n":9}', 'within one statement');
-- What an index finds exactly is not looked at again; what it does not tell apart is.
SELECT v('CREATE INDEX FOR (n:K) ON (n.k)') IS NULL AS made \gset
SELECT v('UNWIND [1, 1.5, 2.0, true, "a", null] AS k CREATE (:K {k: k})') IS NULL AS made \gset
SELECT v('CREATE (:K {k: 0.0 / 0.0}), (:K {k: [1, 2]}), (:K {k: $s}), (:L {k: 1})', jsonb_build_object('s', repeat('x', 5000))) IS NULL AS made \gset
SELECT is(v('MATCH (n:K {k: $k}) RETURN n.k AS k', '{"k": 1}') || v('MATCH (n:K {k: 1.0}) RETURN n.k AS k') || v('MATCH (n:K {k: 2}) RETURN n.k AS k'),
  '{"k":1}{"k":1}{"k":2.0}', 'integers and floats');
SELECT is(v('MATCH (n:K {k: 0.0 / 0.0}) RETURN n.k AS k'), NULL, 'NaN equals nothing');
SELECT is(v('MATCH (n:K {k: $k}) RETURN size(n.k) AS n', jsonb_build_object('k', repeat('x', 5000))), '{"n":5000}', 'a text longer than its key');
SELECT is(v('MATCH (n:K {k: $k}) RETURN n.k AS k', jsonb_build_object('k', repeat('x', 4999))), NULL, 'and another');
SELECT is(v('UNWIND [true, "a", 0.0 / 0.0, [1, 2], null] AS k MATCH (n:K {k: k}) RETURN n.k AS k'), '{"k":true};{"k":"a"};{"k":[1,2]}', 'one after the other');
-- Hops that are counted without looking at them.
SELECT v('CREATE (a:H {i: 1})-[:E]->(b:H {i: 2})-[:E]->(a), (a)-[:E]->(a), (b)-[:E]->(:G)-[:E]->(a), (a)-[:F]->(b)') IS NULL AS made \gset
SELECT is(v('MATCH (a:H)-[:E]->()-[]->(c:H) RETURN count(*) AS n') || v('MATCH (a:H)-[r:E]->()-[s]->(c:H) WITH r, s RETURN count(s) AS n'), '{"n":7}{"n":7}', 'with a direction');
SELECT is(v('MATCH (a:H)-[:E]-()-[]-(c:H) RETURN count(*) AS n'), v('MATCH (a:H)-[r:E]-()-[s]-(c:H) WITH collect(s) AS l RETURN size(l) AS n'), 'and without');
SELECT * FROM finish();
