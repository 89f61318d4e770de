-- routing: FastGRNN

-- FastGRNN (Kusupati et al., NeurIPS 2018) over sequences. A model is a bytea with a version and a
-- checksum; damaged ones are refused (XX001).

-- Trains on the rows of `query`: a sequence (real[][]: time x inputs; real[] or vector: one step) and
-- a class number (0 ...) or an array of targets in 0..1. Options: hidden, w_rank, u_rank, gate,
-- update, head (softmax | logistic), classes, epochs, batch, learning_rate, clip, w_sparsity,
-- u_sparsity, seed, validation_share, patience, int8. Memory is bounded by maintenance_work_mem.
CREATE FUNCTION ruvector_fastgrnn_train(query text, options jsonb DEFAULT '{}',
    OUT weights bytea, OUT parameters integer, OUT epochs integer, OUT loss double precision,
    OUT validation_loss double precision, OUT training_size integer)
  AS 'MODULE_PATHNAME', 'rv_fastgrnn_train' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 100000;

-- The head's probabilities after the last step.
CREATE FUNCTION ruvector_fastgrnn_predict(model bytea, sequence real[]) RETURNS real[]
  AS 'MODULE_PATHNAME', 'rv_fastgrnn_predict' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;

-- The hidden states, time x hidden, from the initial state h0 (default zeros).
CREATE FUNCTION ruvector_fastgrnn_forward(weights bytea, sequence real[], h0 real[] DEFAULT NULL) RETURNS real[]
  AS 'MODULE_PATHNAME', 'rv_fastgrnn_forward' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;

-- The same model with the cell's weights in 8 bits.
CREATE FUNCTION ruvector_fastgrnn_quantize(weights bytea) RETURNS bytea
  AS 'MODULE_PATHNAME', 'rv_fastgrnn_quantize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;

-- A model from parameters trained elsewhere, in the order W|W1,W2, U|U1,U2, b_z, b_h, zeta, nu, V,
-- b_y (matrices row by row, zeta and nu before the sigmoid). shape: input, hidden, classes, and as
-- for training w_rank, u_rank, gate, update, head.
CREATE FUNCTION ruvector_fastgrnn_pack(shape jsonb, parameters real[]) RETURNS bytea
  AS 'MODULE_PATHNAME', 'rv_fastgrnn_pack' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

-- Shape and size of a model.
CREATE FUNCTION ruvector_fastgrnn_info(weights bytea) RETURNS jsonb
  AS 'MODULE_PATHNAME', 'rv_fastgrnn_info' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
