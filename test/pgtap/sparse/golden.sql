-- SciFact and Cranfield: top 10 and scores of BM25 and of sparse vectors against independent values,
-- relevance, rank fusion ($RUVECTOR_SHARED/data/sparse).
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
CREATE TABLE docs (set text, pos serial, id text, body text);
CREATE TABLE queries (set text, id text, body text);
CREATE TABLE qrels (set text, query text, doc text, grade int);
CREATE TABLE golden (set text, query text, rank int, doc text, score float8);
CREATE TABLE vectors (pos serial, id text, v sparsevec);
CREATE TABLE vector_queries (id text, v sparsevec);
\copy docs (set, id, body) FROM PROGRAM 'cd "${RUVECTOR_SHARED:-../shared}/data/sparse" 2>/dev/null && for s in scifact cranfield; do sed "s/^/$s\t/" $s/docs.tsv; done; true' (FORMAT csv, DELIMITER E'\t', QUOTE E'\x01')
\copy queries FROM PROGRAM 'cd "${RUVECTOR_SHARED:-../shared}/data/sparse" 2>/dev/null && for s in scifact cranfield; do sed "s/^/$s\t/" $s/queries.tsv; done; true' (FORMAT csv, DELIMITER E'\t', QUOTE E'\x01')
\copy qrels FROM PROGRAM 'cd "${RUVECTOR_SHARED:-../shared}/data/sparse" 2>/dev/null && for s in scifact cranfield; do sed "s/^/$s\t/" $s/qrels.tsv; done; true' (FORMAT csv, DELIMITER E'\t', QUOTE E'\x01')
\copy golden FROM PROGRAM 'cd "${RUVECTOR_SHARED:-../shared}/data/sparse" 2>/dev/null && for s in scifact cranfield; do sed "s/^/$s\t/" $s/golden_bm25_pg15english.tsv; done; cd scifact 2>/dev/null && sed "s/^/splade\t/" golden_splade_like.tsv && sed "s/^/rrf\t/" golden_rrf60_top10lists.tsv; true' (FORMAT csv, DELIMITER E'\t', QUOTE E'\x01')
\copy vectors (id, v) FROM PROGRAM 'cd "${RUVECTOR_SHARED:-../shared}/data/sparse/scifact" 2>/dev/null && gzip -dc splade_like_docs.tsv.gz; true' (FORMAT csv, DELIMITER E'\t', QUOTE E'\x01')
\copy vector_queries FROM PROGRAM 'cd "${RUVECTOR_SHARED:-../shared}/data/sparse/scifact" 2>/dev/null && gzip -dc splade_queries.tsv.gz; true' (FORMAT csv, DELIMITER E'\t', QUOTE E'\x01')
UPDATE docs SET body = '' WHERE body IS NULL;  -- CSV's reading of nothing
SELECT count(*) = 0 AS absent FROM docs \gset
\if :absent
SELECT plan(1);
SELECT skip('no data/sparse: set RUVECTOR_SHARED', 1);
SELECT * FROM finish();
\q
\endif
SELECT plan(13);
CREATE TABLE scifact AS SELECT pos, id, body FROM docs WHERE set = 'scifact';
CREATE TABLE cranfield AS SELECT pos, id, body FROM docs WHERE set = 'cranfield';
CREATE INDEX scifact_idx ON scifact USING ruvector_bm25 (body) WITH (text_config = 'english');
CREATE INDEX cranfield_idx ON cranfield USING ruvector_bm25 (body) WITH (text_config = 'english');
CREATE INDEX vectors_idx ON vectors USING ruvector_sparse (v);
SET LOCAL enable_seqscan = off;
-- Rows beyond the tenth: a tie there must not decide.
CREATE TABLE found AS
  SELECT 'scifact' AS set, q.id AS query, d.* FROM queries q, LATERAL (SELECT id AS doc, pos, -(body <@> q.body) AS score FROM scifact ORDER BY body <@> q.body LIMIT 30) d WHERE q.set = 'scifact'
  UNION ALL SELECT 'cranfield', q.id, d.* FROM queries q, LATERAL (SELECT id, pos, -(body <@> q.body) FROM cranfield ORDER BY body <@> q.body LIMIT 30) d WHERE q.set = 'cranfield'
  UNION ALL SELECT 'splade', q.id, d.* FROM vector_queries q, LATERAL (SELECT id, pos, -(v <#> q.v) FROM vectors ORDER BY v <#> q.v LIMIT 30) d;
CREATE TABLE ranked AS SELECT *, row_number() OVER (PARTITION BY set, query ORDER BY round(score::numeric, CASE set WHEN 'splade' THEN 4 ELSE 9 END) DESC, pos) AS rank FROM found WHERE score > 0;
SELECT is((SELECT count(DISTINCT query)::int FROM ranked WHERE set = s.set), s.n, 'queries of ' || s.set) FROM (VALUES ('scifact', 300), ('cranfield', 225), ('splade', 300)) s(set, n);
SELECT ok((SELECT max(abs(r.score - g.score)) FROM golden g JOIN ranked r USING (set, query, rank) WHERE set = s.set) < s.error, 'scores of ' || s.set)
  FROM (VALUES ('scifact', 1e-6), ('cranfield', 1e-6), ('splade', 1e-4)) s(set, error);
SELECT is((SELECT count(*)::int FROM golden g LEFT JOIN ranked r ON r.set = g.set AND r.query = g.query AND r.doc = g.doc
  WHERE g.set = s.set AND (r.doc IS NULL OR abs(r.score - g.score) > s.error)), 0, 'top 10 of ' || s.set)
  FROM (VALUES ('scifact', 1e-6), ('cranfield', 1e-6), ('splade', 1e-4)) s(set, error);
CREATE FUNCTION ndcg(s text) RETURNS numeric LANGUAGE sql AS $$
  WITH wanted AS (SELECT set, query, doc, grade FROM qrels WHERE grade > 0),
    ideal AS (SELECT set, query, sum(grade / ln(n + 1)) AS best FROM (SELECT *, row_number() OVER (PARTITION BY set, query ORDER BY grade DESC) AS n FROM wanted) w WHERE n <= 10 GROUP BY set, query),
    got AS (SELECT set, query, sum(grade / ln(rank + 1)) AS gain FROM ranked JOIN wanted USING (set, query, doc) WHERE rank <= 10 GROUP BY set, query)
  SELECT round(avg(coalesce(gain, 0) / best)::numeric, 5) FROM ideal LEFT JOIN got USING (set, query) WHERE set = s $$;
SELECT ok(abs(ndcg('scifact') - 0.68931) < 0.00006, 'nDCG@10 of BM25 on SciFact');
SELECT ok(abs(ndcg('cranfield') - 0.37545) < 0.00006, 'nDCG@10 of BM25 on Cranfield');
-- Fusion of the two top-10 lists of SciFact.
CREATE TABLE fused AS SELECT l.query, f.id AS doc, f.score FROM (SELECT query, jsonb_build_array(
    (SELECT jsonb_agg(doc ORDER BY rank) FROM ranked a WHERE a.set = 'scifact' AND a.query = q.query AND rank <= 10),
    (SELECT jsonb_agg(doc ORDER BY rank) FROM ranked a WHERE a.set = 'splade' AND a.query = q.query AND rank <= 10)) AS lists
  FROM (SELECT DISTINCT query FROM ranked WHERE set = 'scifact') q) l, LATERAL ruvector_rrf(l.lists) f;
SELECT is((SELECT count(*)::int FROM golden g LEFT JOIN fused f USING (query, doc) WHERE g.set = 'rrf' AND (f.doc IS NULL OR abs(f.score - g.score) > 1e-6)), 0, 'reciprocal rank fusion');
SELECT is((SELECT count(*)::int FROM ruvector_index_check('scifact_idx', true)), 0, 'check of the BM25 index');
SELECT * FROM finish();
ROLLBACK;
