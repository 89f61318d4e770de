-- Chapter 1: nearest neighbours, exactly
\pset border 0
SELECT count(*) AS synsets, (SELECT count(*) FROM hypernym) AS hypernym_links,
  pg_size_pretty(pg_table_size('synset')) AS size, ruvector_simd_info()->>'level' AS simd FROM synset;

-- MATERIALIZED: otherwise the planner moves the embedding of the question into every row.
\echo 'Which synsets are nearest to "a large wild cat with a striped coat"?'
\timing on
WITH question AS MATERIALIZED (
  SELECT ruvector_embed_text('a large wild cat with a striped coat', 256, idf) AS q FROM gloss_idf)
SELECT lemmas[1] AS word, round((embedding <=> q)::numeric, 3) AS distance, left(gloss, 70) AS gloss
  FROM synset, question
  ORDER BY embedding <=> q LIMIT 5;
\timing off

\echo 'Which nouns are most like "violin" by their gloss?'
\timing on
SELECT lemmas[1] AS word, round((embedding <-> q)::numeric, 3) AS distance, left(gloss, 70) AS gloss
  FROM synset, (SELECT id AS self, embedding AS q FROM synset WHERE lemmas[1] = 'violin' AND pos = 'n' LIMIT 1) p
  WHERE pos = 'n' AND id <> self ORDER BY embedding <-> q LIMIT 5;
\timing off

\echo 'Meaning and hierarchy together: mammals nearest to "arboreal animal of tropical forests"'
\timing on
WITH RECURSIVE mammals AS (
  SELECT id FROM synset WHERE lemmas[1] = 'mammal' AND pos = 'n'
  UNION SELECT h.child FROM hypernym h JOIN mammals m ON h.parent = m.id),
question AS MATERIALIZED (
  SELECT ruvector_embed_text('arboreal animal of tropical forests', 256, idf) AS q FROM gloss_idf)
SELECT lemmas[1] AS word, round((embedding <=> q)::numeric, 3) AS distance, left(gloss, 70) AS gloss
  FROM synset JOIN mammals USING (id), question
  ORDER BY embedding <=> q LIMIT 5;
\timing off

-- The tour checks itself.
DO $$
DECLARE found text[]; rows bigint;
BEGIN
  SELECT count(*) INTO rows FROM synset;
  IF rows <> 117659 THEN RAISE EXCEPTION 'expected 117659 synsets, loaded %', rows; END IF;
  WITH question AS MATERIALIZED (
    SELECT ruvector_embed_text('a bowed stringed instrument, the highest member of the violin family', 256, idf) AS q
      FROM gloss_idf)
  SELECT array_agg(word) INTO found FROM (
    SELECT lemmas[1] AS word FROM synset, question ORDER BY embedding <=> q LIMIT 5) s;
  IF NOT 'violin' = ANY (found) THEN RAISE EXCEPTION 'expected violin among the nearest, found %', found; END IF;
  -- Exact means exact: the sum of the distances equals that of a plain SQL computation.
  IF EXISTS (
    SELECT FROM (SELECT embedding AS a, lead(embedding) OVER (ORDER BY id) AS b FROM synset LIMIT 50) s
    WHERE b IS NOT NULL AND abs((a <-> b) - (SELECT sqrt(sum((x - y) ^ 2)) FROM unnest(a::real[], b::real[]) u(x, y))) > 1e-5)
  THEN RAISE EXCEPTION 'a distance differs from its definition'; END IF;
  RAISE NOTICE 'self-check passed';
END $$;
