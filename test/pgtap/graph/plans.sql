\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
-- What plans look like: seeks by computed keys, whatever statistics there are; PROFILE. Each question has a text of
-- its own where the plan must be a new one.
BEGIN;
SELECT plan(24);
DO $$ BEGIN PERFORM ruvector_create_graph('g'); END $$;
CREATE FUNCTION pg_temp.c(q text, p jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS
  $$SELECT string_agg(x::text, ';') FROM ruvector_cypher('g', q, p) x$$;
CREATE FUNCTION pg_temp.seeks(q text) RETURNS bigint LANGUAGE sql AS
  $$SELECT count(*) FROM ruvector_cypher('g', 'EXPLAIN ' || q) x WHERE x::text LIKE '%IndexSeek%'$$;
CREATE FUNCTION pg_temp.scans(q text) RETURNS bigint LANGUAGE sql AS
  $$SELECT count(*) FROM ruvector_cypher('g', 'EXPLAIN ' || q) x WHERE x::text LIKE '%Scan%'$$;
\set load 'UNWIND $rows AS r MATCH (a:Person {id: r.a}), (b:Person {id: r.b}) CREATE (a)-[:KNOWS {since: r.since}]->(b)'
\set one 'UNWIND $rows AS r MATCH (n:Person {id: r.id}) RETURN n.id'

SELECT pg_temp.c('CREATE INDEX FOR (n:Person) ON (n.id)') IS NULL AS made \gset
SELECT is(pg_temp.seeks(:'one'), 1::bigint, 'a key of a row is sought in an index, before there is any node');
SELECT is(pg_temp.seeks(:'load'), 2::bigint, 'both ends');
SELECT pg_temp.c('UNWIND range(1, 3000) AS i CREATE (:Person {id: i, name: "p" + i}), (:Post {id: i})') IS NULL AS made \gset
SELECT is(pg_temp.seeks(:'one' || ' AS second'), 1::bigint, 'with nodes of which no statistics are known');
SELECT is(pg_temp.scans(:'one' || ' AS second'), 0::bigint, 'and nothing else');
SELECT is(pg_temp.seeks(:'load' || ' RETURN 2'), 2::bigint, 'both ends');
SELECT is(pg_temp.c(:'one', '{"rows": [{"id": 7}, {"id": 2999}, {"id": 7}, {"id": 4000}, {"id": null}]}'), '{"n.id":7};{"n.id":2999};{"n.id":7}', 'it finds them');
ANALYZE g.node;
ANALYZE g.node_label;
SELECT is(pg_temp.seeks(:'load'), 2::bigint, 'and with statistics');
-- Statistics of when there was nothing.
DELETE FROM g.node;
DELETE FROM g.node_label;
ANALYZE g.node;
ANALYZE g.node_label;
SELECT pg_temp.c('UNWIND range(1, 3000) AS i CREATE (:Person {id: i, name: "p" + i})') IS NULL AS made \gset
SELECT is(pg_temp.seeks(:'load'), 2::bigint, 'with statistics of an empty graph');
SELECT is(pg_temp.c(:'load', '{"rows": [{"a": 1, "b": 2, "since": 3}, {"a": 2, "b": 9999, "since": 4}]}'), NULL, 'relationships are made');
SELECT is(pg_temp.c('MATCH (a)-[k:KNOWS]->(b) RETURN a.id, k.since, b.id'), '{"a.id":1,"k.since":3,"b.id":2}', 'between nodes that are there');

SELECT matches(pg_temp.c('PROFILE MATCH (n:Person {id: 5}) RETURN n.name'), 'IndexSeek.* \(rows=1 actual=1 ms=[0-9.]+ pages=[1-9]', 'PROFILE counts rows, time and pages');
SELECT ok(pg_temp.c('EXPLAIN MATCH (n:Person {id: 5}) RETURN n.name') NOT LIKE '%pages=%', 'EXPLAIN runs nothing');

-- Seeks of every element of a list.
SELECT pg_temp.c('UNWIND [3.0, "5", null, 0.0 / 0, true, [1, 2], time("10:00+01:00"), datetime("2024-01-01T10:00+01:00")] AS v CREATE (:Person {id: v})') IS NULL AS made \gset
ANALYZE g.node;
ANALYZE g.node_label;
\set in_list 'MATCH (n:Person) WHERE n.id IN $l RETURN count(*) AS c'
SELECT is(pg_temp.seeks(:'in_list'), 1::bigint, 'elements are sought');
SELECT is(pg_temp.c(:'in_list', '{"l": [3, 3.0, 3, null, "5", 5, true, [1, 2], [1, 2.0], "x"]}'), '{"c":6}', 'repeats, nulls and kinds');
SELECT is(pg_temp.c('MATCH (n:Person) WHERE n.id IN [0.0 / 0, null, 2, 2.0, n.name] RETURN count(*) AS c'), '{"c":1}', 'NaN is equal to nothing');
SELECT is(pg_temp.c('MATCH (n:Person) WHERE n.id IN [0.0 / 0, null, 2, 2.0, 0.0 / 0] RETURN count(*) AS c'), '{"c":1}', 'in a seek neither');
SELECT is(pg_temp.c('MATCH (n:Person) WHERE n.id IN [time("09:00Z"), time("10:00+01:00"), datetime("2024-01-01T09:00Z"), datetime("2024-01-01T10:00+01:00[Europe/Paris]")] RETURN count(*) AS c'), '{"c":2}', 'times are their instants');
SELECT is(pg_temp.c('MATCH (n:Person {id: datetime("2024-01-01T04:00-05:00")}) RETURN toString(n.id) AS d'), '{"d":"2024-01-01T10:00+01:00"}', 'in an equality too');
-- 100,000 elements with repeats: seconds and more where they are compared with each other.
SET LOCAL statement_timeout = '10s';
SELECT is(pg_temp.c(:'in_list', jsonb_build_object('l', (SELECT jsonb_agg(i % 50000 - 25000) FROM generate_series(1, 100000) i))), '{"c":3001}', 'a long list');
RESET statement_timeout;

-- Equalities without an index: a table of one side. The same in files, and beside a predicate that means the same.
SELECT pg_temp.c('UNWIND range(1, 20000) AS i CREATE (:Ship {port: "h" + (i % 700), n: i % 5000})') IS NULL AS made \gset
SELECT pg_temp.c('UNWIND range(1, 15000) AS i CREATE (:Port {name: "h" + i, n: toFloat(i)})') IS NULL AS made \gset
\set join 'MATCH (s:Ship), (p:Port) WHERE s.port = p.name RETURN count(*) AS c, sum(p.n) AS n'
SELECT matches(pg_temp.c('EXPLAIN ' || :'join'), 'HashJoin s.port = p.name table of scan.*LabelScan :Port.*LabelScan :Ship', 'a join by a table');
SELECT is(pg_temp.c(:'join'), (SELECT format('{"c":%s,"n":%s.0}', count(*), sum(i % 700)) FROM generate_series(1, 20000) i WHERE i % 700 > 0), 'finds all pairs');
SET LOCAL ruvector.cypher_work_mem = '1MB';
SELECT is(pg_temp.c('MATCH (s:Ship), (p:Port) WHERE s.n = p.n RETURN count(*) AS c, toInteger(sum(p.n)) AS n'),
  (SELECT format('{"c":%s,"n":%s}', count(*), sum(i % 5000)) FROM generate_series(1, 20000) i WHERE i % 5000 > 0), 'in files, integers with floats');
RESET ruvector.cypher_work_mem;
SELECT matches(pg_temp.c('PROFILE MATCH (s:Ship {n: 7}) OPTIONAL MATCH (p:Port {name: s.port + ""}) RETURN s.n, p.n'), 'HashJoin .* actual=', 'PROFILE runs it');
SELECT ok(pg_temp.c('EXPLAIN MATCH (s:Ship), (n:Person {id: s.n}) RETURN n') NOT LIKE '%HashJoin%', 'where an index leads, it is followed');
SELECT * FROM finish();
ROLLBACK;
