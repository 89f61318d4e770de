-- What all parts share: the figures, and the processor time and peak memory of this backend.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS ruvector;
DROP TABLE IF EXISTS figures;
CREATE TABLE figures (at serial, part text, what text, value numeric, unit text, bar numeric, at_least boolean DEFAULT false,
  met boolean GENERATED ALWAYS AS (CASE WHEN bar IS NULL THEN NULL WHEN at_least THEN value >= bar ELSE value <= bar END) STORED);
COMMENT ON COLUMN figures.at_least IS 'the bar is what is wanted at least, not at most';

-- User and system time of all threads, from /proc (10 ms steps).
CREATE OR REPLACE FUNCTION cpu_ms() RETURNS float8 LANGUAGE sql VOLATILE AS $$
  SELECT (split_part(rest, ' ', 12)::float8 + split_part(rest, ' ', 13)::float8) * 10
    FROM (SELECT regexp_replace(pg_read_file('/proc/self/stat'), '^.*\) ', '') AS rest) s $$;
CREATE OR REPLACE FUNCTION peak_mb() RETURNS float8 LANGUAGE sql VOLATILE AS $$
  SELECT substring(pg_read_file('/proc/self/status') FROM 'VmHWM:\s+(\d+)')::float8 / 1024 $$;
CREATE OR REPLACE FUNCTION now_ms() RETURNS float8 LANGUAGE sql VOLATILE AS $$ SELECT extract(epoch FROM clock_timestamp()) * 1000 $$;

-- Runs a statement some times: median and least wall time, mean CPU time, each in ms.
CREATE OR REPLACE FUNCTION measure(statement text, runs int, OUT median float8, OUT best float8, OUT cpu float8) LANGUAGE plpgsql AS $$
DECLARE took float8[] := '{}'; began float8; cpu_began float8;
BEGIN
  EXECUTE statement;
  cpu_began := cpu_ms();
  FOR i IN 1..runs LOOP
    began := now_ms();
    EXECUTE statement;
    took := took || now_ms() - began;
  END LOOP;
  cpu := (cpu_ms() - cpu_began) / runs;
  SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY t), min(t) INTO median, best FROM unnest(took) t;
END $$;
