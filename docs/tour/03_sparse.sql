-- Chapter 3: words. BM25 over the glosses, and meaning and words together
\pset border 0
\echo 'An inverted index over 117,659 glosses'
\timing on
CREATE INDEX IF NOT EXISTS synset_gloss_bm25 ON synset USING ruvector_bm25 (gloss) WITH (text_config = 'english');
\timing off

\echo 'Best by BM25 for "bowed stringed instrument"'
\timing on
SELECT lemmas[1] AS word, round((gloss <@> 'bowed stringed instrument')::numeric, 2) AS score, left(gloss, 70) AS gloss
  FROM synset ORDER BY gloss <@> 'bowed stringed instrument' LIMIT 5;
\timing off

\echo 'The phrase "tropical forest", but nothing about birds'
SELECT lemmas[1] AS word, left(gloss, 70) AS gloss
  FROM synset WHERE gloss <@> bm25query(to_tsquery('english', 'tropical <-> forest & !bird'), 'synset_gloss_bm25') < 0
  ORDER BY gloss <@> bm25query(to_tsquery('english', 'tropical <-> forest & !bird'), 'synset_gloss_bm25') LIMIT 5;

\echo 'Hybrid: the neighbours of the embedding and the words, fused by rank'
\timing on
SELECT s.lemmas[1] AS word, round(h.score::numeric, 4) AS score, h.dense_rank AS dense, h.sparse_rank AS words, left(s.gloss, 50) AS gloss
  FROM gloss_idf, ruvector_hybrid_search('synset', 'embedding', text_column => 'gloss',
    dense_query => ruvector_embed_text('a large wild cat with a striped coat', 256, idf),
    text_query => 'a large wild cat with a striped coat', k => 5, id_column => 'id') h
  JOIN synset s ON s.id = h.id ORDER BY h.score DESC;
\timing off

-- The tour checks itself: the index gives what a scan of the table gives.
DO $$
DECLARE by_index text; by_table text;
BEGIN
  SET LOCAL enable_seqscan = off;
  SELECT string_agg(d::text, ',') INTO by_index FROM (SELECT gloss <@> 'bowed stringed instrument' AS d FROM synset ORDER BY gloss <@> 'bowed stringed instrument' LIMIT 50) s;
  SET LOCAL enable_seqscan = on;
  SET LOCAL enable_indexscan = off;
  SELECT string_agg(d::text, ',') INTO by_table FROM (SELECT gloss <@> 'bowed stringed instrument' AS d FROM synset ORDER BY gloss <@> 'bowed stringed instrument' LIMIT 50) s;
  IF by_index IS DISTINCT FROM by_table THEN RAISE EXCEPTION 'index and table disagree: % against %', by_index, by_table; END IF;
  IF EXISTS (SELECT FROM ruvector_index_check('synset_gloss_bm25')) THEN RAISE EXCEPTION 'the index is damaged'; END IF;
END $$;
\echo 'The index agrees with a scan of the table.'
