-- quantised vectors as values

CREATE TYPE quantvec;
CREATE FUNCTION quantvec_in(cstring) RETURNS quantvec
  AS 'MODULE_PATHNAME', 'rv_quantvec_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION quantvec_out(quantvec) RETURNS cstring
  AS 'MODULE_PATHNAME', 'rv_quantized_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION quantvec_recv(internal) RETURNS quantvec
  AS 'MODULE_PATHNAME', 'rv_quantvec_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION quantvec_send(quantvec) RETURNS bytea
  AS 'MODULE_PATHNAME', 'rv_quantized_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE TYPE quantvec (
  INPUT = quantvec_in, OUTPUT = quantvec_out, RECEIVE = quantvec_recv, SEND = quantvec_send,
  STORAGE = external
);
COMMENT ON TYPE quantvec IS 'a vector of 8-bit steps or of product quantiser codes';

CREATE TYPE pqcodebook;
CREATE FUNCTION pqcodebook_in(cstring) RETURNS pqcodebook
  AS 'MODULE_PATHNAME', 'rv_pqcodebook_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION pqcodebook_out(pqcodebook) RETURNS cstring
  AS 'MODULE_PATHNAME', 'rv_quantized_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION pqcodebook_recv(internal) RETURNS pqcodebook
  AS 'MODULE_PATHNAME', 'rv_pqcodebook_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION pqcodebook_send(pqcodebook) RETURNS bytea
  AS 'MODULE_PATHNAME', 'rv_quantized_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE TYPE pqcodebook (
  INPUT = pqcodebook_in, OUTPUT = pqcodebook_out, RECEIVE = pqcodebook_recv,
  SEND = pqcodebook_send, STORAGE = external
);
COMMENT ON TYPE pqcodebook IS 'trained centroids of a product quantiser';

-- Eight bits a dimension: a quarter of the size.
CREATE FUNCTION ruvector_quantize_scalar(v vector) RETURNS quantvec
  AS 'MODULE_PATHNAME', 'rv_vector_quantize_scalar' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_quantize_scalar(v halfvec) RETURNS quantvec
  AS 'MODULE_PATHNAME', 'rv_halfvec_quantize_scalar' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

-- One bit a dimension: bit i is v[i] > 0.
CREATE FUNCTION ruvector_quantize_binary(v vector) RETURNS bit
  AS 'MODULE_PATHNAME', 'rv_vector_binary_quantize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_quantize_binary(v halfvec) RETURNS bit
  AS 'MODULE_PATHNAME', 'rv_halfvec_binary_quantize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

-- Trains a product quantiser on the vectors that `query` returns in its first column. A vector is
-- cut into `subspaces` parts (default: of 8 dimensions for 8 bits, of 4 for 4) with 2^bits
-- centroids each; at most `sample` vectors are used.
CREATE FUNCTION ruvector_train_product_quantizer(
    query text, subspaces int DEFAULT NULL, bits int DEFAULT 8, sample int DEFAULT 16384,
    seed bigint DEFAULT 42) RETURNS pqcodebook
  AS 'MODULE_PATHNAME', 'rv_train_product_quantizer' LANGUAGE C VOLATILE PARALLEL UNSAFE;

-- `bits` bits a subspace.
CREATE FUNCTION ruvector_quantize_product(v vector, codebook pqcodebook) RETURNS quantvec
  AS 'MODULE_PATHNAME', 'rv_vector_quantize_product' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_quantize_product(v halfvec, codebook pqcodebook) RETURNS quantvec
  AS 'MODULE_PATHNAME', 'rv_halfvec_quantize_product' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

-- The vector that a code stands for.
CREATE FUNCTION ruvector_dequantize(code quantvec) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_dequantize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_dequantize(code quantvec, codebook pqcodebook) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_dequantize_product' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_dequantize(code bit) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_dequantize_binary' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

-- The distance between a query and what a code stands for: "l2", "inner_product" (its negative, as
-- <#>), "cosine" or "l1"; of bits the Hamming distance.
CREATE FUNCTION ruvector_quantized_distance(code quantvec, query vector, distance text DEFAULT 'l2')
  RETURNS float8
  AS 'MODULE_PATHNAME', 'rv_quantized_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_quantized_distance(code quantvec, query vector, codebook pqcodebook,
    distance text DEFAULT 'l2') RETURNS float8
  AS 'MODULE_PATHNAME', 'rv_quantized_distance_product' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_quantized_distance(a bit, b bit) RETURNS float8
  AS 'MODULE_PATHNAME', 'rv_hamming_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
