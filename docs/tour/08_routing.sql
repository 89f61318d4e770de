-- Chapter 8: routing requests, and a memory of what worked
\pset border 0
BEGIN;
SET LOCAL ruvector.route_exploration = 0;
\echo 'Two agents with prices; who gets a request, and why?'
SELECT ruvector_register_agent('small', capabilities := '{chat}', cost_per_1k_input := 0.0001,
  cost_per_1k_output := 0.0002, avg_latency_ms := 300, quality_score := 0.6) \g /dev/null
SELECT ruvector_register_agent('large', capabilities := '{chat,code}', cost_per_1k_input := 0.01,
  cost_per_1k_output := 0.03, avg_latency_ms := 1500, quality_score := 0.85) \g /dev/null
SELECT agent, rank, eligible, reason, round((terms->>'quality')::numeric, 2) AS quality, terms->>'cost' AS usd
  FROM ruvector_route_explain('define the word violin');

\echo 'As cheap as good enough: who gets it before anybody has told how the agents do?'
SELECT ruvector_configure_router(options := '{"tau": 0.75}') \g /dev/null
SELECT decision_id, agent_name FROM ruvector_route('define the word violin', 'cost') \gset
\echo :agent_name
\echo 'Feedback: it did well; small defines words well, too, and cannot do sums. The router changes its mind by request.'
SELECT ruvector_route_feedback(:decision_id, success := true, latency_ms := 1400, tokens_in := 8, tokens_out := 40, quality := 1) \g /dev/null
SELECT count(ruvector_route_observe('define the word ' || w, '{"small": 1, "large": 1}'))
  FROM unnest('{cat,dog,tree,harp,cello,viola,lute,drum,horn,flute,oak,elm,bee,ant,owl,crow,rose,iris,fern,moss}'::text[]) w \g /dev/null
SELECT count(ruvector_route_observe('what is ' || a || ' times ' || a + 7, '{"small": 0, "large": 1}')) FROM generate_series(11, 25) a \g /dev/null
SELECT request, agent_name, round(expected_quality::numeric, 2) AS quality, fallbacks
  FROM (VALUES ('define the word violin'), ('what is 31 times 38')) r(request), ruvector_route(request, 'cost');

\echo 'small does not answer: the next agent, and small is cooled'
SELECT agent_name AS next FROM ruvector_route_next((ruvector_route('define the word violin', 'cost')).decision_id, 'timeout', '1 minute');
SELECT agent, circuit, last_error FROM ruvector_agent_health();

\echo 'A memory of what worked, found by meaning'
SELECT action FROM ruvector_memory_add('tour', 'Look up a lemma before its gloss', content := 'A word may have several synsets; ask which one is meant.',
  description := 'defining words with a dictionary');
SELECT title, content, round(score::numeric, 2) AS score FROM ruvector_memory_search('tour', query := 'how to define a word');

DO $$
BEGIN
  IF (SELECT chosen FROM ruvector_route_log WHERE objective = 'cost' ORDER BY id LIMIT 1) <> 'large' THEN RAISE EXCEPTION 'an unknown agent was trusted'; END IF;
  IF (SELECT agent_name FROM ruvector_route('what is 41 times 48', 'cost')) <> 'large' THEN RAISE EXCEPTION 'sums went to the wrong agent'; END IF;
  IF (SELECT circuit FROM ruvector_agent_health() WHERE agent = 'small') <> 'open' THEN RAISE EXCEPTION 'small was not cooled'; END IF;
  RAISE NOTICE 'self-check passed';
END $$;
ROLLBACK;  -- the tour leaves no agents behind
