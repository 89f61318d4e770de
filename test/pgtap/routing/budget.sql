\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(16);
SET LOCAL ruvector.route_exploration = 0;
SELECT ruvector_register_agent('paid', cost_per_call := 0.4, quality_score := 0.9);
SELECT ruvector_register_agent('free', quality_score := 0.5);
SELECT throws_ok($$SELECT ruvector_route('x', budget := 'team')$$, '42704', 'budget "team" does not exist');
SELECT ruvector_set_budget('team', 1);
CREATE TEMP TABLE d AS SELECT * FROM ruvector_route('x', 'quality', budget := 'team') WITH ORDINALITY;
SELECT is((SELECT (reserved, spent, remaining)::text FROM ruvector_budget_status()), '(0.4,0,0.6)', 'reserved');
SELECT is((ruvector_route('x', 'quality', budget := 'team')).agent_name, 'paid');
SELECT is((ruvector_route('x', 'quality', budget := 'team')).agent_name, 'free', 'a third does not fit, the free one passes');
SELECT ruvector_route_feedback((SELECT decision_id FROM d), true, cost := 0.1);
SELECT is((SELECT (reserved, spent)::text FROM ruvector_budget_status()), '(0.4,0.1)', 'settled at the real cost');
SELECT ruvector_route_feedback((SELECT decision_id FROM d), true, cost := 0.1, source := 'user');
SELECT is((SELECT spent FROM ruvector_budget_status()), 0.1::float8, 'once');
SELECT is((ruvector_route('x', 'quality', budget := 'team')).agent_name, 'paid', 'there is room again');
UPDATE ruvector_budget_reservation SET expires_at = now() - interval '1 hour';
SELECT ruvector_set_agent_active('free', false);
SELECT is((ruvector_route('x', 'quality', budget := 'team')).agent_name, 'paid', 'expired reservations are given back when nothing else fits');
SELECT is((SELECT reserved FROM ruvector_budget_status()), 0.4::float8);
SELECT is(ruvector_budget_adjust('team', 0.8), 0.9::float8, 'correction');
SELECT throws_ok($$SELECT ruvector_route('x', budget := 'team')$$, '55000', 'no agent is eligible for the request');
SELECT ruvector_set_budget('team', 1, hard := false);
SELECT is((ruvector_route('x', budget := 'team')).agent_name, 'paid', 'a soft budget only counts');
SELECT is((SELECT remaining < 0 FROM ruvector_budget_status()), true);
-- a failed attempt's reservation goes to the next agent
SELECT ruvector_set_budget('ops', 10, '1 month');
SELECT ruvector_register_agent('second', cost_per_call := 1, quality_score := 0.8);
SELECT is((SELECT agent_name FROM ruvector_route_next((ruvector_route('x', 'quality', budget := 'ops')).decision_id, 'timeout')), 'second');
SELECT is((SELECT (reserved, spent)::text FROM ruvector_budget_status() WHERE scope = 'ops'), '(1,0)');
SELECT throws_ok($$SELECT ruvector_set_budget('ops', 1, '45 days 1 month')$$, '22023');
SELECT * FROM finish();
ROLLBACK;
