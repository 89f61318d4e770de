-- Node classification on Cora, the public split, 200 epochs, seeds 0 to 9.
SET client_min_messages = warning;
SET ruvector.threads = 1;
DROP TABLE IF EXISTS paper, cites, words;
CREATE TEMP TABLE words (id int, label int, split text, features int[]);
\set from '\\copy words FROM ''' :data '/cora/nodes.tsv'' WITH (FORMAT csv, DELIMITER E''\\t'', HEADER)'
:from
CREATE TABLE paper AS SELECT id, label, split,
    (SELECT '{' || string_agg(f + 1 || ':' || 1.0 / cardinality(features), ',' ORDER BY f) || '}/1433' FROM unnest(features) f)::sparsevec AS embedding FROM words;
CREATE TABLE cites (src_id int, dst_id int);
\set from '\\copy cites FROM ''' :data '/cora/edges.tsv'' WITH (FORMAT csv, DELIMITER E''\\t'', HEADER)'
:from
VACUUM ANALYZE paper, cites;
CREATE TEMP TABLE recipe (model text, layers jsonb, rate float8, bar numeric);
INSERT INTO recipe VALUES
  ('GCN', '[{"type": "gcn", "out": 16, "activation": "relu", "dropout": 0.5}, {"type": "gcn", "out": 7, "dropout": 0.5, "weight_decay": 0}]', 0.01, 81.0),
  ('GAT', '[{"type": "gat", "out": 8, "heads": 8, "activation": "elu", "dropout": 0.6, "attention_dropout": 0.6}, {"type": "gat", "out": 7, "dropout": 0.6, "attention_dropout": 0.6}]', 0.005, 81.5),
  ('SAGE', '[{"type": "sage", "out": 64, "activation": "relu", "dropout": 0.5}, {"type": "sage", "out": 7, "dropout": 0.5}]', 0.01, 80);
DO $$
DECLARE r recipe; began float8; accuracy float8[]; cpu float8[];
BEGIN
  FOR r IN SELECT * FROM recipe LOOP
    accuracy := '{}'; cpu := '{}';
    FOR seed IN 0..9 LOOP
      PERFORM ruvector_gnn_drop(name) FROM ruvector_gnn_models WHERE name = 'cora';
      began := cpu_ms();
      PERFORM ruvector_gnn_create('cora', r.layers, 1433, seed);
      PERFORM ruvector_gnn_train('cora', 'paper', 'cites', label => 'label', split => 'split', epochs => 200, learning_rate => r.rate, seed => seed);
      cpu := cpu || (cpu_ms() - began) / 1000;
      accuracy := accuracy || (SELECT (metrics->>'test')::float8 * 100 FROM ruvector_gnn_versions v WHERE model = 'cora' ORDER BY version DESC LIMIT 1);
    END LOOP;
    INSERT INTO figures (part, what, value, unit, bar, at_least) SELECT 'cora', r.model || ', test accuracy, mean of 10', avg(a), '%', r.bar, true FROM unnest(accuracy) a;
    INSERT INTO figures (part, what, value, unit) SELECT 'cora', r.model || ', standard deviation', stddev_pop(a), '%' FROM unnest(accuracy) a;
    INSERT INTO figures (part, what, value, unit, bar) SELECT 'cora', r.model || ', a run, mean of 10', avg(c), 'CPU-s', 2.5 FROM unnest(cpu) c;
  END LOOP;
END $$;
