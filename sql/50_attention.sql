-- attention: docs/attention.md
--
-- `type` is a name of ruvector_attention_types() or of ruvector_attention_create(); NULL takes the
-- setting ruvector.attention_type. `params` is a JSON object of the type's parameters and arrays.

-- The types: what they compute, what they cost, their parameters with defaults, the arrays they need
-- (optional ones in brackets), other names they answer to.
CREATE FUNCTION ruvector_attention_types(OUT name text, OUT family text, OUT complexity text, OUT best_for text,
    OUT parameters jsonb, OUT reference text, OUT formula text, OUT arrays text, OUT aliases text[])
  RETURNS SETOF record
  AS 'MODULE_PATHNAME', 'rv_attention_types' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 68;

-- stored types: a name, a type, parameters and weights; dumped by pg_dump

CREATE TABLE ruvector_attention_models (
  name text PRIMARY KEY CHECK (name <> ''),
  type text NOT NULL,
  params jsonb NOT NULL DEFAULT '{}',
  created timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE ruvector_attention_parameters (
  model text NOT NULL REFERENCES ruvector_attention_models ON DELETE CASCADE ON UPDATE CASCADE,
  name text NOT NULL,
  shape integer[] NOT NULL,
  data real[] NOT NULL,
  PRIMARY KEY (model, name)
);
ALTER TABLE ruvector_attention_parameters ALTER data SET STORAGE external;
SELECT pg_extension_config_dump('ruvector_attention_models', '');
SELECT pg_extension_config_dump('ruvector_attention_parameters', '');
GRANT ALL ON ruvector_attention_models, ruvector_attention_parameters TO @extowner@ WITH GRANT OPTION;
GRANT SELECT ON ruvector_attention_models, ruvector_attention_parameters TO PUBLIC;

-- Stores a type under a name, replacing what had it. weights: arrays by name; NULL with a seed or
-- with params.dim: initial weights, the same for the same seed everywhere.
CREATE FUNCTION ruvector_attention_create(name text, type text, params jsonb DEFAULT '{}', weights jsonb DEFAULT NULL,
    seed bigint DEFAULT NULL) RETURNS void
  AS 'MODULE_PATHNAME', 'rv_attention_create' LANGUAGE C VOLATILE;
-- Whether there was one.
CREATE FUNCTION ruvector_attention_drop(name text) RETURNS boolean
  AS 'MODULE_PATHNAME', 'rv_attention_drop' LANGUAGE C VOLATILE STRICT;

-- The raw score of one pair, before any normaliser; with heads the mean over them.
CREATE FUNCTION ruvector_attention_score(query vector, key vector, type text DEFAULT NULL, params jsonb DEFAULT '{}')
  RETURNS double precision
  AS 'MODULE_PATHNAME', 'rv_attention_score' LANGUAGE C STABLE PARALLEL SAFE;

-- The weight of every key.
CREATE FUNCTION ruvector_attention_weights(query vector, keys vector[], type text DEFAULT NULL, params jsonb DEFAULT '{}')
  RETURNS real[]
  AS 'MODULE_PATHNAME', 'rv_attention_weights' LANGUAGE C STABLE PARALLEL SAFE;

-- The output for one query. It stands at the position of the last key, if position matters, or at
-- params.query_position (from 0).
CREATE FUNCTION ruvector_attention(query vector, keys vector[], "values" vector[], type text DEFAULT NULL, params jsonb DEFAULT '{}')
  RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_attention' LANGUAGE C STABLE PARALLEL SAFE;

-- The same with the type first.
CREATE FUNCTION ruvector_attention(type text, query vector, keys vector[], "values" vector[], params jsonb DEFAULT '{}')
  RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_attention_of_type' LANGUAGE C STABLE PARALLEL SAFE;

-- The outputs for many queries; fewer queries than keys are the last positions.
CREATE FUNCTION ruvector_attention_batch(queries vector[], keys vector[], "values" vector[], type text DEFAULT NULL, params jsonb DEFAULT '{}')
  RETURNS vector[]
  AS 'MODULE_PATHNAME', 'rv_attention_batch' LANGUAGE C STABLE PARALLEL SAFE;

-- Every element attends to all of them (causal: to those before it and itself).
CREATE FUNCTION ruvector_self_attention(x vector[], type text DEFAULT NULL, params jsonb DEFAULT '{}', causal boolean DEFAULT false,
    OUT ordinality integer, OUT output vector)
  RETURNS SETOF record
  AS 'MODULE_PATHNAME', 'rv_self_attention' LANGUAGE C STABLE PARALLEL SAFE;

-- exp(x / temperature) over its sum; -infinity gets 0.
CREATE FUNCTION ruvector_softmax(scores real[], temperature double precision DEFAULT 1)
  RETURNS real[]
  AS 'MODULE_PATHNAME', 'rv_softmax' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

-- Late interaction (ColBERT): for every query vector its best inner product with a document vector,
-- summed.
CREATE FUNCTION ruvector_maxsim(queries vector[], documents vector[])
  RETURNS double precision
  AS 'MODULE_PATHNAME', 'rv_maxsim' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 200;

-- The top_k experts (from 1) by softmax of the inner products with their gating vectors, gates summing to 1.
CREATE FUNCTION ruvector_moe_route(embedding vector, experts vector[], top_k integer DEFAULT 2, OUT expert integer, OUT gate double precision)
  RETURNS SETOF record
  AS 'MODULE_PATHNAME', 'rv_moe_route' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 2;

-- The same with the gating of a stored type moe.
CREATE FUNCTION ruvector_moe_route(embedding vector, model text, top_k integer DEFAULT NULL, OUT expert integer, OUT gate double precision)
  RETURNS SETOF record
  AS 'MODULE_PATHNAME', 'rv_moe_route_model' LANGUAGE C STABLE PARALLEL SAFE ROWS 2;

-- Every row of query_table attends to the vectors of document_table; id: the text form of id_column.
-- Reads both tables with the caller's rights; NULL vectors are left out.
CREATE FUNCTION ruvector_cross_attention(query_table regclass, query_column name, document_table regclass,
    document_column name, type text DEFAULT NULL, params jsonb DEFAULT '{}', id_column name DEFAULT 'id',
    OUT id text, OUT output vector)
  RETURNS SETOF record
  AS 'MODULE_PATHNAME', 'rv_cross_attention' LANGUAGE C STABLE;

-- The k rows with the largest attention weight among all rows, mean over the heads (the vectors are
-- split into num_heads parts). Reads the whole table.
CREATE FUNCTION ruvector_mha_search(table_name regclass, column_name name, query vector, num_heads integer DEFAULT 8,
    k integer DEFAULT 10, id_column name DEFAULT 'id',
    OUT id text, OUT score double precision)
  RETURNS SETOF record
  AS 'MODULE_PATHNAME', 'rv_mha_search' LANGUAGE C STABLE ROWS 10;

-- aggregates

CREATE FUNCTION ruvector_attention_accum(internal, vector, vector, vector) RETURNS internal
  AS 'MODULE_PATHNAME', 'rv_attention_accum' LANGUAGE C STABLE PARALLEL SAFE;
CREATE FUNCTION ruvector_attention_accum(internal, vector, vector, vector, text) RETURNS internal
  AS 'MODULE_PATHNAME', 'rv_attention_accum' LANGUAGE C STABLE PARALLEL SAFE;
CREATE FUNCTION ruvector_attention_accum(internal, vector, vector, vector, text, jsonb) RETURNS internal
  AS 'MODULE_PATHNAME', 'rv_attention_accum' LANGUAGE C STABLE PARALLEL SAFE;
CREATE FUNCTION ruvector_attention_pool_accum(internal, vector, text) RETURNS internal
  AS 'MODULE_PATHNAME', 'rv_attention_pool_accum' LANGUAGE C STABLE PARALLEL SAFE;
CREATE FUNCTION ruvector_attention_pool_accum(internal, vector, text, bigint) RETURNS internal
  AS 'MODULE_PATHNAME', 'rv_attention_pool_accum' LANGUAGE C STABLE PARALLEL SAFE;
CREATE FUNCTION ruvector_attention_combine(internal, internal) RETURNS internal
  AS 'MODULE_PATHNAME', 'rv_attention_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ruvector_attention_serialize(internal) RETURNS bytea
  AS 'MODULE_PATHNAME', 'rv_attention_serialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_attention_deserialize(bytea, internal) RETURNS internal
  AS 'MODULE_PATHNAME', 'rv_attention_deserialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_attention_final(internal) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_attention_final' LANGUAGE C STABLE PARALLEL SAFE;

-- Attention of a query over the rows of a group: (query, key, value [, type [, params]]).
-- scaled_dot_product, cosine, gaussian and bilinear need one pass and O(d) memory; other types keep
-- the rows of a group (up to work_mem). NULLs do not count.
CREATE AGGREGATE ruvector_attention_agg(query vector, key vector, value vector) (
  SFUNC = ruvector_attention_accum, STYPE = internal, FINALFUNC = ruvector_attention_final,
  COMBINEFUNC = ruvector_attention_combine, SERIALFUNC = ruvector_attention_serialize,
  DESERIALFUNC = ruvector_attention_deserialize, PARALLEL = SAFE
);
CREATE AGGREGATE ruvector_attention_agg(query vector, key vector, value vector, type text) (
  SFUNC = ruvector_attention_accum, STYPE = internal, FINALFUNC = ruvector_attention_final,
  COMBINEFUNC = ruvector_attention_combine, SERIALFUNC = ruvector_attention_serialize,
  DESERIALFUNC = ruvector_attention_deserialize, PARALLEL = SAFE
);
CREATE AGGREGATE ruvector_attention_agg(query vector, key vector, value vector, type text, params jsonb) (
  SFUNC = ruvector_attention_accum, STYPE = internal, FINALFUNC = ruvector_attention_final,
  COMBINEFUNC = ruvector_attention_combine, SERIALFUNC = ruvector_attention_serialize,
  DESERIALFUNC = ruvector_attention_deserialize, PARALLEL = SAFE
);

-- Pools the rows of a group with a stored type pma, hierarchical or self_attentive_pooling; several
-- seeds or rows of it give one vector, side by side. segment: of hierarchical.
CREATE AGGREGATE ruvector_attention_pool_agg(value vector, model text) (
  SFUNC = ruvector_attention_pool_accum, STYPE = internal, FINALFUNC = ruvector_attention_final,
  COMBINEFUNC = ruvector_attention_combine, SERIALFUNC = ruvector_attention_serialize,
  DESERIALFUNC = ruvector_attention_deserialize, PARALLEL = SAFE
);
CREATE AGGREGATE ruvector_attention_pool_agg(value vector, model text, segment bigint) (
  SFUNC = ruvector_attention_pool_accum, STYPE = internal, FINALFUNC = ruvector_attention_final,
  COMBINEFUNC = ruvector_attention_combine, SERIALFUNC = ruvector_attention_serialize,
  DESERIALFUNC = ruvector_attention_deserialize, PARALLEL = SAFE
);
