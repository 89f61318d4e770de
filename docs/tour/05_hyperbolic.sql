-- Chapter 5: a hierarchy in hyperbolic space
\pset border 0
\echo 'The mammals of WordNet: every pair of a synset and one of its ancestors'
SET client_min_messages = warning;
DROP TABLE IF EXISTS mammal_place, mammal_closure;
RESET client_min_messages;
CREATE TABLE mammal_closure AS
WITH RECURSIVE mammal AS (
  SELECT id FROM synset WHERE lemmas[1] = 'mammal' AND pos = 'n'
  UNION SELECT h.child FROM hypernym h JOIN mammal m ON h.parent = m.id),
inside AS (SELECT h.child, h.parent FROM hypernym h JOIN mammal c ON c.id = h.child JOIN mammal p ON p.id = h.parent),
up AS (SELECT child, parent FROM inside UNION SELECT up.child, i.parent FROM up JOIN inside i ON i.child = up.parent)
SELECT child, parent FROM up;
SELECT count(*) AS pairs, count(DISTINCT child) AS synsets FROM mammal_closure;

\echo 'Trained inside the database: 5 dimensions, Riemannian gradient descent'
\timing on
CREATE TABLE mammal_place AS SELECT node AS id, embedding::vector(5) AS embedding
  FROM ruvector_train_poincare('SELECT child, parent FROM mammal_closure', 5, '{"epochs": 100, "seed": 1}');
\timing off
SELECT round(map::numeric, 3) AS mean_average_precision, round(mean_rank::numeric, 2) AS mean_rank
  FROM ruvector_poincare_evaluate('SELECT child, parent FROM mammal_closure', 'SELECT id, embedding FROM mammal_place');

\echo 'General concepts lie near the centre, special ones near the boundary'
SELECT lemmas[1] AS word, round(vector_norm(p.embedding)::numeric, 3) AS norm
  FROM mammal_place p JOIN synset s USING (id) WHERE lemmas[1] IN ('mammal', 'placental', 'carnivore', 'canine', 'dog', 'poodle')
  ORDER BY norm LIMIT 8;

\echo 'The likeliest ancestors of "tiger", from distances and norms alone'
SELECT s.lemmas[1] AS word, round((p.embedding <~> x.embedding)::numeric, 2) AS distance
  FROM mammal_place p JOIN synset s USING (id),
    (SELECT id, m.embedding FROM mammal_place m JOIN synset USING (id) WHERE 'tiger' = ANY (lemmas) ORDER BY id LIMIT 1) x
  WHERE p.id <> x.id ORDER BY ruvector_is_a_score(x.embedding, p.embedding) DESC LIMIT 6;

\echo 'Indexed: the nearest neighbours of "tiger" along the hierarchy'
CREATE INDEX mammal_place_index ON mammal_place USING ruvector_hyperbolic (embedding);
SELECT s.lemmas[1] AS word, round(distance::numeric, 2) AS distance FROM (
  SELECT id, embedding <~> (SELECT m.embedding FROM mammal_place m JOIN synset USING (id) WHERE 'tiger' = ANY (lemmas) ORDER BY id LIMIT 1) AS distance
    FROM mammal_place ORDER BY distance LIMIT 6) n JOIN synset s USING (id) ORDER BY n.distance;

\echo 'What lies between a dog and a cat? The midpoint, and the nearest general concepts to it'
WITH ends AS (SELECT ruvector_einstein_midpoint(p.embedding) AS middle FROM mammal_place p JOIN synset s USING (id)
  WHERE s.lemmas[1] IN ('dog', 'domestic cat'))
SELECT s.lemmas[1] AS word, round((p.embedding <~> middle)::numeric, 2) AS distance
  FROM mammal_place p JOIN synset s USING (id), ends ORDER BY p.embedding <~> middle LIMIT 3;

DO $$
DECLARE quality float8; root text;
BEGIN
  SELECT map INTO quality FROM ruvector_poincare_evaluate('SELECT child, parent FROM mammal_closure', 'SELECT id, embedding FROM mammal_place');
  IF quality < 0.85 THEN RAISE EXCEPTION 'expected a MAP of at least 0.85, found %', quality; END IF;
  SELECT lemmas[1] INTO root FROM mammal_place p JOIN synset USING (id) ORDER BY vector_norm(p.embedding) LIMIT 1;
  IF root NOT IN ('mammal', 'placental') THEN RAISE EXCEPTION 'expected the root in the middle, found %', root; END IF;
  RAISE NOTICE 'self-check passed';
END $$;
