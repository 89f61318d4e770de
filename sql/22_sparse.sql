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

-- hybrid search

-- Fuses any number of lists of ids, best first, by reciprocal rank: the score is the sum of
-- weight / (k + rank) over the lists that have the id. lists: jsonb_build_array(ARRAY[...], ARRAY[...]).
CREATE FUNCTION ruvector_rrf(lists jsonb, k integer DEFAULT 60, weights double precision[] DEFAULT NULL)
  RETURNS TABLE (id text, score double precision, ranks bigint[])
  LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
#variable_conflict use_column
DECLARE
  rrf_k ALIAS FOR $2; list_weights ALIAS FOR $3;
BEGIN
  IF rrf_k IS NULL OR rrf_k < 1 THEN
    RAISE EXCEPTION 'k must be at least 1, not %', rrf_k USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF EXISTS (SELECT FROM unnest(list_weights) w WHERE w IS NULL OR NOT w >= 0 OR w = 'infinity') THEN
    RAISE EXCEPTION 'weights must be finite and not negative' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF jsonb_typeof(lists) <> 'array' OR EXISTS (SELECT FROM jsonb_array_elements(lists) l WHERE jsonb_typeof(l) NOT IN ('array', 'null')) THEN
    RAISE EXCEPTION 'lists must be an array of arrays' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  -- An id that is twice in a list counts once, at its better rank.
  RETURN QUERY
    WITH entries AS (
      SELECT l.list, e.id, min(e.rank) AS rank
        FROM jsonb_array_elements(lists) WITH ORDINALITY l(ids, list)
        CROSS JOIN LATERAL jsonb_array_elements_text(CASE WHEN jsonb_typeof(l.ids) = 'array' THEN l.ids ELSE '[]' END) WITH ORDINALITY e(id, rank)
        WHERE e.id IS NOT NULL GROUP BY l.list, e.id),
    scores AS (
      SELECT e.id, sum(coalesce(list_weights[e.list], 1) / (rrf_k + e.rank)::double precision) AS score FROM entries e GROUP BY e.id)
    SELECT s.id, s.score, (SELECT array_agg(e.rank ORDER BY n.list) FROM generate_series(1, jsonb_array_length(lists)) n(list)
        LEFT JOIN entries e ON e.list = n.list AND e.id = s.id)
      FROM scores s ORDER BY s.score DESC, s.id;
END $$;

-- Fuses the neighbours of a dense vector with those of a sparse vector or the matches of a text.
--   method   rrf: 1 / (rrf_k + rank); linear: min-max normalised scores; dbsf: scores normalised by
--            mean and three standard deviations (distribution-based score fusion)
--   weights  of the dense and of the other list
--   candidates  rows taken from each list; a row that only one list has gets its true score in the
--            other (rrf: no rank there) when rescore is on
--   filter   an SQL condition on the table's columns, run with the caller's privileges
-- Distances are in the operator's own terms: smaller is nearer.
CREATE FUNCTION ruvector_hybrid_search(
    table_name regclass, dense_column name, sparse_column name DEFAULT NULL, text_column name DEFAULT NULL,
    dense_query vector DEFAULT NULL, sparse_query sparsevec DEFAULT NULL, text_query text DEFAULT NULL,
    k integer DEFAULT 10, method text DEFAULT 'rrf', weights double precision[] DEFAULT '{1,1}',
    rrf_k integer DEFAULT 60, candidates integer DEFAULT NULL, filter text DEFAULT NULL, id_column name DEFAULT NULL,
    dense_operator text DEFAULT '<=>', sparse_operator text DEFAULT '<#>', text_index regclass DEFAULT NULL,
    rescore boolean DEFAULT true)
  RETURNS TABLE (id text, row_ctid tid, score double precision, dense_rank bigint, dense_distance double precision,
    sparse_rank bigint, sparse_distance double precision)
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED AS $$
#variable_conflict use_column
DECLARE
  here text := quote_ident((SELECT n.nspname FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'ruvector'));
  n integer := coalesce(candidates, greatest(100, 3 * k));
  dense_type text; dense_distance text; other_distance text; other_query text; key text; source text; result text;
BEGIN
  IF table_name IS NULL OR dense_column IS NULL OR dense_query IS NULL THEN
    RAISE EXCEPTION 'table_name, dense_column and dense_query must not be NULL' USING ERRCODE = 'null_value_not_allowed';
  END IF;
  IF (sparse_column IS NULL) = (text_column IS NULL) THEN
    RAISE EXCEPTION 'give either sparse_column with sparse_query or text_column with text_query' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF (sparse_column IS NOT NULL AND sparse_query IS NULL) OR (text_column IS NOT NULL AND text_query IS NULL) THEN
    RAISE EXCEPTION 'the query for column "%" is missing', coalesce(sparse_column, text_column) USING ERRCODE = 'null_value_not_allowed';
  END IF;
  IF k IS NULL OR k < 1 OR n < 1 OR rrf_k IS NULL OR rrf_k < 1 THEN
    RAISE EXCEPTION 'k, candidates and rrf_k must be at least 1' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF method IS NULL OR method NOT IN ('rrf', 'linear', 'dbsf') THEN
    RAISE EXCEPTION 'unknown method "%"', method USING ERRCODE = 'invalid_parameter_value', HINT = 'Methods are rrf, linear and dbsf.';
  END IF;
  IF weights IS NULL OR cardinality(weights) <> 2
      OR EXISTS (SELECT FROM unnest(weights) w WHERE w IS NULL OR NOT w >= 0 OR w = 'infinity') THEN
    RAISE EXCEPTION 'weights must be two finite numbers that are not negative' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF dense_operator IS NULL OR dense_operator NOT IN ('<->', '<#>', '<=>', '<+>') OR sparse_operator IS NULL OR sparse_operator NOT IN ('<->', '<#>', '<=>', '<+>') THEN
    RAISE EXCEPTION 'unknown distance operator' USING ERRCODE = 'invalid_parameter_value', HINT = 'Operators are <->, <#>, <=> and <+>.';
  END IF;
  SELECT format_type(a.atttypid, NULL) INTO dense_type FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = table_name AND a.attname = dense_column AND a.attnum > 0 AND NOT a.attisdropped;
  IF dense_type IS NULL THEN
    RAISE EXCEPTION 'column "%" of table "%" does not exist', dense_column, table_name USING ERRCODE = 'undefined_column';
  END IF;
  -- The operand's type has to be the column's, or no index can answer.
  dense_distance := format('t.%I OPERATOR(%s.%s) $1%s', dense_column, here, dense_operator,
    CASE WHEN dense_type LIKE '%halfvec' THEN '::' || here || '.halfvec' ELSE '' END);
  IF sparse_column IS NOT NULL THEN
    other_distance := format('t.%I OPERATOR(%s.%s) $2', sparse_column, here, sparse_operator);
  ELSIF text_index IS NOT NULL THEN
    other_distance := format('t.%I OPERATOR(%s.<@>) %s.bm25query($3, %s::regclass)', text_column, here, here, quote_literal(text_index::oid));
  ELSE
    other_distance := format('t.%I OPERATOR(%s.<@>) $3', text_column, here);
  END IF;
  key := CASE WHEN id_column IS NULL THEN 'NULL::text' ELSE format('t.%I::text', id_column) END;
  source := format('%s t WHERE %s', table_name, CASE WHEN filter IS NULL THEN 'true' ELSE '(' || filter || E'\n)' END);
  -- Two index scans, then one look at each candidate for the distance that its list did not give.
  result := format($q$
    WITH dense AS MATERIALIZED (
      SELECT c.*, row_number() OVER (ORDER BY c.distance, c.r) AS rank FROM (
        SELECT t.tableoid AS o, t.ctid AS r, %1$s AS key, %2$s AS distance FROM %4$s ORDER BY %2$s LIMIT %5$s) c
        WHERE c.distance IS NOT NULL AND c.distance <> 'NaN'),
    other AS MATERIALIZED (
      SELECT c.*, row_number() OVER (ORDER BY c.distance, c.r) AS rank FROM (
        SELECT t.tableoid AS o, t.ctid AS r, %1$s AS key, %3$s AS distance FROM %4$s ORDER BY %3$s LIMIT %5$s) c
        WHERE c.distance IS NOT NULL AND c.distance <> 'NaN' AND (%6$s)),
    pairs AS MATERIALIZED (
      SELECT coalesce(d.o, x.o) AS o, coalesce(d.r, x.r) AS r, coalesce(d.key, x.key) AS key,
          d.rank AS dense_rank, d.distance AS dense_distance, x.rank AS other_rank, x.distance AS other_distance
        FROM dense d FULL JOIN other x ON d.o = x.o AND d.r = x.r),
    scored AS MATERIALIZED (
      SELECT b.o, b.r, b.key, b.dense_rank, b.other_rank,
          coalesce(b.dense_distance, CASE WHEN %7$L::bool THEN (SELECT %2$s FROM %8$s t WHERE t.ctid = b.r AND t.tableoid = b.o) END) AS dense_distance,
          coalesce(b.other_distance, CASE WHEN %7$L::bool THEN (SELECT %3$s FROM %8$s t WHERE t.ctid = b.r AND t.tableoid = b.o) END) AS other_distance
        FROM pairs b),
    spread AS (
      SELECT min(s.dense_distance) AS dmin, max(s.dense_distance) AS dmax, avg(s.dense_distance) AS davg, stddev_pop(s.dense_distance) AS dsd,
          min(s.other_distance) AS omin, max(s.other_distance) AS omax, avg(s.other_distance) AS oavg, stddev_pop(s.other_distance) AS osd
        FROM scored s),
    fused AS (
      SELECT s.*, CASE %9$L
          WHEN 'rrf' THEN $4[1] * coalesce(1.0::float8 / (%10$s + s.dense_rank), 0) + $4[2] * coalesce(1.0::float8 / (%10$s + s.other_rank), 0)
          WHEN 'linear' THEN $4[1] * coalesce(CASE WHEN p.dmax > p.dmin THEN (p.dmax - s.dense_distance) / (p.dmax - p.dmin) ELSE 1 END, 0)
            + $4[2] * coalesce(CASE WHEN p.omax > p.omin THEN (p.omax - s.other_distance) / (p.omax - p.omin) ELSE 1 END, 0)
          ELSE $4[1] * coalesce(CASE WHEN p.dsd > 0 THEN least(1, greatest(0, 0.5 - (s.dense_distance - p.davg) / (6 * p.dsd))) ELSE 0.5 END, 0)
            + $4[2] * coalesce(CASE WHEN p.osd > 0 THEN least(1, greatest(0, 0.5 - (s.other_distance - p.oavg) / (6 * p.osd))) ELSE 0.5 END, 0)
          END AS score
        FROM scored s, spread p)
    SELECT f.key, f.r, f.score, f.dense_rank, f.dense_distance, f.other_rank, f.other_distance FROM fused f
      ORDER BY f.score DESC, f.dense_rank, f.other_rank LIMIT %11$s$q$,
    key, dense_distance, other_distance, source, n,
    CASE WHEN text_column IS NOT NULL THEN 'c.distance < 0' ELSE 'true' END,
    coalesce(rescore, true), table_name, method, rrf_k, k);
  RETURN QUERY EXECUTE result USING dense_query, sparse_query, text_query, weights;
END $$;
