-- Self-attention, 8 heads of 64, on one thread: the whole statement, its arrays read from a table.
SET jit = off;
SET work_mem = '1GB';
SET client_min_messages = warning;
DROP TABLE IF EXISTS sequence;
CREATE TABLE sequence (n int, x vector[]);
INSERT INTO sequence SELECT n, (SELECT array_agg((SELECT array_agg(sin(i * 1.7 + j * j * 0.1)) FROM generate_series(1, 512) j)::vector) FROM generate_series(1, n) i)
  FROM unnest('{2048,8192,16384}'::int[]) n;
SET ruvector.threads = 1;
DO $$
DECLARE b record; m record; before float8; peak8 float8;
BEGIN
  FOR b IN SELECT * FROM (VALUES (2048, 149, 7), (8192, 2798, 3)) t(n, bar, runs) LOOP
    SELECT * INTO m FROM measure(format('SELECT count(*) FROM sequence, ruvector_self_attention(x, ''multi_head'', ''{"num_heads": 8}'') WHERE n = %s', b.n), b.runs);
    INSERT INTO figures (part, what, value, unit, bar) VALUES
      ('attention', 'n = ' || b.n || ', 8 x 64, median', m.median, 'ms', b.bar), ('attention', 'n = ' || b.n || ', 8 x 64, CPU', m.cpu, 'ms', NULL);
  END LOOP;
  peak8 := peak_mb();
  PERFORM count(*) FROM sequence, ruvector_self_attention(x, 'multi_head', '{"num_heads": 8}') WHERE n = 16384;
  -- 16,384 vectors are 32 MB; a matrix of their scores would be 1,024 MB a head.
  INSERT INTO figures (part, what, value, unit, bar) VALUES ('attention', 'peak memory, n = 16384 against 8192', peak_mb() - peak8, 'MB', 400);
END $$;
