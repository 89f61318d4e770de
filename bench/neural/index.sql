-- The hyperbolic index over the points of the part nouns, beside the Euclidean index over the same points:
-- recall@10 of 500 rows as queries, and the time of a query where the recall reaches .95.
SET client_min_messages = warning;
SET maintenance_work_mem = '1GB';
SET max_parallel_workers_per_gather = 0;
SET jit = off;
DROP TABLE IF EXISTS query, truth;
DROP INDEX IF EXISTS noun_hyperbolic, noun_euclidean;
CREATE TABLE query AS SELECT node, embedding FROM noun_point ORDER BY md5(node::text) LIMIT 500;
CREATE TABLE truth AS
  SELECT 'hyperbolic' AS kind, q.node, (SELECT array_agg(n) FROM (SELECT p.node AS n FROM noun_point p ORDER BY p.embedding <~> q.embedding LIMIT 10) t) AS nearest FROM query q
  UNION ALL SELECT 'euclidean', q.node, (SELECT array_agg(n) FROM (SELECT p.node AS n FROM noun_point p ORDER BY p.embedding <-> q.embedding LIMIT 10) t) FROM query q;
CREATE TEMP TABLE swept (kind text, ef int, recall float8, ms float8);
SET enable_seqscan = off;
CREATE FUNCTION pg_temp.sweep(what text, operator text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE q record; found int[]; hits bigint; began float8; spent float8; ef int;
BEGIN
  FOREACH ef IN ARRAY '{10,12,14,17,20,25,30,40,60,80,120}'::int[] LOOP
    PERFORM set_config('hnsw.ef_search', ef::text, false);
    hits := 0;
    FOR round IN 1..4 LOOP  -- the first warms
      began := cpu_ms();
      FOR q IN SELECT query.embedding, nearest FROM query JOIN truth USING (node) WHERE kind = what LOOP
        EXECUTE format('SELECT array_agg(node) FROM (SELECT node FROM noun_point ORDER BY embedding %s $1 LIMIT 10) t', operator) INTO found USING q.embedding;
        IF round = 1 THEN hits := hits + (SELECT count(*) FROM unnest(found) f WHERE f = ANY (q.nearest)); END IF;
      END LOOP;
      spent := CASE WHEN round = 1 THEN 0 ELSE spent + cpu_ms() - began END;
    END LOOP;
    INSERT INTO swept SELECT what, ef, hits / 10.0 / count(*), spent / 3 / count(*) FROM query;
  END LOOP;
END $$;
CREATE INDEX noun_hyperbolic ON noun_point USING ruvector_hyperbolic (embedding);
SELECT pg_temp.sweep('hyperbolic', '<~>');
DROP INDEX noun_hyperbolic;
CREATE INDEX noun_euclidean ON noun_point USING hnsw (embedding vector_l2_ops);
SELECT pg_temp.sweep('euclidean', '<->');
DROP INDEX noun_euclidean;
SELECT * FROM swept;
INSERT INTO figures (part, what, value, unit, bar, at_least)
  SELECT 'index', f.* FROM (SELECT DISTINCT ON (kind) * FROM swept WHERE kind = 'hyperbolic' AND recall >= 0.95 ORDER BY kind, ef) h,
    (SELECT DISTINCT ON (kind) * FROM swept WHERE kind = 'euclidean' AND recall >= 0.95 ORDER BY kind, ef) e,
    LATERAL (VALUES ('hyperbolic, recall@10 at ef ' || h.ef, h.recall::numeric, '', 0.95, true), ('hyperbolic, CPU of a query', h.ms::numeric, 'ms', NULL, false),
      ('Euclidean, recall@10 at ef ' || e.ef, e.recall::numeric, '', NULL, true), ('Euclidean, CPU of a query', e.ms::numeric, 'ms', NULL, false),
      ('hyperbolic / Euclidean', (h.ms / e.ms)::numeric, 'times', 1.5, false)) f;
INSERT INTO figures (part, what, value, bar, at_least) SELECT 'index', 'no ef reached recall .95: ' || kind, 0, 1, true FROM swept GROUP BY kind HAVING max(recall) < 0.95;
