\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(69);
SET LOCAL ruvector.route_exploration = 0;

-- registry
SELECT throws_ok($$SELECT ruvector_route('hello')$$, '55000', 'no agent is eligible for the request');
SELECT lives_ok($$SELECT ruvector_register_agent('small', capabilities := '{chat}', cost_per_1k_input := 0.0001, cost_per_1k_output := 0.0002, avg_latency_ms := 300, quality_score := 0.6)$$);
SELECT lives_ok($$SELECT ruvector_register_agent('large', capabilities := '{chat,code}', cost_per_1k_input := 0.01, cost_per_1k_output := 0.03, avg_latency_ms := 1500, quality_score := 0.85)$$);
SELECT throws_ok($$SELECT ruvector_register_agent('large')$$, '42710', 'agent "large" is already registered');
SELECT throws_ok($$SELECT ruvector_register_agent('x', on_conflict := 'maybe')$$, '22023', 'on_conflict must be error, update or ignore, not "maybe"');
SELECT throws_ok($$SELECT ruvector_register_agent('x', cost_per_1k_input := -1)$$, '23514');
SELECT throws_ok($$SELECT ruvector_register_agent('x', quality_score := 'NaN')$$, '23514');
SELECT lives_ok($$SELECT ruvector_register_agent('small', quality_score := 0.1, on_conflict := 'ignore')$$);
SELECT is((SELECT quality_score FROM ruvector_list_agents() WHERE name = 'small'), 0.6::float8, 'ignored');
SELECT ruvector_update_agent('small', max_context := 4000);
SELECT is((SELECT (max_context, quality_score)::text FROM ruvector_agent WHERE name = 'small'), '(4000,0.6)', 'changes what is given');
SELECT throws_ok($$SELECT ruvector_update_agent('nobody')$$, '42704', 'agent "nobody" does not exist');
SELECT results_eq($$SELECT name FROM ruvector_find_agents_by_capability('code')$$, ARRAY['large']);

-- objectives
SELECT is((ruvector_route('hi')).agent_name, 'small', 'balanced: half the price of quality');
SELECT is((ruvector_route('hi', 'quality')).agent_name, 'large');
SELECT is((ruvector_route('hi', 'latency')).agent_name, 'large', 'small is not adequate');
SELECT ruvector_configure_router(options := '{"tau": 0.5}');
SELECT is((ruvector_route('hi', 'latency')).agent_name, 'small', 'adequate at tau 0.5');
SELECT is((ruvector_route('hi', 'cost')).agent_name, 'small');
SELECT is((ruvector_route('hi', 'quality_per_dollar')).agent_name, 'small');
SELECT throws_ok($$SELECT ruvector_route('hi', 'speed')$$, '22023', 'unknown objective "speed"');
SELECT throws_ok($$SELECT ruvector_route(NULL)$$, '22004', 'request must not be NULL');
SELECT throws_ok($$SELECT ruvector_route('hi', min_quality := 2)$$, '22023', 'min_quality must be between 0 and 1, not 2');
SELECT throws_ok($$SELECT ruvector_configure_router(options := '{"temperature": 1}')$$, '22023', 'unknown router option "temperature"');
SELECT is((SELECT (estimated_cost * 1e6)::numeric(10, 3) FROM ruvector_route('x', 'cost', context := '{"tokens_in": 1000, "tokens_out": 500}')),
  200.000, '1000 tokens in, 500 out, at its prices');

-- constraints
SELECT is((ruvector_route('hi', 'cost', '{code}')).agent_name, 'large', 'capability');
SELECT is((ruvector_route('hi', 'cost', min_quality := 0.7)).agent_name, 'large', 'min_quality');
SELECT is((ruvector_route('hi', 'quality', max_cost := 0.001)).agent_name, 'small', 'max_cost');
SELECT is((ruvector_route('hi', 'quality', max_latency_ms := 500)).agent_name, 'small', 'max_latency_ms');
SELECT is((ruvector_route('hi', 'quality', excluded_agents := '{large}')).agent_name, 'small', 'excluded');
SELECT is((ruvector_route(repeat('word ', 5000), 'cost')).agent_name, 'large', 'context is too long for small');
SELECT throws_ok($$SELECT ruvector_route('hi', required_capabilities := '{flying}')$$, '55000');
SELECT ruvector_set_agent_active('large', false);
SELECT is((ruvector_route('hi', 'quality')).agent_name, 'small', 'inactive');
SELECT ruvector_set_agent_active('large', true);
SELECT is((SELECT string_agg(agent || ':' || COALESCE(rank, 0) || ':' || COALESCE(reason, ''), ', ' ORDER BY agent)
  FROM ruvector_route_explain('hi', 'quality', '{code}')), 'large:1:, small:0:lacks capability "code"', 'explain says why');

-- both call forms, the log
SELECT is((SELECT array_length(fallbacks, 1) FROM ruvector_route('hi')), 1, 'in FROM');
SELECT ok((SELECT (d).propensity = 1 AND (d).reasons->'weighed' ? 'large' FROM (SELECT ruvector_route('hi') AS d) s), 'as a value');
SELECT is((SELECT chosen FROM ruvector_route_log ORDER BY id DESC LIMIT 1), 'small', 'logged');
SELECT is((SELECT count(*)::int FROM ruvector_route_batch('{a,b,c}')), 3, 'batch');

-- failure, cooling, next
CREATE TEMP TABLE d AS SELECT * FROM ruvector_route('summarise this');
SELECT is((SELECT agent_name FROM ruvector_route_next((SELECT decision_id FROM d), 'rate_limit', '1 minute')), 'large', 'the next one');
SELECT is((SELECT (circuit, last_error)::text FROM ruvector_agent_health() WHERE agent = 'small'), '(open,rate_limit)', 'and small is cooled');
SELECT is((ruvector_route('hi', 'cost')).agent_name, 'large', 'by every later request');
SELECT is((SELECT quality FROM ruvector_route_outcome WHERE agent = 'small'), NULL, 'a rate limit says nothing of quality');
SELECT throws_ok($$SELECT ruvector_route_next((SELECT decision_id FROM d), 'bad mood')$$, '22023', 'unknown error class "bad mood"');
SELECT throws_ok($$SELECT ruvector_route_next((SELECT decision_id FROM d), 'timeout')$$, '55000', 'no agent is eligible for the request');
SELECT throws_ok($$SELECT ruvector_route_next(0)$$, '42704', 'decision 0 does not exist');
UPDATE ruvector_agent_circuit SET open_until = clock_timestamp() - interval '1 second';
SELECT is((ruvector_route('hi', 'cost')).agent_name, 'small', 'half open: one probe');
SELECT is((ruvector_route('hi', 'cost')).agent_name, 'large', 'and not two');
SELECT ruvector_route_feedback((SELECT max(id) - 1 FROM ruvector_route_log), true, 280);
SELECT is((SELECT circuit FROM ruvector_agent_health() WHERE agent = 'small'), 'closed', 'a success closes it');
SELECT ruvector_configure_router(options := '{"fail_open": true}');
SAVEPOINT s;
UPDATE ruvector_agent_circuit SET open_until = 'infinity';
DELETE FROM ruvector_agent WHERE name = 'large';
SELECT is((ruvector_route('hi', 'cost')).agent_name, 'small', 'fail_open takes the least bad');
ROLLBACK TO s;

-- feedback teaches
SELECT ruvector_route_feedback((SELECT decision_id FROM d), true, 900, 100, 50);
SELECT is((SELECT (agent, attempt, round(cost::numeric, 6))::text FROM ruvector_route_outcome ORDER BY id DESC LIMIT 1), '(large,2,0.002500)', 'priced');
SELECT throws_ok($$SELECT ruvector_route_feedback(0)$$, '42704', 'decision 0 does not exist');
SELECT throws_ok($$SELECT ruvector_route_feedback((SELECT decision_id FROM d), quality := 2)$$, '23514');
CREATE TEMP TABLE before AS SELECT expected_quality AS q FROM ruvector_route('integrate this function', 'cost');
SELECT ruvector_route_observe('integrate this function of x ' || i, '{"small": 0, "large": 1}') FROM generate_series(1, 20) i;
SELECT ruvector_route_observe('say hello to guest ' || i, '{"small": 1, "large": 1}') FROM generate_series(1, 20) i;
SELECT is((SELECT agent_name FROM ruvector_route('integrate this function of y', 'cost')), 'large', 'it learned what small cannot do');
SELECT is((SELECT agent_name FROM ruvector_route('say hello to the guest', 'cost')), 'small', 'and what it can');
SELECT is((SELECT reasons->>'model' FROM ruvector_route('say hello', 'cost')), 'knn');
-- what an aborted transaction taught is forgotten
SAVEPOINT s;
SELECT ruvector_route_observe('say hello to guest ' || i, '{"small": 0}') FROM generate_series(1, 60) i;
SELECT is((SELECT agent_name FROM ruvector_route('say hello to the guest', 'cost')), 'large', 'own rows count at once');
ROLLBACK TO s;
SELECT is((SELECT agent_name FROM ruvector_route('say hello to the guest', 'cost')), 'small', 'and not after a rollback');

-- exploration
SET LOCAL ruvector.route_exploration = 1;
SELECT cmp_ok((SELECT count(DISTINCT (SELECT agent_name FROM ruvector_route('say hello to guest ' || i, 'cost'))) FROM generate_series(1, 60) i), '=', 2::bigint, 'explores');
SELECT ok((SELECT bool_and(propensity > 0 AND propensity <= 1) AND min(propensity) < 1 FROM ruvector_route_log WHERE propensity IS NOT NULL), 'and logs with which probability');
SELECT is((SELECT count(DISTINCT (SELECT agent_name FROM ruvector_route('say hello to guest ' || i, 'cost', explore := false))) FROM generate_series(1, 30) i), 1::bigint, 'not when told so');
SET LOCAL ruvector.route_exploration = 0;

SELECT ruvector_configure_router('bold', '{"explorer": "ucb", "exploration": 1}');
SELECT cmp_ok((SELECT propensity FROM ruvector_route('say hello to guest 1', 'cost', router := 'bold')), '>', 0::float8, 'by the upper bound');
SELECT throws_ok($$SELECT ruvector_configure_router('bold', '{"explorer": "dice"}')$$, '23514');

-- the linear posterior, a custom embedder, limits
SELECT ruvector_configure_router('linear', '{"method": "linear"}');
SELECT is((SELECT agent_name FROM ruvector_route('integrate this function of y', 'quality', router := 'linear')), 'large');
CREATE FUNCTION my_embed(text) RETURNS vector LANGUAGE sql IMMUTABLE AS $$SELECT ruvector_embed_text($1, 32)$$;
SELECT ruvector_set_embedder('my_embed(text)', 'mine');
SELECT is(vector_dims(ruvector_route_embed('x', 'mine')), 32, 'custom embedder');
SELECT throws_ok($$SELECT ruvector_set_embedder('lower(text)')$$, '22023', 'the embedder must be a function of one text that returns vector');
SELECT ruvector_update_agent('small', max_rpm := 1);
SELECT is((ruvector_route('say hello to the guest', 'cost')).agent_name, 'large', 'small had its request of this minute');
SELECT ok((ruvector_routing_stats()->>'decisions')::int > 50);
SELECT is((SELECT count(*)::int FROM ruvector_routing_analytics(group_by := 'objective') WHERE decisions > 0), 5);
SELECT throws_ok($$SELECT * FROM ruvector_routing_analytics(group_by := 'mood')$$, '22023');
SELECT ok(ruvector_remove_agent('small') AND NOT ruvector_remove_agent('small'), 'removed once');
SELECT ruvector_register_agent('one of ' || i, quality_score := 0.5) FROM generate_series(1, 8) i;
SELECT is((SELECT count(*)::int FROM jsonb_object_keys((SELECT reasons->'weighed' FROM ruvector_route('hi'))) k), 5, 'of many agents the best are told of');
SELECT * FROM finish();
ROLLBACK;
