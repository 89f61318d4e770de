-- Poincare embedding of the transitive closure of the mammals of WordNet, with the defaults.
SET client_min_messages = warning;
SET maintenance_work_mem = '1GB';
DROP TABLE IF EXISTS mammal_closure, mammal_point;
CREATE TABLE mammal_closure (child text, parent text);
\set from '\\copy mammal_closure FROM ''' :data '/wordnet/mammal_closure.tsv'' WITH (FORMAT csv, DELIMITER E''\\t'', HEADER)'
:from
DO $$
DECLARE began float8 := cpu_ms();
BEGIN
  CREATE TABLE mammal_point AS SELECT * FROM ruvector_poincare_embed('mammal_closure', 5, epochs => 150);
  INSERT INTO figures (part, what, value, unit, bar) VALUES ('mammals', 'training', (cpu_ms() - began) / 1000, 'CPU-s', 10);
END $$;
INSERT INTO figures (part, what, value, unit, bar, at_least)
  SELECT 'mammals', f.* FROM ruvector_poincare_evaluate(edges => 'mammal_closure', nodes => 'mammal_point'),
    LATERAL (VALUES ('MAP', map::numeric, '', 0.88, true), ('mean rank', mean_rank::numeric, '', 3.6, false)) f;
