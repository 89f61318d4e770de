-- Poincare embedding of the transitive closure of the nouns of WordNet, with the defaults; stays for the part index.
SET client_min_messages = warning;
SET maintenance_work_mem = '2GB';
DROP TABLE IF EXISTS noun_closure, noun_point;
CREATE TABLE noun_closure (child int, parent int);
\set from '\\copy noun_closure FROM PROGRAM ''zcat ' :data '/wordnet/noun_closure.tsv.gz'' WITH (FORMAT csv, DELIMITER E''\\t'', HEADER)'
:from
DO $$
DECLARE cpu float8 := cpu_ms(); began float8 := now_ms();
BEGIN
  CREATE TABLE noun_point AS SELECT node::int AS node, embedding::vector(10) AS embedding
    FROM ruvector_poincare_embed('noun_closure', 10, epochs => 60);
  INSERT INTO figures (part, what, value, unit) VALUES ('nouns', 'training', (cpu_ms() - cpu) / 1000, 'CPU-s'), ('nouns', 'training', (now_ms() - began) / 1000, 's');
END $$;
VACUUM ANALYZE noun_point;
INSERT INTO figures (part, what, value, unit, bar, at_least)
  SELECT 'nouns', f.* FROM ruvector_poincare_evaluate(edges => 'noun_closure', nodes => 'noun_point', sample => 2000),
    LATERAL (VALUES ('MAP, 2,000 children', map::numeric, '', 0.54, true), ('mean rank', mean_rank::numeric, '', NULL, false)) f;
