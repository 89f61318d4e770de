-- functions on the indexes of every access method of ruvector

-- Verifies an index: every page, reference and count; with heapallindexed also that every row of the
-- table is in it. No rows: the index is sound. severity is 'error' for damage (REINDEX it), 'notice'
-- for what VACUUM will tidy up. For the owner.
CREATE FUNCTION ruvector_index_check(index regclass, heapallindexed boolean DEFAULT false)
  RETURNS TABLE (severity text, block bigint, item text, message text)
  AS 'MODULE_PATHNAME', 'rv_index_check' LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
