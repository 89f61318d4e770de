\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(22);
-- One unit, W = 1, U = 0, b = 0, zeta = nu = sigmoid(0) = 1/2, head weight 2, bias 1:
-- z = sigmoid(x), c = tanh(x), h = (1/2 (1 - z) + 1/2) c.
CREATE TEMP TABLE m AS SELECT ruvector_fastgrnn_pack(
  '{"input": 1, "hidden": 1, "classes": 1, "head": "logistic"}', '{1, 0, 0, 0, 0, 0, 2, 1}') AS w;
SELECT ok(abs((ruvector_fastgrnn_forward(w, '{0.7}'))[1][1]
  - (0.5 * (1 - 1 / (1 + exp(-0.7))) + 0.5) * tanh(0.7)) < 1e-6, 'one step is the equation') FROM m;
SELECT ok(abs((ruvector_fastgrnn_predict(w, '{0.7}'))[1]
  - 1 / (1 + exp(-(2 * (0.5 * (1 - 1 / (1 + exp(-0.7))) + 0.5) * tanh(0.7) + 1)))) < 1e-6, 'and the head') FROM m;
SELECT is(array_dims(ruvector_fastgrnn_forward(w, '{{1},{2},{3}}')), '[1:3][1:1]', 'a state a step') FROM m;
SELECT isnt(ruvector_fastgrnn_forward(w, '{{1}}', '{5}'), ruvector_fastgrnn_forward(w, '{{1}}'), 'the initial state counts') FROM m;
SELECT is(ruvector_fastgrnn_info(w)->>'parameters', '8') FROM m;
SELECT throws_ok($$SELECT ruvector_fastgrnn_forward(w, '{{1,2}}') FROM m$$, '22000', 'model takes 1 inputs a step, the sequence has 2');
SELECT throws_ok($$SELECT ruvector_fastgrnn_forward(w, '{1}', '{1,2}') FROM m$$, '22000', 'initial state must have 1 elements');
SELECT throws_ok($$SELECT ruvector_fastgrnn_predict(w, '{NaN}') FROM m$$, '22000', 'sequence must hold finite numbers');
SELECT throws_ok($$SELECT ruvector_fastgrnn_predict(w, ARRAY[NULL]::real[]) FROM m$$, '22004');
SELECT throws_ok($$SELECT ruvector_fastgrnn_predict(w, '{}') FROM m$$, '2202E');
SELECT throws_ok($$SELECT ruvector_fastgrnn_predict('\x1234', '{1}')$$, 'XX001');
SELECT throws_ok($$SELECT ruvector_fastgrnn_predict(overlay(w placing '\xff' from 50), '{1}') FROM m$$, 'XX001');
SELECT throws_ok($$SELECT ruvector_fastgrnn_pack('{"input": 1, "hidden": 1, "classes": 1}', '{1,2}')$$, '22000',
  'FastGRNN of this shape has 8 parameters, not 2');
SELECT throws_ok($$SELECT ruvector_fastgrnn_pack('{"input": 1, "hidden": 1, "klasses": 1}', '{1,2}')$$, '22023', 'unknown option "klasses"');

-- Did a value above 1 occur? Sequences of different lengths.
CREATE TEMP TABLE seqs AS
  SELECT i, (SELECT array_agg(ARRAY[(hashint8(i * 31 + t) % 1000 / 1000.0 * 1.4)::real] ORDER BY t) FROM generate_series(1, 3 + i % 4) t) AS x
  FROM generate_series(1, 600) i;
ALTER TABLE seqs ADD y int;
UPDATE seqs SET y = ((SELECT max(v) FROM unnest(x) v) > 1)::int;
CREATE TEMP TABLE trained AS SELECT * FROM ruvector_fastgrnn_train('SELECT x, y FROM seqs WHERE i <= 500',
  '{"hidden": 8, "epochs": 60, "batch": 25, "validation_share": 0.1}');
SELECT ok(training_size = 450 AND epochs = 60 AND validation_loss IS NOT NULL, 'a tenth is held out') FROM trained;
SELECT cmp_ok((SELECT avg((((ruvector_fastgrnn_predict(weights, x))[2] > 0.5)::int = y)::int) FROM seqs, trained WHERE i > 500),
  '>', 0.9, 'it learned');
SELECT cmp_ok((SELECT avg((((ruvector_fastgrnn_predict(ruvector_fastgrnn_quantize(weights), x))[2] > 0.5)::int = y)::int) FROM seqs, trained WHERE i > 500),
  '>', 0.88, 'and still knows in 8 bits');
SELECT ok(length(ruvector_fastgrnn_quantize(weights)) < length(weights) / 2) FROM trained;
SELECT is((SELECT weights FROM ruvector_fastgrnn_train('SELECT x, y FROM seqs WHERE i <= 50', '{"epochs": 2}')),
  (SELECT weights FROM ruvector_fastgrnn_train('SELECT x, y FROM seqs WHERE i <= 50', '{"epochs": 2}')), 'the same seed, the same model');
SELECT throws_ok($$SELECT ruvector_fastgrnn_train('SELECT 1')$$, '22023', 'training query must return two columns, not 1');
SELECT throws_ok($$SELECT ruvector_fastgrnn_train('SELECT x, y FROM seqs WHERE false')$$, '22023', 'training query returned no rows');
SELECT throws_ok($$SELECT ruvector_fastgrnn_train('SELECT x, -1 FROM seqs')$$, '22023', 'class must be between 0 and 4095, not -1');
SELECT * FROM finish();
ROLLBACK;
