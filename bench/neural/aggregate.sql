-- ruvector_attention_agg beside avg(vector) over 100,000 rows of 768 dimensions, one process, in turn.
SET max_parallel_workers_per_gather = 0;
SET jit = off;
SET client_min_messages = warning;
CREATE TABLE IF NOT EXISTS bench_rows (id int PRIMARY KEY, embedding vector(768));
INSERT INTO bench_rows
  SELECT i, (SELECT array_agg(sin(i * 0.7 + j * (1 + i % 7))) FROM generate_series(1, 768) j)::vector FROM generate_series(1, 100000) i
    WHERE NOT EXISTS (SELECT FROM bench_rows);
VACUUM ANALYZE bench_rows;
DO $$
DECLARE avg_cpu float8 := 0; ours_cpu float8 := 0; m record;
  q vector := (SELECT embedding FROM bench_rows WHERE id = 1);
BEGIN
  FOR round IN 1..3 LOOP
    SELECT * INTO m FROM measure('SELECT avg(embedding) FROM bench_rows', 2);
    avg_cpu := avg_cpu + m.cpu / 3;
    SELECT * INTO m FROM measure(format('SELECT ruvector_attention_agg(%L::vector, embedding, embedding) FROM bench_rows', q), 2);
    ours_cpu := ours_cpu + m.cpu / 3;
  END LOOP;
  INSERT INTO figures (part, what, value, unit, bar) VALUES
    ('aggregate', 'avg(vector), CPU', avg_cpu, 'ms', NULL), ('aggregate', 'ruvector_attention_agg, CPU', ours_cpu, 'ms', NULL),
    ('aggregate', 'ruvector_attention_agg / avg(vector)', ours_cpu / avg_cpu, 'times', 1.3);
END $$;
