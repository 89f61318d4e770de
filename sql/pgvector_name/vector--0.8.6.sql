\echo Use "CREATE EXTENSION vector" to load this file. \quit
-- Nothing: ruvector, which this extension requires, has everything. The version is that of the
-- pgvector whose behaviour ruvector follows; applications ask for it.
