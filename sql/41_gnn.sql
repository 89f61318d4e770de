-- Further names of functions of graph neural networks: docs/gnn.md

-- One layer of the type in the name: ruvector_gnn_layer().
CREATE FUNCTION ruvector_gcn_layer(x vector[], src integer[], dst integer[], weights jsonb DEFAULT '{}',
    params jsonb DEFAULT '{}', edge_weights real[] DEFAULT NULL) RETURNS vector[] LANGUAGE SQL STABLE PARALLEL SAFE
BEGIN ATOMIC SELECT ruvector_gnn_layer('gcn', x, src, dst, weights, params, edge_weights); END;
CREATE FUNCTION ruvector_sage_layer(x vector[], src integer[], dst integer[], weights jsonb DEFAULT '{}',
    params jsonb DEFAULT '{}', edge_weights real[] DEFAULT NULL) RETURNS vector[] LANGUAGE SQL STABLE PARALLEL SAFE
BEGIN ATOMIC SELECT ruvector_gnn_layer('sage', x, src, dst, weights, params, edge_weights); END;
CREATE FUNCTION ruvector_gat_layer(x vector[], src integer[], dst integer[], weights jsonb DEFAULT '{}',
    params jsonb DEFAULT '{}', edge_weights real[] DEFAULT NULL) RETURNS vector[] LANGUAGE SQL STABLE PARALLEL SAFE
BEGIN ATOMIC SELECT ruvector_gnn_layer('gat', x, src, dst, weights, params, edge_weights); END;
CREATE FUNCTION ruvector_gatv2_layer(x vector[], src integer[], dst integer[], weights jsonb DEFAULT '{}',
    params jsonb DEFAULT '{}', edge_weights real[] DEFAULT NULL) RETURNS vector[] LANGUAGE SQL STABLE PARALLEL SAFE
BEGIN ATOMIC SELECT ruvector_gnn_layer('gatv2', x, src, dst, weights, params, edge_weights); END;
CREATE FUNCTION ruvector_gin_layer(x vector[], src integer[], dst integer[], weights jsonb DEFAULT '{}',
    params jsonb DEFAULT '{}', edge_weights real[] DEFAULT NULL) RETURNS vector[] LANGUAGE SQL STABLE PARALLEL SAFE
BEGIN ATOMIC SELECT ruvector_gnn_layer('gin', x, src, dst, weights, params, edge_weights); END;

-- The output of a layer for every node or for node_ids: ruvector_gnn_embed().
CREATE FUNCTION ruvector_gnn_forward(model text, nodes regclass, edges regclass,
    feature name DEFAULT 'embedding', layer integer DEFAULT NULL,
    version integer DEFAULT NULL, id_column name DEFAULT 'id', source_column name DEFAULT 'src_id',
    target_column name DEFAULT 'dst_id', weight_column name DEFAULT NULL, directed boolean DEFAULT false)
  RETURNS TABLE (node_id bigint, output vector)
  AS 'MODULE_PATHNAME', 'rv_gnn_embed' LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 10000;
CREATE FUNCTION ruvector_gnn_forward(model text, nodes regclass, edges regclass, node_ids anyarray,
    feature name DEFAULT 'embedding', layer integer DEFAULT NULL,
    version integer DEFAULT NULL, id_column name DEFAULT 'id', source_column name DEFAULT 'src_id',
    target_column name DEFAULT 'dst_id', weight_column name DEFAULT NULL, directed boolean DEFAULT false)
  RETURNS TABLE (node_id anyelement, output vector)
  AS 'MODULE_PATHNAME', 'rv_gnn_embed' LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 10000;

-- Likely links of a node: ruvector_predict_links().
CREATE FUNCTION ruvector_gnn_predict_links(model text, nodes regclass, edges regclass, feature name,
    source anyelement, k integer DEFAULT 10, exclude_existing boolean DEFAULT true, version integer DEFAULT NULL,
    id_column name DEFAULT 'id', source_column name DEFAULT 'src_id', target_column name DEFAULT 'dst_id',
    weight_column name DEFAULT NULL, directed boolean DEFAULT false)
  RETURNS TABLE (target anyelement, score real)
  AS 'MODULE_PATHNAME', 'rv_predict_links' LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 10;

-- The k nearest other rows of each row: ruvector_build_knn_graph().
CREATE FUNCTION ruvector_knn_graph(nodes regclass, embedding name DEFAULT 'embedding', k integer DEFAULT 10,
    metric text DEFAULT 'cosine', id_column name DEFAULT 'id')
  RETURNS TABLE (src_id bigint, dst_id bigint, distance double precision)
  AS 'MODULE_PATHNAME', 'rv_knn_graph' LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100000;
CREATE FUNCTION ruvector_knn_graph(nodes regclass, id_type anyelement, embedding name DEFAULT 'embedding', k integer DEFAULT 10,
    metric text DEFAULT 'cosine', id_column name DEFAULT 'id')
  RETURNS TABLE (src_id anyelement, dst_id anyelement, distance double precision)
  AS 'MODULE_PATHNAME', 'rv_knn_graph' LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100000;

-- All pairs of rows at most epsilon apart: ruvector_build_eps_graph().
CREATE FUNCTION ruvector_eps_graph(nodes regclass, embedding name, epsilon double precision,
    metric text DEFAULT 'cosine', id_column name DEFAULT 'id')
  RETURNS TABLE (src_id bigint, dst_id bigint, distance double precision)
  AS 'MODULE_PATHNAME', 'rv_eps_graph' LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100000;
CREATE FUNCTION ruvector_eps_graph(nodes regclass, id_type anyelement, embedding name, epsilon double precision,
    metric text DEFAULT 'cosine', id_column name DEFAULT 'id')
  RETURNS TABLE (src_id anyelement, dst_id anyelement, distance double precision)
  AS 'MODULE_PATHNAME', 'rv_eps_graph' LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100000;

-- One hop of message passing inside a query: GROUP BY the target of an edge. Element-wise, over the
-- vectors of a group; a group without any gives NULL.
CREATE FUNCTION ruvector_vector_larger(vector, vector) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_vector_larger' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_vector_smaller(vector, vector) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_vector_smaller' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE AGGREGATE ruvector_vector_max(vector) (
  SFUNC = ruvector_vector_larger, STYPE = vector, COMBINEFUNC = ruvector_vector_larger, PARALLEL = SAFE
);
CREATE AGGREGATE ruvector_vector_min(vector) (
  SFUNC = ruvector_vector_smaller, STYPE = vector, COMBINEFUNC = ruvector_vector_smaller, PARALLEL = SAFE
);
CREATE AGGREGATE ruvector_vector_sum(vector) (  -- sum(vector)
  SFUNC = vector_add, STYPE = vector, COMBINEFUNC = vector_add, PARALLEL = SAFE
);
CREATE AGGREGATE ruvector_vector_mean(vector) (  -- avg(vector)
  SFUNC = vector_accum, STYPE = double precision[], FINALFUNC = vector_avg,
  COMBINEFUNC = vector_combine, INITCOND = '{0}', PARALLEL = SAFE
);
