-- Chapter 9: property graphs and Cypher
\pset border 0
-- WordNet's nouns as a graph: a node for every synset, HYPERNYM from the narrower to the wider one.
SELECT ruvector_drop_graph('wordnet_graph', if_exists => true);
SELECT ruvector_create_graph('wordnet_graph');
\timing on
SELECT * FROM ruvector_graph_import('wordnet_graph',
  nodes => $$SELECT 'Synset' AS label, id, lemmas[1] AS word, lemmas, gloss, embedding FROM synset WHERE pos = 'n'$$,
  edges => $$SELECT child AS source, parent AS target, 'HYPERNYM' AS type FROM hypernym
    WHERE child IN (SELECT id FROM synset WHERE pos = 'n') AND parent IN (SELECT id FROM synset WHERE pos = 'n')$$);
\timing off
VACUUM (ANALYZE) wordnet_graph.node, wordnet_graph.node_label, wordnet_graph.edge;
SELECT ruvector_cypher('wordnet_graph', 'CREATE INDEX FOR (s:Synset) ON (s.word)');
SELECT ruvector_cypher('wordnet_graph', $$ CREATE VECTOR INDEX synset_embedding FOR (s:Synset) ON s.embedding OPTIONS {dimensions: 256, metric: 'cosine'} $$);

\echo 'What is a wolf? The shortest chain of wider terms up to "entity"'
SELECT way FROM ruvector_cypher_rows('wordnet_graph', $$
  MATCH p = (w:Synset {word: 'wolf'})-[:HYPERNYM]->+(:Synset {word: 'entity'})
  WHERE w.gloss STARTS WITH 'any of various predatory'
  RETURN reduce(s = '', n IN nodes(p) | s + CASE s WHEN '' THEN '' ELSE ' < ' END + n.word) AS way
  ORDER BY length(p) LIMIT 1 $$) AS (way text);

\echo 'The lowest common ancestor of dog and cat'
SELECT * FROM ruvector_cypher_rows('wordnet_graph', $$
  MATCH up = (a:Synset {word: 'dog'})-[:HYPERNYM]->+(x), down = (b:Synset {word: 'cat'})-[:HYPERNYM]->+(x)
  WHERE a.gloss STARTS WITH 'a member of the genus Canis' AND b.gloss STARTS WITH 'feline mammal'
  RETURN x.word, length(up) + length(down) AS steps ORDER BY steps LIMIT 1 $$) AS (ancestor text, steps int);

\echo 'The terms that most others lead to: PageRank along the hypernyms'
\timing on
SELECT * FROM ruvector_cypher_rows('wordnet_graph', $$
  CALL ruvector.pagerank('Synset', 'HYPERNYM', {iterations: 20}) YIELD node, score
  RETURN node.word, score ORDER BY score DESC LIMIT 5 $$) AS (word text, score float8);
\timing off

\echo 'Vectors and graph in one query: glosses near a sentence, of animals alone, each with its kind'
SELECT r.* FROM gloss_idf, ruvector_cypher_rows('wordnet_graph', $$
  CALL ruvector.knn('Synset', 'embedding', $q, 200) YIELD node, score
  MATCH (node)-[:HYPERNYM]->+(:Synset {word: 'animal'})
  MATCH (node)-[:HYPERNYM]->(kind)
  RETURN node.word, kind.word, round(score, 3) AS score ORDER BY score DESC LIMIT 5 $$,
  jsonb_build_object('q', ruvector_embed_text('large flightless bird that runs', 256, idf)::real[])) AS r (word text, kind text, score float8);

\echo 'And the graph is a set of tables'
SELECT count(*) AS leaves FROM wordnet_graph.nodes n
  WHERE NOT EXISTS (SELECT FROM wordnet_graph.relationships r WHERE r.target = n.id);

-- The tour checks itself.
DO $$
DECLARE ancestor text; problems bigint;
BEGIN
  SELECT word INTO ancestor FROM ruvector_cypher_rows('wordnet_graph', $q$
    MATCH up = (a:Synset {word: 'dog'})-[:HYPERNYM]->+(x), down = (b:Synset {word: 'cat'})-[:HYPERNYM]->+(x)
    WHERE a.gloss STARTS WITH 'a member of the genus Canis' AND b.gloss STARTS WITH 'feline mammal'
    RETURN x.word, length(up) + length(down) AS steps ORDER BY steps LIMIT 1 $q$) AS (word text, steps int);
  IF ancestor IS DISTINCT FROM 'carnivore' THEN RAISE EXCEPTION 'expected "carnivore", got %', ancestor; END IF;
  SELECT count(*) INTO problems FROM ruvector_graph_check('wordnet_graph');
  IF problems > 0 THEN RAISE EXCEPTION '% problems in the graph', problems; END IF;
  RAISE NOTICE 'self-check passed';
END $$;
