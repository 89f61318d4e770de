-- ruvector_attention_agg beside avg(vector) over 100,000 rows of 768 dimensions, one process, in the
-- database psql is connected to: CPU time as the server counts it. psql -f bench/attention/aggregate.sql
\set QUIET 1
\timing off
CREATE EXTENSION IF NOT EXISTS ruvector;
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
CREATE TABLE IF NOT EXISTS bench_rows (id int PRIMARY KEY, embedding vector(768));
INSERT INTO bench_rows
  SELECT i, (SELECT array_agg(sin(i * 0.7 + j * (1 + i % 7))) FROM generate_series(1, 768) j)::vector
    FROM generate_series(1, 100000) i
    WHERE NOT EXISTS (SELECT FROM bench_rows);
VACUUM ANALYZE bench_rows;
SELECT embedding AS q FROM bench_rows WHERE id = 1 \gset
SELECT count(embedding) AS warm FROM bench_rows;
-- Each statement prints "user / system / elapsed" of its own.
\o /dev/null
SET client_min_messages = log;
SET log_executor_stats = on;
\echo avg(vector)
SELECT avg(embedding) FROM bench_rows;
\echo ruvector_attention_agg
SELECT ruvector_attention_agg(:'q', embedding, embedding) FROM bench_rows;
\echo avg(vector)
SELECT avg(embedding) FROM bench_rows;
\echo ruvector_attention_agg
SELECT ruvector_attention_agg(:'q', embedding, embedding) FROM bench_rows;
\echo avg(vector)
SELECT avg(embedding) FROM bench_rows;
\echo ruvector_attention_agg
SELECT ruvector_attention_agg(:'q', embedding, embedding) FROM bench_rows;
