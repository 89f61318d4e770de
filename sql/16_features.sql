-- switching features, and what the SQL of several features stands on

-- Switches a feature on, for a table where the feature works by table. What `options` may hold says
-- the feature's page. 22023 for an unknown feature, 0A000 for one that is not built in.
CREATE FUNCTION ruvector_enable_feature(feature text, table_name regclass DEFAULT NULL, options jsonb DEFAULT '{}')
  RETURNS void
  AS 'MODULE_PATHNAME', 'rv_enable_feature' LANGUAGE C VOLATILE PARALLEL UNSAFE;

-- Switches it off; with purge what it gathered is removed.
CREATE FUNCTION ruvector_disable_feature(feature text, table_name regclass DEFAULT NULL, purge boolean DEFAULT false)
  RETURNS void
  AS 'MODULE_PATHNAME', 'rv_disable_feature' LANGUAGE C VOLATILE PARALLEL UNSAFE;

-- Whether the current user may see a tenant's rows: NULL is everybody's, a role's rows are for those
-- who have the role. The row security policies of this extension's tables are made of it.
CREATE FUNCTION ruvector_tenant_visible(tenant name) RETURNS boolean
  AS 'MODULE_PATHNAME', 'rv_tenant_visible' LANGUAGE C STABLE PARALLEL SAFE COST 5;

-- Raises `message` with `sqlstate` unless `ok` is true.
CREATE FUNCTION ruvector_assert(ok boolean, sqlstate text, message text, hint text DEFAULT NULL) RETURNS boolean
  AS 'MODULE_PATHNAME', 'rv_assert' LANGUAGE C VOLATILE PARALLEL SAFE;
