\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
SELECT plan(23);
DO $$ BEGIN PERFORM ruvector_create_graph('g'); PERFORM ruvector_cypher('g', 'CREATE (:P {n: 1})-[:R]->(:P {n: 2})'); END $$;
CREATE ROLE rv_graph_reader;
CREATE ROLE rv_graph_writer;
CREATE FUNCTION c(q text) RETURNS text LANGUAGE sql AS $$SELECT string_agg(x::text, ';') FROM ruvector_cypher('g', q) x$$;

SET ROLE rv_graph_reader;
SELECT throws_ok($$SELECT c('MATCH (n:P) RETURN count(*) AS c')$$, '42501', NULL, 'no privilege on the schema');
RESET ROLE;
GRANT USAGE ON SCHEMA g TO rv_graph_reader, rv_graph_writer;
SET ROLE rv_graph_reader;
SELECT throws_ok($$SELECT c('MATCH (n:P) RETURN count(*) AS c')$$, '42501', NULL, 'none on the tables');
RESET ROLE;
GRANT SELECT ON ALL TABLES IN SCHEMA g TO rv_graph_reader, rv_graph_writer;
SET ROLE rv_graph_reader;
SELECT is(c('MATCH (n:P)-[:R]->(m) RETURN m.n AS n'), '{"n":2}', 'SELECT reads');
SELECT throws_ok($$SELECT c('CREATE (:P)')$$, '42501');
SELECT throws_ok($$SELECT c('MATCH (n:P) SET n.n = 3')$$, '42501');
SELECT throws_ok($$SELECT c('MATCH (n:P) DETACH DELETE n')$$, '42501');
SELECT throws_ok($$SELECT c('CREATE INDEX FOR (n:P) ON (n.n)')$$, '42501', NULL, 'indexes are the owner''s to make');
RESET ROLE;
GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA g TO rv_graph_writer;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA g TO rv_graph_writer;
SET ROLE rv_graph_writer;
SELECT is(c('CREATE (n:New {n: 3})-[:ALSO]->(:P {n: 4}) RETURN n.n AS n'), '{"n":3}', 'a writer makes new labels and types');
SELECT is(c('MATCH (n:New) SET n.n = 5 RETURN n.n AS n'), '{"n":5}');
SELECT is(c('MATCH (n:New) DETACH DELETE n'), NULL);
RESET ROLE;
REVOKE INSERT ON g.edge FROM rv_graph_writer;
SET ROLE rv_graph_writer;
SELECT throws_ok($$SELECT c('MATCH (n:P {n: 1}), (m:P {n: 2}) CREATE (n)-[:R]->(m)')$$, '42501', NULL, 'what was granted before is not remembered');
SELECT throws_ok($$SELECT c('MATCH (n:P {n: 1}), (m:P {n: 2}) MERGE (n)-[:R2]->(m)')$$, '42501');
RESET ROLE;
REVOKE SELECT ON g.edge FROM rv_graph_reader;
SET ROLE rv_graph_reader;
SELECT is(c('MATCH (n:P) RETURN count(*) AS c'), '{"c":3}', 'only tables that a query touches are asked for');
SELECT throws_ok($$SELECT c('MATCH (n:P)-->() RETURN n')$$, '42501');
RESET ROLE;

-- what direct access would bypass is refused
ALTER TABLE g.node ENABLE ROW LEVEL SECURITY;
SELECT is(c('MATCH (n:P) RETURN count(n.n) AS c'), '{"c":3}', 'the owner is exempt from row security');
SET ROLE rv_graph_reader;
SELECT throws_ok($$SELECT c('MATCH (n:P) RETURN n.n')$$, '0A000', 'table "node" of the graph has row security, which graph queries cannot apply');
RESET ROLE;
ALTER TABLE g.node DISABLE ROW LEVEL SECURITY;
CREATE FUNCTION noticed() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
CREATE TRIGGER t BEFORE INSERT ON g.node FOR EACH ROW EXECUTE FUNCTION noticed();
SELECT throws_ok($$SELECT c('CREATE (:P)')$$, '0A000', 'table "node" of the graph has triggers, which graph queries do not fire');
SELECT is(c('MATCH (n:P) RETURN count(*) AS c'), '{"c":3}', 'reading needs no trigger');
DROP TRIGGER t ON g.node;

SET default_transaction_read_only = on;
SELECT throws_ok($$SELECT c('CREATE (:P)')$$, '25006');
SELECT is(c('MATCH (n:P) RETURN count(*) AS c'), '{"c":3}');
RESET default_transaction_read_only;
REVOKE ALL ON ALL TABLES IN SCHEMA g FROM rv_graph_reader, rv_graph_writer;
SET ROLE rv_graph_writer;
SELECT throws_ok($$SELECT c('MATCH (n:P) RETURN n')$$, '42501', NULL, 'REVOKE takes it back');
SELECT throws_ok($$SELECT ruvector_drop_graph('g')$$, '42501');
RESET ROLE;
REVOKE ALL ON SCHEMA g FROM rv_graph_reader, rv_graph_writer;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA g FROM rv_graph_writer;
DROP ROLE rv_graph_reader, rv_graph_writer;
SELECT lives_ok($$SELECT ruvector_drop_graph('g')$$);
SELECT * FROM finish();
