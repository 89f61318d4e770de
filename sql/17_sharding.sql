-- Nearest neighbours over partitions, of which some or all may be foreign tables of postgres_fdw
-- (docs/scaling-out.md). The planner merges ordered partitions one after the other and sends no
-- LIMIT; what is generated here sends ORDER BY and LIMIT to every shard at once.

-- The query as text. $1 is the query vector; $2, when the filter uses it, a text.
--   relation   a partitioned table (any depth), or a plain or foreign one
--   embedding  its column of type vector, halfvec, sparsevec or bit
--   k          rows wanted
--   metric     l2, ip, cosine, l1; hamming, jaccard
--   columns    columns of the result, in front of the distance; NULL: all but the embedding
--   filter     an SQL condition, e.g. 'category = $2'. It becomes part of the query as it is: pass
--              what users enter as $2
-- Errors: 22023 unknown metric, k < 1; 42703 unknown column; 42809 not a vector column; 0A000 when
-- row-level security would be passed over.
CREATE FUNCTION ruvector_sharded_search_sql(relation regclass, embedding name, k integer, metric text DEFAULT 'l2',
  columns name[] DEFAULT NULL, filter text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  operators CONSTANT jsonb := '{"l2": "<->", "ip": "<#>", "cosine": "<=>", "l1": "<+>", "hamming": "<~>", "jaccard": "<%>"}';
  home text := (SELECT format('%I', n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'ruvector');
  type regtype;
  type_name text;
  missing name;
  distance text;
  list text;
  arms text;
BEGIN
  IF relation IS NULL OR embedding IS NULL OR k IS NULL OR metric IS NULL THEN
    RAISE EXCEPTION 'relation, embedding, k and metric must not be null' USING ERRCODE = 'null_value_not_allowed';
  END IF;
  IF k < 1 THEN
    RAISE EXCEPTION 'k must be at least 1, not %', k USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF NOT operators ? metric THEN
    RAISE EXCEPTION 'unknown metric "%"', metric USING ERRCODE = 'invalid_parameter_value', HINT = 'One of l2, ip, cosine, l1, hamming, jaccard.';
  END IF;
  SELECT name INTO missing FROM unnest(embedding || coalesce(columns, '{}')) name
    WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = relation AND a.attname = name AND a.attnum > 0 AND NOT a.attisdropped) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'column "%" of relation % does not exist', missing, relation USING ERRCODE = 'undefined_column';
  END IF;
  SELECT a.atttypid INTO type FROM pg_attribute a WHERE a.attrelid = relation AND a.attname = embedding;
  type_name := format_type(type, NULL);
  IF type = 'bit'::regtype THEN
    type_name := 'bit varying';  -- a cast to plain bit would cut to one bit
  ELSIF NOT EXISTS (SELECT FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'ruvector'
      WHERE d.classid = 'pg_type'::regclass AND d.objid = type AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e') THEN
    RAISE EXCEPTION 'column "%" of relation % has type %', embedding, relation, type_name
      USING ERRCODE = 'wrong_object_type', HINT = 'A vector, halfvec, sparsevec or bit column is searched.';
  END IF;
  -- The shards are asked directly: the policies of the parent would not be seen.
  IF row_security_active(relation) THEN
    RAISE EXCEPTION 'row-level security is active on %', relation USING ERRCODE = 'feature_not_supported',
      HINT = 'Query the table itself with ORDER BY and LIMIT, or define the policies on the shards.';
  END IF;

  IF columns IS NULL THEN
    SELECT array_agg(a.attname ORDER BY a.attnum) INTO columns FROM pg_attribute a
      WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> embedding;
  END IF;
  SELECT string_agg(format('%I, ', name), '' ORDER BY place) INTO list FROM unnest(columns) WITH ORDINALITY u(name, place);
  list := coalesce(list, '');
  distance := format('%I OPERATOR(%s.%s) $1::%s', embedding, home, operators ->> metric, type_name);
  SELECT string_agg(format('(SELECT %s%s AS rv_distance FROM %s%s ORDER BY %s LIMIT %s)', list, distance, leaf,
      CASE WHEN filter IS NULL THEN '' ELSE format(' WHERE (%s)', filter) END, distance, k), E'\nUNION ALL ' ORDER BY leaf)
    INTO arms
    FROM (SELECT format('%I.%I', n.nspname, c.relname) AS leaf
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.oid = relation AND c.relkind <> 'p'
        OR c.oid IN (SELECT t.relid FROM pg_partition_tree(relation) t WHERE t.isleaf AND t.relid <> relation)) leaves;
  IF arms IS NULL THEN
    RAISE EXCEPTION 'relation % has no partitions', relation USING ERRCODE = 'wrong_object_type';
  END IF;
  -- "+ 0": sorted as it is, the planner would merge the shards one after the other.
  RETURN format(E'SELECT %srv_distance FROM (\n%s\n) shards ORDER BY rv_distance + 0 LIMIT %s', list, arms, k);
END $$;

-- Runs it with the caller's privileges. The caller names and types the columns:
--   SELECT * FROM ruvector_sharded_search('items', 'embedding', '[1,2,3]'::vector, 10, columns => '{id,title}')
--     AS t(id bigint, title text, distance float8);
CREATE FUNCTION ruvector_sharded_search(relation regclass, embedding name, query anyelement, k integer, metric text DEFAULT 'l2',
  columns name[] DEFAULT NULL, filter text DEFAULT NULL, argument text DEFAULT NULL) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED AS $$
DECLARE
  generator text := (SELECT pg_catalog.format('%I.ruvector_sharded_search_sql', n.nspname) FROM pg_catalog.pg_extension e
    JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) e.extnamespace WHERE e.extname OPERATOR(pg_catalog.=) 'ruvector');
  statement text;
BEGIN
  EXECUTE pg_catalog.format('SELECT %s($1, $2, $3, $4, $5, $6)', generator) INTO statement
    USING relation, embedding, k, metric, columns, filter;
  IF filter IS NOT NULL THEN
    -- Both parameters have their type even when the filter does not use the second one.
    RETURN QUERY EXECUTE statement USING query, argument;
  ELSE
    RETURN QUERY EXECUTE statement USING query;
  END IF;
END $$;
