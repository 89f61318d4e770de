-- graph neural networks over node and edge tables
--
-- Conventions of every function here. `nodes` has an id column and a feature column (vector,
-- halfvec, sparsevec or an array of numbers); `edges` has a source and a target column of the ids'
-- type and perhaps a weight. Names of columns are arguments. A message flows from source to target;
-- unless `directed`, also back, where the table has no edge back. Tables are read with the caller's
-- privileges and copied, within maintenance_work_mem. Ids may be of any type. Each function has two
-- forms: without `node_ids` (or `id_type`) it gives ids as bigint; with it, as the elements' type of
-- `node_ids` (the type of `id_type`): node_ids => NULL::uuid[] means all nodes, with ids of type uuid.

CREATE TABLE ruvector_gnn_models (
  name text PRIMARY KEY,
  owner name NOT NULL DEFAULT current_user,
  shared boolean NOT NULL DEFAULT false,   -- whether other roles may use it
  layers jsonb NOT NULL,
  in_dim integer NOT NULL,
  out_dim integer NOT NULL,
  seed bigint NOT NULL DEFAULT 0,
  version integer NOT NULL DEFAULT 0,      -- the one in use
  created timestamptz NOT NULL DEFAULT now(),
  updated timestamptz NOT NULL DEFAULT now()
);
-- Version 0 holds the initial weights; each training adds one.
CREATE TABLE ruvector_gnn_versions (
  model text NOT NULL REFERENCES ruvector_gnn_models ON UPDATE CASCADE ON DELETE CASCADE,
  version integer NOT NULL,
  task text,
  classes text[],                          -- of a classifier, by output
  metrics jsonb,
  options jsonb,
  created timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (model, version)
);
-- float4 values, little-endian, row by row. layer counts from 1.
CREATE TABLE ruvector_gnn_weights (
  model text NOT NULL,
  version integer NOT NULL,
  layer integer NOT NULL,
  parameter text NOT NULL,
  rows integer NOT NULL,
  columns integer NOT NULL,
  data bytea NOT NULL,
  PRIMARY KEY (model, version, layer, parameter),
  FOREIGN KEY (model, version) REFERENCES ruvector_gnn_versions ON UPDATE CASCADE ON DELETE CASCADE
);
SELECT pg_catalog.pg_extension_config_dump('ruvector_gnn_models', '');
SELECT pg_catalog.pg_extension_config_dump('ruvector_gnn_versions', '');
SELECT pg_catalog.pg_extension_config_dump('ruvector_gnn_weights', '');

-- Everybody may have models; a model is seen by those who have its owner's role, and by all when it
-- is shared; only the former change it.
GRANT SELECT, INSERT, UPDATE, DELETE ON ruvector_gnn_models, ruvector_gnn_versions, ruvector_gnn_weights TO PUBLIC;
ALTER TABLE ruvector_gnn_models ENABLE ROW LEVEL SECURITY;
ALTER TABLE ruvector_gnn_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE ruvector_gnn_weights ENABLE ROW LEVEL SECURITY;
CREATE POLICY use_models ON ruvector_gnn_models FOR SELECT USING (shared OR ruvector_tenant_visible(owner));
CREATE POLICY add_models ON ruvector_gnn_models FOR INSERT WITH CHECK (ruvector_tenant_visible(owner));
CREATE POLICY change_models ON ruvector_gnn_models FOR UPDATE
  USING (ruvector_tenant_visible(owner)) WITH CHECK (ruvector_tenant_visible(owner));
CREATE POLICY remove_models ON ruvector_gnn_models FOR DELETE USING (ruvector_tenant_visible(owner));
CREATE POLICY use_versions ON ruvector_gnn_versions FOR SELECT
  USING (EXISTS (SELECT FROM ruvector_gnn_models m WHERE m.name = model));
CREATE POLICY change_versions ON ruvector_gnn_versions
  USING (EXISTS (SELECT FROM ruvector_gnn_models m WHERE m.name = model AND ruvector_tenant_visible(m.owner)));
CREATE POLICY use_weights ON ruvector_gnn_weights FOR SELECT
  USING (EXISTS (SELECT FROM ruvector_gnn_models m WHERE m.name = model));
CREATE POLICY change_weights ON ruvector_gnn_weights
  USING (EXISTS (SELECT FROM ruvector_gnn_models m WHERE m.name = model AND ruvector_tenant_visible(m.owner)));

-- One layer over arrays. src and dst are positions in x, from 1; weights and params as
-- docs/gnn.md lists them for each type: gcn, sage, gat, gatv2, gin, sgc, appnp, linear.
CREATE FUNCTION ruvector_gnn_layer(type text, x vector[], src integer[], dst integer[],
    weights jsonb DEFAULT '{}', params jsonb DEFAULT '{}', edge_weights real[] DEFAULT NULL)
  RETURNS vector[]
  AS 'MODULE_PATHNAME', 'rv_gnn_layer' LANGUAGE C STABLE PARALLEL SAFE COST 1000;

-- A new model with random weights. layers: '[{"type": "gcn", "out": 16, "activation": "relu",
-- "dropout": 0.5}, {"type": "gcn", "out": 7}]'. 42710 when the name is taken.
CREATE FUNCTION ruvector_gnn_create(name text, layers jsonb, in_dim integer, seed bigint DEFAULT 0)
  RETURNS void
  AS 'MODULE_PATHNAME', 'rv_gnn_create' LANGUAGE C VOLATILE PARALLEL UNSAFE;

-- Removes a model with all its versions.
CREATE FUNCTION ruvector_gnn_drop(model text) RETURNS void
  AS 'MODULE_PATHNAME', 'rv_gnn_drop' LANGUAGE C VOLATILE PARALLEL UNSAFE;

-- Makes an earlier (or later) version the one in use.
CREATE FUNCTION ruvector_gnn_use_version(model text, version integer) RETURNS void
  AS 'MODULE_PATHNAME', 'rv_gnn_use_version' LANGUAGE C VOLATILE PARALLEL UNSAFE;

-- Puts values (row by row) into a parameter: a new version, whose number it returns. For weights
-- trained elsewhere.
CREATE FUNCTION ruvector_gnn_set_parameter(model text, layer integer, parameter text, data real[])
  RETURNS integer
  AS 'MODULE_PATHNAME', 'rv_gnn_set_parameter' LANGUAGE C VOLATILE PARALLEL UNSAFE;

-- Trains a model and stores the result as its next version. One row an epoch; the metric is accuracy
-- (node_classification) or the area under the ROC curve (link_prediction). The same data, options and
-- seed give the same weights on any number of threads.
CREATE FUNCTION ruvector_gnn_train(model text, nodes regclass, edges regclass,
    feature name DEFAULT 'embedding', label name DEFAULT NULL, split name DEFAULT NULL,
    task text DEFAULT 'node_classification', epochs integer DEFAULT 200,
    learning_rate double precision DEFAULT 0.01, weight_decay double precision DEFAULT 5e-4,
    optimizer text DEFAULT 'adam', batch_size integer DEFAULT NULL, fanout integer[] DEFAULT NULL,
    patience integer DEFAULT NULL, seed bigint DEFAULT 0, warm_start boolean DEFAULT false,
    negatives integer DEFAULT NULL, holdout double precision DEFAULT 0.1,
    id_column name DEFAULT 'id', source_column name DEFAULT 'src_id', target_column name DEFAULT 'dst_id',
    weight_column name DEFAULT NULL, directed boolean DEFAULT false)
  RETURNS TABLE (epoch integer, loss double precision, train_metric double precision, validation_metric double precision)
  AS 'MODULE_PATHNAME', 'rv_gnn_train' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 200;

-- The output of a layer (NULL: the last) for every node, or for node_ids, reading only what these
-- depend on.
CREATE FUNCTION ruvector_gnn_embed(model text, nodes regclass, edges regclass,
    feature name DEFAULT 'embedding', layer integer DEFAULT NULL,
    version integer DEFAULT NULL, id_column name DEFAULT 'id', source_column name DEFAULT 'src_id',
    target_column name DEFAULT 'dst_id', weight_column name DEFAULT NULL, directed boolean DEFAULT false)
  RETURNS TABLE (node_id bigint, embedding vector)
  AS 'MODULE_PATHNAME', 'rv_gnn_embed' LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 10000;
CREATE FUNCTION ruvector_gnn_embed(model text, nodes regclass, edges regclass, node_ids anyarray,
    feature name DEFAULT 'embedding', layer integer DEFAULT NULL,
    version integer DEFAULT NULL, id_column name DEFAULT 'id', source_column name DEFAULT 'src_id',
    target_column name DEFAULT 'dst_id', weight_column name DEFAULT NULL, directed boolean DEFAULT false)
  RETURNS TABLE (node_id anyelement, embedding vector)
  AS 'MODULE_PATHNAME', 'rv_gnn_embed' LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 10000;

-- The most probable class of every node or of node_ids.
CREATE FUNCTION ruvector_gnn_classify(model text, nodes regclass, edges regclass,
    feature name DEFAULT 'embedding', version integer DEFAULT NULL,
    id_column name DEFAULT 'id', source_column name DEFAULT 'src_id', target_column name DEFAULT 'dst_id',
    weight_column name DEFAULT NULL, directed boolean DEFAULT false)
  RETURNS TABLE (node_id bigint, class text, probability real)
  AS 'MODULE_PATHNAME', 'rv_gnn_classify' LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 10000;
CREATE FUNCTION ruvector_gnn_classify(model text, nodes regclass, edges regclass, node_ids anyarray,
    feature name DEFAULT 'embedding', version integer DEFAULT NULL,
    id_column name DEFAULT 'id', source_column name DEFAULT 'src_id', target_column name DEFAULT 'dst_id',
    weight_column name DEFAULT NULL, directed boolean DEFAULT false)
  RETURNS TABLE (node_id anyelement, class text, probability real)
  AS 'MODULE_PATHNAME', 'rv_gnn_classify' LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 10000;

-- The probability of every class, one row a node and class.
CREATE FUNCTION ruvector_gnn_predict(model text, nodes regclass, edges regclass,
    feature name DEFAULT 'embedding', version integer DEFAULT NULL,
    id_column name DEFAULT 'id', source_column name DEFAULT 'src_id', target_column name DEFAULT 'dst_id',
    weight_column name DEFAULT NULL, directed boolean DEFAULT false)
  RETURNS TABLE (node_id bigint, class text, probability real)
  AS 'MODULE_PATHNAME', 'rv_gnn_predict' LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 10000;
CREATE FUNCTION ruvector_gnn_predict(model text, nodes regclass, edges regclass, node_ids anyarray,
    feature name DEFAULT 'embedding', version integer DEFAULT NULL,
    id_column name DEFAULT 'id', source_column name DEFAULT 'src_id', target_column name DEFAULT 'dst_id',
    weight_column name DEFAULT NULL, directed boolean DEFAULT false)
  RETURNS TABLE (node_id anyelement, class text, probability real)
  AS 'MODULE_PATHNAME', 'rv_gnn_predict' LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 10000;

-- The k nodes most likely linked with `source`: probability sigmoid(z_source . z_target), largest
-- first, without those it is linked with unless exclude_existing is false.
CREATE FUNCTION ruvector_predict_links(model text, nodes regclass, edges regclass, feature name,
    source anyelement, k integer DEFAULT 10, exclude_existing boolean DEFAULT true, version integer DEFAULT NULL,
    id_column name DEFAULT 'id', source_column name DEFAULT 'src_id', target_column name DEFAULT 'dst_id',
    weight_column name DEFAULT NULL, directed boolean DEFAULT false)
  RETURNS TABLE (target anyelement, score real)
  AS 'MODULE_PATHNAME', 'rv_predict_links' LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 10;

-- Features smoothed or summed over neighbours, without weights. aggregator: sum, mean, max, min, std,
-- attention (softmax of scaled dot products). normalization: none, row, sym (D^-1/2 A D^-1/2).
CREATE FUNCTION ruvector_message_pass(nodes regclass, edges regclass, feature name DEFAULT 'embedding',
    num_hops integer DEFAULT 1, aggregator text DEFAULT 'mean', normalization text DEFAULT 'none',
    self_loops boolean DEFAULT false, id_column name DEFAULT 'id',
    source_column name DEFAULT 'src_id', target_column name DEFAULT 'dst_id', weight_column name DEFAULT NULL,
    directed boolean DEFAULT false)
  RETURNS TABLE (node_id bigint, output vector)
  AS 'MODULE_PATHNAME', 'rv_message_pass' LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 10000;
CREATE FUNCTION ruvector_message_pass(nodes regclass, edges regclass, node_ids anyarray, feature name DEFAULT 'embedding',
    num_hops integer DEFAULT 1, aggregator text DEFAULT 'mean', normalization text DEFAULT 'none',
    self_loops boolean DEFAULT false, id_column name DEFAULT 'id',
    source_column name DEFAULT 'src_id', target_column name DEFAULT 'dst_id', weight_column name DEFAULT NULL,
    directed boolean DEFAULT false)
  RETURNS TABLE (node_id anyelement, output vector)
  AS 'MODULE_PATHNAME', 'rv_message_pass' LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 10000;

-- In-edges sampled hop by hop: at most fanout[h] of each node met at hop h.
CREATE FUNCTION ruvector_neighbor_sample(edges regclass, seeds anyarray, fanout integer[], seed bigint DEFAULT 0,
    source_column name DEFAULT 'src_id', target_column name DEFAULT 'dst_id', weight_column name DEFAULT NULL,
    directed boolean DEFAULT false)
  RETURNS TABLE (src_id anyelement, dst_id anyelement, hop integer)
  AS 'MODULE_PATHNAME', 'rv_neighbor_sample' LANGUAGE C STABLE PARALLEL RESTRICTED COST 10000 ROWS 1000;

-- FastRP embeddings (arXiv:1908.11512): random projections averaged over neighbours.
CREATE FUNCTION ruvector_fastrp(edges regclass, dimensions integer DEFAULT 128,
    iteration_weights real[] DEFAULT '{0,1,1}', normalization_strength double precision DEFAULT 0,
    seed bigint DEFAULT 0, source_column name DEFAULT 'src_id',
    target_column name DEFAULT 'dst_id', weight_column name DEFAULT NULL, directed boolean DEFAULT false)
  RETURNS TABLE (node_id bigint, embedding vector)
  AS 'MODULE_PATHNAME', 'rv_fastrp' LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 10000;
CREATE FUNCTION ruvector_fastrp(edges regclass, id_type anyelement, dimensions integer DEFAULT 128,
    iteration_weights real[] DEFAULT '{0,1,1}', normalization_strength double precision DEFAULT 0,
    seed bigint DEFAULT 0, source_column name DEFAULT 'src_id',
    target_column name DEFAULT 'dst_id', weight_column name DEFAULT NULL, directed boolean DEFAULT false)
  RETURNS TABLE (node_id anyelement, embedding vector)
  AS 'MODULE_PATHNAME', 'rv_fastrp' LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 10000;

-- node2vec embeddings (arXiv:1607.00653): skip-gram over biased random walks.
CREATE FUNCTION ruvector_node2vec(edges regclass, dimensions integer DEFAULT 128, walk_length integer DEFAULT 80,
    walks_per_node integer DEFAULT 10, p double precision DEFAULT 1, q double precision DEFAULT 1,
    window_size integer DEFAULT 10, negatives integer DEFAULT 5, epochs integer DEFAULT 1,
    learning_rate double precision DEFAULT 0.025, seed bigint DEFAULT 0,
    source_column name DEFAULT 'src_id', target_column name DEFAULT 'dst_id', weight_column name DEFAULT NULL,
    directed boolean DEFAULT false)
  RETURNS TABLE (node_id bigint, embedding vector)
  AS 'MODULE_PATHNAME', 'rv_node2vec' LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000000 ROWS 10000;
CREATE FUNCTION ruvector_node2vec(edges regclass, id_type anyelement, dimensions integer DEFAULT 128, walk_length integer DEFAULT 80,
    walks_per_node integer DEFAULT 10, p double precision DEFAULT 1, q double precision DEFAULT 1,
    window_size integer DEFAULT 10, negatives integer DEFAULT 5, epochs integer DEFAULT 1,
    learning_rate double precision DEFAULT 0.025, seed bigint DEFAULT 0,
    source_column name DEFAULT 'src_id', target_column name DEFAULT 'dst_id', weight_column name DEFAULT NULL,
    directed boolean DEFAULT false)
  RETURNS TABLE (node_id anyelement, embedding vector)
  AS 'MODULE_PATHNAME', 'rv_node2vec' LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000000 ROWS 10000;

-- The k nearest other rows of each row, all pairs looked at. metric: l2, cosine, inner_product; the
-- distance is that of <->, <=>, <#>.
CREATE FUNCTION ruvector_build_knn_graph(nodes regclass, embedding name DEFAULT 'embedding', k integer DEFAULT 10,
    metric text DEFAULT 'cosine', id_column name DEFAULT 'id')
  RETURNS TABLE (src_id bigint, dst_id bigint, distance double precision)
  AS 'MODULE_PATHNAME', 'rv_knn_graph' LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100000;
CREATE FUNCTION ruvector_build_knn_graph(nodes regclass, id_type anyelement, embedding name DEFAULT 'embedding', k integer DEFAULT 10,
    metric text DEFAULT 'cosine', id_column name DEFAULT 'id')
  RETURNS TABLE (src_id anyelement, dst_id anyelement, distance double precision)
  AS 'MODULE_PATHNAME', 'rv_knn_graph' LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100000;

-- All pairs of rows at most epsilon apart, each once (src_id before dst_id).
CREATE FUNCTION ruvector_build_eps_graph(nodes regclass, embedding name, epsilon double precision,
    metric text DEFAULT 'cosine', id_column name DEFAULT 'id')
  RETURNS TABLE (src_id bigint, dst_id bigint, distance double precision)
  AS 'MODULE_PATHNAME', 'rv_eps_graph' LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100000;
CREATE FUNCTION ruvector_build_eps_graph(nodes regclass, id_type anyelement, embedding name, epsilon double precision,
    metric text DEFAULT 'cosine', id_column name DEFAULT 'id')
  RETURNS TABLE (src_id anyelement, dst_id anyelement, distance double precision)
  AS 'MODULE_PATHNAME', 'rv_eps_graph' LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100000;

-- Vector search that trusts what its neighbours say: `candidates` by similarity (through an index of
-- the column where there is one), what is num_hops around them, and
-- score = (1 - alpha) similarity + alpha graph_score, where graph_score (0 to 1) is the similarity
-- weighted exp(.. / temperature) and propagated over the edges (APPNP).
CREATE FUNCTION ruvector_gnn_search(query vector, nodes regclass, edges regclass, feature name DEFAULT 'embedding',
    num_hops integer DEFAULT 2, k integer DEFAULT 10, alpha double precision DEFAULT 0.5,
    candidates integer DEFAULT 100, metric text DEFAULT 'cosine', temperature double precision DEFAULT 0.1, id_column name DEFAULT 'id', source_column name DEFAULT 'src_id',
    target_column name DEFAULT 'dst_id', weight_column name DEFAULT NULL, directed boolean DEFAULT false)
  RETURNS TABLE (node_id bigint, score double precision, similarity double precision, graph_score double precision)
  AS 'MODULE_PATHNAME', 'rv_gnn_search' LANGUAGE C STABLE PARALLEL RESTRICTED COST 10000 ROWS 10;
CREATE FUNCTION ruvector_gnn_search(query vector, nodes regclass, edges regclass, id_type anyelement, feature name DEFAULT 'embedding',
    num_hops integer DEFAULT 2, k integer DEFAULT 10, alpha double precision DEFAULT 0.5,
    candidates integer DEFAULT 100, metric text DEFAULT 'cosine', temperature double precision DEFAULT 0.1, id_column name DEFAULT 'id', source_column name DEFAULT 'src_id',
    target_column name DEFAULT 'dst_id', weight_column name DEFAULT NULL, directed boolean DEFAULT false)
  RETURNS TABLE (node_id anyelement, score double precision, similarity double precision, graph_score double precision)
  AS 'MODULE_PATHNAME', 'rv_gnn_search' LANGUAGE C STABLE PARALLEL RESTRICTED COST 10000 ROWS 10;

-- The one-hop form for use in a query: (1 - alpha) similarity(query, embedding) + alpha times the
-- mean similarity of the neighbours (NULLs are left out; none: the first alone).
CREATE FUNCTION ruvector_gnn_score(query vector, embedding vector, neighbors vector[],
    alpha double precision DEFAULT 0.5, metric text DEFAULT 'cosine')
  RETURNS double precision
  AS 'MODULE_PATHNAME', 'rv_gnn_score' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;

-- What a run over these tables needs: nodes, edges (both directions unless directed), bytes beside
-- maintenance_work_mem, floating-point operations and a rough time.
CREATE FUNCTION ruvector_gnn_estimate(model text, nodes regclass, edges regclass, training boolean DEFAULT false,
    epochs integer DEFAULT 1, directed boolean DEFAULT false)
  RETURNS TABLE (nodes_read bigint, edges_used bigint, bytes bigint, memory_limit bigint, fits boolean,
    operations double precision, seconds double precision)
  AS 'MODULE_PATHNAME', 'rv_gnn_estimate' LANGUAGE C STABLE PARALLEL RESTRICTED COST 10000 ROWS 1;
