# What the tests of stored models share: a server of a build with the feature, and that an answer
# computed from stored rows survives a dump, another schema and the way to a standby.
package StoredModels;
use strict;
use warnings;
use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(server_with survives);

sub server_with {
  my ($feature) = @_;
  my $node = PostgreSQL::Test::Cluster->new('main');
  $node->init(allows_streaming => 1);
  $node->append_conf('postgresql.conf', 'fsync = off');
  $node->start;
  return $node if $node->safe_psql('postgres', qq{
    CREATE EXTENSION ruvector; SELECT enabled FROM ruvector_features() WHERE feature = '$feature'}) eq 't';
  $node->stop;
  plan skip_all => "this build has no $feature";
}

# Stops the server at its end.
sub survives {
  my ($node, $answer, $want) = @_;
  my $dump = $node->basedir . '/dump.sql';
  $node->command_ok([ 'pg_dump', '-f', $dump, 'postgres' ], 'pg_dump');
  $node->safe_psql('postgres', 'CREATE DATABASE restored');
  $node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'restored', '-f', $dump ], 'restore');
  is($node->safe_psql('restored', $answer), $want, 'what was restored gives the same answer');

  $node->safe_psql('postgres', 'CREATE SCHEMA elsewhere; ALTER EXTENSION ruvector SET SCHEMA elsewhere');
  my $there = "SET search_path = public, elsewhere; $answer";
  is($node->safe_psql('postgres', $there), $want, 'works from another schema');

  $node->backup('copy');
  my $standby = PostgreSQL::Test::Cluster->new('standby');
  $standby->init_from_backup($node, 'copy', has_streaming => 1);
  $standby->start;
  $node->wait_for_catchup($standby);
  is($standby->safe_psql('postgres', $there), $want, 'a standby answers the same');
  $standby->stop;
  $node->stop;
}

1;
