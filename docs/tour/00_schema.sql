CREATE EXTENSION IF NOT EXISTS ruvector;
DROP TABLE IF EXISTS hypernym, synset;
CREATE TABLE synset (
  id text PRIMARY KEY,          -- part of speech and WordNet's offset
  pos "char" NOT NULL,          -- n, v, a, r
  lemmas text[] NOT NULL,
  gloss text NOT NULL,
  embedding vector(256)
);
CREATE TABLE hypernym (child text NOT NULL, parent text NOT NULL, instance boolean NOT NULL);
