-- pgvector has types, operators and access methods of the same names: two of them in one database
-- would make every unqualified name a matter of luck. Say so before anything is created.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname OPERATOR(pg_catalog.=) 'vector') THEN
    RAISE EXCEPTION 'cannot install ruvector: extension "vector" (pgvector) is installed in this database'
      USING ERRCODE = 'duplicate_object',
            DETAIL = 'ruvector provides the types, operators and index methods of pgvector under the same names.',
            HINT = 'See docs/migrating-from-pgvector.md: move the data to a database that has ruvector instead.';
  END IF;
END
$$;
