# Stored attention types survive pg_dump and restore, a rollback, and work on a hot standby.
use strict;
use warnings;
use StoredModels;
use Test::More;

my $node = server_with('attention');
$node->safe_psql('postgres', q{
  CREATE TABLE h AS SELECT i AS id, ARRAY[sin(i), cos(i), sin(2 * i), cos(3 * i)]::vector AS v FROM generate_series(1, 50) i;
  SELECT ruvector_attention_create('scorer', 'bilinear', '{"scale": 2}', '{"W": [[2, 0, 0, 0.5], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]}');
  SELECT ruvector_attention_create('pool', 'pma', '{"num_heads": 2, "dim": 4, "num_seeds": 2}', seed => 7);
});
my $answer = q{SELECT ruvector_attention_agg('[1,0,1,0]', v, v, 'scorer')::text || ruvector_attention_pool_agg(v, 'pool')::text FROM (SELECT v FROM h ORDER BY id) x};
my $want = $node->safe_psql('postgres', $answer);
$node->safe_psql('postgres', q{BEGIN; SELECT ruvector_attention_create('scorer', 'bilinear', weights => '{"W": [[1]]}'); SELECT ruvector_attention_drop('pool'); ROLLBACK});
is($node->safe_psql('postgres', $answer), $want, 'a rolled-back change changes nothing');

survives($node, $answer, $want);
done_testing();
