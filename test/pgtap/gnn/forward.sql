-- Models over tables: every kind of layer, inductive runs, ids of any type, versions, sampling.
\set QUIET 1
\pset format unaligned
\pset tuples_only on
BEGIN;
SELECT plan(37);

CREATE TABLE n (id int PRIMARY KEY, embedding vector(4));
INSERT INTO n SELECT i, ARRAY[sin(i), cos(2 * i), sin(3 * i + 1), (i % 3) - 1]::real[]::vector
  FROM generate_series(1, 40) i ORDER BY i * 7919 % 41;
CREATE TABLE e (src_id int, dst_id int, w real);
INSERT INTO e SELECT i, (i * i + 3) % 40 + 1, 0.5 + i % 4 FROM generate_series(1, 40) i;
INSERT INTO e SELECT i, (i * 5 + 7) % 40 + 1, 1 FROM generate_series(1, 40) i;
CREATE INDEX ON e (dst_id); CREATE INDEX ON e (src_id);

-- Aggregation against its definition in SQL.
CREATE TEMP TABLE both_ways AS SELECT src_id AS s, dst_id AS d FROM e
  UNION ALL SELECT dst_id, src_id FROM e a WHERE src_id <> dst_id
    AND NOT EXISTS (SELECT FROM e b WHERE b.src_id = a.dst_id AND b.dst_id = a.src_id);
SELECT is((SELECT count(*)::int FROM ruvector_message_pass('n', 'e') m
  JOIN (SELECT d, avg(embedding) AS want FROM both_ways JOIN n ON n.id = s GROUP BY d) x ON d = node_id
  WHERE output <-> want < 1e-5), (SELECT count(DISTINCT d)::int FROM both_ways), 'mean over neighbours is avg() over them');
SELECT is((SELECT count(*)::int FROM ruvector_message_pass('n', 'e', aggregator => 'sum', weight_column => 'w', directed => true) m
  JOIN (SELECT dst_id AS d, (SELECT array_agg(t ORDER BY j) FROM (SELECT j, sum(w * x) AS t FROM e b JOIN n ON n.id = b.src_id,
    unnest(embedding::real[]) WITH ORDINALITY u(x, j) WHERE b.dst_id = a.dst_id GROUP BY j) z)::vector AS want FROM e a GROUP BY dst_id) x
  ON d = node_id WHERE output <-> want < 1e-4), (SELECT count(DISTINCT dst_id)::int FROM e), 'weighted sum, directed');
SELECT is((SELECT output::text FROM ruvector_message_pass('n', 'e', aggregator => 'max', directed => true) WHERE node_id = 12),
  COALESCE((SELECT array_agg(t ORDER BY j)::vector::text FROM (SELECT j, max(x) AS t FROM e JOIN n ON n.id = src_id, unnest(embedding::real[]) WITH ORDINALITY u(x, j) WHERE dst_id = 12 GROUP BY j) z), '[0,0,0,0]'),
  'max over in-edges');
SELECT is((SELECT count(*)::int FROM ruvector_message_pass('n', 'e', aggregator => a)), 40, a || ' gives every node')
  FROM unnest(ARRAY['min', 'std', 'attention']) a;

-- Every layer: a part of the graph gives what the whole gives.
CREATE FUNCTION pg_temp.agrees(layers jsonb, weights name) RETURNS text LANGUAGE plpgsql AS $$
DECLARE far float8; pairs int;
BEGIN
  PERFORM ruvector_gnn_create('probe', layers, 4, 5);
  SELECT max(a.embedding <-> b.embedding), count(*) INTO far, pairs
    FROM ruvector_gnn_embed('probe', 'n', 'e', weight_column => weights) a
    JOIN ruvector_gnn_embed('probe', 'n', 'e', ARRAY[17, 3, 40], weight_column => weights) b USING (node_id);
  PERFORM ruvector_gnn_drop('probe');
  RETURN pairs || CASE WHEN far < 1e-5 THEN ' same' ELSE ' differ by ' || far END;
END $$;
SELECT is(pg_temp.agrees(jsonb_build_array(l, l || '{"activation": "relu"}'), w), '3 same', 'reads only the neighbourhood: ' || l::text || COALESCE(' weighted', ''))
  FROM (VALUES ('{"type": "gcn", "out": 3}'::jsonb, NULL::name), ('{"type": "gcn", "out": 6}', 'w'), ('{"type": "sage", "out": 3}', NULL), ('{"type": "sage", "out": 3, "aggregator": "lstm"}', NULL),
    ('{"type": "sage", "out": 3, "aggregator": "pool"}', NULL), ('{"type": "sage", "out": 5, "aggregator": "gcn"}', 'w'), ('{"type": "sage", "out": 3, "aggregator": "set2set"}', NULL),
    ('{"type": "gat", "out": 2, "heads": 3}', NULL), ('{"type": "gatv2", "out": 2, "heads": 2, "concat": false}', NULL), ('{"type": "gin", "out": 3}', NULL),
    ('{"type": "sgc", "out": 3, "hops": 2}', NULL), ('{"type": "appnp", "hops": 3}', 'w')) v(l, w);

-- ids of other types, features of other types
CREATE TABLE nu (id uuid PRIMARY KEY, f sparsevec(4), h halfvec(4), a float8[]);
INSERT INTO nu SELECT md5(id::text)::uuid, embedding::sparsevec, embedding::halfvec, embedding::real[]::float8[] FROM n;
CREATE TABLE eu AS SELECT md5(src_id::text)::uuid AS a, md5(dst_id::text)::uuid AS b FROM e;
SELECT ruvector_gnn_create('m', '[{"type": "sage", "out": 3, "activation": "elu"}, {"type": "gcn", "out": 2}]', 4, 1);
SELECT is((SELECT count(*)::int FROM ruvector_gnn_embed('m', 'n', 'e') x
  JOIN ruvector_gnn_embed('m', 'nu', 'eu', NULL::uuid[], feature => f, source_column => 'a', target_column => 'b') y
    ON y.node_id = md5(x.node_id::text)::uuid WHERE x.embedding <-> y.embedding < t), 40, 'uuid ids and features as ' || f)
  FROM (VALUES ('f', 1e-5), ('h', 1e-2), ('a', 1e-5)) v(f, t);
SELECT is((SELECT embedding <-> (SELECT embedding FROM ruvector_gnn_embed('m', 'nu', 'eu', NULL::uuid[], feature => 'f', source_column => 'a', target_column => 'b') WHERE node_id = md5('5')::uuid) < 1e-6
  FROM ruvector_gnn_embed('m', 'nu', 'eu', ARRAY[md5('5')::uuid], feature => 'f', source_column => 'a', target_column => 'b')), true, 'a part by uuid');
CREATE TABLE nt AS SELECT 'node ' || id AS id, embedding FROM n;
CREATE TABLE et AS SELECT 'node ' || src_id AS src_id, 'node ' || dst_id AS dst_id FROM e;
SELECT is((SELECT count(*)::int FROM ruvector_message_pass('nt', 'et', NULL::text[]) x JOIN ruvector_message_pass('n', 'e') y ON x.node_id = 'node ' || y.node_id WHERE x.output <-> y.output < 1e-5), 40, 'text ids');

-- sampling
SELECT is((SELECT count(*)::int FROM ruvector_neighbor_sample('e', ARRAY[1, 2, 3], ARRAY[2, 1], 7) s
  WHERE NOT EXISTS (SELECT FROM both_ways WHERE s = src_id AND d = dst_id)), 0, 'sampled edges are edges');
SELECT is((SELECT max(c)::int FROM (SELECT count(*) AS c FROM ruvector_neighbor_sample('e', ARRAY[1, 2, 3], ARRAY[2, 1], 7) GROUP BY dst_id, hop) x), 2, 'no more than the fanout');
SELECT results_eq($$SELECT * FROM ruvector_neighbor_sample('e', ARRAY[1, 2, 3], ARRAY[2, 2], 7)$$, $$SELECT * FROM ruvector_neighbor_sample('e', ARRAY[1, 2, 3], ARRAY[2, 2], 7)$$, 'the same seed, the same sample');

-- graphs from vectors
SELECT is((SELECT count(*)::int FROM ruvector_build_knn_graph('n', k => 4, metric => 'l2') g
  JOIN LATERAL (SELECT array_agg(id ORDER BY d, id) AS want FROM (SELECT b.id, b.embedding <-> a.embedding AS d FROM n a, n b WHERE a.id = g.src_id AND b.id <> a.id ORDER BY 2, 1 LIMIT 4) z) x
  ON g.dst_id = ANY (want)), 160, 'nearest neighbours as a sort finds them');
SELECT results_eq($$SELECT src_id, dst_id, round(distance::numeric, 4) FROM ruvector_build_eps_graph('n', 'embedding', 0.3)$$,
  $$SELECT a.id::bigint, b.id::bigint, round((a.embedding <=> b.embedding)::numeric, 4) FROM n a JOIN n b ON a.id < b.id AND a.embedding <=> b.embedding <= 0.3 ORDER BY 1, 2$$, 'all pairs within epsilon');

-- embeddings from edges, search, score
SELECT is((SELECT count(*)::int FROM ruvector_fastrp('e', 16) WHERE vector_dims(embedding) = 16), 40, 'FastRP');
SELECT results_eq($$SELECT * FROM ruvector_fastrp('e', 16, seed => 4)$$, $$SELECT * FROM ruvector_fastrp('e', 16, seed => 4)$$, 'FastRP repeats');
SELECT is((SELECT count(*)::int FROM ruvector_node2vec('eu', NULL::uuid, dimensions => 8, walk_length => 10, walks_per_node => 2, source_column => 'a', target_column => 'b')), 40, 'node2vec, uuid ids');
SELECT is((SELECT bool_and(abs(score - (0.7 * similarity + 0.3 * graph_score)) < 1e-9 AND abs(similarity - (1 - (embedding <=> '[1,0,0,0]'))) < 1e-6)
  FROM ruvector_gnn_search('[1,0,0,0]', 'n', 'e', alpha => 0.3, candidates => 8) JOIN n ON id = node_id), true, 'search mixes similarity and graph');
SELECT results_eq($$SELECT node_id FROM ruvector_gnn_search('[1,0,0,0]', 'n', 'e', alpha => 0, candidates => 10, num_hops => 0, k => 5)$$,
  $$SELECT id::bigint FROM n ORDER BY embedding <=> '[1,0,0,0]', id LIMIT 5$$, 'alpha 0 is plain vector search');
SELECT is(round(ruvector_gnn_score('[1,0]', '[1,1]', ARRAY['[0,1]', NULL, '[1,0]']::vector[], 0.25)::numeric, 5), round((0.75 * sqrt(0.5) + 0.25 * 0.5)::numeric, 5), 'score');

-- versions and imported weights
SELECT is(ruvector_gnn_set_parameter('m', 2, 'bias', ARRAY[7, 9]), 1, 'a new version');
SELECT is((SELECT array_agg(DISTINCT version ORDER BY version) FROM ruvector_gnn_weights WHERE model = 'm'), ARRAY[0, 1], 'the old one stays');
SELECT is((SELECT min(round(((n.embedding - o.embedding)::real[])[1])) FROM ruvector_gnn_embed('m', 'n', 'e') n JOIN ruvector_gnn_embed('m', 'n', 'e', version => 0) o USING (node_id)), 7::float8, 'and can be asked');
SELECT * FROM finish();
ROLLBACK;
