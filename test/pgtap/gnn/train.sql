-- Training: tasks, batches, early stopping, the same result on any number of threads, Cora.
\set QUIET 1
\pset format unaligned
\pset tuples_only on
BEGIN;
SELECT plan(20);
-- Two communities, features that hardly tell them apart.
CREATE TABLE n (id int PRIMARY KEY, f vector(8), label text, split text);
INSERT INTO n SELECT i, (SELECT array_agg(sin(i * j * 1.7) + CASE WHEN j = 1 AND i <= 60 THEN 1 ELSE 0 END) FROM generate_series(1, 8) j)::vector,
    CASE WHEN i <= 60 THEN 'left' ELSE 'right' END, CASE i % 4 WHEN 0 THEN 'train' WHEN 1 THEN 'val' ELSE 'test' END
  FROM generate_series(1, 120) i;
CREATE TABLE e AS SELECT i AS src_id, (i - 1) / 60 * 60 + 1 + (i * j * 7 + j) % 60 AS dst_id FROM generate_series(1, 120) i, generate_series(1, 4) j;
INSERT INTO e SELECT i, i + 60 FROM generate_series(1, 60, 6) i;

SELECT ruvector_gnn_create('c', '[{"type": "gcn", "out": 8, "activation": "relu", "dropout": 0.3}, {"type": "gcn", "out": 2}]', 8);
CREATE TEMP TABLE log AS SELECT * FROM ruvector_gnn_train('c', 'n', 'e', 'f', 'label', 'split', epochs => 60, seed => 3);
SELECT is((SELECT count(*)::int FROM log), 60, 'a row an epoch');
SELECT ok((SELECT loss FROM log WHERE epoch = 60) < 0.5 * (SELECT loss FROM log WHERE epoch = 1), 'the loss falls');
SELECT ok((SELECT (metrics->>'test')::float8 > 0.85 FROM ruvector_gnn_versions WHERE model = 'c' AND version = 1), 'and the unseen are told apart');
SELECT ok((SELECT avg((class = label)::int) > 0.85 FROM ruvector_gnn_classify('c', 'n', 'e', 'f') JOIN n ON id = node_id), 'classify');
SELECT is((SELECT count(*)::int FROM ruvector_gnn_predict('c', 'n', 'e', 'f') GROUP BY node_id HAVING abs(sum(probability) - 1) < 1e-5 ORDER BY 1 LIMIT 1), 2, 'probabilities of all classes');

-- threads
SET LOCAL ruvector.threads = 1;
SELECT count(*) FROM ruvector_gnn_train('c', 'n', 'e', 'f', 'label', 'split', epochs => 15, seed => 9) \gset one_
SET LOCAL ruvector.threads = 3;
SELECT count(*) FROM ruvector_gnn_train('c', 'n', 'e', 'f', 'label', 'split', epochs => 15, seed => 9) \gset two_
SELECT is((SELECT count(*)::int FROM ruvector_gnn_weights a JOIN ruvector_gnn_weights b USING (model, layer, parameter, data) WHERE a.version = 2 AND b.version = 3), 4, 'the same bits with one thread and three');
SELECT is((SELECT count(*)::int FROM ruvector_gnn_weights a JOIN ruvector_gnn_weights b USING (model, layer, parameter, data) WHERE a.version = 1 AND b.version = 3 AND parameter = 'weight'), 0, 'other weights from another seed');
RESET ruvector.threads;
SELECT ruvector_gnn_use_version('c', 1);
SELECT is((SELECT version FROM ruvector_gnn_models WHERE name = 'c'), 1, 'back to an earlier version');

-- batches with sampled neighbours
SELECT ruvector_gnn_create('s', '[{"type": "sage", "out": 8, "activation": "relu"}, {"type": "sage", "out": 2}]', 8);
SELECT ok((SELECT loss FROM ruvector_gnn_train('s', 'n', 'e', 'f', 'label', 'split', epochs => 30, batch_size => 10, fanout => ARRAY[3, 3], seed => 2) ORDER BY epoch DESC LIMIT 1) < 0.5, 'batches with fanout');
SELECT count(*) FROM ruvector_gnn_train('s', 'n', 'e', 'f', 'label', 'split', epochs => 30, batch_size => 10, fanout => ARRAY[3, 3], seed => 2);
SELECT is((SELECT count(*)::int FROM ruvector_gnn_weights a JOIN ruvector_gnn_weights b USING (model, layer, parameter, data) WHERE model = 's' AND a.version = 1 AND b.version = 2), 6, 'repeat bit by bit');
SELECT ok((SELECT max(epoch) < 200 FROM ruvector_gnn_train('s', 'n', 'e', 'f', 'label', 'split', patience => 5)), 'early stopping');
SELECT ok((SELECT (metrics->>'best_epoch')::int < (metrics->>'epochs')::int FROM ruvector_gnn_versions WHERE model = 's' AND version = 3), 'keeps the best epoch');

-- links and no labels at all
SELECT ruvector_gnn_create('l', '[{"type": "gcn", "out": 16, "activation": "relu"}, {"type": "gcn", "out": 8}]', 8);
SELECT ok((SELECT validation_metric FROM ruvector_gnn_train('l', 'n', 'e', 'f', task => 'link_prediction', epochs => 100, weight_decay => 0) ORDER BY epoch DESC LIMIT 1) > 0.6, 'link prediction: edges held out are found');
SELECT ok((SELECT avg((target <= 60)::int) > 0.8 FROM ruvector_predict_links('l', 'n', 'e', 'f', 2, 20)), 'links within the community');
SELECT is((SELECT count(*)::int FROM ruvector_predict_links('l', 'n', 'e', 'f', 2, 120) JOIN e ON (src_id, dst_id) IN ((2, target), (target, 2))), 0, 'none that exist');
SELECT ok((SELECT (array_agg(loss ORDER BY epoch DESC))[1] < 0.95 * (array_agg(loss ORDER BY epoch))[1] FROM ruvector_gnn_train('l', 'n', 'e', 'f', task => 'unsupervised', epochs => 60, batch_size => 40)), 'unsupervised, in batches');
SELECT ok((SELECT avg(a.embedding <#> b.embedding) FILTER (WHERE (a.node_id <= 60) = (b.node_id <= 60)) < avg(a.embedding <#> b.embedding) FILTER (WHERE (a.node_id <= 60) <> (b.node_id <= 60))
  FROM ruvector_gnn_embed('l', 'n', 'e', 'f') a, ruvector_gnn_embed('l', 'n', 'e', 'f') b), 'neighbours get larger products');
SELECT throws_ok($$SELECT ruvector_gnn_train('l', 'n', 'e', 'f', task => 'unsupervised', epochs => 100, learning_rate => 1000, optimizer => 'sgd')$$, '22003', NULL, 'divergence is told');

-- Cora, one seed here; ten seeds: bench/gnn
\set cora `d="${RUVECTOR_SHARED:-../shared}/data/neural/cora"; [ -f "$d/nodes.tsv" ] && (cd "$d" && pwd) || true`
SELECT :'cora' <> '' AS has_cora \gset
\if :has_cora
\set nodes_file :cora '/nodes.tsv'
\set edges_file :cora '/edges.tsv'
CREATE TABLE paper (id int PRIMARY KEY, label int, split text, words int[], embedding sparsevec(1433));
COPY paper (id, label, split, words) FROM :'nodes_file' WITH (FORMAT csv, DELIMITER E'\t', HEADER);
UPDATE paper SET embedding = COALESCE((SELECT '{' || string_agg(w + 1 || ':' || 1.0 / cardinality(words), ',' ORDER BY w) || '}/1433' FROM unnest(words) w), '{}/1433')::sparsevec;
CREATE TABLE cites (src_id int, dst_id int);
COPY cites FROM :'edges_file' WITH (FORMAT csv, DELIMITER E'\t', HEADER);
SELECT ruvector_gnn_create('gcn', '[{"type": "gcn", "out": 16, "activation": "relu", "dropout": 0.5}, {"type": "gcn", "out": 7, "dropout": 0.5, "weight_decay": 0}]', 1433);
SELECT count(*) FROM ruvector_gnn_train('gcn', 'paper', 'cites', label => 'label', split => 'split', seed => 1);
SELECT ok((SELECT (metrics->>'test')::float8 >= 0.80 FROM ruvector_gnn_versions WHERE model = 'gcn' AND version = 1), 'Cora by GCN: ' || (SELECT metrics->>'test' FROM ruvector_gnn_versions WHERE model = 'gcn' AND version = 1));
SELECT is((SELECT count(*)::int FROM ruvector_gnn_classify('gcn', 'paper', 'cites', ARRAY[5, 1000, 2000]) a JOIN ruvector_gnn_classify('gcn', 'paper', 'cites') b USING (node_id, class) WHERE abs(a.probability - b.probability) < 1e-5), 3, 'papers alone get what the whole graph gives them');
\else
SELECT skip('no Cora in the shared folder', 2);
\endif
SELECT * FROM finish();
ROLLBACK;
