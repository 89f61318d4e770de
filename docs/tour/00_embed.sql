-- How rare is each word, pair and n-gram in the glosses? Rare ones tell more.
CREATE TABLE IF NOT EXISTS gloss_idf AS SELECT ruvector_text_idf(gloss) AS idf FROM synset;
UPDATE synset SET embedding =
  ruvector_embed_text(array_to_string(lemmas, ', ') || ': ' || gloss, 256, (SELECT idf FROM gloss_idf));
ALTER TABLE hypernym ADD PRIMARY KEY (child, parent);
CREATE INDEX ON hypernym (parent);
VACUUM (FULL, ANALYZE) synset;
ANALYZE hypernym;
CREATE TABLE tour_loaded AS SELECT now() AS at;
