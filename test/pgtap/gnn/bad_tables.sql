-- Every function that reads tables tells what is wrong with them, whichever way it reads: bad references,
-- ids twice or NULL, ragged, missing and non-finite features, NULL ends, NaN weights.
\set QUIET 1
\pset format unaligned
\pset tuples_only on
BEGIN;
SELECT plan(109);
CREATE TABLE n AS SELECT i AS id, ARRAY[sin(i), 1]::vector AS embedding, ARRAY[sin(i), 1]::real[] AS numbers, i % 2 AS label FROM generate_series(1, 9) i;
CREATE TABLE e AS SELECT i AS src_id, i % 9 + 1 AS dst_id, 1.0::float8 AS w FROM generate_series(1, 9) i;
SELECT ruvector_gnn_create('m', '[{"type": "sage", "out": 2}, {"type": "gcn", "out": 2}]', 2);
SELECT count(*) FROM ruvector_gnn_train('m', 'n', 'e', label => 'label', epochs => 2);

CREATE TABLE damage (what text PRIMARY KEY, change text, state text, message text);
INSERT INTO damage VALUES
  ('reference', 'INSERT INTO e VALUES (77, 3, 1)', '22000', 'refers to node 77, which is not in'),
  ('twice', 'INSERT INTO n SELECT * FROM n WHERE id = 3', '23505', 'node 3 appears more than once'),
  ('null id', 'INSERT INTO n SELECT NULL, embedding, numbers, 1 FROM n WHERE id = 3', '22004', '"id" of public.n must not be NULL'),
  ('ragged', 'UPDATE n SET embedding = ''[1,2,3]'', numbers = ''{1,2,3}'' WHERE id = 3', '22000', 'feature "\w+" of node \d has \d dimensions'),
  ('missing', 'UPDATE n SET embedding = NULL, numbers = NULL WHERE id = 3', '22004', 'feature "\w+" of node 3 is NULL'),
  ('NaN', 'UPDATE n SET numbers = ''{NaN,1}'' WHERE id = 3', '22000', 'node 3 contains NaN or infinity'),
  ('infinity', 'UPDATE n SET numbers = ''{-Infinity,1}'' WHERE id = 3', '22000', 'node 3 contains NaN or infinity'),
  ('null end', 'UPDATE e SET src_id = NULL WHERE dst_id = 3', '22004', 'must not be NULL'),
  ('NaN weight', 'UPDATE e SET w = ''NaN'' WHERE dst_id = 3', '22000', 'weights of public.e must be finite'),
  ('negative weight', 'UPDATE e SET w = -1 WHERE dst_id = 3', '22000', 'must be finite and not negative');
-- With what a function reads, and so must notice: n all ids, 2 some of them, f features, r references, w edges
-- and weights.
CREATE TABLE reader (what text, statement text, reads text);
INSERT INTO reader VALUES
  ('embed', $$ruvector_gnn_embed('m', 'n', 'e', feature => 'numbers', weight_column => 'w')$$, 'nfrw'),
  ('embed some', $$ruvector_gnn_embed('m', 'n', 'e', ARRAY[3, 4], feature => 'numbers', weight_column => 'w')$$, 'frw2'),
  ('classify', $$ruvector_gnn_classify('m', 'n', 'e', feature => 'numbers', weight_column => 'w')$$, 'nfrw'),
  ('predict some', $$ruvector_gnn_predict('m', 'n', 'e', ARRAY[3], feature => 'numbers', weight_column => 'w')$$, 'frw2'),
  ('train', $$ruvector_gnn_train('m', 'n', 'e', feature => 'numbers', label => 'label', epochs => 1, weight_column => 'w')$$, 'nfrw'),
  ('train in batches', $$ruvector_gnn_train('m', 'n', 'e', feature => 'numbers', task => 'link_prediction', epochs => 1, batch_size => 2, weight_column => 'w')$$, 'nfrw'),
  ('links', $$ruvector_predict_links('m', 'n', 'e', 'numbers', 3, weight_column => 'w')$$, 'nfrw'),
  ('message passing', $$ruvector_message_pass('n', 'e', 'numbers', weight_column => 'w', normalization => 'sym')$$, 'nfrw'),
  ('search', $$ruvector_gnn_search('[0,1]', 'n', 'e', weight_column => 'w', candidates => 3)$$, 'rw'),
  ('search, all candidates', $$ruvector_gnn_search('[0,1]', 'n', 'e', weight_column => 'w')$$, 'rw2'),
  ('fastrp', $$ruvector_fastrp('e', 4, weight_column => 'w')$$, 'w'),
  ('node2vec', $$ruvector_node2vec('e', 4, weight_column => 'w')$$, 'w'),
  ('sample', $$ruvector_neighbor_sample('e', ARRAY[3], ARRAY[2], weight_column => 'w', directed => true)$$, 'w'),
  ('nearest', $$ruvector_build_knn_graph('n', 'numbers')$$, 'nf'),
  ('within', $$ruvector_build_eps_graph('n', 'numbers', 0.5)$$, 'nf');

CREATE FUNCTION pg_temp.noticed(r reader, d damage) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  BEGIN
    EXECUTE d.change;
    EXECUTE 'SELECT ' || r.statement;
    RAISE EXCEPTION 'nothing was raised' USING ERRCODE = 'P0099';
  EXCEPTION WHEN OTHERS THEN
    RETURN CASE WHEN SQLSTATE = d.state AND SQLERRM ~ d.message THEN 'noticed' ELSE SQLSTATE || ' ' || SQLERRM END;
  END;
END $$;
SELECT is(pg_temp.noticed(r, d), 'noticed', r.what || ': ' || d.what) FROM reader r, damage d
  WHERE CASE WHEN d.what ~ 'weight|end' THEN r.reads ~ 'w'
    WHEN d.what = 'reference' THEN r.reads ~ 'r' WHEN d.what = 'null id' THEN r.reads ~ 'n' WHEN d.what = 'twice' THEN r.reads ~ 'n|2' ELSE r.reads ~ 'f' END;
-- A row without a vector is no result of a search, but passes messages on.
UPDATE n SET embedding = NULL WHERE id = 5;
SELECT is((SELECT array_agg(node_id ORDER BY node_id) FROM ruvector_gnn_search('[0,1]', 'n', 'e', candidates => 4)) @> '{5}', false, 'a row without a vector is not found');
SELECT * FROM finish();
ROLLBACK;
