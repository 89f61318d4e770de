# kill -9 in the middle of builds, inserts and vacuums: no committed row is lost, the index is sound.
use strict;
use warnings;
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $rounds = $ENV{RUVECTOR_CRASH_ROUNDS} || 6;
my $node = PostgreSQL::Test::Cluster->new('crash');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\nmax_wal_size = 1GB\nrestart_after_crash = off\n");
$node->start;
$node->safe_psql('postgres', q{
  CREATE EXTENSION ruvector;
  CREATE SEQUENCE s;
  CREATE TABLE t (id bigint, v vector(16));
  CREATE FUNCTION fill(n int) RETURNS void LANGUAGE sql AS $$
    INSERT INTO t SELECT id, array_agg(random() + id % 5 + 0 * j)::real[]::vector
    FROM (SELECT nextval('s') AS id FROM generate_series(1, n)) x, generate_series(1, 16) j GROUP BY id $$;
  SELECT fill(2000);
  CREATE INDEX t_v ON t USING hnsw (v vector_l2_ops) WITH (m = 8, ef_construction = 32);
});

my @work = (
  "SELECT fill(50);\n" x 400,
  "DELETE FROM t WHERE id % 5 = 1 OR id < (SELECT max(id) - 4000 FROM t);\nVACUUM t;\nSELECT fill(300);\n" x 40,
  "REINDEX INDEX t_v;\n" x 50,
);
my ($bad, $lost, $interrupted) = (0, 0, 0);
for my $round (1 .. $rounds) {
  # From a file: standard input would wait for IPC::Run to pump it, and the server would be idle.
  my $script = $node->basedir . '/work.sql';
  open(my $file, '>', $script) or die "$script: $!";
  print $file $work[$round % @work];
  close $file;
  my ($out, $err) = ('', '');
  my $client = IPC::Run::start([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-f', $script ], '<', '/dev/null', '>', \$out, '2>', \$err);
  usleep(20_000 + 37_000 * ($round % 11));
  $node->stop('immediate');
  $interrupted++ unless eval { $client->finish };
  $node->start;
  $bad += $node->safe_psql('postgres', q{SELECT count(*) FROM ruvector_index_check('t_v', true) WHERE severity = 'error'});
  my $rows = $node->safe_psql('postgres', 'SELECT count(*) FROM t');
  my $found = $node->safe_psql('postgres', q{SET enable_seqscan = off; SET hnsw.max_scan_tuples = 2147483647; SELECT count(*) FROM (SELECT 1 FROM t ORDER BY v <-> (SELECT v FROM t LIMIT 1)) x});
  $lost += $rows - $found;
}
cmp_ok($interrupted, '>', $rounds / 2, 'most crashes met work that went on');
is($bad, 0, "$rounds crashes: every check is clean");
is($lost, 0, 'no row is lost');
$node->safe_psql('postgres', 'SELECT fill(100); VACUUM t');
is($node->safe_psql('postgres', q{SELECT count(*) FROM ruvector_index_check('t_v', true) WHERE severity = 'error'}), '0', 'work goes on');
$node->stop;
unlike(slurp_file($node->logfile), qr/PANIC|TRAP|terminated by signal 11/, 'no crash of our own');
done_testing();
