-- Chapter 6: attention over rows
\pset border 0
\echo 'A question, its ten nearest glosses, and what they say together: attention as an aggregate'
SET client_min_messages = warning;
DROP TABLE IF EXISTS context;
RESET client_min_messages;
CREATE TEMP TABLE context AS
WITH question AS MATERIALIZED (
  SELECT ruvector_embed_text('a musical instrument played with a bow', 256, idf) AS q FROM gloss_idf),
nearest AS (SELECT embedding, q FROM synset, question ORDER BY embedding <=> q LIMIT 10)
SELECT q, ruvector_attention_agg(q, embedding, embedding, 'cosine', '{"tau": 0.1}') AS expanded FROM nearest GROUP BY q;

\echo 'Searched again with the context vector (pseudo-relevance feedback):'
\timing on
SELECT lemmas[1] AS word, round((embedding <=> expanded)::numeric, 3) AS distance, left(gloss, 70) AS gloss
  FROM synset, context ORDER BY embedding <=> expanded LIMIT 6;
\timing off

\echo 'Who takes the attention? Weights of the nearest, softmax and sparsemax'
WITH nearest AS (SELECT lemmas[1] AS word, embedding, q FROM synset, context ORDER BY embedding <=> q LIMIT 6),
arrays AS (SELECT q, array_agg(word) AS words, array_agg(embedding) AS keys FROM nearest GROUP BY q)
SELECT u.* FROM arrays, unnest(words, ruvector_attention_weights(q, keys, 'cosine'),
  ruvector_attention_weights(q, keys, 'sparsemax', '{"scale": 10}')) u(word, softmax, sparsemax);

\echo 'Late interaction: candidates by one vector, re-ranked by every word of the question'
WITH question AS MATERIALIZED (
  SELECT ruvector_embed_text('small wild cat with spotted coat', 256, idf) AS q,
    (SELECT array_agg(ruvector_embed_text(w, 256, idf)) FROM unnest('{small,wild,cat,spotted,coat}'::text[]) w) AS words
    FROM gloss_idf),
candidates AS MATERIALIZED (SELECT lemmas[1] AS word, gloss, words FROM synset, question ORDER BY embedding <=> q LIMIT 30)
SELECT word, round(ruvector_maxsim(words, (SELECT array_agg(ruvector_embed_text(w, 256, idf))
    FROM gloss_idf, unnest(string_to_array(gloss, ' ')) w WHERE length(w) > 2))::numeric, 3) AS score, left(gloss, 60) AS gloss
  FROM candidates ORDER BY score DESC LIMIT 5;

DO $$
DECLARE nearest vector[]; q vector; a vector; b vector;
BEGIN
  SELECT array_agg(embedding) INTO nearest FROM (SELECT embedding FROM synset ORDER BY id LIMIT 200) s;
  q := nearest[7];
  a := ruvector_attention(q, nearest, nearest);
  SELECT ruvector_attention_agg(q, e, e) INTO b FROM unnest(nearest) e;
  IF a <-> b > 1e-5 THEN RAISE EXCEPTION 'attention over an array and over rows differ'; END IF;
  RAISE NOTICE 'self-check passed';
END $$;
