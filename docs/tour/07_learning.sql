-- Chapter 7: self-learning search: audited recall
\pset border 0
BEGIN;
\echo 'An index over a sample of the glosses, sparsely linked so that there is something to tune'
CREATE TABLE tour_glosses AS SELECT id, embedding FROM synset WHERE hashtext(id) % 12 = 0 AND embedding IS NOT NULL;
CREATE INDEX tour_glosses_hnsw ON tour_glosses USING hnsw (embedding vector_cosine_ops) WITH (m = 8, ef_construction = 32);
SELECT ruvector_enable_feature('learning', table_name := 'tour_glosses') \g /dev/null
\echo 'What does it find as it is? (against exact scans of the same snapshot)'
SELECT round(recall::numeric, 3) AS recall, round(low::numeric, 3) AS low, round(mean_effort) AS ef FROM ruvector_audit_recall('tour_glosses_hnsw', 100);
\echo 'Tune for a mean recall of 0.98: the efforts that were tried'
SELECT effort AS ef, round(recall::numeric, 3) AS recall, round(distances) AS distances, recommended
  FROM ruvector_auto_tune('tour_glosses_hnsw', 0.98, sample_queries := 200, apply := true) WHERE recommended OR effort IN (10, 1000);
SELECT mode, version, learned, safe_effort, metrics->>'saving' AS saving FROM ruvector_learning_status('tour_glosses');
SELECT round(recall::numeric, 3) AS audited, round(mean_effort::numeric, 1) AS ef FROM ruvector_audit_recall('tour_glosses_hnsw', 100);
DO $$
BEGIN
  IF (SELECT recall FROM ruvector_audit_recall('tour_glosses_hnsw', 100)) < 0.95 THEN RAISE EXCEPTION 'the promise was not kept'; END IF;
  RAISE NOTICE 'self-check passed';
END $$;
ROLLBACK;
