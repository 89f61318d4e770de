-- property graphs: Cypher

-- Runs a Cypher query on a graph; one json object a row, with the columns as keys in the order of
-- RETURN. Nodes are {"id", "labels", "properties"}, relationships {"id", "type", "start", "end",
-- "properties"}, paths {"nodes", "relationships"}; temporal values and points are text. `params`
-- holds the values of $name. A syntax error is 42601, its detail holds openCypher's name of the
-- error, the line and the column. docs/cypher.md
CREATE FUNCTION ruvector_cypher(graph text, query text, params jsonb DEFAULT '{}')
  RETURNS SETOF json
  AS 'MODULE_PATHNAME', 'rv_cypher' LANGUAGE C VOLATILE STRICT COST 1000;

-- The same as rows of the types in the AS list: ruvector_cypher_rows('social', $$MATCH (p:Person)
-- RETURN p.name, p.age$$) AS (name text, age int). Columns go by position; 42804 when a value
-- cannot become the type.
CREATE FUNCTION ruvector_cypher_rows(graph text, query text, params jsonb DEFAULT '{}')
  RETURNS SETOF record
  AS 'MODULE_PATHNAME', 'rv_cypher_rows' LANGUAGE C VOLATILE STRICT COST 1000;
