-- Looking into indexes: checks, statistics, measured recall, advice.

-- Verifies an index page by page; with heapallindexed also that every row of the table is in it.
-- Severity "error" is a broken invariant, "warning" costs recall or space, "info" neither.
CREATE FUNCTION ruvector_index_check(index regclass, heapallindexed boolean DEFAULT false,
    OUT severity text, OUT block bigint, OUT item text, OUT message text)
  RETURNS SETOF record
  AS 'MODULE_PATHNAME', 'rv_index_check' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000 ROWS 10;

-- Sizes, options and counts of an index, from a walk over its pages.
CREATE FUNCTION ruvector_index_stats(index regclass) RETURNS jsonb
  AS 'MODULE_PATHNAME', 'rv_index_stats' LANGUAGE C VOLATILE STRICT PARALLEL SAFE COST 10000;

-- Reads an index into shared buffers; returns its pages.
CREATE FUNCTION ruvector_prewarm(index regclass) RETURNS bigint
  AS 'MODULE_PATHNAME', 'rv_prewarm' LANGUAGE C VOLATILE STRICT PARALLEL SAFE COST 10000;

-- What the last vector index scan of this session did; NULL before the first.
CREATE FUNCTION ruvector_last_scan() RETURNS jsonb
  AS 'MODULE_PATHNAME', 'rv_last_scan' LANGUAGE C VOLATILE PARALLEL RESTRICTED;

-- Memory that building an index takes, and the size it will have, before it is built. Options: those
-- of the method, and "rows" and "dimensions" to ask about other tables than the one there is.
CREATE FUNCTION ruvector_index_memory_estimate("table" regclass, "column" text, method text DEFAULT 'hnsw',
    options jsonb DEFAULT '{}') RETURNS jsonb
  AS 'MODULE_PATHNAME', 'rv_index_memory_estimate' LANGUAGE C STABLE PARALLEL SAFE;

-- The table, the indexed expression, and the distance operator of an index, ready for format().
CREATE FUNCTION ruvector_index_order(index regclass, OUT table_name regclass, OUT expression text, OUT operator text,
    OUT method text, OUT predicate text)
  LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$
  SELECT i.indrelid::pg_catalog.regclass, pg_catalog.pg_get_indexdef(i.indexrelid, 1, false),
         pg_catalog.format('OPERATOR(%I.%s)', n.nspname, o.oprname), a.amname::pg_catalog.text,
         coalesce(pg_catalog.pg_get_expr(i.indpred, i.indrelid), 'true')
  FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid
  JOIN pg_catalog.pg_am a ON a.oid OPERATOR(pg_catalog.=) c.relam
  JOIN pg_catalog.pg_opclass k ON k.oid OPERATOR(pg_catalog.=) i.indclass[0]
  JOIN pg_catalog.pg_amop p ON p.amopfamily OPERATOR(pg_catalog.=) k.opcfamily AND p.amoppurpose OPERATOR(pg_catalog.=) 'o'
       AND p.amopstrategy OPERATOR(pg_catalog.=) 1
  JOIN pg_catalog.pg_operator o ON o.oid OPERATOR(pg_catalog.=) p.amopopr
  JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) o.oprnamespace
  WHERE i.indexrelid OPERATOR(pg_catalog.=) index
$$;

-- Recall and speed of an index at one setting, against exact scans in the same snapshot: `sample`
-- rows of the table are the queries, each without itself. effort: hnsw.ef_search or ivfflat.probes;
-- NULL takes what the session would use. recall counts by distance, so ties are no misses.
CREATE FUNCTION ruvector_recall(index regclass, k integer DEFAULT 10, sample integer DEFAULT 20, effort integer DEFAULT NULL,
    OUT recall double precision, OUT index_ms double precision, OUT exact_ms double precision, OUT queries integer)
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
  me name := (SELECT n.nspname FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'ruvector');
  d record; q record; truth float8[]; found float8[]; hit bigint := 0; possible bigint := 0;
  t timestamptz; spent_index float8 := 0; spent_exact float8 := 0; kept_seq text; kept_index text; kept_effort text;
  setting text; statement text; distance float8; pool bigint;
BEGIN
  IF k IS NULL OR k < 1 OR k > 1000 THEN
    RAISE EXCEPTION 'k must be between 1 and 1000, not %', k USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF sample IS NULL OR sample < 1 OR sample > 10000 THEN
    RAISE EXCEPTION 'sample must be between 1 and 10000, not %', sample USING ERRCODE = 'invalid_parameter_value';
  END IF;
  EXECUTE pg_catalog.format('SELECT * FROM %I.ruvector_index_order($1)', me) INTO d USING index;
  IF d.method IS NULL OR d.method NOT IN ('hnsw', 'ivfflat', 'ruvector_hyperbolic') THEN
    RAISE EXCEPTION '"%" is not an index over vectors', index USING ERRCODE = 'wrong_object_type';
  END IF;
  setting := CASE d.method WHEN 'ivfflat' THEN 'ivfflat.probes' ELSE 'hnsw.ef_search' END;
  kept_effort := pg_catalog.current_setting(setting);
  kept_seq := pg_catalog.current_setting('enable_seqscan');
  kept_index := pg_catalog.current_setting('enable_indexscan');
  statement := pg_catalog.format('SELECT %s %s $1 FROM ONLY %s WHERE (%s) AND ctid <> $2 AND %s IS NOT NULL ORDER BY %s %s $1 LIMIT %s',
    d.expression, d.operator, d.table_name, d.predicate, d.expression, d.expression, d.operator, k);
  EXECUTE pg_catalog.format('SELECT count(*) FROM ONLY %s WHERE (%s) AND %s IS NOT NULL', d.table_name, d.predicate, d.expression) INTO pool;
  queries := 0;
  FOR q IN EXECUTE pg_catalog.format(
      'SELECT %s AS v, ctid AS place FROM ONLY %s WHERE (%s) AND %s IS NOT NULL AND random() <= %s LIMIT %s',
      d.expression, d.table_name, d.predicate, d.expression,
      CASE WHEN pool <= sample THEN 1 ELSE least(1, 1.5 * sample / pool) END, sample) LOOP
    PERFORM pg_catalog.set_config('enable_indexscan', 'off', true), pg_catalog.set_config('enable_seqscan', 'on', true);
    t := pg_catalog.clock_timestamp();
    truth := NULL;
    FOR distance IN EXECUTE statement USING q.v, q.place LOOP truth := pg_catalog.array_append(truth, distance); END LOOP;
    spent_exact := spent_exact + extract(epoch FROM pg_catalog.clock_timestamp() - t) * 1000;
    PERFORM pg_catalog.set_config('enable_indexscan', 'on', true), pg_catalog.set_config('enable_seqscan', 'off', true);
    IF effort IS NOT NULL THEN PERFORM pg_catalog.set_config(setting, effort::text, true); END IF;
    t := pg_catalog.clock_timestamp();
    found := NULL;
    FOR distance IN EXECUTE statement USING q.v, q.place LOOP found := pg_catalog.array_append(found, distance); END LOOP;
    spent_index := spent_index + extract(epoch FROM pg_catalog.clock_timestamp() - t) * 1000;
    IF effort IS NOT NULL THEN PERFORM pg_catalog.set_config(setting, kept_effort, true); END IF;
    queries := queries + 1;
    CONTINUE WHEN truth IS NULL;
    possible := possible + pg_catalog.cardinality(truth);
    -- Whatever is at most as far as the farthest true one is right.
    hit := hit + (SELECT count(*) FROM pg_catalog.unnest(found) AS x WHERE x <= truth[pg_catalog.cardinality(truth)] + 1e-6 * abs(truth[pg_catalog.cardinality(truth)]));
  END LOOP;
  PERFORM pg_catalog.set_config('enable_seqscan', kept_seq, true), pg_catalog.set_config('enable_indexscan', kept_index, true);
  recall := CASE WHEN possible > 0 THEN least(1.0, hit::float8 / possible) END;
  index_ms := CASE WHEN queries > 0 THEN spent_index / queries END;
  exact_ms := CASE WHEN queries > 0 THEN spent_exact / queries END;
END $$;

-- Measured recall and time over a range of settings, and the cheapest that reaches the target.
CREATE FUNCTION ruvector_advise(index regclass, target_recall double precision DEFAULT 0.95, k integer DEFAULT 10, sample integer DEFAULT 20,
    OUT effort integer, OUT recall double precision, OUT index_ms double precision, OUT exact_ms double precision,
    OUT recommended boolean, OUT advice text)
  RETURNS SETOF record LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
  me name := (SELECT n.nspname FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'ruvector');
  d record; r record; ladder integer[]; reached boolean := false; setting text; best float8 := 0; stats jsonb;
BEGIN
  IF target_recall IS NULL OR target_recall <= 0 OR target_recall > 1 THEN
    RAISE EXCEPTION 'target_recall must be above 0 and at most 1, not %', target_recall USING ERRCODE = 'invalid_parameter_value';
  END IF;
  EXECUTE pg_catalog.format('SELECT * FROM %I.ruvector_index_order($1)', me) INTO d USING index;
  IF d.method IS NULL OR d.method NOT IN ('hnsw', 'ivfflat', 'ruvector_hyperbolic') THEN
    RAISE EXCEPTION '"%" is not an index over vectors', index USING ERRCODE = 'wrong_object_type';
  END IF;
  ladder := CASE d.method WHEN 'ivfflat' THEN '{1,2,4,8,16,32,64,128}'::integer[] ELSE '{10,20,40,64,100,200,400,1000}'::integer[] END;
  setting := CASE d.method WHEN 'ivfflat' THEN 'probes' ELSE 'ef_search' END;
  FOREACH effort IN ARRAY ladder LOOP
    CONTINUE WHEN effort < k AND d.method <> 'ivfflat';
    EXECUTE pg_catalog.format('SELECT * FROM %I.ruvector_recall($1, $2, $3, $4)', me) INTO r USING index, k, sample, effort;
    recall := r.recall; index_ms := r.index_ms; exact_ms := r.exact_ms;
    best := greatest(best, recall);
    recommended := NOT reached AND recall >= target_recall;
    advice := CASE
      WHEN recommended AND index_ms > exact_ms THEN 'an exact scan is as fast on this table: the index does not pay'
      WHEN recommended THEN pg_catalog.format('ALTER INDEX %s SET (%s = %s)', index, setting, effort)
    END;
    reached := reached OR recommended;
    RETURN NEXT;
    EXIT WHEN reached;
  END LOOP;
  IF NOT reached THEN
    effort := NULL; recall := best; index_ms := NULL; exact_ms := NULL; recommended := false;
    advice := CASE d.method WHEN 'ivfflat' THEN 'not reached: build with fewer lists'
      ELSE 'not reached: build with a larger m or ef_construction, or with more bits' END;
    RETURN NEXT;
  END IF;
  EXECUTE pg_catalog.format('SELECT %I.ruvector_index_stats($1)', me) INTO stats USING index;
  IF (stats ->> 'trained_rows')::bigint = 0 AND (stats ->> 'rows')::bigint > 1000 THEN
    effort := NULL; recall := NULL; index_ms := NULL; exact_ms := NULL; recommended := false;
    advice := pg_catalog.format('REINDEX INDEX %s: it was created on an empty table, its codes do not know the data', index);
    RETURN NEXT;
  END IF;
END $$;

-- The rows of a table nearest to a query, as JSON, nearest first. metric: l2, inner_product, cosine,
-- l1. `filter` is a condition in SQL, with the rights of the caller.
CREATE FUNCTION ruvector_search("table" regclass, "column" name, query vector, k integer DEFAULT 10, filter text DEFAULT NULL,
    metric text DEFAULT 'cosine', OUT distance double precision, OUT "row" jsonb)
  RETURNS SETOF record LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE op text; schema name;
BEGIN
  op := CASE metric WHEN 'l2' THEN '<->' WHEN 'inner_product' THEN '<#>' WHEN 'cosine' THEN '<=>' WHEN 'l1' THEN '<+>' END;
  IF op IS NULL THEN
    RAISE EXCEPTION 'unknown metric "%"', metric USING ERRCODE = 'invalid_parameter_value',
      HINT = 'Use l2, inner_product, cosine or l1.';
  END IF;
  IF k IS NULL OR k < 1 THEN
    RAISE EXCEPTION 'k must be positive, not %', k USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT n.nspname INTO schema FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    WHERE t.oid = pg_catalog.pg_typeof(query);
  RETURN QUERY EXECUTE pg_catalog.format(
    'SELECT (t.%I OPERATOR(%I.%s) $1)::float8, pg_catalog.to_jsonb(t) - %L FROM %s t WHERE %s ORDER BY t.%I OPERATOR(%I.%s) $1 LIMIT %s',
    "column", schema, op, "column", "table", coalesce('(' || filter || ')', 'true'), "column", schema, op, k)
    USING query;
END $$;

-- Vector indexes and how much they are used.
CREATE VIEW ruvector_index_activity AS
  SELECT s.schemaname, s.relname AS table_name, s.indexrelname AS index_name, a.amname AS method,
         s.idx_scan AS scans, s.idx_tup_read AS rows_returned,
         pg_catalog.pg_relation_size(s.indexrelid) AS bytes,
         io.idx_blks_hit AS blocks_hit, io.idx_blks_read AS blocks_read, c.reloptions AS options
  FROM pg_catalog.pg_stat_user_indexes s
  JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) s.indexrelid
  JOIN pg_catalog.pg_am a ON a.oid OPERATOR(pg_catalog.=) c.relam
  JOIN pg_catalog.pg_statio_user_indexes io ON io.indexrelid OPERATOR(pg_catalog.=) s.indexrelid
  WHERE a.amname OPERATOR(pg_catalog.=) ANY (ARRAY['hnsw', 'ivfflat', 'ruvector_sparse', 'ruvector_bm25', 'ruvector_hyperbolic']::name[]);
