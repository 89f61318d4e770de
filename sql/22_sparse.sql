-- sparse retrieval: functions on sparsevec, inverted indexes, hybrid search

-- Builds a sparsevec from coordinates in any order; indices are 1-based, as in the text form.
CREATE FUNCTION ruvector_to_sparse(indices integer[], "values" real[], dim integer) RETURNS sparsevec
  AS 'MODULE_PATHNAME', 'rv_to_sparse' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
-- The entries with |value| > threshold.
CREATE FUNCTION ruvector_sparse_from_dense(v vector, threshold real DEFAULT 0) RETURNS sparsevec
  AS 'MODULE_PATHNAME', 'rv_sparse_from_vector' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_sparse_from_dense(v halfvec, threshold real DEFAULT 0) RETURNS sparsevec
  AS 'MODULE_PATHNAME', 'rv_sparse_from_halfvec' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_sparse_to_dense(s sparsevec) RETURNS vector
  LANGUAGE SQL IMMUTABLE STRICT PARALLEL SAFE RETURN s::vector;
CREATE FUNCTION ruvector_sparse_dot(a sparsevec, b sparsevec) RETURNS float8
  AS 'MODULE_PATHNAME', 'rv_sparsevec_inner_product' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
-- Cosine similarity, 1 for the same direction; NaN when a norm is zero. `<=>` is 1 minus it.
CREATE FUNCTION ruvector_sparse_cosine(a sparsevec, b sparsevec) RETURNS float8
  AS 'MODULE_PATHNAME', 'rv_sparsevec_cosine_similarity' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_sparse_euclidean(a sparsevec, b sparsevec) RETURNS float8
  AS 'MODULE_PATHNAME', 'rv_sparsevec_l2_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_sparse_add(a sparsevec, b sparsevec) RETURNS sparsevec
  AS 'MODULE_PATHNAME', 'rv_sparsevec_add' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_sparse_sub(a sparsevec, b sparsevec) RETURNS sparsevec
  AS 'MODULE_PATHNAME', 'rv_sparsevec_sub' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_sparse_mul(a sparsevec, b sparsevec) RETURNS sparsevec
  AS 'MODULE_PATHNAME', 'rv_sparsevec_mul' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_sparse_scale(s sparsevec, factor double precision) RETURNS sparsevec
  AS 'MODULE_PATHNAME', 'rv_sparsevec_scale' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_sparse_normalize(s sparsevec) RETURNS sparsevec
  AS 'MODULE_PATHNAME', 'rv_sparsevec_l2_normalize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
-- The k entries of largest magnitude; of equal ones those with the lower index.
CREATE FUNCTION ruvector_sparse_top_k(s sparsevec, k integer) RETURNS sparsevec
  AS 'MODULE_PATHNAME', 'rv_sparsevec_top_k' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
-- The entries with |value| >= threshold.
CREATE FUNCTION ruvector_sparse_prune(s sparsevec, threshold real) RETURNS sparsevec
  AS 'MODULE_PATHNAME', 'rv_sparsevec_prune' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_sparse_nnz(s sparsevec) RETURNS integer
  AS 'MODULE_PATHNAME', 'rv_sparsevec_nnz' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_sparse_dim(s sparsevec) RETURNS integer
  AS 'MODULE_PATHNAME', 'rv_sparsevec_dim' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
-- The entries of `a` at indices that `b` has as well.
CREATE FUNCTION ruvector_sparse_intersection(a sparsevec, b sparsevec) RETURNS sparsevec
  AS 'MODULE_PATHNAME', 'rv_sparsevec_intersection' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE OPERATOR + (LEFTARG = sparsevec, RIGHTARG = sparsevec, FUNCTION = ruvector_sparse_add, COMMUTATOR = +);
CREATE OPERATOR - (LEFTARG = sparsevec, RIGHTARG = sparsevec, FUNCTION = ruvector_sparse_sub);
CREATE OPERATOR * (LEFTARG = sparsevec, RIGHTARG = sparsevec, FUNCTION = ruvector_sparse_mul, COMMUTATOR = *);

CREATE FUNCTION ruvector_sparse_accum(internal, sparsevec) RETURNS internal
  AS 'MODULE_PATHNAME', 'rv_sparsevec_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ruvector_sparse_combine(internal, internal) RETURNS internal
  AS 'MODULE_PATHNAME', 'rv_sparsevec_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ruvector_sparse_serial(internal) RETURNS bytea
  AS 'MODULE_PATHNAME', 'rv_sparsevec_serial' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_sparse_deserial(bytea, internal) RETURNS internal
  AS 'MODULE_PATHNAME', 'rv_sparsevec_deserial' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_sparse_sum_final(internal) RETURNS sparsevec
  AS 'MODULE_PATHNAME', 'rv_sparsevec_sum_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ruvector_sparse_avg_final(internal) RETURNS sparsevec
  AS 'MODULE_PATHNAME', 'rv_sparsevec_avg_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;

-- Float64 sums; NULLs are ignored.
CREATE AGGREGATE sum(sparsevec) (
  SFUNC = ruvector_sparse_accum, STYPE = internal, FINALFUNC = ruvector_sparse_sum_final,
  COMBINEFUNC = ruvector_sparse_combine, SERIALFUNC = ruvector_sparse_serial, DESERIALFUNC = ruvector_sparse_deserial,
  PARALLEL = SAFE
);
CREATE AGGREGATE avg(sparsevec) (
  SFUNC = ruvector_sparse_accum, STYPE = internal, FINALFUNC = ruvector_sparse_avg_final,
  COMBINEFUNC = ruvector_sparse_combine, SERIALFUNC = ruvector_sparse_serial, DESERIALFUNC = ruvector_sparse_deserial,
  PARALLEL = SAFE
);

-- ranking formulae

-- tf * ln(documents / df).
CREATE FUNCTION ruvector_tf_idf(tf double precision, df bigint, documents bigint) RETURNS float8
  AS 'MODULE_PATHNAME', 'rv_tf_idf' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
-- The same for every entry of `tf` that `df` has as well.
CREATE FUNCTION ruvector_tf_idf(tf sparsevec, df sparsevec, documents bigint) RETURNS sparsevec
  AS 'MODULE_PATHNAME', 'rv_sparsevec_tf_idf' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
-- BM25 for given statistics: one entry of both arrays for each term of the query.
CREATE FUNCTION ruvector_bm25_score(term_freqs double precision[], doc_freqs double precision[],
    doc_len double precision, avg_doc_len double precision, total_docs bigint,
    k1 double precision DEFAULT 1.2, b double precision DEFAULT 0.75) RETURNS float8
  AS 'MODULE_PATHNAME', 'rv_bm25_score' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
-- Reciprocal rank fusion: 1 / (k + rank), and 0 for a NULL rank, so that a row that is missing from
-- one of the lists of a FULL JOIN simply gets nothing from it.
CREATE FUNCTION rrf_score(rank bigint, k integer DEFAULT 60) RETURNS float8
  AS 'MODULE_PATHNAME', 'rv_rrf_score' LANGUAGE C IMMUTABLE PARALLEL SAFE;

-- inverted indexes

CREATE FUNCTION ruvector_sparse_handler(internal) RETURNS index_am_handler
  AS 'MODULE_PATHNAME', 'rv_sparse_handler' LANGUAGE C;
CREATE FUNCTION ruvector_bm25_handler(internal) RETURNS index_am_handler
  AS 'MODULE_PATHNAME', 'rv_bm25_handler' LANGUAGE C;
CREATE ACCESS METHOD ruvector_sparse TYPE INDEX HANDLER ruvector_sparse_handler;
COMMENT ON ACCESS METHOD ruvector_sparse IS 'inverted index on sparse vectors: exact nearest neighbours by inner product or cosine';
CREATE ACCESS METHOD ruvector_bm25 TYPE INDEX HANDLER ruvector_bm25_handler;
COMMENT ON ACCESS METHOD ruvector_bm25 IS 'inverted index on text: ranking by BM25';

-- The first function is the distance; a second one, the norm, means cosine.
CREATE OPERATOR CLASS sparsevec_ip_ops DEFAULT FOR TYPE sparsevec USING ruvector_sparse AS
  OPERATOR 1 <#> (sparsevec, sparsevec) FOR ORDER BY float_ops,
  FUNCTION 1 sparsevec_negative_inner_product(sparsevec, sparsevec);
CREATE OPERATOR CLASS sparsevec_cosine_ops FOR TYPE sparsevec USING ruvector_sparse AS
  OPERATOR 1 <=> (sparsevec, sparsevec) FOR ORDER BY float_ops,
  FUNCTION 1 cosine_distance(sparsevec, sparsevec),
  FUNCTION 2 l2_norm(sparsevec);

-- What is looked for in a BM25 index: a bag of words or a tsquery, and the index whose statistics
-- count. Text form: words:INDEX:TEXT or tsquery:INDEX:QUERY.
CREATE TYPE bm25query;
CREATE FUNCTION bm25query_in(cstring) RETURNS bm25query
  AS 'MODULE_PATHNAME', 'rv_bm25query_in' LANGUAGE C STABLE STRICT PARALLEL SAFE;
CREATE FUNCTION bm25query_out(bm25query) RETURNS cstring
  AS 'MODULE_PATHNAME', 'rv_bm25query_out' LANGUAGE C STABLE STRICT PARALLEL SAFE;
CREATE FUNCTION bm25query_recv(internal) RETURNS bm25query
  AS 'MODULE_PATHNAME', 'rv_bm25query_recv' LANGUAGE C STABLE STRICT PARALLEL SAFE;
CREATE FUNCTION bm25query_send(bm25query) RETURNS bytea
  AS 'MODULE_PATHNAME', 'rv_bm25query_send' LANGUAGE C STABLE STRICT PARALLEL SAFE;
CREATE TYPE bm25query (
  INPUT = bm25query_in, OUTPUT = bm25query_out, RECEIVE = bm25query_recv, SEND = bm25query_send,
  ALIGNMENT = int4, STORAGE = extended
);

-- Every word of the text counts, none is required. NULL index: the one that is scanned.
CREATE FUNCTION bm25query(query text, index regclass DEFAULT NULL) RETURNS bm25query
  AS 'MODULE_PATHNAME', 'rv_bm25query_words' LANGUAGE C IMMUTABLE PARALLEL SAFE;
-- The words of the tsquery outside of NOT count; a row that does not match it scores 0.
CREATE FUNCTION bm25query(query tsquery, index regclass DEFAULT NULL) RETURNS bm25query
  AS 'MODULE_PATHNAME', 'rv_bm25query_tsquery' LANGUAGE C IMMUTABLE PARALLEL SAFE;

-- Puts the column's only BM25 index into the query while it is planned.
CREATE FUNCTION ruvector_bm25_support(internal) RETURNS internal
  AS 'MODULE_PATHNAME', 'rv_bm25_support' LANGUAGE C STRICT;

-- The negative BM25 score of any row, indexed or not, with the statistics of the query's index.
CREATE FUNCTION ruvector_bm25_distance(text, bm25query) RETURNS float8
  AS 'MODULE_PATHNAME', 'rv_bm25_distance' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 100
  SUPPORT ruvector_bm25_support;
CREATE FUNCTION ruvector_bm25_distance(text[], bm25query) RETURNS float8
  AS 'MODULE_PATHNAME', 'rv_bm25_distance' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 100
  SUPPORT ruvector_bm25_support;
CREATE FUNCTION ruvector_bm25_distance(tsvector, bm25query) RETURNS float8
  AS 'MODULE_PATHNAME', 'rv_bm25_distance' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 10
  SUPPORT ruvector_bm25_support;
CREATE OPERATOR <@> (LEFTARG = text, RIGHTARG = bm25query, FUNCTION = ruvector_bm25_distance);
CREATE OPERATOR <@> (LEFTARG = text[], RIGHTARG = bm25query, FUNCTION = ruvector_bm25_distance);
CREATE OPERATOR <@> (LEFTARG = tsvector, RIGHTARG = bm25query, FUNCTION = ruvector_bm25_distance);

-- column <@> 'words'
CREATE FUNCTION ruvector_bm25_distance(text, text) RETURNS float8
  AS 'MODULE_PATHNAME', 'rv_bm25_distance_text' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 100
  SUPPORT ruvector_bm25_support;
CREATE FUNCTION ruvector_bm25_distance(text[], text) RETURNS float8
  AS 'MODULE_PATHNAME', 'rv_bm25_distance_text' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 100
  SUPPORT ruvector_bm25_support;
CREATE FUNCTION ruvector_bm25_distance(tsvector, text) RETURNS float8
  AS 'MODULE_PATHNAME', 'rv_bm25_distance_text' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 10
  SUPPORT ruvector_bm25_support;
CREATE OPERATOR <@> (LEFTARG = text, RIGHTARG = text, FUNCTION = ruvector_bm25_distance);
CREATE OPERATOR <@> (LEFTARG = text[], RIGHTARG = text, FUNCTION = ruvector_bm25_distance);
CREATE OPERATOR <@> (LEFTARG = tsvector, RIGHTARG = text, FUNCTION = ruvector_bm25_distance);

CREATE OPERATOR CLASS bm25_text_ops DEFAULT FOR TYPE text USING ruvector_bm25 AS
  OPERATOR 1 <@> (text, bm25query) FOR ORDER BY float_ops;
CREATE OPERATOR CLASS bm25_text_array_ops DEFAULT FOR TYPE text[] USING ruvector_bm25 AS
  OPERATOR 1 <@> (text[], bm25query) FOR ORDER BY float_ops;
CREATE OPERATOR CLASS bm25_tsvector_ops DEFAULT FOR TYPE tsvector USING ruvector_bm25 AS
  OPERATOR 1 <@> (tsvector, bm25query) FOR ORDER BY float_ops;
