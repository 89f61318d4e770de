-- about this installation

-- The version of the loaded module.
CREATE FUNCTION ruvector_version() RETURNS text
  AS 'MODULE_PATHNAME', 'rv_version' LANGUAGE C STABLE STRICT PARALLEL SAFE;

-- The instruction set in use ("level"), the best this CPU has, and all that can be chosen with
-- SET ruvector.simd.
CREATE FUNCTION ruvector_simd_info() RETURNS jsonb
  AS 'MODULE_PATHNAME', 'rv_simd_info' LANGUAGE C STABLE STRICT PARALLEL SAFE;

-- The features of this build; enabled: compiled in and usable.
CREATE FUNCTION ruvector_features(OUT feature text, OUT enabled boolean, OUT description text)
  RETURNS SETOF record
  AS 'MODULE_PATHNAME', 'rv_features' LANGUAGE C STABLE STRICT PARALLEL SAFE ROWS 8;
