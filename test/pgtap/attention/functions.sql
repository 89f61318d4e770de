\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
BEGIN;
SELECT plan(52);
-- the catalogue
SELECT is((SELECT count(*) FROM ruvector_attention_types()), 68::bigint, '49 types and 19 extras');
SELECT is((SELECT array_agg(DISTINCT family ORDER BY family) FROM ruvector_attention_types()),
  '{core,efficient,graph,hyperbolic,normaliser,positional,sparse,specialised}'::text[]);
-- every name in use is a type, an alias, or refused with a reason
CREATE TEMP TABLE names AS SELECT unnest('{scaled_dot,multi_head,flash,sparse,linear,causal,cross,self,local,relative,performer,linformer,bigbird,longformer,reformer,synthesizer,routing,mixture_of_experts,alibi,rope,xpos,grouped_query,sliding_window,dilated,axial,product_key,hash_based,random_feature,nystrom,clustered,sinkhorn,entmax,adaptive_span,compressive,feedback,talking_heads,realformer,rezero,fixup}'::text[]) AS n;
SELECT is((SELECT count(*) FROM names), 39::bigint);
SELECT is((SELECT array_agg(n ORDER BY n) FROM names WHERE n NOT IN (SELECT name FROM ruvector_attention_types() UNION SELECT unnest(aliases) FROM ruvector_attention_types())),
  '{fixup,rezero}', 'all but two are known');
SELECT throws_ok($$select ruvector_attention_score('[1]', '[1]', 'rezero')$$, '22023', '"rezero" is no attention type');
SELECT throws_ok($$select ruvector_attention_score('[1]', '[1]', 'fixup')$$, '22023', '"fixup" is no attention type');
SELECT throws_ok($$select ruvector_attention_score('[1]', '[1]', 'magic')$$, '22023', 'unknown attention type "magic"');
-- scores and weights
SELECT is(round(ruvector_attention_score('[3,4]', '[1,2]')::numeric, 12), round((11 / sqrt(2::float8))::numeric, 12), 'a raw score, no softmax of one');
SELECT is(ruvector_attention_score('[3,4]', '[1,2]', 'SCALED_DOT', '{"scale": 2}'), 22::float8);
SELECT is(ruvector_attention_score('[3,4]', '[0,1]', 'cosine', '{"tau": 0.5}'), 1.6::float8);
SELECT is(ruvector_attention_score('[3,4]', '[0,0]', 'gaussian'), -12.5::float8);
SELECT throws_ok($$select ruvector_attention_score('[1]', '[1]', 'synthesizer')$$, '22023', 'attention type "synthesizer" has no score of a single pair');
SELECT is(ruvector_attention_weights('[1,0]', ARRAY['[2,0]','[2,1]','[0,1]']::vector[], 'topk', '{"k": 1}'), '{1,0,0}'::real[], 'of equal scores the earlier wins');
SELECT is(ruvector_attention_weights('[1,0]', ARRAY['[2,0]','[2,1]','[-5,1]']::vector[], 'sparsemax'), '{0.5,0.5,0}'::real[]);
SELECT is(ruvector_softmax('{0,0}'), '{0.5,0.5}'::real[]);
SELECT is(ruvector_softmax('{0,-infinity}'), '{1,0}'::real[]);
SELECT is(ruvector_softmax('{}'), '{}'::real[]);
SELECT throws_ok($$select ruvector_softmax('{1}', 0)$$, '22023', 'temperature must be positive');
SELECT throws_ok($$select ruvector_softmax('{nan}')$$, '22000', 'NaN not allowed in softmax');
SELECT is(ruvector_maxsim(ARRAY['[1,0]','[0,1]']::vector[], ARRAY['[0.5,0]','[0.2,0.75]']::vector[]), 1.25::float8, 'late interaction');
-- attention
SELECT is(ruvector_attention('[1,0]', ARRAY['[1,0]','[1,0]']::vector[], ARRAY['[1,2]','[3,4]']::vector[]), '[2,3]'::vector);
SELECT is(ruvector_attention('scaled_dot', '[1,0]', ARRAY['[1,0]','[1,0]']::vector[], ARRAY['[1,2]','[3,4]']::vector[]), '[2,3]'::vector, 'the type first');
SELECT is((SELECT array_agg(output ORDER BY ordinality) FROM ruvector_self_attention(ARRAY['[1,0]','[0,1]']::vector[], causal => true)),
  ruvector_attention_batch(ARRAY['[1,0]','[0,1]']::vector[], ARRAY['[1,0]','[0,1]']::vector[], ARRAY['[1,0]','[0,1]']::vector[], 'causal'), 'causal as flag and as name');
SELECT is((SELECT output FROM ruvector_self_attention(ARRAY['[1,0]','[0,1]']::vector[], 'causal') WHERE ordinality = 1), '[1,0]'::vector);
SELECT is(ruvector_attention('[1,0]', ARRAY['[1,0]']::vector[], NULL), NULL);
SELECT throws_ok($$select ruvector_attention('[1,0]', '{}', '{}')$$, '22023', 'keys must not be empty');
SELECT throws_ok($$select ruvector_attention('[1,0]', ARRAY['[1,0]', NULL]::vector[], ARRAY['[1,0]']::vector[])$$, '22004', 'keys must not contain nulls');
SELECT throws_ok($$select ruvector_attention('[1,0]', ARRAY['[1,0]','[1]']::vector[], ARRAY['[1,0]']::vector[])$$, '22000', 'different vector dimensions 2 and 1');
SELECT throws_ok($$select ruvector_attention('[1,0]', ARRAY['[1]']::vector[], ARRAY['[1,0]']::vector[])$$, '22000', 'queries have 2 dimensions, keys 1');
SELECT throws_ok($$select ruvector_attention('[1,0]', ARRAY['[1,0]','[1,1]']::vector[], ARRAY['[1,0]']::vector[])$$, '22000', '2 keys but 1 values');
SELECT throws_ok($$select ruvector_attention('[1,0]', ARRAY['[1,0]']::vector[], ARRAY['[1,0]']::vector[], 'topk', '{"kk": 1}')$$, '22023', 'attention type "topk" has no parameter "kk"');
SELECT throws_ok($$select ruvector_attention('[1,0]', ARRAY['[1,0]']::vector[], ARRAY['[1,0]']::vector[], 'topk', '{"k": 0}')$$, '22023');
SELECT throws_ok($$select ruvector_attention('[1,0]', ARRAY['[1,0]']::vector[], ARRAY['[1,0]']::vector[], 'bilinear')$$, '22023', 'parameter "W" is missing');
SELECT throws_ok($$select ruvector_attention('[1,0]', ARRAY['[1,0]']::vector[], ARRAY['[1,0]']::vector[], 'bilinear', '{"W": [[1, 2], [3]]}')$$, '22023', 'parameter "W" must be a rectangular array of numbers');
SELECT throws_ok($$select ruvector_attention('[1,0]', ARRAY['[1,0]']::vector[], ARRAY['[1,0]']::vector[], 'bilinear', '[1]')$$, '22023', 'parameters must be a JSON object');
SELECT throws_ok($$select ruvector_attention('[3e38]', ARRAY['[3e38]']::vector[], ARRAY['[1]']::vector[])$$, '22003', 'attention score is out of range: overflow');
SELECT throws_ok($$select ruvector_attention('[1,0,0]', ARRAY['[1,0,0]']::vector[], ARRAY['[1,0,0]']::vector[], 'multi_head', '{"num_heads": 2}')$$, '22023', '3 dimensions of the queries cannot be split into 2 heads');
-- the setting
SET LOCAL ruvector.attention_type = 'gaussian';
SELECT is(ruvector_attention_score('[3,4]', '[0,0]'), -12.5::float8, 'ruvector.attention_type');
RESET ruvector.attention_type;
-- stored types
SELECT lives_ok($$select ruvector_attention_create('scorer', 'bilinear', weights => '{"W": [[2, 0], [0, 1]]}')$$);
SELECT is(ruvector_attention_score('[1,1]', '[1,1]', 'scorer'), 3::float8, 'a stored type');
SELECT lives_ok($$select ruvector_attention_create('scorer', 'bilinear', '{"scale": 2}', '{"W": [[3, 0], [0, 1]]}')$$);
SELECT is(ruvector_attention_score('[1,1]', '[1,1]', 'scorer'), 8::float8, 'is replaced');
SELECT throws_ok($$select ruvector_attention_create('cosine', 'bilinear')$$, '42710', '"cosine" is the name of an attention type');
SELECT throws_ok($$select ruvector_attention_create('x', 'moe', seed => 1)$$, '22023', 'parameter "dim" is missing');
SELECT lives_ok($$select ruvector_attention_create('pool', 'pma', '{"num_heads": 2, "dim": 4, "num_seeds": 2}', seed => 7);
  select ruvector_attention_create('experts', 'moe', '{"dim": 4, "num_experts": 5, "top_k": 3}', seed => 7)$$);
SELECT is((SELECT (count(*), round(sum(gate)::numeric, 6))::text FROM ruvector_moe_route('[1,2,3,4]', 'experts')), '(3,1.000000)');
SELECT is((SELECT array_agg(expert) FROM ruvector_moe_route('[1,0]', ARRAY['[1,0]','[0,1]','[2,0]']::vector[])), '{3,1}', 'largest first, from 1');
-- aggregates
CREATE TABLE h AS SELECT i AS id, ARRAY[sin(i), cos(i), sin(2 * i), cos(3 * i)]::vector AS v FROM generate_series(1, 20000) i;
SELECT is((SELECT ruvector_attention_agg('[1,0,1,0]', v, v, 'topk', '{"k": 5}') FROM h WHERE id <= 200),
  ruvector_attention('[1,0,1,0]', (SELECT array_agg(v ORDER BY id) FROM h WHERE id <= 200), (SELECT array_agg(v ORDER BY id) FROM h WHERE id <= 200), 'topk', '{"k": 5}'), 'a type that keeps its rows');
SELECT is(vector_dims((SELECT ruvector_attention_pool_agg(v, 'pool') FROM h WHERE id <= 50)), 8, 'two seeds side by side');
CREATE TEMP TABLE serial AS SELECT ruvector_attention_agg('[1,0,1,0]', v, v) AS a, ruvector_attention_agg('[1,1,1,0]', v, v, 'gaussian', '{"bandwidth": 0.2}') AS b FROM h;
SELECT ok((SELECT a <-> ruvector_attention('[1,0,1,0]', vs, vs) < 1e-5 FROM serial, (SELECT array_agg(v) AS vs FROM h) t), 'online equals all at once');
SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0; SET LOCAL min_parallel_table_scan_size = 0;
SELECT ok((SELECT a <-> pa < 1e-5 AND b <-> pb < 1e-5 FROM serial, (SELECT ruvector_attention_agg('[1,0,1,0]', v, v) AS pa,
  ruvector_attention_agg('[1,1,1,0]', v, v, 'gaussian', '{"bandwidth": 0.2}') AS pb FROM h) p), 'parallel workers give the same');
SELECT is((SELECT string_agg(n, ', ') FROM unnest('{ruvector_attention_types,ruvector_attention_score,ruvector_attention_weights,ruvector_attention,ruvector_self_attention,ruvector_attention_batch,ruvector_attention_agg,ruvector_attention_pool_agg,ruvector_softmax,ruvector_maxsim,ruvector_cross_attention,ruvector_mha_search,ruvector_moe_route,ruvector_attention_create,ruvector_attention_drop}'::text[]) n
  WHERE NOT EXISTS (SELECT FROM pg_proc WHERE proname = n)), NULL, 'every name of the feature is there');
SELECT * FROM finish();
ROLLBACK;
