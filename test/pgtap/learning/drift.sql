\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
-- A change of queries is noticed within 300 audited queries, on real scans of hnsw and of ivfflat.
SELECT plan(12);
SELECT setseed(0.3);
SET LOCAL enable_seqscan = off;
SET LOCAL client_min_messages = warning;
-- Queries near narrow clusters are easy, those in wide ones are hard.
CREATE FUNCTION point(kind text, n int) RETURNS vector LANGUAGE sql VOLATILE AS $$
  SELECT array_agg((sin(n % 64 * 7.3 + d * 1.7) + CASE kind WHEN 'easy' THEN 0.4 ELSE 3.5 END * (random() - 0.5))::real ORDER BY d)::vector
  FROM generate_series(1, 24) d $$;
CREATE TABLE items (id int PRIMARY KEY, v vector(24));
INSERT INTO items SELECT i, point(CASE WHEN i % 64 < 32 THEN 'easy' ELSE 'hard' END, i) FROM generate_series(1, 8000) i;
CREATE TABLE queries AS SELECT kind, n, point(kind, n % 32 + CASE kind WHEN 'easy' THEN 0 ELSE 32 END) AS v FROM (VALUES ('easy'), ('hard')) k(kind), generate_series(1, 400) n;
-- Audited queries of a kind until the alarm; 1000: none.
CREATE FUNCTION until_alarm(of text, most int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE batch int := 20;
BEGIN
  FOR i IN 0 .. most / batch - 1 LOOP
    IF (SELECT alarm FROM ruvector_audit_recall('items_v', batch, 10,
        format('SELECT v FROM queries WHERE kind = %L AND n > %s ORDER BY n LIMIT %s', of, i * batch % 400, batch))) THEN
      RETURN (i + 1) * batch;
    END IF;
  END LOOP;
  RETURN 1000;
END $$;
CREATE TABLE methods (method text, definition text);
INSERT INTO methods VALUES ('hnsw', 'CREATE INDEX items_v ON items USING hnsw (v vector_l2_ops) WITH (m = 6, ef_construction = 20)'),
  ('ivfflat', 'CREATE INDEX items_v ON items USING ivfflat (v vector_l2_ops) WITH (lists = 100)');
CREATE FUNCTION check_drift(method text, definition text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE before int;
BEGIN
  DROP INDEX IF EXISTS items_v;
  EXECUTE definition;
  PERFORM ruvector_enable_feature('learning', 'items', '{"recall_target": 0.95}');
  PERFORM ruvector_auto_tune('items_v', 0.95, 10, 400, true, 'SELECT v FROM queries WHERE kind = ''easy''');
  before := (SELECT safe_effort FROM ruvector_learning_status('items'));
  RETURN NEXT is(until_alarm('easy', 400), 1000, method || ': no alarm while queries are as they were');
  RETURN NEXT cmp_ok(until_alarm('hard', 400), '<=', 300, method || ': the alarm when they change');
  RETURN NEXT ok((SELECT safe_effort >= 2 * before AND NOT learned FROM ruvector_learning_status('items')), method || ': and the safe effort takes over');
  RETURN NEXT is((SELECT alarms FROM ruvector_learning_status('items')), 1, method || ': the status tells of it');
  -- Other queries that find more than is promised are noticed, and raise no alarm.
  PERFORM ruvector_auto_tune('items_v', 0.95, 10, 400, true, 'SELECT v FROM queries WHERE kind = ''hard''');
  RETURN NEXT is(until_alarm('easy', 400), 1000, method || ': no alarm where other queries keep their recall');
  RETURN NEXT ok((SELECT queries_changed AND audited_recall >= 0.95 FROM ruvector_learning_status('items')), method || ': which the status tells of');
  PERFORM ruvector_disable_feature('learning', 'items', purge := true);
END $$;
SELECT check_drift(method, definition) FROM methods ORDER BY method;
SELECT * FROM finish();
ROLLBACK;
