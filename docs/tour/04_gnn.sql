-- Chapter 4: graph neural networks
\pset border 0
-- The animals: every synset below "animal", and the hypernym links among them.
SET client_min_messages = warning;
DROP TABLE IF EXISTS animal, animal_link;
RESET client_min_messages;
CREATE TABLE animal AS
  WITH RECURSIVE below AS (
    SELECT id FROM synset WHERE lemmas[1] = 'animal' AND pos = 'n'
    UNION SELECT h.child FROM hypernym h JOIN below b ON h.parent = b.id)
  SELECT id, lemmas[1] AS word, gloss, embedding, NULL::text AS kind, NULL::text AS part FROM synset JOIN below USING (id);
ALTER TABLE animal ADD PRIMARY KEY (id);
CREATE TABLE animal_link AS
  SELECT child AS src_id, parent AS dst_id FROM hypernym WHERE child IN (SELECT id FROM animal) AND parent IN (SELECT id FROM animal);
CREATE INDEX ON animal_link (src_id);
CREATE INDEX ON animal_link (dst_id);
ANALYZE animal, animal_link;
SELECT count(*) AS animals, (SELECT count(*) FROM animal_link) AS links FROM animal;

\echo 'Glosses smoothed over the hierarchy (one round of message passing): nearest to "wolf", before and after'
ALTER TABLE animal ADD smooth vector(256);
\timing on
UPDATE animal SET smooth = output
  FROM ruvector_message_pass('animal', 'animal_link', NULL::text[], aggregator => 'sum', normalization => 'sym', self_loops => true)
  WHERE node_id = id;
\timing off
SELECT (SELECT string_agg(word, ', ') FROM (SELECT a.word FROM animal a WHERE a.id <> w.id ORDER BY a.embedding <=> w.embedding LIMIT 6) x) AS by_gloss,
  (SELECT string_agg(word, ', ') FROM (SELECT a.word FROM animal a WHERE a.id <> w.id ORDER BY a.smooth <=> w.smooth LIMIT 6) x) AS by_gloss_and_graph
  FROM animal w WHERE word = 'wolf' AND gloss LIKE 'any of various predatory%';

\echo 'A GCN learns five kinds of animal from a fifth of them'
WITH RECURSIVE kinds AS (
  SELECT id, word AS kind FROM animal WHERE word IN ('mammal', 'bird', 'fish', 'insect', 'reptile')
  UNION SELECT l.src_id, k.kind FROM animal_link l JOIN kinds k ON l.dst_id = k.id)
UPDATE animal SET kind = k.kind, part = CASE abs(hashtext(animal.id)) % 10 WHEN 0 THEN 'train' WHEN 1 THEN 'train' WHEN 2 THEN 'val' ELSE 'test' END
  FROM (SELECT id, min(kind) AS kind FROM kinds GROUP BY id) k WHERE k.id = animal.id;
SELECT count(*) AS dropped FROM (SELECT ruvector_gnn_drop(name) FROM ruvector_gnn_models WHERE name = 'animals') d;
SELECT ruvector_gnn_create('animals', '[{"type": "gcn", "out": 32, "activation": "relu", "dropout": 0.5}, {"type": "gcn", "out": 5}]', 256);
\timing on
SELECT epoch, round(loss::numeric, 3) AS loss, round(validation_metric::numeric, 3) AS validation
  FROM ruvector_gnn_train('animals', 'animal', 'animal_link', label => 'kind', split => 'part', epochs => 60, seed => 1)
  WHERE epoch % 20 = 0 ORDER BY epoch;
\timing off
SELECT round((metrics->>'test')::numeric, 3) AS test_accuracy,
  (SELECT round(max(c) / sum(c), 3) FROM (SELECT count(*) AS c FROM animal WHERE part = 'test' GROUP BY kind) x) AS largest_class
  FROM ruvector_gnn_versions v JOIN ruvector_gnn_models m ON m.name = v.model AND m.version = v.version WHERE m.name = 'animals';

\echo 'And says so of single animals, reading only their neighbourhood'
SELECT word, class, round(probability::numeric, 3) AS probability
  FROM ruvector_gnn_classify('animals', 'animal', 'animal_link', (SELECT array_agg(id) FROM animal WHERE word IN ('wolf', 'emu', 'herring', 'bumblebee', 'gecko')))
  JOIN animal ON id = node_id ORDER BY word, class LIMIT 6;

\echo 'Search that listens to the neighbours: "flightless bird"'
SELECT word, round(score::numeric, 3) AS score, round(similarity::numeric, 3) AS similarity, round(graph_score::numeric, 3) AS graph
  FROM gloss_idf, ruvector_gnn_search(ruvector_embed_text('flightless bird', 256, idf), 'animal', 'animal_link', id_type => NULL::text, alpha => 0.3, k => 5, candidates => 50)
  JOIN animal ON id = node_id ORDER BY score DESC;

-- The tour checks itself.
DO $$
DECLARE accuracy float8;
BEGIN
  SELECT (metrics->>'test')::float8 INTO accuracy FROM ruvector_gnn_versions v JOIN ruvector_gnn_models m ON m.name = v.model AND m.version = v.version WHERE m.name = 'animals';
  IF accuracy < 0.8 THEN RAISE EXCEPTION 'expected a test accuracy of 0.8, got %', accuracy; END IF;
  RAISE NOTICE 'self-check passed';
END $$;
