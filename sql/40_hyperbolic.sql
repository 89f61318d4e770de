-- hyperbolic space: Poincare ball, Lorentz model (hyperboloid), Klein ball
--
-- Curvature arguments are negative; the default is -1. A point of the Poincare or Klein ball has
-- norm < 1 / sqrt(-curvature); a point of the Lorentz model has one coordinate more, the first.
-- Everything is computed in float64 from the stored float32. What lies outside is an error (22023).

-- distances

-- Geodesic distance of two points of the Poincare ball: 2 / sqrt(c) asinh(sqrt(c |a-b|^2 / ((1-c|a|^2)(1-c|b|^2)))), c = -curvature.
CREATE FUNCTION ruvector_poincare_distance(a vector, b vector, curvature double precision DEFAULT -1) RETURNS double precision
  AS 'MODULE_PATHNAME', 'rv_poincare_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
-- Geodesic distance of two points of the Lorentz model; the first coordinate is only checked (within 0.1 %),
-- the distance is computed from the others.
CREATE FUNCTION ruvector_lorentz_distance(a vector, b vector, curvature double precision DEFAULT -1) RETURNS double precision
  AS 'MODULE_PATHNAME', 'rv_lorentz_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_klein_distance(a vector, b vector, curvature double precision DEFAULT -1) RETURNS double precision
  AS 'MODULE_PATHNAME', 'rv_klein_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
-- model: poincare, lorentz or klein.
CREATE FUNCTION ruvector_hyperbolic_distance(a vector, b vector, model text DEFAULT 'poincare', curvature double precision DEFAULT -1) RETURNS double precision
  AS 'MODULE_PATHNAME', 'rv_hyperbolic_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
-- -a0 b0 + a1 b1 + ... + an bn.
CREATE FUNCTION ruvector_minkowski_dot(a vector, b vector) RETURNS double precision
  AS 'MODULE_PATHNAME', 'rv_minkowski_dot' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
-- Busemann function of the direction ideal_point: 0 at the origin, falling towards it.
CREATE FUNCTION ruvector_busemann(x vector, ideal_point vector, curvature double precision DEFAULT -1) RETURNS double precision
  AS 'MODULE_PATHNAME', 'rv_busemann' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

-- the operators measure at curvature -1; other curvatures: ruvector_to_unit_curvature()

CREATE FUNCTION vector_poincare_distance(vector, vector) RETURNS double precision
  AS 'MODULE_PATHNAME', 'rv_poincare_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION vector_lorentz_distance(vector, vector) RETURNS double precision
  AS 'MODULE_PATHNAME', 'rv_lorentz_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR <~> (LEFTARG = vector, RIGHTARG = vector, FUNCTION = vector_poincare_distance, COMMUTATOR = <~>);
CREATE OPERATOR <&> (LEFTARG = vector, RIGHTARG = vector, FUNCTION = vector_lorentz_distance, COMMUTATOR = <&>);

-- The same point at curvature -1: every coordinate times sqrt(-curvature). Distances there are those
-- at `curvature` times sqrt(-curvature), so the order of neighbours is the same.
CREATE FUNCTION ruvector_to_unit_curvature(x vector, curvature double precision) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_to_unit_curvature' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

-- gyrovector operations of the ball

CREATE FUNCTION ruvector_mobius_add(a vector, b vector, curvature double precision DEFAULT -1) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_mobius_add' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_mobius_sub(a vector, b vector, curvature double precision DEFAULT -1) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_mobius_sub' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_mobius_scalar_mul(r double precision, a vector, curvature double precision DEFAULT -1) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_mobius_scalar_mul' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
-- matrix: an array of rows.
CREATE FUNCTION ruvector_mobius_matvec(matrix vector[], a vector, curvature double precision DEFAULT -1) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_mobius_matvec' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
-- gyr[u, v] w.
CREATE FUNCTION ruvector_gyration(u vector, v vector, w vector, curvature double precision DEFAULT -1) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_gyration' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
-- 2 / (1 - c |x|^2).
CREATE FUNCTION ruvector_conformal_factor(x vector, curvature double precision DEFAULT -1) RETURNS double precision
  AS 'MODULE_PATHNAME', 'rv_conformal_factor' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

-- maps between the space and its tangent spaces

CREATE FUNCTION ruvector_exp_map(base vector, tangent vector, curvature double precision DEFAULT -1) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_exp_map' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_log_map(base vector, target vector, curvature double precision DEFAULT -1) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_log_map' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_exp_map_origin(tangent vector, curvature double precision DEFAULT -1) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_exp_map_origin' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_log_map_origin(target vector, curvature double precision DEFAULT -1) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_log_map_origin' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
-- The tangent vector v at from_point, moved along the geodesic to to_point.
CREATE FUNCTION ruvector_parallel_transport(v vector, from_point vector, to_point vector, curvature double precision DEFAULT -1) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_parallel_transport' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
-- t = 0: a, t = 1: b.
CREATE FUNCTION ruvector_geodesic(a vector, b vector, t double precision, curvature double precision DEFAULT -1) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_geodesic' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_geodesic_midpoint(a vector, b vector, curvature double precision DEFAULT -1) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_geodesic_midpoint' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
-- Lorentz model; the tangent vector is projected to the tangent space of base first.
CREATE FUNCTION ruvector_lorentz_exp_map(base vector, tangent vector, curvature double precision DEFAULT -1) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_lorentz_exp_map' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_lorentz_log_map(base vector, target vector, curvature double precision DEFAULT -1) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_lorentz_log_map' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_lorentz_project_tangent(base vector, v vector, curvature double precision DEFAULT -1) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_lorentz_project_tangent' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_lorentz_parallel_transport(v vector, from_point vector, to_point vector, curvature double precision DEFAULT -1) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_lorentz_parallel_transport' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

-- conversions

-- (sqrt(1/c + |space|^2), space).
CREATE FUNCTION ruvector_lorentz_lift(space vector, curvature double precision DEFAULT -1) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_lorentz_lift' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_poincare_to_lorentz(x vector, curvature double precision DEFAULT -1) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_poincare_to_lorentz' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_lorentz_to_poincare(x vector, curvature double precision DEFAULT -1) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_lorentz_to_poincare' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_poincare_to_klein(x vector, curvature double precision DEFAULT -1) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_poincare_to_klein' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_klein_to_poincare(x vector, curvature double precision DEFAULT -1) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_klein_to_poincare' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_lorentz_to_klein(x vector, curvature double precision DEFAULT -1) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_lorentz_to_klein' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_klein_to_lorentz(x vector, curvature double precision DEFAULT -1) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_klein_to_lorentz' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
-- x, or its multiple of norm (1 - eps) / sqrt(c) when it is longer.
CREATE FUNCTION ruvector_poincare_project(x vector, curvature double precision DEFAULT -1, eps double precision DEFAULT 1e-5) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_poincare_project' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
-- poincare, klein: as ruvector_poincare_project; lorentz: as ruvector_lorentz_lift.
CREATE FUNCTION ruvector_project_to_hyperbolic(v vector, model text DEFAULT 'poincare', curvature double precision DEFAULT -1, eps double precision DEFAULT 1e-5) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_project_to_hyperbolic' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
-- Any vector into the ball. scale: v / (sqrt(c) (1 + |v|)); exponential: exp map at the origin;
-- centroid: the same of v - centroid.
CREATE FUNCTION ruvector_to_poincare(v vector, curvature double precision DEFAULT -1, method text DEFAULT 'exponential', centroid vector DEFAULT NULL) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_to_poincare' LANGUAGE C IMMUTABLE PARALLEL SAFE;

-- hierarchies: Ganea et al. 2018 (entailment cones), Nickel and Kiela 2017 (is-a score)

-- Half the opening of the cone of x, in radians; pi/2 near the origin.
CREATE FUNCTION ruvector_entailment_half_aperture(x vector, k double precision DEFAULT 0.1, curvature double precision DEFAULT -1) RETURNS double precision
  AS 'MODULE_PATHNAME', 'rv_entailment_half_aperture' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
-- The angle at x between the axis of its cone and y, in radians.
CREATE FUNCTION ruvector_entailment_angle(x vector, y vector, curvature double precision DEFAULT -1) RETURNS double precision
  AS 'MODULE_PATHNAME', 'rv_entailment_angle' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
-- Whether descendant lies in the cone of ancestor.
CREATE FUNCTION ruvector_entails(ancestor vector, descendant vector, k double precision DEFAULT 0.1, curvature double precision DEFAULT -1) RETURNS boolean
  AS 'MODULE_PATHNAME', 'rv_entails' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
-- -(1 + alpha max(0, |parent| - |child|)) distance: the larger the likelier "child is a parent"; near
-- nodes that lie further in come first.
CREATE FUNCTION ruvector_is_a_score(child vector, parent vector, alpha double precision DEFAULT 1000, curvature double precision DEFAULT -1) RETURNS double precision
  AS 'MODULE_PATHNAME', 'rv_is_a_score' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

-- aggregates over points; NULLs do not count

CREATE FUNCTION ruvector_einstein_midpoint_accum(internal, vector) RETURNS internal
  AS 'MODULE_PATHNAME', 'rv_einstein_midpoint_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ruvector_einstein_midpoint_accum(internal, vector, double precision) RETURNS internal
  AS 'MODULE_PATHNAME', 'rv_einstein_midpoint_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ruvector_einstein_midpoint_accum(internal, vector, double precision, double precision) RETURNS internal
  AS 'MODULE_PATHNAME', 'rv_einstein_midpoint_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ruvector_einstein_midpoint_final(internal) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_einstein_midpoint_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ruvector_lorentz_centroid_accum(internal, vector) RETURNS internal
  AS 'MODULE_PATHNAME', 'rv_lorentz_centroid_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ruvector_lorentz_centroid_accum(internal, vector, double precision) RETURNS internal
  AS 'MODULE_PATHNAME', 'rv_lorentz_centroid_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ruvector_lorentz_centroid_accum(internal, vector, double precision, double precision) RETURNS internal
  AS 'MODULE_PATHNAME', 'rv_lorentz_centroid_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ruvector_lorentz_centroid_final(internal) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_lorentz_centroid_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ruvector_frechet_mean_accum(internal, vector) RETURNS internal
  AS 'MODULE_PATHNAME', 'rv_frechet_mean_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ruvector_frechet_mean_accum(internal, vector, double precision) RETURNS internal
  AS 'MODULE_PATHNAME', 'rv_frechet_mean_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ruvector_frechet_mean_accum(internal, vector, double precision, double precision) RETURNS internal
  AS 'MODULE_PATHNAME', 'rv_frechet_mean_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ruvector_frechet_mean_final(internal) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_frechet_mean_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ruvector_hyperbolic_mean_combine(internal, internal) RETURNS internal
  AS 'MODULE_PATHNAME', 'rv_hyperbolic_mean_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ruvector_hyperbolic_mean_serialize(internal) RETURNS bytea
  AS 'MODULE_PATHNAME', 'rv_hyperbolic_mean_serialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_hyperbolic_mean_deserialize(bytea, internal) RETURNS internal
  AS 'MODULE_PATHNAME', 'rv_hyperbolic_mean_deserialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

-- Einstein midpoint (Moebius gyromidpoint) of points of the ball [, weight [, curvature]]: closed form, sums only.
CREATE AGGREGATE ruvector_einstein_midpoint(vector) (
  SFUNC = ruvector_einstein_midpoint_accum, STYPE = internal, FINALFUNC = ruvector_einstein_midpoint_final,
  COMBINEFUNC = ruvector_hyperbolic_mean_combine, SERIALFUNC = ruvector_hyperbolic_mean_serialize,
  DESERIALFUNC = ruvector_hyperbolic_mean_deserialize, PARALLEL = SAFE
);
CREATE AGGREGATE ruvector_einstein_midpoint(vector, double precision) (
  SFUNC = ruvector_einstein_midpoint_accum, STYPE = internal, FINALFUNC = ruvector_einstein_midpoint_final,
  COMBINEFUNC = ruvector_hyperbolic_mean_combine, SERIALFUNC = ruvector_hyperbolic_mean_serialize,
  DESERIALFUNC = ruvector_hyperbolic_mean_deserialize, PARALLEL = SAFE
);
CREATE AGGREGATE ruvector_einstein_midpoint(vector, double precision, double precision) (
  SFUNC = ruvector_einstein_midpoint_accum, STYPE = internal, FINALFUNC = ruvector_einstein_midpoint_final,
  COMBINEFUNC = ruvector_hyperbolic_mean_combine, SERIALFUNC = ruvector_hyperbolic_mean_serialize,
  DESERIALFUNC = ruvector_hyperbolic_mean_deserialize, PARALLEL = SAFE
);

-- The same point for points of the Lorentz model: the weighted sum, scaled back to the hyperboloid.
CREATE AGGREGATE ruvector_lorentz_centroid(vector) (
  SFUNC = ruvector_lorentz_centroid_accum, STYPE = internal, FINALFUNC = ruvector_lorentz_centroid_final,
  COMBINEFUNC = ruvector_hyperbolic_mean_combine, SERIALFUNC = ruvector_hyperbolic_mean_serialize,
  DESERIALFUNC = ruvector_hyperbolic_mean_deserialize, PARALLEL = SAFE
);
CREATE AGGREGATE ruvector_lorentz_centroid(vector, double precision) (
  SFUNC = ruvector_lorentz_centroid_accum, STYPE = internal, FINALFUNC = ruvector_lorentz_centroid_final,
  COMBINEFUNC = ruvector_hyperbolic_mean_combine, SERIALFUNC = ruvector_hyperbolic_mean_serialize,
  DESERIALFUNC = ruvector_hyperbolic_mean_deserialize, PARALLEL = SAFE
);
CREATE AGGREGATE ruvector_lorentz_centroid(vector, double precision, double precision) (
  SFUNC = ruvector_lorentz_centroid_accum, STYPE = internal, FINALFUNC = ruvector_lorentz_centroid_final,
  COMBINEFUNC = ruvector_hyperbolic_mean_combine, SERIALFUNC = ruvector_hyperbolic_mean_serialize,
  DESERIALFUNC = ruvector_hyperbolic_mean_deserialize, PARALLEL = SAFE
);

-- The point of the ball with the least weighted sum of squared distances; keeps all points of the group.
CREATE AGGREGATE ruvector_frechet_mean(vector) (
  SFUNC = ruvector_frechet_mean_accum, STYPE = internal, FINALFUNC = ruvector_frechet_mean_final,
  COMBINEFUNC = ruvector_hyperbolic_mean_combine, SERIALFUNC = ruvector_hyperbolic_mean_serialize,
  DESERIALFUNC = ruvector_hyperbolic_mean_deserialize, PARALLEL = SAFE
);
CREATE AGGREGATE ruvector_frechet_mean(vector, double precision) (
  SFUNC = ruvector_frechet_mean_accum, STYPE = internal, FINALFUNC = ruvector_frechet_mean_final,
  COMBINEFUNC = ruvector_hyperbolic_mean_combine, SERIALFUNC = ruvector_hyperbolic_mean_serialize,
  DESERIALFUNC = ruvector_hyperbolic_mean_deserialize, PARALLEL = SAFE
);
CREATE AGGREGATE ruvector_frechet_mean(vector, double precision, double precision) (
  SFUNC = ruvector_frechet_mean_accum, STYPE = internal, FINALFUNC = ruvector_frechet_mean_final,
  COMBINEFUNC = ruvector_hyperbolic_mean_combine, SERIALFUNC = ruvector_hyperbolic_mean_serialize,
  DESERIALFUNC = ruvector_hyperbolic_mean_deserialize, PARALLEL = SAFE
);

-- embeddings of a hierarchy: Nickel and Kiela 2017

-- A point of the Poincare ball for every node of the (child, parent) rows that edge_query returns;
-- nodes are told apart by their text form. The transitive closure gives the best result. options:
-- epochs 300, learning_rate 0.1, negatives 50, burn_in 20, batch 16, eps 1e-5, seed 0, model
-- 'poincare' ('lorentz': the same points on the hyperboloid, dim + 1 coordinates). The same options
-- give the same result for any ruvector.threads. Runs with the caller's rights.
CREATE FUNCTION ruvector_train_poincare(edge_query text, dim integer DEFAULT 10, options jsonb DEFAULT '{}',
    OUT node text, OUT embedding vector)
  RETURNS SETOF record
  AS 'MODULE_PATHNAME', 'rv_train_poincare' LANGUAGE C VOLATILE;

-- The same from a table of edges.
CREATE FUNCTION ruvector_poincare_embed(edges regclass, dimensions integer DEFAULT 10, epochs integer DEFAULT 300,
    learning_rate double precision DEFAULT 0.1, negatives integer DEFAULT 50, burn_in integer DEFAULT 20,
    seed integer DEFAULT 0, model text DEFAULT 'poincare', child_column name DEFAULT 'child',
    parent_column name DEFAULT 'parent', OUT node text, OUT embedding vector)
  RETURNS SETOF record LANGUAGE SQL VOLATILE
BEGIN ATOMIC
  SELECT t.node, t.embedding FROM ruvector_train_poincare(
    pg_catalog.format('SELECT %I, %I FROM %s', child_column, parent_column, edges), dimensions,
    pg_catalog.jsonb_build_object('epochs', epochs, 'learning_rate', learning_rate, 'negatives', negatives,
      'burn_in', burn_in, 'seed', seed, 'model', model)) t;
END;

-- How well distances recover the edges: the mean rank of the parents of a node among all nodes that
-- are no parents of it (1 is best), and the mean average precision. embedding_query returns (node,
-- embedding). sample > 0: only the children of that many edges, drawn with the seed.
CREATE FUNCTION ruvector_poincare_evaluate(edge_query text, embedding_query text, sample integer DEFAULT 0,
    seed integer DEFAULT 0, OUT mean_rank double precision, OUT map double precision)
  RETURNS SETOF record
  AS 'MODULE_PATHNAME', 'rv_poincare_evaluate' LANGUAGE C VOLATILE ROWS 1;

-- The same from a table of edges and a table of points.
CREATE FUNCTION ruvector_poincare_evaluate(edges regclass, nodes regclass, embedding name DEFAULT 'embedding',
    node_column name DEFAULT 'node', child_column name DEFAULT 'child', parent_column name DEFAULT 'parent',
    sample integer DEFAULT 0, seed integer DEFAULT 0, OUT mean_rank double precision, OUT map double precision)
  RETURNS SETOF record LANGUAGE SQL VOLATILE ROWS 1
BEGIN ATOMIC
  SELECT t.mean_rank, t.map FROM ruvector_poincare_evaluate(
    pg_catalog.format('SELECT %I, %I FROM %s', child_column, parent_column, edges),
    pg_catalog.format('SELECT %I, %I FROM %s', node_column, embedding, nodes), sample, seed) t;
END;

-- Indexes: the hnsw engine over points of hyperbolic space. WITH (model = poincare | lorentz,
-- curvature = -1, m, ef_construction, ef_search, iterative_scan).
CREATE FUNCTION ruvector_hyperbolic_handler(internal) RETURNS index_am_handler
  AS 'MODULE_PATHNAME', 'rv_hyperbolic_handler' LANGUAGE C;
CREATE ACCESS METHOD ruvector_hyperbolic TYPE INDEX HANDLER ruvector_hyperbolic_handler;
COMMENT ON ACCESS METHOD ruvector_hyperbolic IS 'hnsw over points of hyperbolic space';

CREATE OPERATOR CLASS vector_poincare_ops DEFAULT FOR TYPE vector USING ruvector_hyperbolic AS
  OPERATOR 1 <~> (vector, vector) FOR ORDER BY float_ops,
  FUNCTION 1 vector_poincare_distance(vector, vector);
CREATE OPERATOR CLASS vector_lorentz_ops FOR TYPE vector USING ruvector_hyperbolic AS
  OPERATOR 1 <&> (vector, vector) FOR ORDER BY float_ops,
  FUNCTION 1 vector_lorentz_distance(vector, vector);
CREATE OPERATOR CLASS vector_poincare_ops FOR TYPE vector USING hnsw AS
  OPERATOR 1 <~> (vector, vector) FOR ORDER BY float_ops,
  FUNCTION 1 vector_poincare_distance(vector, vector);
CREATE OPERATOR CLASS vector_lorentz_ops FOR TYPE vector USING hnsw AS
  OPERATOR 1 <&> (vector, vector) FOR ORDER BY float_ops,
  FUNCTION 1 vector_lorentz_distance(vector, vector);
