\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
-- The functions, their arguments by name, and the settings that the documentation promises.
SELECT plan(2);
CREATE TEMP TABLE promised (name text, arguments text[]);
INSERT INTO promised VALUES
  ('ruvector_enable_feature', '{feature,table_name,options}'), ('ruvector_disable_feature', '{feature,table_name,purge}'),
  ('ruvector_learning_status', '{table_name}'), ('ruvector_learning_stats', '{table_name}'), ('ruvector_last_trajectory', '{}'),
  ('ruvector_record_feedback', '{trajectory_id,relevant,irrelevant}'), ('ruvector_get_verdict', '{trajectory_id}'),
  ('ruvector_auto_tune', '{index,recall_target,k,sample_queries,apply}'), ('ruvector_audit_recall', '{index,queries,k}'),
  ('ruvector_recommend_params', '{table_name}'), ('ruvector_get_search_params', '{index,query}'),
  ('ruvector_extract_patterns', '{table_name,num_clusters}'), ('ruvector_consolidate_patterns', '{table_name,similarity_threshold,dry_run}'),
  ('ruvector_prune_patterns', '{table_name,dry_run}'), ('ruvector_export_patterns', '{table_name}'), ('ruvector_import_patterns', '{table_name,patterns}'),
  ('ruvector_export_learning', '{table_name}'), ('ruvector_import_learning', '{table_name}'), ('ruvector_clear_learning', '{table_name}'),
  ('ruvector_learning_promote', '{index,version}'), ('ruvector_learning_rollback', '{index}'), ('ruvector_learning_flush', '{}'),
  ('ruvector_memory_record', '{bank,request,steps,embedding}'), ('ruvector_memory_judge', '{trajectory_id,verdict,score,judge,reason}'),
  ('ruvector_memory_add', '{bank,title,description,content,embedding,outcome,source}'),
  ('ruvector_memory_search', '{bank,query_embedding,k,min_similarity,as_of}'), ('ruvector_memory_feedback', '{item_id,helped}'),
  ('ruvector_memory_supersede', '{old_item,new_item}'), ('ruvector_memory_consolidate', '{bank,dry_run}'),
  ('ruvector_register_agent', '{name,agent_type,capabilities,cost_per_1k_input,cost_per_1k_output,cost_per_call,avg_latency_ms,quality_score,metadata,embedding,max_rpm,max_tpm,max_parallel,on_conflict}'),
  ('ruvector_update_agent', '{name}'), ('ruvector_remove_agent', '{name}'), ('ruvector_set_agent_active', '{name,active}'),
  ('ruvector_list_agents', '{}'), ('ruvector_agent_health', '{}'),
  ('ruvector_route', '{request,optimize_for,required_capabilities,max_cost,max_latency_ms,min_quality,excluded_agents,budget,tenant,context,embedding,router,explore}'),
  ('ruvector_route_batch', '{requests,optimize_for,budget,tenant,explore}'), ('ruvector_route_explain', '{request,optimize_for}'),
  ('ruvector_route_multi', '{request,stages}'), ('ruvector_route_next', '{decision_id,error,retry_after}'),
  ('ruvector_route_feedback', '{decision_id,success,latency_ms,tokens_in,tokens_out,cost,quality,source}'),
  ('ruvector_create_route', '{name,target_agent,utterances,negatives,threshold,priority}'), ('ruvector_semantic_route', '{query,top_k}'),
  ('ruvector_fit_routes', '{examples}'), ('ruvector_train_router', '{router,method,options}'),
  ('ruvector_route_calibrate', '{router,target_quality,max_strong_share}'), ('ruvector_route_evaluate', '{router,policy,estimator}'),
  ('ruvector_promote_router', '{router,version}'), ('ruvector_set_budget', '{scope,limit_usd,period,hard}'), ('ruvector_budget_status', '{}'),
  ('ruvector_budget_adjust', '{scope,amount}'), ('ruvector_optimize_budget', '{budget,requests}'), ('ruvector_routing_analytics', '{since,group_by}'),
  ('ruvector_set_embedder', '{embedder}'), ('ruvector_classify_request', '{query}'), ('ruvector_fastgrnn_train', '{query,options}'),
  ('ruvector_fastgrnn_predict', '{model,sequence}'), ('ruvector_fastgrnn_forward', '{weights,sequence,h0}'),
  ('ruvector_embed_text', '{input,dim}'), ('ruvector_learning_worker_start', '{}'), ('ruvector_memory_add_rule', '{bank,name,judge}');
SELECT is_empty($$
  SELECT p.name, p.arguments FROM promised p WHERE NOT EXISTS (
    SELECT FROM pg_proc f JOIN pg_depend d ON d.objid = f.oid AND d.deptype = 'e' JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'ruvector'
    WHERE f.proname = p.name AND (SELECT bool_and(a.at > a.before) IS NOT FALSE AND bool_and(a.at IS NOT NULL) IS NOT FALSE FROM (
        SELECT array_position(f.proargnames[1:f.pronargs], x) AS at, lag(array_position(f.proargnames[1:f.pronargs], x), 1, 0) OVER (ORDER BY n) AS before
        FROM unnest(p.arguments) WITH ORDINALITY u(x, n)) a))$$, 'every function has the arguments it is said to have, in that order');
SELECT ruvector_features() LIMIT 0;  -- loads the module
SELECT is_empty($$
  SELECT s FROM unnest('{learning,learning_rate,recall_target,latency_target_ms,ef_search_min,ef_search_max,trajectory_sample_rate,audit_rate,audit_budget_ms,trajectory_retention,route_exploration}'::text[]) s
  WHERE NOT EXISTS (SELECT FROM pg_settings g WHERE g.name = 'ruvector.' || s)$$, 'and so every setting');
SELECT * FROM finish();
ROLLBACK;
