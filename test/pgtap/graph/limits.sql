\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
-- Large and hostile input: memory goes to temporary files or ends in an error that says what to do, and everything
-- can be cancelled.
BEGIN;
SELECT plan(32);
DO $$ BEGIN PERFORM ruvector_create_graph('g'); END $$;
CREATE FUNCTION pg_temp.c(q text, p jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS
  $$SELECT string_agg(x::text, ';') FROM ruvector_cypher('g', q, p) x$$;
-- The SQLSTATE, message and hint of a query that fails.
CREATE FUNCTION pg_temp.fails(q text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE h text;
BEGIN
  PERFORM ruvector_cypher('g', q);
  RETURN 'no error';
EXCEPTION WHEN query_canceled THEN
  RETURN SQLSTATE;
WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS h = PG_EXCEPTION_HINT;
  RETURN SQLSTATE || ' ' || SQLERRM || ' ' || h;
END $$;
CREATE FUNCTION pg_temp.temp_bytes() RETURNS bigint LANGUAGE sql AS $$SELECT coalesce(sum(size), 0)::bigint FROM pg_ls_tmpdir()$$;

-- Half a million rows within 1 MB.
\set half_a_million 'UNWIND range(0, 499) AS a UNWIND range(0, 999) AS b WITH a * 1000 + b AS i '
SET LOCAL ruvector.cypher_work_mem = '1MB';
SET LOCAL work_mem = '4MB';
SELECT is((SELECT string_agg(x::text, ',' ORDER BY n) FROM (SELECT x, row_number() OVER () AS n FROM ruvector_cypher_rows('g',
    :'half_a_million' || 'RETURN (i * 7919) % 500000 AS x, toString(i) AS t ORDER BY x DESC') AS (x bigint, t text)) r
    WHERE n IN (1, 2, 250001, 500000)), '499999,499998,249999,0', 'ORDER BY sorts in files');
SELECT is((SELECT count(*) FROM ruvector_cypher_rows('g', :'half_a_million' || 'RETURN DISTINCT i % 300000 AS x') AS (x bigint)), 300000::bigint, 'DISTINCT');
SELECT is((SELECT count(DISTINCT x) FROM ruvector_cypher_rows('g', :'half_a_million' || 'RETURN DISTINCT i % 300000 AS x') AS (x bigint)), 300000::bigint, 'and they differ');
SELECT results_eq(format($$SELECT count(*), sum(c)::bigint, max(m) FROM ruvector_cypher_rows('g', %L) AS (k text, c bigint, m bigint)$$,
    :'half_a_million' || 'RETURN toString(i % 100000) AS k, count(*) AS c, max(i) AS m'),
  $$VALUES (100000::bigint, 500000::bigint, 499999::bigint)$$, 'grouping');
SELECT is(pg_temp.c(:'half_a_million' || 'WITH i % 100000 AS k, collect(i) AS all WITH k, size(all) AS s RETURN count(*) AS n, min(s) AS l, max(s) AS h'),
  '{"n":100000,"l":5,"h":5}', 'lists of many groups');
SELECT is(pg_temp.c(:'half_a_million' || 'WITH i % 20 AS k, collect(i) AS all WITH k, size(all) AS s, all[0] AS f, last(all) AS t RETURN count(*) AS n, min(s) AS l, max(s) AS h, sum(t - f) AS w'),
  '{"n":20,"l":25000,"h":25000,"w":9999600}', 'lists that are small each');
SELECT is(pg_temp.c(:'half_a_million' || 'RETURN count(DISTINCT i % 300000) AS c, sum(DISTINCT i % 300000) AS s, avg(DISTINCT i) AS a'),
  '{"c":300000,"s":44999850000,"a":249999.5}', 'sets of all rows');
SELECT is(pg_temp.c(:'half_a_million' || 'RETURN percentileDisc((i * 7919) % 500000, 0.5) AS d, percentileCont(i, 0.25) AS c'), '{"d":249999,"c":124999.75}', 'percentiles');
SELECT is(pg_temp.c('UNWIND range(1, 100000000000) AS i RETURN i LIMIT 2'), '{"i":1};{"i":2}', 'no list is made to be unwound');
SELECT is(pg_temp.c(:'half_a_million' || 'WITH i ORDER BY i DESC SKIP 10 LIMIT 400000 RETURN count(*) AS n, min(i) AS l, max(i) AS h'),
  '{"n":400000,"l":99990,"h":499989}', 'ORDER BY with a large LIMIT');
SELECT is(pg_temp.c('UNWIND range(0, 29) AS a UNWIND range(0, 999) AS b CREATE (n:N {i: a * 1000 + b}) SET n.j = n.i + 1 RETURN count(n.j) AS c, sum(n.j) AS s'),
  '{"c":30000,"s":450015000}', 'rows that wait for all to be written');
SELECT is(pg_temp.c('MATCH (n:N) RETURN count(n) AS c'), '{"c":30000}', 'and they are');
SELECT is(pg_temp.temp_bytes(), 0::bigint, 'no temporary file is left');

-- What cannot go to a file.
SELECT matches(pg_temp.fails(:'half_a_million' || 'RETURN collect(i)'), '^53200 memory required is \d+ MB, ruvector.cypher_work_mem is \d+ MB Increase ruvector.cypher_work_mem.$', 'a list beyond memory');
SELECT matches(pg_temp.fails('RETURN range(1, 10000000)'), '^53200 .*ruvector.cypher_work_mem', 'a list of ten millions');
SELECT matches(pg_temp.fails('RETURN reduce(s = ''x'', i IN range(1, 40) | s + s)'), '^5[34]...', 'a text of a terabyte');
SET LOCAL temp_file_limit = '1MB';
SELECT matches(pg_temp.fails(:'half_a_million' || 'RETURN i ORDER BY -i'), '^53400 temporary file size exceeds "?temp_file_limit', 'temp_file_limit holds');
RESET temp_file_limit;
SELECT is(pg_temp.temp_bytes(), 0::bigint, 'failed queries leave no files');
RESET ruvector.cypher_work_mem;

-- Deep and long texts.
SELECT matches(pg_temp.fails('RETURN ' || repeat('(', 10000) || '1' || repeat(')', 10000)), '^54001', 'ten thousand parentheses');
SELECT matches(pg_temp.fails('RETURN ' || repeat('[', 10000) || repeat(']', 10000)), '^54001', 'lists');
SELECT is(pg_temp.c('RETURN ' || repeat('NOT ', 100001) || 'true AS x'), '{"x":false}', 'NOT takes no depth');
SELECT matches(pg_temp.fails('RETURN ' || repeat('-', 100001) || '1'), '^(54001|42601)', 'signs');
SELECT ok(pg_temp.fails('RETURN 1' || repeat(' + 1', 250000) || ' AS x') ~ '^(no error|54001|54000)', 'a query of a megabyte is answered or refused');
SELECT is(length(pg_temp.c('RETURN ''' || repeat('x', 1000000) || ''' AS x')), 1000008, 'a text of a megabyte');
SELECT is(pg_temp.c('RETURN size([' || repeat('1, ', 300000) || '1]) AS x'), '{"x":300001}', 'a list of a megabyte');
SELECT matches(pg_temp.fails('MATCH (a)' || repeat('-->()', 200000) || ' RETURN a'), '^54', 'a pattern of a megabyte');
SELECT matches(pg_temp.fails(repeat('WITH 1 AS x ', 80000) || 'RETURN x'), '^54', 'clauses of a megabyte');

-- Paths among which there are many millions of candidates can be cancelled.
SELECT pg_temp.c('UNWIND range(1, 24) AS i CREATE (:K {i: i})') IS NULL AS made \gset
SELECT pg_temp.c('MATCH (a:K), (b:K) WHERE a.i <> b.i CREATE (a)-[:R]->(b)') IS NULL AS made \gset
SET LOCAL statement_timeout = '300ms';
SELECT is(pg_temp.fails('MATCH p = (a:K {i: 1})-[:R*1..20]->(b:K {i: 2}) WHERE length(p) = 20 RETURN count(p)'), '57014', 'trails are cancelled');
SELECT is(pg_temp.fails('MATCH (a:K)-[:R]->(b:K)-[:R]->(c:K)-[:R]->(d:K)-[:R]->(e:K)-[:R]->(f:K) WHERE a.i + f.i + c.i = -1 RETURN count(*)'), '57014', 'chains of steps are cancelled');
SELECT is(pg_temp.fails('UNWIND range(1, 9223372036854775807) AS i WITH i WHERE i < 0 RETURN i'), '57014', 'counting is cancelled');
SELECT is(pg_temp.fails('MATCH (a:N), (b:N), (c:N) WHERE a.i + b.i + c.i = -1 RETURN count(*)'), '57014', 'products are cancelled');
RESET statement_timeout;
SET LOCAL ruvector.cypher_work_mem = '1GB';  -- time ends first
SET LOCAL statement_timeout = '300ms';
SELECT is(pg_temp.fails('MATCH p = SHORTEST 1000000 (a:K {i: 1})-[:R]->+(b:K {i: 2}) RETURN count(p)'), '57014', 'shortest paths are cancelled');
RESET statement_timeout;
SELECT * FROM finish();
ROLLBACK;
