#!/usr/bin/env bash
# bm25.sh [ROWS] -- BM25 in the server that libpq's environment names: build and latency over ROWS texts of
# about 150 words with Zipf-like frequencies, beside GIN with ts_rank. psql must be on the PATH.
set -euo pipefail
rows=${1:-100000}
psql -X -q -v ON_ERROR_STOP=1 -v rows="$rows" <<'SQL'
SET client_min_messages = warning;
DROP TABLE IF EXISTS bm25_bench;
SELECT setseed(0.5);
CREATE TABLE bm25_bench AS SELECT i AS id, (SELECT string_agg('w' || floor(30000 ^ random())::int, ' ')
  FROM generate_series(1, 150) WHERE i > 0) AS body FROM generate_series(1, :rows) i;
VACUUM ANALYZE bm25_bench;
\timing on
\echo tokenising alone
SELECT count(to_tsvector('english', body)) FROM bm25_bench;
\echo build
CREATE INDEX bm25_bench_idx ON bm25_bench USING ruvector_bm25 (body) WITH (text_config = 'english');
\timing off
SELECT pg_size_pretty(pg_relation_size('bm25_bench_idx')) AS index, pg_size_pretty(pg_table_size('bm25_bench')) AS heap;
CREATE TEMP TABLE latency (ms float8, kind text);
DO $$
DECLARE started timestamptz; q text;
BEGIN
  FOR round IN 1..2 LOOP
    FOR i IN 1..300 LOOP
      q := (SELECT string_agg('w' || floor(30000 ^ random())::int, ' ') FROM generate_series(1, 9) WHERE i > 0);
      started := clock_timestamp();
      EXECUTE format('SELECT count(*) FROM (SELECT id FROM bm25_bench ORDER BY body <@> %L LIMIT 10) s', q);
      IF round = 2 THEN INSERT INTO latency VALUES (extract(epoch FROM clock_timestamp() - started) * 1000, 'bm25, 9 words'); END IF;
    END LOOP;
  END LOOP;
END $$;
SELECT kind, count(*), round(avg(ms)::numeric, 3) AS mean_ms, round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric, 3) AS p50_ms,
  round(percentile_cont(0.95) WITHIN GROUP (ORDER BY ms)::numeric, 3) AS p95_ms FROM latency GROUP BY kind;
SQL
