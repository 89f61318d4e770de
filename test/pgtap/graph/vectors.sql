\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
SELECT plan(23);
DO $$ BEGIN PERFORM ruvector_create_graph('g'); END $$;
CREATE FUNCTION c(q text, p jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS
  $$SELECT string_agg(x::text, ';') FROM ruvector_cypher('g', q, p) x$$;
CREATE FUNCTION plan_of(q text) RETURNS text LANGUAGE sql AS $$SELECT c('EXPLAIN ' || q)$$;
-- 500 directions of a half circle; the i-th is nearest to those beside it
DO $$ BEGIN PERFORM ruvector_cypher('g', 'UNWIND range(1, 500) AS i CREATE (:Doc {i: i, kind: i % 5, v: vector([cos(i * pi() / 500), sin(i * pi() / 500)])})'); END $$;
DO $$ BEGIN PERFORM ruvector_cypher('g', 'MATCH (a:Doc), (b:Doc) WHERE b.i = a.i + 1 CREATE (a)-[:NEXT]->(b)'); END $$;

SELECT is(c('CALL ruvector.knn("Doc", "v", $q, 3) YIELD node, score RETURN node.i AS i, round(score, 4) AS s', '{"q": [0, 1]}'),
  '{"i":250,"s":1.0};{"i":249,"s":1.0};{"i":251,"s":1.0}', 'without an index: exact') ;
SELECT unalike(plan_of('MATCH (d:Doc) RETURN d.i ORDER BY ruvector.similarity(d.v, [0, 1]) DESC LIMIT 3'), '%VectorSearch%', 'no index, no search');
SELECT c('CREATE VECTOR INDEX doc_v FOR (d:Doc) ON d.v OPTIONS {dimensions: 2, metric: "cosine"}') IS NULL AS x \gset
SELECT is(c('CALL ruvector.knn("Doc", "v", $q, 1) YIELD node RETURN node.i AS i', '{"q": [0, 1]}'), '{"i":250}', 'through the index');
SELECT is(c('CALL ruvector.knn("Doc", "v", [0, 1], 3, {filter: {kind: 2}}) YIELD node RETURN node.i AS i ORDER BY i'), '{"i":247};{"i":252};{"i":257}', 'filtered');
SELECT is(c('CALL ruvector.knn("Doc", "v", [0, 1], 2, {filter: {kind: 9}}) YIELD node RETURN node.i AS i'), NULL, 'a filter that nothing passes');
SELECT is(c('CALL ruvector.knn("Nothing", "v", [0, 1], 2) YIELD node RETURN node'), NULL);
SELECT throws_ok($$SELECT c('CALL ruvector.knn("Doc", "v", [0, 1, 2], 2) YIELD node RETURN node')$$, '22000');
SELECT throws_ok($$SELECT c('CALL ruvector.knn("Doc", "v", [0, 1], -1) YIELD node RETURN node')$$, '22023');

SELECT alike(plan_of('MATCH (d:Doc) RETURN d.i ORDER BY ruvector.similarity(d.v, [0, 1]) DESC LIMIT 3'), '%VectorSearch :Doc [0, 1]%');
SELECT is(c('MATCH (d:Doc) RETURN d.i AS i, ruvector.similarity(d.v, $q) AS s ORDER BY s DESC LIMIT 1', '{"q": [0, 1]}'), '{"i":250,"s":1.0}', 'by an alias');
SELECT is(c('MATCH (d:Doc) WHERE d.kind = 2 RETURN d.i AS i ORDER BY ruvector.similarity([0, 1], d.v) DESC SKIP 1 LIMIT 2'), '{"i":247};{"i":257}', 'with a filter and SKIP');
SELECT is(c('MATCH (d:Doc) WHERE d.i > 480 RETURN d.i AS i ORDER BY ruvector.similarity(d.v, [1, 0]) DESC LIMIT 2'), '{"i":481};{"i":482}', 'far from the query: it goes on until enough pass');
SELECT is(c('UNWIND [[1, 0], [0, 1]] AS q CALL { WITH q MATCH (d:Doc) RETURN d.i AS i ORDER BY ruvector.similarity(d.v, q) DESC LIMIT 1 } RETURN i'), '{"i":1};{"i":250}', 'for each row of an outer query');
SELECT is(c('MATCH (d:Doc) RETURN count(*) AS c ORDER BY c LIMIT 1'), '{"c":500}');
SELECT unalike(plan_of('MATCH (d:Doc) RETURN d.i ORDER BY ruvector.similarity(d.v, [0, 1]) LIMIT 3'), '%VectorSearch%', 'the farthest need every node');
SELECT unalike(plan_of('MATCH (d:Doc) RETURN d.i ORDER BY ruvector.distance(d.v, [0, 1]) LIMIT 3'), '%VectorSearch%', 'another metric');
SELECT is(c('MATCH (a:Doc {i: 100})-[:NEXT*1..4]->(b) WHERE ruvector.similarity(a.v, b.v) < 0.9998 RETURN b.i AS i'), '{"i":104}', 'a condition inside a traversal');

-- paths: direct but far, or around but near
DO $$ BEGIN PERFORM ruvector_cypher('g', 'CREATE (a:S {n: "a", v: [1, 0]}), (b:S {n: "b", v: [0.9, 0.1]}), (c:S {n: "c", v: [0.8, 0.2]}), (x:S {n: "x", v: [-1, 0.1]}), (y:S {n: "y"}),
  (a)-[:T]->(b)-[:T]->(c), (a)-[:T]->(x)-[:T]->(c), (a)-[:T]->(y)-[:T]->(c), (x)-[:U]->(c)'); END $$;
SELECT is(c('MATCH (a:S {n: "a"}), (c:S {n: "c"}) WITH ruvector.vectorPath(a, c, "T", {vectorProperty: "v"}) AS p RETURN [n IN nodes(p) | n.n] AS n, round(ruvector.pathEmbeddingDistance(p, "v"), 4) AS d'), '{"n":["a","b","c"],"d":0.0151}', 'the nearest way');
SELECT is(c('MATCH (a:S {n: "a"}), (c:S {n: "c"}) RETURN ruvector.vectorPath(a, c, "T", {vectorProperty: "v", maxHops: 1}) AS p'), '{"p":null}', 'not within so few steps');
SELECT is(c('MATCH (a:S {n: "a"}), (c:S {n: "c"}) RETURN [n IN nodes(ruvector.vectorPath(c, a, null, {vectorProperty: "v", orientation: "reverse", optimization: "largest", metric: "l2"})) | n.n] AS n'), '{"n":["c","b","a"]}');
SELECT is(c('MATCH p = (:S {n: "a"})-->(:S {n: "y"})-->() RETURN ruvector.pathEmbeddingDistance(p, "v") AS d'), '{"d":null}', 'a node without a vector');
SELECT is(c('MATCH (a:S {n: "a"}) RETURN length(ruvector.vectorPath(a, a, "T", {vectorProperty: "v"})) AS l, ruvector.vectorPath(a, null, "T") AS n'), '{"l":0,"n":null}');
SELECT throws_ok($$SELECT c('MATCH (a:S {n: "a"}) RETURN ruvector.vectorPath(a, a, "T", {optimization: "luck"})')$$, '22023');
SELECT * FROM finish();
