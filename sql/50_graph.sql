-- property graphs: properties, storage

-- Properties of a node or relationship: names and typed values. Text form: Cypher literals or a
-- JSON object, docs/graph.md.
CREATE TYPE cypher_map;
CREATE FUNCTION cypher_map_in(cstring) RETURNS cypher_map
  AS 'MODULE_PATHNAME', 'rv_cypher_map_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION cypher_map_out(cypher_map) RETURNS cstring
  AS 'MODULE_PATHNAME', 'rv_cypher_map_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION cypher_map_recv(internal) RETURNS cypher_map
  AS 'MODULE_PATHNAME', 'rv_cypher_map_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION cypher_map_send(cypher_map) RETURNS bytea
  AS 'MODULE_PATHNAME', 'rv_cypher_map_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE TYPE cypher_map (
  INPUT = cypher_map_in, OUTPUT = cypher_map_out, RECEIVE = cypher_map_recv, SEND = cypher_map_send,
  INTERNALLENGTH = variable, STORAGE = extended
);

CREATE FUNCTION cypher_map_to_jsonb(cypher_map) RETURNS jsonb
  AS 'MODULE_PATHNAME', 'rv_cypher_map_to_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION jsonb_to_cypher_map(jsonb) RETURNS cypher_map
  AS 'MODULE_PATHNAME', 'rv_jsonb_to_cypher_map' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE CAST (cypher_map AS jsonb) WITH FUNCTION cypher_map_to_jsonb(cypher_map) AS ASSIGNMENT;
CREATE CAST (jsonb AS cypher_map) WITH FUNCTION jsonb_to_cypher_map(jsonb) AS ASSIGNMENT;

-- One property as JSON; NULL when there is none of that name.
CREATE FUNCTION cypher_map_get(cypher_map, text) RETURNS jsonb
  AS 'MODULE_PATHNAME', 'rv_cypher_map_get' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR -> (LEFTARG = cypher_map, RIGHTARG = text, FUNCTION = cypher_map_get);
-- One property as text: strings without quotes, temporal values in ISO form.
CREATE FUNCTION cypher_map_get_text(cypher_map, text) RETURNS text
  AS 'MODULE_PATHNAME', 'rv_cypher_map_get_text' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR ->> (LEFTARG = cypher_map, RIGHTARG = text, FUNCTION = cypher_map_get_text);
CREATE FUNCTION cypher_map_exists(cypher_map, text) RETURNS boolean
  AS 'MODULE_PATHNAME', 'rv_cypher_map_exists' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR ? (LEFTARG = cypher_map, RIGHTARG = text, FUNCTION = cypher_map_exists,
  RESTRICT = contsel, JOIN = contjoinsel);
-- The type of a property: 'integer', 'float', 'string', 'vector', 'date' ...
CREATE FUNCTION ruvector_property_type(properties cypher_map, key text) RETURNS text
  AS 'MODULE_PATHNAME', 'rv_cypher_map_type' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
-- A property that is a vector, or a list of numbers, as a vector; NULL when it is neither.
CREATE FUNCTION ruvector_property_vector(properties cypher_map, key text) RETURNS vector
  AS 'MODULE_PATHNAME', 'rv_cypher_map_vector' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

-- Equality of the stored form: 1 and 1.0 differ.
CREATE FUNCTION cypher_map_eq(cypher_map, cypher_map) RETURNS boolean
  AS 'MODULE_PATHNAME', 'rv_cypher_map_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION cypher_map_ne(cypher_map, cypher_map) RETURNS boolean
  AS 'MODULE_PATHNAME', 'rv_cypher_map_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION cypher_map_hash(cypher_map) RETURNS integer
  AS 'MODULE_PATHNAME', 'rv_cypher_map_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR = (LEFTARG = cypher_map, RIGHTARG = cypher_map, FUNCTION = cypher_map_eq,
  COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES);
CREATE OPERATOR <> (LEFTARG = cypher_map, RIGHTARG = cypher_map, FUNCTION = cypher_map_ne,
  COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel);
CREATE OPERATOR CLASS cypher_map_ops DEFAULT FOR TYPE cypher_map USING hash AS
  OPERATOR 1 =, FUNCTION 1 cypher_map_hash(cypher_map);

-- What property indexes are made of; not for queries.
CREATE FUNCTION ruvector_graph_sort_key(cypher_map, text) RETURNS bytea
  AS 'MODULE_PATHNAME', 'rv_graph_sort_key' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_graph_has_label(integer[], integer) RETURNS boolean
  AS 'MODULE_PATHNAME', 'rv_graph_has_label' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ruvector_graph_property_conforms(cypher_map, text, text) RETURNS boolean
  AS 'MODULE_PATHNAME', 'rv_graph_property_conforms' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

-- A graph is a schema of ordinary tables: docs/graph.md. 42710 when the schema exists.
CREATE FUNCTION ruvector_create_graph(name text) RETURNS void
  AS 'MODULE_PATHNAME', 'rv_create_graph' LANGUAGE C VOLATILE STRICT;
CREATE FUNCTION ruvector_drop_graph(name text, if_exists boolean DEFAULT false) RETURNS void
  AS 'MODULE_PATHNAME', 'rv_drop_graph' LANGUAGE C VOLATILE STRICT;
-- Makes a label or relationship type known, with a view of its name in the graph's schema, and
-- declares properties, which are then enforced: {"name": "text not null", "embedding": "vector(768)"}.
CREATE FUNCTION ruvector_create_node_label(graph text, label text, properties jsonb DEFAULT '{}') RETURNS void
  AS 'MODULE_PATHNAME', 'rv_create_node_label' LANGUAGE C VOLATILE STRICT;
CREATE FUNCTION ruvector_create_edge_type(graph text, type text, properties jsonb DEFAULT '{}') RETURNS void
  AS 'MODULE_PATHNAME', 'rv_create_edge_type' LANGUAGE C VOLATILE STRICT;
-- Every graph of the database.
CREATE VIEW ruvector_graphs AS
  SELECT n.nspname AS name, pg_get_userbyid(n.nspowner) AS owner
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'properties'
    JOIN pg_class e ON e.relnamespace = n.oid AND e.relname = 'edge'
  WHERE c.relname = 'node' AND c.relkind = 'r' AND a.atttypid = 'cypher_map'::regtype;
GRANT SELECT ON ruvector_graphs TO PUBLIC;

-- Algorithms over any query that returns the edges of a graph: source, target and, where an
-- algorithm takes weights, optionally a weight. Every one takes the option "orientation": natural,
-- reverse or undirected. docs/graph-algorithms.md
-- PageRank; options dampingFactor, iterations, tolerance, personalizedOn (list of ids)
CREATE FUNCTION ruvector_graph_pagerank(edge_query text, options jsonb DEFAULT '{}')
  RETURNS TABLE (node bigint, score double precision)
  AS 'MODULE_PATHNAME', 'rv_graph_algorithm' LANGUAGE C VOLATILE STRICT;
-- eigenvector centrality; iterations, tolerance
CREATE FUNCTION ruvector_graph_eigenvector(edge_query text, options jsonb DEFAULT '{}')
  RETURNS TABLE (node bigint, score double precision)
  AS 'MODULE_PATHNAME', 'rv_graph_algorithm' LANGUAGE C VOLATILE STRICT;
-- number, or weight, of the edges at a node
CREATE FUNCTION ruvector_graph_degree(edge_query text, options jsonb DEFAULT '{}')
  RETURNS TABLE (node bigint, score double precision)
  AS 'MODULE_PATHNAME', 'rv_graph_algorithm' LANGUAGE C VOLATILE STRICT;
-- closeness in steps; samplingSize, seed
CREATE FUNCTION ruvector_graph_closeness(edge_query text, options jsonb DEFAULT '{}')
  RETURNS TABLE (node bigint, score double precision)
  AS 'MODULE_PATHNAME', 'rv_graph_algorithm' LANGUAGE C VOLATILE STRICT;
-- harmonic closeness; samplingSize, seed
CREATE FUNCTION ruvector_graph_harmonic(edge_query text, options jsonb DEFAULT '{}')
  RETURNS TABLE (node bigint, score double precision)
  AS 'MODULE_PATHNAME', 'rv_graph_algorithm' LANGUAGE C VOLATILE STRICT;
-- betweenness; samplingSize, seed
CREATE FUNCTION ruvector_graph_betweenness(edge_query text, options jsonb DEFAULT '{}')
  RETURNS TABLE (node bigint, score double precision)
  AS 'MODULE_PATHNAME', 'rv_graph_algorithm' LANGUAGE C VOLATILE STRICT;
-- weakly connected components
CREATE FUNCTION ruvector_graph_wcc(edge_query text, options jsonb DEFAULT '{}')
  RETURNS TABLE (node bigint, component bigint)
  AS 'MODULE_PATHNAME', 'rv_graph_algorithm' LANGUAGE C VOLATILE STRICT;
-- strongly connected components
CREATE FUNCTION ruvector_graph_scc(edge_query text, options jsonb DEFAULT '{}')
  RETURNS TABLE (node bigint, component bigint)
  AS 'MODULE_PATHNAME', 'rv_graph_algorithm' LANGUAGE C VOLATILE STRICT;
-- label propagation; iterations, seed
CREATE FUNCTION ruvector_graph_label_propagation(edge_query text, options jsonb DEFAULT '{}')
  RETURNS TABLE (node bigint, community bigint)
  AS 'MODULE_PATHNAME', 'rv_graph_algorithm' LANGUAGE C VOLATILE STRICT;
-- Louvain; resolution, maxLevels, tolerance, seed
CREATE FUNCTION ruvector_graph_louvain(edge_query text, options jsonb DEFAULT '{}')
  RETURNS TABLE (node bigint, community bigint)
  AS 'MODULE_PATHNAME', 'rv_graph_algorithm' LANGUAGE C VOLATILE STRICT;
-- Leiden; resolution, maxLevels, tolerance, seed
CREATE FUNCTION ruvector_graph_leiden(edge_query text, options jsonb DEFAULT '{}')
  RETURNS TABLE (node bigint, community bigint)
  AS 'MODULE_PATHNAME', 'rv_graph_algorithm' LANGUAGE C VOLATILE STRICT;
-- triangles at each node
CREATE FUNCTION ruvector_graph_triangle_count(edge_query text, options jsonb DEFAULT '{}')
  RETURNS TABLE (node bigint, triangles bigint)
  AS 'MODULE_PATHNAME', 'rv_graph_algorithm' LANGUAGE C VOLATILE STRICT;
-- local clustering coefficient
CREATE FUNCTION ruvector_graph_clustering_coefficient(edge_query text, options jsonb DEFAULT '{}')
  RETURNS TABLE (node bigint, coefficient double precision)
  AS 'MODULE_PATHNAME', 'rv_graph_algorithm' LANGUAGE C VOLATILE STRICT;
-- core numbers
CREATE FUNCTION ruvector_graph_kcore(edge_query text, options jsonb DEFAULT '{}')
  RETURNS TABLE (node bigint, core bigint)
  AS 'MODULE_PATHNAME', 'rv_graph_algorithm' LANGUAGE C VOLATILE STRICT;
-- breadth-first search; maxDepth
CREATE FUNCTION ruvector_graph_bfs(edge_query text, start bigint, options jsonb DEFAULT '{}')
  RETURNS TABLE (node bigint, depth bigint, parent bigint)
  AS 'MODULE_PATHNAME', 'rv_graph_algorithm' LANGUAGE C VOLATILE STRICT;
-- depth-first search; maxDepth
CREATE FUNCTION ruvector_graph_dfs(edge_query text, start bigint, options jsonb DEFAULT '{}')
  RETURNS TABLE (node bigint, depth bigint, parent bigint)
  AS 'MODULE_PATHNAME', 'rv_graph_algorithm' LANGUAGE C VOLATILE STRICT;
-- cost of the cheapest way to every node (Dijkstra)
CREATE FUNCTION ruvector_graph_shortest_paths(edge_query text, start bigint, options jsonb DEFAULT '{}')
  RETURNS TABLE (node bigint, cost double precision)
  AS 'MODULE_PATHNAME', 'rv_graph_algorithm' LANGUAGE C VOLATILE STRICT;
-- one cheapest path
CREATE FUNCTION ruvector_graph_dijkstra(edge_query text, start bigint, finish bigint, options jsonb DEFAULT '{}')
  RETURNS TABLE (index bigint, nodes bigint[], cost double precision)
  AS 'MODULE_PATHNAME', 'rv_graph_algorithm' LANGUAGE C VOLATILE STRICT;
-- one cheapest path by A*: the node query returns a node and its coordinates in columns named x and y, or
-- as the options say; xProperty, yProperty, longitudeProperty, latitudeProperty, scale
CREATE FUNCTION ruvector_graph_astar(edge_query text, node_query text, start bigint, finish bigint, options jsonb DEFAULT '{}')
  RETURNS TABLE (index bigint, nodes bigint[], cost double precision)
  AS 'MODULE_PATHNAME', 'rv_graph_algorithm' LANGUAGE C VOLATILE STRICT;
-- the k cheapest paths without repeated nodes; k
CREATE FUNCTION ruvector_graph_yens(edge_query text, start bigint, finish bigint, options jsonb DEFAULT '{}')
  RETURNS TABLE (index bigint, nodes bigint[], cost double precision)
  AS 'MODULE_PATHNAME', 'rv_graph_algorithm' LANGUAGE C VOLATILE STRICT;
-- every cheapest path; limit
CREATE FUNCTION ruvector_graph_all_shortest_paths(edge_query text, start bigint, finish bigint, options jsonb DEFAULT '{}')
  RETURNS TABLE (index bigint, nodes bigint[], cost double precision)
  AS 'MODULE_PATHNAME', 'rv_graph_algorithm' LANGUAGE C VOLATILE STRICT;
-- minimum spanning forest
CREATE FUNCTION ruvector_graph_spanning_tree(edge_query text, options jsonb DEFAULT '{}')
  RETURNS TABLE (source bigint, target bigint, weight double precision)
  AS 'MODULE_PATHNAME', 'rv_graph_algorithm' LANGUAGE C VOLATILE STRICT;
-- topological order; 22023 when there is a cycle
CREATE FUNCTION ruvector_graph_topological_sort(edge_query text, options jsonb DEFAULT '{}')
  RETURNS TABLE (node bigint, "position" bigint)
  AS 'MODULE_PATHNAME', 'rv_graph_algorithm' LANGUAGE C VOLATILE STRICT;
-- similarity of neighbours; metric jaccard, overlap or cosine, topK, similarityCutoff, degreeCutoff
CREATE FUNCTION ruvector_graph_node_similarity(edge_query text, options jsonb DEFAULT '{}')
  RETURNS TABLE (node1 bigint, node2 bigint, similarity double precision)
  AS 'MODULE_PATHNAME', 'rv_graph_algorithm' LANGUAGE C VOLATILE STRICT;
-- how likely an edge is; metric commonNeighbors, jaccard, adamicAdar, resourceAllocation or preferentialAttachment
CREATE FUNCTION ruvector_graph_link_prediction(edge_query text, start bigint, finish bigint, options jsonb DEFAULT '{}')
  RETURNS TABLE (node1 bigint, node2 bigint, score double precision)
  AS 'MODULE_PATHNAME', 'rv_graph_algorithm' LANGUAGE C VOLATILE STRICT;
-- node2vec walks; walkLength, walksPerNode, returnFactor, inOutFactor, seed
CREATE FUNCTION ruvector_graph_random_walk(edge_query text, options jsonb DEFAULT '{}')
  RETURNS TABLE (node bigint, walk bigint[])
  AS 'MODULE_PATHNAME', 'rv_graph_algorithm' LANGUAGE C VOLATILE STRICT;
-- FastRP embeddings; embeddingDimension, iterationWeights, normalizationStrength, seed
CREATE FUNCTION ruvector_graph_fast_rp(edge_query text, options jsonb DEFAULT '{}')
  RETURNS TABLE (node bigint, embedding vector)
  AS 'MODULE_PATHNAME', 'rv_graph_algorithm' LANGUAGE C VOLATILE STRICT;

-- SQL functions that Cypher's CALL can call.
CREATE TABLE ruvector_procedures (name text PRIMARY KEY, signature text NOT NULL, function text NOT NULL);
GRANT SELECT ON ruvector_procedures TO PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('ruvector_procedures', '');
-- "my.search(text :: STRING, k :: INTEGER?) :: (id :: INTEGER)". The caller of the procedure needs
-- EXECUTE on the function; who registers, INSERT and UPDATE on ruvector_procedures.
CREATE FUNCTION ruvector_register_procedure(signature text, function regprocedure) RETURNS void
  AS 'MODULE_PATHNAME', 'rv_register_procedure' LANGUAGE C VOLATILE STRICT;

-- Loads nodes and relationships from SQL queries. The nodes query returns "label" (text) or
-- "labels" (text[]); the edges query "source", "target" and "type", and "source_label" and
-- "target_label" where keys are unique by label only. `key` names the column that holds a node's
-- key. A column "properties" (jsonb) is spread; all others become properties by their names.
CREATE FUNCTION ruvector_graph_import(graph text, nodes text, edges text DEFAULT NULL, key text DEFAULT 'id',
    OUT nodes_imported bigint, OUT relationships_imported bigint)
  AS 'MODULE_PATHNAME', 'rv_graph_import' LANGUAGE C VOLATILE;

-- Reads a table of the caller's as the nodes of a label: one for each row, without copying. `key` is an
-- integer column that is unique; `properties` maps property names to columns, every column when NULL.
-- Queries read it as the caller; Cypher does not write to it (0A000).
CREATE FUNCTION ruvector_graph_attach_nodes(graph text, label text, "table" regclass, key text DEFAULT 'id',
    properties jsonb DEFAULT NULL) RETURNS void
  AS 'MODULE_PATHNAME', 'rv_graph_attach_nodes' LANGUAGE C VOLATILE;
-- The same for relationships between attached labels: `source` and `target` hold the keys of their nodes.
CREATE FUNCTION ruvector_graph_attach_edges(graph text, type text, "table" regclass, source text, target text,
    source_label text, target_label text, key text DEFAULT 'id', properties jsonb DEFAULT NULL) RETURNS void
  AS 'MODULE_PATHNAME', 'rv_graph_attach_edges' LANGUAGE C VOLATILE;
-- Takes an attached label or type off the graph; the table stays.
CREATE FUNCTION ruvector_graph_detach(graph text, name text) RETURNS void
  AS 'MODULE_PATHNAME', 'rv_graph_detach' LANGUAGE C VOLATILE STRICT;

-- Exact counts: nodes, relationships, each label, each type; and the bytes of the tables.
CREATE FUNCTION ruvector_graph_stats(graph text) RETURNS TABLE (kind text, name text, count bigint, bytes bigint)
  AS 'MODULE_PATHNAME', 'rv_graph_stats' LANGUAGE C STABLE STRICT;
-- Reads the whole graph and reports what does not fit together; no rows when all is well.
CREATE FUNCTION ruvector_graph_check(graph text) RETURNS TABLE (problem text, item bigint)
  AS 'MODULE_PATHNAME', 'rv_graph_check' LANGUAGE C STABLE STRICT;
