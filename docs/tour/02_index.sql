-- Chapter 2: the same questions through an index
\pset border 0
CREATE INDEX IF NOT EXISTS synset_embedding ON synset USING hnsw (embedding vector_cosine_ops);
SELECT pg_size_pretty(pg_relation_size('synset_embedding')) AS index_size,
  round(100 * (ruvector_index_stats('synset_embedding') ->> 'share_of_raw')::numeric, 1) AS percent_of_vectors,
  ruvector_index_stats('synset_embedding') ->> 'code_bytes' AS code_bytes;

SELECT ruvector_embed_text('a large wild cat with a striped coat', 256, idf) AS q FROM gloss_idf \gset
\echo 'Exact scan:'
SET enable_indexscan = off;
\timing on
SELECT lemmas[1] AS word, round((embedding <=> :'q')::numeric, 3) AS distance FROM synset ORDER BY embedding <=> :'q' LIMIT 5;
\timing off
RESET enable_indexscan;
\echo 'Through the index:'
\timing on
SELECT lemmas[1] AS word, round((embedding <=> :'q')::numeric, 3) AS distance FROM synset ORDER BY embedding <=> :'q' LIMIT 5;
\timing off
SELECT ruvector_last_scan() ->> 'distances' AS codes_compared, ruvector_last_scan() ->> 'reranked' AS rows_looked_up;

\echo 'A filter does not cut the answer short:'
SELECT lemmas[1] AS word, pos FROM synset WHERE pos = 'v' ORDER BY embedding <=> :'q' LIMIT 5;

-- Hashed words of short texts are hard to navigate: most pairs share nothing, and the nearest texts of a text lie in
-- no cluster together. Other graph indexes find no more at equal effort (docs/quantization.md); embeddings of a model
-- reach the same recall with a tenth of it (docs/benchmarks.md).
\echo 'How good is it? Rows as queries, against exact scans:'
SELECT effort AS ef_search, round(recall::numeric, 3) AS recall, round(index_ms::numeric, 2) AS index_ms,
  round(exact_ms::numeric, 1) AS exact_ms, advice FROM ruvector_advise('synset_embedding', 0.95, 10, 10);

DO $$
BEGIN
  IF EXISTS (SELECT FROM ruvector_index_check('synset_embedding') WHERE severity = 'error') THEN
    RAISE EXCEPTION 'the index is not sound';
  END IF;
  IF (SELECT recall FROM ruvector_recall('synset_embedding', 10, 20, 1000)) < 0.75 THEN
    RAISE EXCEPTION 'recall below 0.75 at ef_search 1000';
  END IF;
  RAISE NOTICE 'self-check passed';
END $$;
