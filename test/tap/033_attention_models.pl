# Stored attention types survive pg_dump and restore, a rollback, and work on a hot standby.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', 'fsync = off');
$node->start;
if ($node->safe_psql('postgres', q{
  CREATE EXTENSION ruvector; SELECT enabled FROM ruvector_features() WHERE feature = 'attention'}) ne 't') {
  $node->stop;
  plan skip_all => 'this build has no attention';
}
$node->safe_psql('postgres', q{
  CREATE TABLE h AS SELECT i AS id, ARRAY[sin(i), cos(i), sin(2 * i), cos(3 * i)]::vector AS v FROM generate_series(1, 50) i;
  SELECT ruvector_attention_create('scorer', 'bilinear', '{"scale": 2}', '{"W": [[2, 0, 0, 0.5], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]}');
  SELECT ruvector_attention_create('pool', 'pma', '{"num_heads": 2, "dim": 4, "num_seeds": 2}', seed => 7);
});
my $answer = q{SELECT ruvector_attention_agg('[1,0,1,0]', v, v, 'scorer')::text || ruvector_attention_pool_agg(v, 'pool')::text FROM (SELECT v FROM h ORDER BY id) x};
my $want = $node->safe_psql('postgres', $answer);
$node->safe_psql('postgres', q{BEGIN; SELECT ruvector_attention_create('scorer', 'bilinear', weights => '{"W": [[1]]}'); SELECT ruvector_attention_drop('pool'); ROLLBACK});
is($node->safe_psql('postgres', $answer), $want, 'a rolled-back change changes nothing');

my $dump = $node->basedir . '/dump.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, 'postgres' ], 'pg_dump');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'restored', '-f', $dump ], 'restore');
is($node->safe_psql('restored', $answer), $want, 'the restored weights give the same answers');

$node->safe_psql('postgres', 'CREATE SCHEMA elsewhere; ALTER EXTENSION ruvector SET SCHEMA elsewhere');
is($node->safe_psql('postgres', "SET search_path = public, elsewhere; $answer"), $want, 'works from another schema');

$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby);
is($standby->safe_psql('postgres', "SET search_path = public, elsewhere; $answer"), $want, 'a standby answers the same');
$standby->stop;
$node->stop;
done_testing();
