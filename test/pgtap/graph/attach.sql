\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
SELECT plan(37);
DO $$ BEGIN PERFORM ruvector_create_graph('g'); PERFORM ruvector_cypher('g', 'CREATE (:Note {n: 1})-[:ABOUT]->(:Note {n: 2})'); END $$;
CREATE FUNCTION c(q text, p jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS
  $$SELECT string_agg(x::text, ';') FROM ruvector_cypher('g', q, p) x$$;
CREATE TABLE customer (id int PRIMARY KEY, name text UNIQUE, city text, born date, "Odd name" numeric, v vector(2));
INSERT INTO customer VALUES (1, 'Ann', 'Ulm', '1990-01-02', 1.5, '[1,0]'), (2, 'Bob', 'Rome', NULL, NULL, '[0,1]'), (3, 'Cid', 'Ulm', NULL, NULL, NULL);
CREATE TABLE product (sku bigint PRIMARY KEY, title text, price float8);
INSERT INTO product VALUES (10, 'Pen', 1.5), (20, 'Ink', 7.25), (30, 'Map', 12);
CREATE TABLE purchase (id serial PRIMARY KEY, customer int NOT NULL, product bigint, amount int);
INSERT INTO purchase (customer, product, amount) VALUES (1, 10, 2), (1, 20, 1), (2, 20, 5), (3, 30, 1), (3, 99, 1);
CREATE TABLE friend (id bigint PRIMARY KEY, a int, b int);
INSERT INTO friend VALUES (1, 1, 2), (2, 2, 3), (3, 3, 3);
CREATE INDEX ON purchase (customer);
CREATE INDEX ON purchase (product);

SELECT lives_ok($$SELECT ruvector_graph_attach_nodes('g', 'Customer', 'customer')$$);
SELECT lives_ok($$SELECT ruvector_graph_attach_nodes('g', 'Product', 'product', 'sku', '{"name": "title", "cost": "price"}')$$);
SELECT lives_ok($$SELECT ruvector_graph_attach_edges('g', 'BOUGHT', 'purchase', 'customer', 'product', 'Customer', 'Product', properties => '{"n": "amount"}')$$);
SELECT lives_ok($$SELECT ruvector_graph_attach_edges('g', 'FRIEND', 'friend', 'a', 'b', 'Customer', 'Customer')$$);
SELECT is(c('MATCH (x:Customer) RETURN count(*) AS c'), '{"c":3}');
SELECT is(c('MATCH (x:Customer {name: "Ann"}) RETURN x.city AS c, x.born AS b, x.`Odd name` AS o, labels(x) AS l'), '{"c":"Ulm","b":"1990-01-02","o":1.5,"l":["Customer"]}');
SELECT is(c('MATCH (x:Customer {id: 2}) RETURN properties(x) AS p'), '{"p":{"city":"Rome","id":2,"name":"Bob","v":[0.0,1.0]}}', 'NULL is no property');
SELECT is(c('MATCH (x:Customer)-[b:BOUGHT]->(p:Product) RETURN x.name AS x, b.n AS n, p.name AS p, p.cost AS c ORDER BY x, p'),
  '{"x":"Ann","n":1,"p":"Ink","c":7.25};{"x":"Ann","n":2,"p":"Pen","c":1.5};{"x":"Bob","n":5,"p":"Ink","c":7.25};{"x":"Cid","n":1,"p":"Map","c":12.0}', 'a row without its end is no relationship');
SELECT is(c('MATCH (p:Product)<-[:BOUGHT]-(x) WHERE p.name = "Ink" RETURN x.name AS x ORDER BY x'), '{"x":"Ann"};{"x":"Bob"}', 'against the direction');
SELECT is(c('MATCH (:Customer {name: "Ann"})-[:BOUGHT]->()<-[:BOUGHT]-(o)-[:BOUGHT]->(p) RETURN o.name AS o, p.name AS p'), NULL, 'a relationship occurs once');
SELECT is(c('MATCH (:Customer {name: "Ann"})-[:FRIEND*1..3]-(o) RETURN collect(o.name) AS o'), '{"o":["Bob","Cid","Cid"]}', 'variable length; a self-loop once');
SELECT is(c('MATCH (a:Customer {name: "Ann"}), (b:Customer {name: "Cid"}) MATCH p = shortestPath((a)-[:FRIEND*]->(b)) RETURN [n IN nodes(p) | n.name] AS n'), '{"n":["Ann","Bob","Cid"]}');
SELECT is(c('MATCH (a:Customer {name: "Ann"}), (b:Customer {name: "Bob"}) MATCH (a)-[f]->(b) RETURN type(f) AS t, f.a AS a, startNode(f) = a AS s'), '{"t":"FRIEND","a":null,"s":true}', 'between known ends');
SELECT is(c('MATCH (x) RETURN count(*) AS c'), '{"c":8}', 'stored and attached nodes');
SELECT is(c('MATCH ()-[r]->() RETURN type(r) AS t, count(*) AS c ORDER BY t'), '{"t":"ABOUT","c":1};{"t":"BOUGHT","c":4};{"t":"FRIEND","c":3}');
SELECT is(c('MATCH (x) WHERE x:Note OR x:Product RETURN count(*) AS c'), '{"c":5}');
SELECT is(c('MATCH (x:Customer) RETURN degree(x) AS d, outDegree(x, "BOUGHT") AS b ORDER BY x.id'), '{"d":3,"b":2};{"d":3,"b":1};{"d":3,"b":1}');
SELECT is(c('MATCH (x:Customer) WHERE x.v IS NOT NULL RETURN x.name AS n ORDER BY ruvector.similarity(x.v, [0, 1]) DESC LIMIT 1'), '{"n":"Bob"}');
SELECT is(c('CALL ruvector.wcc(["Customer", "Product"], ["BOUGHT", "FRIEND"]) YIELD component RETURN count(DISTINCT component) AS c'), '{"c":1}', 'algorithms');
CREATE TABLE word (id bigint PRIMARY KEY, w text UNIQUE);
INSERT INTO word SELECT i, 'w' || i FROM generate_series(1, 3000) i;
ANALYZE word;
SELECT ruvector_graph_attach_nodes('g', 'Word', 'word') IS NULL AS x \gset
SELECT ok(c('EXPLAIN MATCH (x:Word {w: $n}) RETURN x') LIKE '%IndexSeek%', 'the table''s own index is used');
SELECT is(c('MATCH (x:Word {w: $n}) RETURN x.id AS i', '{"n": "w77"}') || c('MATCH (x:Word {id: 9}) RETURN x.w AS w'), '{"i":77}{"w":"w9"}');
UPDATE customer SET city = 'Pisa' WHERE id = 1;
SELECT is(c('MATCH (x:Customer {name: "Ann"}) RETURN x.city AS c'), '{"c":"Pisa"}', 'nothing is copied');

SELECT throws_ok($$SELECT c('CREATE (:Customer {id: 4})')$$, '0A000', 'nodes with label "Customer" are rows of table public.customer, which is attached to the graph for reading');
SELECT throws_ok($$SELECT c('MATCH (x:Customer) SET x.city = "x"')$$, '0A000');
SELECT throws_ok($$SELECT c('MATCH (x:Customer) DETACH DELETE x')$$, '0A000');
SELECT throws_ok($$SELECT c('MATCH (x:Customer), (n:Note) CREATE (x)-[:WROTE]->(n)')$$, '0A000');
SELECT throws_ok($$SELECT c('MATCH (n:Note) SET n:Product')$$, '0A000');
SELECT throws_ok($$SELECT c('CREATE INDEX FOR (x:Customer) ON (x.city)')$$, '0A000');
SELECT is(c('MATCH (n:Note) SET n.seen = true RETURN count(*) AS c'), '{"c":2}', 'stored nodes can be written');
SELECT throws_ok($$SELECT ruvector_graph_attach_nodes('g', 'Note', 'customer')$$, '55000');
SELECT throws_ok($$SELECT ruvector_graph_attach_nodes('g', 'X', 'customer', 'name')$$, '42804');
SELECT throws_ok($$SELECT ruvector_graph_attach_nodes('g', 'X', 'customer', 'id', '{"a": "nix"}')$$, '42703');
SELECT throws_ok($$SELECT ruvector_graph_attach_edges('g', 'X', 'friend', 'a', 'b', 'Customer', 'Nobody')$$, '42704');

-- privileges and row security are the caller's
CREATE ROLE rv_seller;
GRANT USAGE ON SCHEMA g TO rv_seller;
GRANT SELECT ON ALL TABLES IN SCHEMA g TO rv_seller;
SET ROLE rv_seller;
SELECT throws_ok($$SELECT ruvector_cypher('g', 'MATCH (x:Customer) RETURN x')$$, '42501');
RESET ROLE;
GRANT SELECT ON customer TO rv_seller;
ALTER TABLE customer ENABLE ROW LEVEL SECURITY;
CREATE POLICY later ON customer FOR SELECT TO rv_seller USING (id > 1);
SET ROLE rv_seller;
SELECT is((SELECT string_agg(x->>'n', ',') FROM ruvector_cypher('g', 'MATCH (x:Customer) RETURN x.name AS n ORDER BY n') x), 'Bob,Cid', 'row security applies');
RESET ROLE;
REVOKE ALL ON customer FROM rv_seller;
DROP POLICY later ON customer;
REVOKE ALL ON ALL TABLES IN SCHEMA g FROM rv_seller;
REVOKE ALL ON SCHEMA g FROM rv_seller;
DROP ROLE rv_seller;
SELECT ruvector_graph_detach('g', 'FRIEND') IS NULL AS x \gset
SELECT is(c('MATCH ()-[r:FRIEND]->() RETURN count(*) AS c'), '{"c":0}');
SELECT lives_ok($$SELECT ruvector_drop_graph('g')$$);
SELECT * FROM finish();
