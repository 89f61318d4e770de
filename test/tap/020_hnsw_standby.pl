# An hnsw index on a standby: the same pages (checked by wal_consistency_checking), the same answers,
# after build, inserts, deletes, vacuum, and after promotion.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\nwal_consistency_checking = 'all'\n");
$primary->start;
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

my $vectors = q{SELECT i, array_agg(random() + i % 7 + 0 * j)::real[]::vector AS v FROM generate_series(%d, %d) i, generate_series(1, 24) j GROUP BY i};
$primary->safe_psql('postgres', qq{
  CREATE EXTENSION ruvector;
  CREATE TABLE t (id int, v vector(24));
  SELECT setseed(0.1);
  INSERT INTO t } . sprintf($vectors, 1, 1500) . qq{;
  CREATE INDEX t_v ON t USING hnsw (v vector_l2_ops);
  CREATE UNLOGGED TABLE u (id int, v vector(24));
  INSERT INTO u SELECT * FROM t;
  CREATE INDEX u_v ON u USING hnsw (v vector_l2_ops);
});

sub same_answers {
  my ($what) = @_;
  $primary->wait_for_catchup($standby);
  my $different = 0;
  for my $q (1 .. 20) {
    my $query = "SET enable_seqscan = off; SELECT id FROM t ORDER BY v <-> (SELECT array_agg($q * 0.3 + j * 0.01)::real[]::vector FROM generate_series(1, 24) j) LIMIT 20";
    $different++ if $primary->safe_psql('postgres', $query) ne $standby->safe_psql('postgres', $query);
  }
  is($different, 0, "$what: the standby answers as the primary");
  my $check = q{SELECT count(*) FROM ruvector_index_check('t_v', true) WHERE severity = 'error'};
  is($primary->safe_psql('postgres', $check), '0', "$what: the primary's index is sound");
  is($standby->safe_psql('postgres', $check), '0', "$what: the standby's index is sound");
}
same_answers('after the build');
$primary->safe_psql('postgres', 'INSERT INTO t ' . sprintf($vectors, 1501, 2100));
same_answers('after inserts');
$primary->safe_psql('postgres', 'DELETE FROM t WHERE id % 3 = 0');
$primary->safe_psql('postgres', 'VACUUM t');
same_answers('after deletes and vacuum');
$primary->safe_psql('postgres', 'INSERT INTO t ' . sprintf($vectors, 2101, 2600));
same_answers('after reusing freed slots');

# A crash resets unlogged tables to their initial fork.
$primary->stop('immediate');
$primary->start;
is($primary->safe_psql('postgres', 'SELECT count(*) FROM u'), '0', 'an unlogged table is empty after a crash');
$primary->safe_psql('postgres', 'INSERT INTO u SELECT * FROM t LIMIT 300');
is($primary->safe_psql('postgres', q{SET enable_seqscan = off; SELECT count(*) FROM (SELECT 1 FROM u ORDER BY v <-> (SELECT v FROM t LIMIT 1)) x}),
  '300', 'and its index works');

$standby->promote;
$standby->safe_psql('postgres', 'INSERT INTO t ' . sprintf($vectors, 3000, 3100));
is($standby->safe_psql('postgres', q{SELECT count(*) FROM ruvector_index_check('t_v', true) WHERE severity = 'error'}), '0', 'a promoted standby inserts');
$standby->stop;
$primary->stop;
unlike(slurp_file($standby->logfile), qr/inconsistent page|PANIC|TRAP/, 'replay gave the same pages');
done_testing();
