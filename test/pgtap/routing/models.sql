\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(32);
SET LOCAL ruvector.route_exploration = 0;
SELECT ruvector_register_agent('weak', cost_per_call := 0.001, quality_score := 0.5);
SELECT ruvector_register_agent('strong', cost_per_call := 0.02, quality_score := 0.5);
SELECT throws_ok($$SELECT ruvector_train_router()$$, '55000');
-- Points on a circle: weak is good on the right half, strong everywhere. A tenth of the outcomes lie.
CREATE TEMP TABLE points AS SELECT i, ARRAY[cos(i * 0.7), sin(i * 0.7)]::real[]::vector AS e,
  CASE WHEN i % 10 = 0 THEN (cos(i * 0.7) <= 0)::int ELSE (cos(i * 0.7) > 0)::int END AS weak, CASE WHEN i % 20 = 3 THEN 0 ELSE 1 END AS strong
  FROM generate_series(1, 400) i;
SELECT ruvector_route_observe('point ' || i, jsonb_build_object('weak', weak, 'strong', strong), '{"weak": 0.001, "strong": 0.02}', e) FROM points;
CREATE TEMP TABLE trained AS SELECT * FROM ruvector_train_router();
SELECT ok(version = 1 AND NOT active, 'a first version, not yet in use') FROM trained;
SELECT ok((metrics->'progressive_mse') ?& '{knn,ridge,mf,fastgrnn}' AND (metrics->>'requests')::int = 400, 'all kinds were compared') FROM trained;
SELECT is(kind, (SELECT key FROM jsonb_each_text(metrics->'progressive_mse') ORDER BY value::float8 LIMIT 1), 'the best was taken') FROM trained;
SELECT is((SELECT (reasons->>'model') FROM ruvector_route('x', embedding := '[1,0]')), 'knn');
SELECT is((SELECT count(*)::int FROM (SELECT ruvector_train_router('default', m, '{"epochs": 40}') FROM unnest('{ridge,mf,fastgrnn}'::text[]) m) s), 3);
SELECT is((SELECT string_agg((SELECT agent_name FROM ruvector_route('x', 'cost', embedding := v)), ',' ORDER BY v)
  FROM (VALUES ('[-1,0]'::vector), ('[1,0]')) s(v)), 'strong,weak', 'knn knows where weak is weak');
CREATE FUNCTION routed(version int) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM ruvector_promote_router('default', version);
  RETURN (SELECT string_agg((SELECT agent_name || ':' || (reasons->>'model') FROM ruvector_route('x', 'cost', embedding := v)), ',' ORDER BY v)
    FROM (VALUES ('[-1,0]'::vector), ('[1,0]')) s(v));
END $$;
SELECT is(routed(2), 'strong:ridge version 2,weak:ridge version 2');
SELECT is(routed(3), 'strong:mf version 3,weak:mf version 3');
SELECT is(routed(4), 'strong:fastgrnn version 4,weak:fastgrnn version 4');
SELECT is(routed(2), 'strong:ridge version 2,weak:ridge version 2', 'rolled back');
SELECT is(routed(NULL), 'strong:knn,weak:knn', 'no model: outcomes');
SELECT throws_ok($$SELECT ruvector_promote_router('default', 99)$$, '42704', 'router "default" has no version 99');
SELECT throws_ok($$SELECT ruvector_train_router('default', 'magic')$$, '22023', 'unknown router model "magic"');
SELECT throws_ok($$SELECT ruvector_train_router('default', 'knn', '{"depth": 3}')$$, '22023', 'unknown option "depth"');
UPDATE ruvector_router_model SET weights = '\x00' WHERE version = 2;
SELECT throws_ok($$SELECT routed(2)$$, 'XX001', NULL, 'damaged weights are refused');

-- calibration
CREATE TEMP TABLE c AS SELECT * FROM ruvector_route_calibrate('default', target_quality := 0.97);
SELECT ok(relative_quality >= 0.97 AND abs(held_out - 0.97) < 0.06 AND mean_cost < best_single_cost AND requests = 400, 'cheaper at 97 %') FROM c;
SELECT is((SELECT tau FROM ruvector_router WHERE name = 'default'), (SELECT tau FROM c), 'and set');
SELECT cmp_ok((SELECT strong_share FROM ruvector_route_calibrate('default', max_strong_share := 0.3, apply := false)), '<=', 0.3::float8);
SELECT throws_ok($$SELECT ruvector_route_calibrate()$$, '22023', 'give either target_quality or max_strong_share');
SELECT throws_ok($$SELECT ruvector_route_calibrate('default', 7)$$, '22023', 'target_quality must be between 0 and 2');

-- spending
SELECT ok(total_cost <= 10 AND quality > 0.6, 'within the budget') FROM ruvector_optimize_budget(10, 1000);
SELECT ok((SELECT quality FROM ruvector_optimize_budget(20, 1000)) >= (SELECT quality FROM ruvector_optimize_budget(5, 1000)), 'more money, no worse');
SELECT throws_ok($$SELECT ruvector_optimize_budget(0.0001, 1000)$$, '54000');

-- off-policy: logged by a policy that explores a lot, the value of always asking strong is found
SET LOCAL ruvector.route_exploration = 1;
SELECT throws_ok($$SELECT ruvector_route_evaluate()$$, '55000');
DO $$
DECLARE p record; d record;
BEGIN
  PERFORM ruvector_configure_router(options := '{"tau": 0}');
  FOR p IN SELECT * FROM points LOOP
    SELECT * INTO d FROM ruvector_route('point ' || p.i, 'cost', embedding := p.e);
    PERFORM ruvector_route_feedback(d.decision_id, quality := CASE d.agent_name WHEN 'weak' THEN p.weak ELSE p.strong END);
  END LOOP;
END $$;
CREATE TEMP TABLE v AS SELECT * FROM ruvector_route_evaluate('default', 'agent:strong', 'dr', 20);
SELECT ok(decisions = 400 AND abs(dr - 0.95) < 0.08, 'doubly robust: ' || dr) FROM v;
SELECT ok(dr_low < dr AND dr < dr_high AND value = dr) FROM v;
SAVEPOINT s;
UPDATE ruvector_route_log SET propensity = 0 WHERE id = (SELECT max(id) FROM ruvector_route_log);
SELECT is((SELECT decisions FROM ruvector_route_evaluate('default', 'agent:strong', 'dr', 20)), 399, 'a propensity that cannot be is left out');
ROLLBACK TO s;
SELECT ok((SELECT value FROM ruvector_route_evaluate('default', 'agent:weak', 'dr', 5)) < (SELECT dr FROM v), 'weak is worse');
SELECT cmp_ok((SELECT value FROM ruvector_route_evaluate('default', 'quality')), '>', 0.85::float8);
SELECT throws_ok($$SELECT ruvector_route_evaluate('default', 'agent:nobody')$$, '42704', 'agent "nobody" does not exist');
SELECT is((SELECT count(*)::int FROM ruvector_route_multi('draft and check', '[{"optimize_for": "cost"}, {"optimize_for": "quality", "excluded_agents": ["weak"]}]') WITH ORDINALITY), 2);
SELECT * FROM finish();
ROLLBACK;
