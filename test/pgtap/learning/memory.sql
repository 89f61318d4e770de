\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(54);
-- recording and judging
CREATE TEMP TABLE t AS SELECT ruvector_memory_record('web', 'book a flight to Oslo', '[{"do": "open site"}, {"do": "click"}]') AS id;
SELECT is((SELECT (verdict, score)::text FROM ruvector_memory_trajectory JOIN t USING (id)), '(,)', 'not judged yet');
SELECT is(ruvector_memory_judge(id, 'success', judge := 'model a'), 'success') FROM t;
SELECT is(ruvector_memory_judge(id, 'failure', judge := 'model b', confidence := 0.5), 'success', 'the surer judge prevails') FROM t;
SELECT is(ruvector_memory_judge(id, score := 0.1, judge := 'model c', reason := 'wrong date'), 'failure') FROM t;
SELECT is((SELECT (judges, round(score::numeric, 2), round(agreement::numeric, 2), reasons->'model c'->>'reason')::text FROM t, ruvector_get_verdict(id)), '(3,0.44,0.60,"wrong date")');
SELECT is(ruvector_memory_judge(id, score := 1, judge := 'model c'), 'success', 'a judge may change its mind') FROM t;
SELECT throws_ok($$SELECT ruvector_memory_judge(id, 'maybe') FROM t$$, '22023', 'verdict must be success or failure, not "maybe"');
SELECT throws_ok($$SELECT ruvector_memory_judge(id) FROM t$$, '22023', 'give either a verdict or a score');
SELECT throws_ok($$SELECT ruvector_memory_judge(id, score := 1.5) FROM t$$, '23514');
SELECT throws_ok($$SELECT ruvector_memory_judge(0, 'success')$$, '42704', 'trajectory 0 does not exist');
CREATE FUNCTION short_is_good(text, jsonb) RETURNS real LANGUAGE sql IMMUTABLE AS $$SELECT (jsonb_array_length($2) < 3)::int::real$$;
SELECT ruvector_memory_add_rule('ruled', 'short', 'short_is_good(text, jsonb)');
CREATE TEMP TABLE ruled AS SELECT ruvector_memory_record('ruled', 'x', '[1, 2, 3, 4]') AS long, ruvector_memory_record('ruled', 'x', '[1]') AS short;
SELECT is((SELECT (verdict, reasons->'rule:short'->>'score')::text FROM ruled, ruvector_get_verdict(long)), '(failure,0)', 'a rule judges at once');
SELECT is((SELECT verdict FROM ruled, ruvector_get_verdict(short)), 'success');
SELECT throws_ok($$SELECT ruvector_memory_add_rule('ruled', 'x', 'lower(text)')$$, '22023', 'a rule must be a function (text, jsonb) that returns a number');

-- adding, deduplication
CREATE TEMP TABLE a AS SELECT * FROM ruvector_memory_add('web', 'Check the date format', content := 'Sites differ in day and month order.', embedding := '[1,0,0]', source := (SELECT id FROM t));
SELECT is(action, 'added') FROM a;
SELECT is((SELECT (x.id = a.id, x.action)::text FROM a, ruvector_memory_add('web', 'Check the date format', content := 'Sites differ in day and month order.', embedding := '[0,1,0]') x), '(t,strengthened)', 'the same content');
SELECT is((SELECT (x.id = a.id, x.action)::text FROM a, ruvector_memory_add('web', 'Mind the order of day and month', content := 'It differs.', embedding := '[1,0.01,0]', source := (SELECT id FROM t)) x), '(t,strengthened)', 'nearly the same direction');
SELECT is((SELECT (strength, sources = ARRAY[(SELECT id FROM t)])::text FROM ruvector_memory_item JOIN a USING (id)), '(3,t)');
SELECT is((SELECT action FROM ruvector_memory_add('web', 'Dates as text failed', content := 'Typing dates was refused.', embedding := '[1,0.01,0]', outcome := 'failure')), 'added', 'what went wrong is kept apart');
SELECT is((SELECT action FROM ruvector_memory_add('web', 'Zero', content := 'no direction', embedding := '[0,0,0]')), 'added', 'a zero vector is like nothing');
SELECT is((SELECT action FROM ruvector_memory_add('web', 'Other size', content := 'of another model', embedding := '[1,0]')), 'added');
SELECT throws_ok($$SELECT ruvector_memory_add('web', 'x', content := 'y', outcome := 'draw')$$, '22023', 'outcome must be success or failure, not "draw"');
SELECT throws_ok($$SELECT ruvector_memory_add('web', 'x', content := 'y', source := 0)$$, '42704', 'bank "web" has no trajectory 0');

-- search
SELECT is((SELECT count(*)::int FROM ruvector_memory_search('web', '[1,0,0]')), 1, 'k is 1');
SELECT is((SELECT title FROM ruvector_memory_search('web', '[1,0,0]')), 'Check the date format', 'the stronger of two similar ones');
SELECT is((SELECT count(*)::int FROM ruvector_memory_search('web', '[1,0,0]', k := 10)), 2, 'other sizes and zero vectors are left out');
SELECT is((SELECT title FROM ruvector_memory_search('web', '[1,0,0]', outcome := 'failure')), 'Dates as text failed');
SELECT is((SELECT count(*)::int FROM ruvector_memory_search('web', '[0,1,0]', min_similarity := 0.5, k := 9)), 0);
SELECT is((SELECT action FROM ruvector_memory_add('order', 'a title', 'a description', 'a content')), 'added', 'title, description, content');
SELECT throws_ok($$SELECT * FROM ruvector_memory_search('web')$$, '22004', 'give a query or an embedding');
SELECT throws_ok($$SELECT * FROM ruvector_memory_search('web', query := 'x', k := 0)$$, '22023', 'k must be at least 1, not 0');
SELECT ruvector_memory_add('notes', title, content := content) FROM (VALUES ('Refund an order', 'Ask for the invoice number first.'), ('Reset a password', 'Send the link to the known address.')) s(title, content);
SELECT is((SELECT title FROM ruvector_memory_search('notes', query := 'the customer wants a refund for the order')), 'Refund an order', 'by text');

-- evidence
SELECT is(round(ruvector_wilson_lower(8, 10)::numeric, 3), 0.490, 'Wilson');
SELECT is(ruvector_wilson_lower(0, 0), 0::float8);
SELECT throws_ok($$SELECT ruvector_wilson_lower(3, 2)$$, '22023');
SELECT ruvector_memory_feedback(id, false) FROM a, generate_series(1, 12);
SELECT is((SELECT title FROM ruvector_memory_search('web', '[1,0,0]')), 'Dates as text failed', 'what does not help falls behind');
SELECT throws_ok($$SELECT ruvector_memory_feedback(0, true)$$, '42704', 'memory item 0 does not exist');
SELECT throws_ok($$SELECT ruvector_memory_feedback(1, NULL)$$, '22004', 'helped must not be NULL');

-- recency
SELECT ruvector_memory_configure('fresh', half_life := '1 day');
SELECT ruvector_memory_add('fresh', 'old', content := 'a', embedding := '[1,0]');
UPDATE ruvector_memory_item SET valid_from = now() - interval '3 days' WHERE bank = 'fresh';
SELECT ok((SELECT abs(recency - 0.125) < 0.001 FROM ruvector_memory_search('fresh', '[1,0]')), 'three half-lives');

-- superseding, as of
CREATE TEMP TABLE s AS SELECT (ruvector_memory_add('law', 'Speed limit', content := 'is 50', embedding := '[1,0]')).id AS old, clock_timestamp() AS then;
CREATE TEMP TABLE n AS SELECT (ruvector_memory_add('law', 'Speed limit', content := 'is 30', embedding := '[0.8,0.6]')).id AS new;
SELECT ruvector_memory_supersede(old, new) FROM s, n;
SELECT is((SELECT content FROM ruvector_memory_search('law', '[1,0]', k := 5)), 'is 30', 'only what is valid now');
SELECT is((SELECT content FROM s, ruvector_memory_search('law', '[1,0]', as_of := s.then)), 'is 50', 'what was known then');
SELECT throws_ok($$SELECT ruvector_memory_supersede(old, new) FROM s, n$$, '55000');
SELECT throws_ok($$SELECT ruvector_memory_supersede(new, new) FROM n$$, '22023', 'an item cannot supersede itself');
SELECT throws_ok($$SELECT ruvector_memory_supersede(new, 0) FROM n$$, '42704', 'memory item 0 does not exist');

-- bounds
SELECT ruvector_memory_configure('small', max_items := 3, dedupe_similarity := 1);
SELECT ruvector_memory_add('small', 'item ' || i, content := 'c', embedding := ARRAY[cos(i), sin(i)]::real[]::vector) FROM generate_series(1, 3) i;
SELECT ruvector_memory_feedback(id, true) FROM ruvector_memory_item WHERE title IN ('item 1', 'item 3') AND bank = 'small';
SELECT ruvector_memory_add('small', 'item 4', content := 'c', embedding := '[0,1]');
SELECT is((SELECT string_agg(title, ',' ORDER BY id) FROM ruvector_memory_item WHERE bank = 'small' AND valid_to IS NULL), 'item 1,item 3,item 4', 'the least valuable was retired');
SELECT is((SELECT retired FROM ruvector_memory_item WHERE bank = 'small' AND title = 'item 2'), 'the bank was full', 'and not erased');

-- consolidation
SELECT ruvector_memory_configure('c', dedupe_similarity := 1);
SELECT ruvector_memory_add('c', 'x' || i, content := 'c', embedding := ARRAY[1, 0.1 * i]::real[]::vector) FROM generate_series(1, 3) i;
SELECT ruvector_memory_add('c', 'useless', content := 'c', embedding := '[0,1]');
SELECT ruvector_memory_feedback((SELECT id FROM ruvector_memory_item WHERE bank = 'c' AND title = 'x2'), true);
SELECT ruvector_memory_feedback((SELECT id FROM ruvector_memory_item WHERE bank = 'c' AND title = 'useless'), false) FROM generate_series(1, 10);
SELECT is((SELECT string_agg(action || ' ' || title, ', ' ORDER BY title) FROM ruvector_memory_consolidate('c')), 'retire useless, merge x1, merge x3', 'the plan');
SELECT is((SELECT count(*)::int FROM ruvector_memory_item WHERE bank = 'c' AND valid_to IS NULL), 4, 'a dry run changes nothing');
SELECT is((SELECT count(*)::int FROM ruvector_memory_consolidate('c', dry_run := false)), 3);
SELECT is((SELECT (title, strength, uses)::text FROM ruvector_memory_item WHERE bank = 'c' AND valid_to IS NULL), '(x2,3,1)', 'merged');
SELECT is((SELECT (items, retired, trajectories)::text FROM ruvector_memory_stats('c')), '(1,3,0)');

-- tenants
CREATE ROLE rv_mem_a; CREATE ROLE rv_mem_b;
-- What docs/memory.md says to grant.
GRANT SELECT, INSERT, UPDATE ON ruvector_memory_trajectory, ruvector_memory_judgement, ruvector_memory_item TO rv_mem_a, rv_mem_b;
GRANT SELECT ON ruvector_memory_bank, ruvector_memory_rule TO rv_mem_a, rv_mem_b;
GRANT USAGE ON SEQUENCE ruvector_memory_trajectory_id_seq TO rv_mem_a, rv_mem_b;
SET LOCAL ROLE rv_mem_a;
SELECT ruvector_memory_add('shared', 'secret of a', content := 'c', embedding := '[1,0]');
SELECT lives_ok($$SELECT ruvector_memory_judge(ruvector_memory_record('shared', 'request of a'), 'success')$$);
SELECT throws_ok($$SELECT ruvector_memory_add_rule('shared', 'mine', NULL)$$, '42501', NULL, 'rules run with everybody''s rights: not everybody makes them');
SET LOCAL ROLE rv_mem_b;
SELECT is((SELECT count(*)::int FROM ruvector_memory_search('shared', '[1,0]', k := 9)) + (SELECT count(*)::int FROM ruvector_memory_trajectory), 0, 'another tenant sees nothing');
SELECT throws_ok($$SELECT ruvector_memory_add('shared', 'x', content := 'y', tenant := 'rv_mem_a')$$, '42501', NULL, 'nor writes in its name');
RESET ROLE;
SELECT * FROM finish();
ROLLBACK;
