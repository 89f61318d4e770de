\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
SELECT plan(42);
DO $$ BEGIN PERFORM ruvector_create_graph('g'); END $$;
CREATE FUNCTION c(q text, p jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS
  $$SELECT string_agg(x::text, ';') FROM ruvector_cypher('g', q, p) x$$;

-- the first indexes of a session are known to it
SELECT is(c('CREATE INDEX person_age FOR (p:Person) ON (p.age)'), NULL);
SELECT is(c('SHOW INDEXES'), '{"name":"person_age","type":"RANGE","entityType":"NODE","labelsOrTypes":["Person"],"properties":["age"],"unique":false}');
SELECT is(c('CREATE CONSTRAINT person_key FOR (p:Person) REQUIRE (p.first, p.last) IS NODE KEY'), NULL);
SELECT is(c('CREATE CONSTRAINT person_name FOR (p:Person) REQUIRE p.name IS NOT NULL'), NULL);
SELECT is(c('CREATE CONSTRAINT since FOR ()-[r:KNOWS]-() REQUIRE r.since IS NOT NULL'), NULL);
SELECT is(c('CREATE INDEX knows_since FOR ()-[r:KNOWS]-() ON (r.since)'), NULL);
SELECT is(c('CREATE CONSTRAINT pop FOR (p:City) REQUIRE p.pop IS :: INTEGER'), NULL);
SELECT is(c($$CREATE VECTOR INDEX person_embedding FOR (p:Person) ON p.embedding OPTIONS {dimensions: 3, metric: 'cosine', m: 8, ef_construction: 32}$$), NULL);
SELECT is((SELECT string_agg(x->>'name' || ' ' || (x->>'type') || ' ' || (x->>'properties'), ', ' ORDER BY x->>'name') FROM ruvector_cypher('g', 'SHOW INDEXES') x),
  'knows_since RANGE ["since"], person_age RANGE ["age"], person_embedding VECTOR ["embedding"], person_key RANGE ["first","last"]');
SELECT is((SELECT string_agg(x->>'name' || ' ' || (x->>'type') || ' ' || coalesce(x->>'propertyType', '-'), ', ' ORDER BY x->>'name') FROM ruvector_cypher('g', 'SHOW CONSTRAINTS') x),
  'person_key NODE_KEY -, person_name PROPERTY_EXISTENCE -, pop PROPERTY_TYPE integer, since PROPERTY_EXISTENCE -');
SELECT matches(pg_get_indexdef('g.person_embedding'::regclass), 'USING hnsw .*vector_cosine_ops\) WITH \(m=''8'', ef_construction=''32''\)');
SELECT throws_ok($$SELECT c('CREATE VECTOR INDEX person_embedding FOR (p:Person) ON p.embedding OPTIONS {dimensions: 3}')$$, '42710');
SELECT is(c('CREATE VECTOR INDEX person_embedding IF NOT EXISTS FOR (p:Person) ON p.embedding OPTIONS {dimensions: 3}'), NULL);
SELECT throws_ok($$SELECT c('CREATE VECTOR INDEX FOR (p:Q) ON p.e')$$, '22023', 'a vector index needs its number of dimensions, 1 to 16000');
SELECT throws_ok($$SELECT c('CREATE VECTOR INDEX FOR (p:Q) ON p.e OPTIONS {dimensions: 3, metric: "taxi"}')$$, '22023', 'unknown metric "taxi" of a vector index');
SELECT is(c($$CREATE VECTOR INDEX q FOR (p:Q) ON p.e OPTIONS {indexConfig: {`vector.dimensions`: 4, `vector.similarity_function`: 'euclidean'}}$$), NULL, 'options as other systems name them');

-- constraints hold at the end of a statement
SELECT throws_ok($$SELECT c('CREATE (:Person {first: "A", last: "B"})')$$, '23514');
SELECT is(c('CREATE (p:Person {first: "A", last: "B"}) SET p.name = "Ann", p.embedding = vector([1, 0, 0])'), NULL, 'given one clause later');
SELECT is(c('MERGE (p:Person {first: "C", last: "D"}) ON CREATE SET p.name = "Cid", p.embedding = [0, 1, 0] RETURN p.name'), '{"p.name":"Cid"}', 'ON CREATE SET gives it');
SELECT throws_ok($$SELECT c('MERGE (p:Person {first: "E", last: "F"}) ON MATCH SET p.name = "E"')$$, '23514');
SELECT throws_ok($$SELECT c('CREATE (p:Person {first: "A", last: "B", name: "again"})')$$, '23505', NULL, 'a node key is unique');
SELECT throws_ok($$SELECT c('CREATE (p:Person {first: "A", name: "half"})')$$, '23514', NULL, 'and complete');
SELECT throws_ok($$SELECT c('MATCH (p:Person {first: "C"}) REMOVE p.name')$$, '23514');
SELECT is(c('MATCH (p:Person {first: "C"}) SET p = {first: "C", last: "D"} SET p.name = "Cid", p.embedding = [0.6, 0.8, 0]'), NULL, 'replaced and completed');
SELECT is(c('CREATE (p:Person) DELETE p'), NULL, 'what is deleted again violates nothing');
SELECT throws_ok($$SELECT c('MATCH (a:Person), (b:Person) CREATE (a)-[:KNOWS]->(b)')$$, '23514');
SELECT is(c('MATCH (a:Person {name: "Ann"}), (b:Person {name: "Cid"}) CREATE (a)-[r:KNOWS]->(b) SET r.since = 2000'), NULL);
SELECT throws_ok($$SELECT c('CREATE (:City {pop: "many"})')$$, '23514');
SELECT is(c('UNWIND range(1, 40) AS i CREATE (c:City) SET c.pop = i'), NULL, 'also many at a time');
SELECT is(c('MATCH (n) RETURN count(*) AS n'), '{"n":42}', 'and refused rows are not there');

-- declared properties, vector(n) too
DO $$ BEGIN PERFORM ruvector_create_node_label('g', 'Doc', '{"title": "text not null", "tags": "text[]", "e": "vector(2)", "made": "date"}'); END $$;
DO $$ BEGIN PERFORM ruvector_create_edge_type('g', 'CITES', '{"weight": "float not null"}'); END $$;
SELECT throws_ok($$SELECT c('CREATE (:Doc {title: "x", e: vector([1, 2, 3])})')$$, '23514');
SELECT throws_ok($$SELECT c('CREATE (:Doc {title: "x", tags: [1]})')$$, '23514');
SELECT throws_ok($$SELECT c('CREATE (:Doc {title: "x", made: "2020-01-01"})')$$, '23514', NULL, 'a string is no date');
SELECT is(c('CREATE (d:Doc {title: "x", e: vector([1, 2]), tags: ["a"], made: date("2020-01-01")})-[:CITES {weight: 0.5}]->(:Doc {title: "y"})'), NULL);
SELECT throws_ok($$SELECT c('MATCH (d:Doc) CREATE (d)-[:CITES {weight: "heavy"}]->(d)')$$, '23514');
SELECT results_eq('SELECT title, e, made FROM g."Doc" ORDER BY title', $$VALUES ('x', '[1,2]'::vector(2), date '2020-01-01'), ('y', NULL, NULL)$$);

-- gone again
SELECT is(c('DROP CONSTRAINT person_key') || c('DROP CONSTRAINT since') || c('DROP INDEX person_embedding') || c('DROP INDEX person_embedding IF EXISTS'), NULL);
SELECT throws_ok($$SELECT c('DROP INDEX nothing')$$, '42704');
SELECT throws_ok($$SELECT c('DROP CONSTRAINT nothing')$$, '42704');
SELECT is((SELECT string_agg(x->>'name', ', ' ORDER BY x->>'name') FROM ruvector_cypher('g', 'SHOW INDEXES') x), 'knows_since, person_age, q');
SELECT is((SELECT count(*) FROM ruvector_cypher('g', 'SHOW CONSTRAINTS') x WHERE x->>'name' IN ('person_key', 'since')), 0::bigint);
SELECT is((SELECT count(*) FROM ruvector_graph_check('g')), 0::bigint);
SELECT * FROM finish();
