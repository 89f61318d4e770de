\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
SELECT plan(17);
-- Writers open only the indexes whose label or type a row has: amcheck tells whether every row that
-- an index is for is in it.
CREATE EXTENSION amcheck;
DO $$ BEGIN PERFORM ruvector_create_graph('g'); END $$;
CREATE FUNCTION c(q text) RETURNS text LANGUAGE sql AS $$SELECT string_agg(x::text, ';') FROM ruvector_cypher('g', q) x$$;
CREATE FUNCTION unsound() RETURNS text LANGUAGE plpgsql AS $$
DECLARE i regclass; out text := '';
BEGIN
  FOR i IN SELECT x.indexrelid FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid WHERE c.relnamespace = 'g'::regnamespace AND c.relkind = 'r' LOOP
    BEGIN
      PERFORM bt_index_check(i, true);
    EXCEPTION WHEN OTHERS THEN out := out || i::text || ': ' || SQLERRM || '; ';
    END;
  END LOOP;
  RETURN out;
END$$;
SELECT is(c('CREATE (:A {n: 0})-[:R {w: 0}]->(:B {n: 0})-[:S {w: 0}]->(:C)'), NULL);
SELECT is(c('CREATE INDEX a FOR (x:A) ON (x.n)') || c('CREATE INDEX b FOR (x:B) ON (x.n)') || c('CREATE INDEX bm FOR (x:B) ON (x.m)') ||
          c('CREATE INDEX r FOR ()-[x:R]-() ON (x.w)') || c('CREATE INDEX s FOR ()-[x:S]-() ON (x.w)'), NULL);
SELECT is(c('CREATE CONSTRAINT ck FOR (x:C) REQUIRE x.k IS UNIQUE'), NULL);
-- a function of that name which says something else
CREATE SCHEMA other;
CREATE FUNCTION other.ruvector_graph_has_label(int[], int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN true; END';
CREATE INDEX all_nodes ON g.node (id) WHERE other.ruvector_graph_has_label(labels, 99);
CREATE INDEX with_source ON g.edge (id) WHERE source = 1;

SELECT is(c('CREATE (:A {n: 1}), (:B {n: 1, m: 2}), (:A:B {n: 2}), ({n: 3}), (:D {n: 4})'), NULL, 'one statement, different labels');
SELECT is(c('UNWIND range(1, 100) AS i CREATE (:A {n: i})-[:R {w: i}]->(:C {k: i})-[:S {w: i}]->(:B {n: i})'), NULL, 'many rows at a time');
SELECT is(c('MATCH (x:A) WHERE x.n < 20 SET x:B SET x.m = x.n'), NULL, 'labels that come');
SELECT is(c('MATCH (x:B) WHERE x.n > 50 REMOVE x:B'), NULL, 'and go');
SELECT is(c('MATCH (x:D) SET x:A:B, x.m = 5 CREATE (x)-[:S {w: 5}]->(:A {n: 6})-[:R {w: 7}]->(x)'), NULL);
SELECT is(c('MATCH ()-[x:S]->() WHERE x.w < 30 SET x.w = -x.w'), NULL);
SELECT is(c('UNWIND range(1, 120) AS i MERGE (:A {n: i}) MERGE (x:C {k: i}) MERGE (x)-[:R {w: i}]->(x)'), NULL, 'MERGE with and without a constraint');
SELECT is(c('MATCH (x:C) RETURN count(x.k) AS n, count(DISTINCT x.k) AS d'), '{"n":120,"d":120}');
SELECT throws_ok($$SELECT c('CREATE (:A {k: 7}) CREATE (:A:C {k: 7})')$$, '23505', NULL, 'a unique index of a later row');
SELECT throws_ok($$SELECT c('MATCH (x:A {n: 3}) SET x.k = 3, x:C')$$, '23505', NULL, 'and of a label that comes');
SELECT is(unsound(), '', 'every row is in the indexes that are for it');
SELECT is((SELECT count(*) FROM g.node WHERE other.ruvector_graph_has_label(labels, 99)), (SELECT count(*) FROM g.node));
CREATE INDEX foreign_label ON g.node (ruvector_graph_sort_key(properties, 'z')) WHERE other.ruvector_graph_has_label(labels, 1);
SELECT is((SELECT count(*) FROM ruvector_cypher('g', 'SHOW INDEXES') x WHERE x->>'name' = 'foreign_label'), 0::bigint, 'nor do readers take it for the index of a label');
SELECT is((SELECT count(*) FROM ruvector_graph_check('g')), 0::bigint);
SELECT * FROM finish();
