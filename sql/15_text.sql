-- text to vector without a model

-- The embedding of a text: hashed words, word pairs and character n-grams, randomly projected to
-- `dim` components (1 to 16000) and normalised. The same text gives the same vector on every
-- machine. `idf`: weights made by ruvector_text_idf() over the corpus. A text without letters and
-- digits gives the zero vector. Weaker than a trained model: docs/text-embedding.md.
CREATE FUNCTION ruvector_embed_text(input text, dim integer DEFAULT 256, idf vector DEFAULT NULL)
  RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_embed_text' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 500;

CREATE FUNCTION ruvector_text_idf_accum(internal, text) RETURNS internal
  AS 'MODULE_PATHNAME', 'rv_text_idf_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ruvector_text_idf_accum(internal, text, integer) RETURNS internal
  AS 'MODULE_PATHNAME', 'rv_text_idf_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ruvector_text_idf_final(internal) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_text_idf_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;

-- Hashed inverse document frequencies of a corpus, for ruvector_embed_text(idf): 8192 buckets, or
-- as many as the second argument says (1 to 16000).
CREATE AGGREGATE ruvector_text_idf(text) (
  SFUNC = ruvector_text_idf_accum, STYPE = internal, FINALFUNC = ruvector_text_idf_final, PARALLEL = SAFE
);
CREATE AGGREGATE ruvector_text_idf(text, integer) (
  SFUNC = ruvector_text_idf_accum, STYPE = internal, FINALFUNC = ruvector_text_idf_final, PARALLEL = SAFE
);
