# ivfflat over crashes, a standby, REINDEX CONCURRENTLY, VACUUM beside writers, dump and restore.
use strict;
use warnings;
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', "autovacuum = off\nwal_consistency_checking = 'generic'\nmax_wal_size = 2GB\nwal_keep_size = 4GB\n");
$primary->start;
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->append_conf('postgresql.conf', "wal_retrieve_retry_interval = '100ms'\n");
$standby->start;

my $dim = 32;
$primary->safe_psql('postgres', qq{
  CREATE EXTENSION ruvector;
  CREATE FUNCTION rv(seed int) RETURNS vector LANGUAGE sql IMMUTABLE AS \$\$
    SELECT array_agg((sin(seed * 12.9898 + j * 78.233 + seed % 13 * j))::real)::vector FROM generate_series(1, $dim) j \$\$;
  CREATE TABLE t (id int PRIMARY KEY, v vector($dim));
  INSERT INTO t SELECT i, rv(i) FROM generate_series(1, 3000) i;
  CREATE INDEX t_v ON t USING ivfflat (v vector_l2_ops) WITH (lists = 20);
  CREATE UNLOGGED TABLE u (id int, v vector(3));
  INSERT INTO u SELECT i, ARRAY[i, 1, 2]::vector FROM generate_series(1, 100) i;
  CREATE INDEX u_v ON u USING ivfflat (v vector_l2_ops) WITH (lists = 5);
});

# Ids through the index, all of them in its order, by all lists; and how many there must be.
my $through = q{SET enable_seqscan = off; SET ivfflat.probes = 20; SELECT string_agg(id::text, ',') FROM (SELECT id FROM t ORDER BY v <-> rv(77) LIMIT 50) s};
my $all = q{SET enable_seqscan = off; SELECT count(*), count(DISTINCT id), sum(id) FROM (SELECT id FROM t ORDER BY v <-> rv(5)) s};
my $truth = q{SELECT count(*), count(DISTINCT id), sum(id) FROM t};
sub same_everywhere {
  my ($what) = @_;
  $primary->wait_for_catchup($standby);
  is($primary->safe_psql('postgres', $all), $primary->safe_psql('postgres', $truth), "$what: the index has every row");
  is($primary->safe_psql('postgres', q{SELECT * FROM ruvector_index_check('t_v', true) WHERE severity = 'error'}), '', "$what: the check finds nothing");
  is($standby->safe_psql('postgres', $through), $primary->safe_psql('postgres', $through), "$what: the standby gives the same rows");
  is($standby->safe_psql('postgres', $all), $primary->safe_psql('postgres', $all), "$what: all of them");
}
$primary->wait_for_catchup($standby);
for my $query ($through, $all) {
  (my $explain = $query) =~ s/SELECT (?=string_agg|count)/EXPLAIN SELECT /;
  like($_->safe_psql('postgres', $explain), qr/Index Scan using t_v/, 'the index is used') for $primary, $standby;
}
same_everywhere('build');

$primary->safe_psql('postgres', 'INSERT INTO t SELECT i, rv(i) FROM generate_series(3001, 4500) i');
same_everywhere('inserts');
$primary->safe_psql('postgres', 'DELETE FROM t WHERE id % 3 = 0; UPDATE t SET v = rv(id + 1) WHERE id % 5 = 0');
same_everywhere('deletions and updates');
$primary->safe_psql('postgres', 'VACUUM t');
same_everywhere('vacuum');
my $size = $primary->safe_psql('postgres', q{SELECT pg_relation_size('t_v')});
$primary->safe_psql('postgres', 'INSERT INTO t SELECT i, rv(i) FROM generate_series(5001, 6000) i');
same_everywhere('reuse of space');
cmp_ok($primary->safe_psql('postgres', q{SELECT pg_relation_size('t_v')}), '<=', $size * 1.2, 'removed space is used again');
$primary->safe_psql('postgres', 'REINDEX INDEX CONCURRENTLY t_v');
same_everywhere('REINDEX CONCURRENTLY');

# Crashes in the middle of inserts, vacuums and builds, of which there is more than the time allows.
my ($next, $interrupted) = (1_000_000, 0);
my $rounds = $ENV{RUVECTOR_CRASH_ROUNDS} || 6;
for my $round (1 .. $rounds) {
  my @work = (
    "CREATE INDEX again ON t USING ivfflat (v vector_cosine_ops) WITH (lists = 30); DROP INDEX again; REINDEX INDEX t_v;\n" x 20,
    join('', map { "INSERT INTO t VALUES ($_, rv($_));\n" } $next .. $next + 4000),
    "DELETE FROM t WHERE id % 7 = $round % 7 OR id BETWEEN 1000000 AND $next - 8000;\nVACUUM t;\nINSERT INTO t SELECT i, rv(i) FROM generate_series($next, $next + 999) i ON CONFLICT DO NOTHING;\n" x 40,
  );
  $next += 4001;
  my $script = $primary->basedir . '/work.sql';
  open(my $file, '>', $script) or die "$script: $!";
  print $file $work[$round % @work];
  close $file;
  my $client = IPC::Run::start(['psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $primary->connstr('postgres'), '-f', $script], '<', '/dev/null', '>', '/dev/null', '2>', '/dev/null');
  usleep(50_000 + 61_000 * ($round % 11));
  $primary->stop('immediate');
  $interrupted++ unless eval { $client->finish };
  $primary->start;
  $primary->safe_psql('postgres', 'DROP INDEX IF EXISTS again');
  same_everywhere("crash $round");
}
cmp_ok($interrupted, '>', $rounds / 2, 'most crashes met work that went on');
$primary->safe_psql('postgres', "INSERT INTO t SELECT i, rv(i) FROM generate_series(9000001, 9000500) i; VACUUM t");
same_everywhere('after the crashes');

# An unlogged index is empty after a crash, and works.
is($primary->safe_psql('postgres', 'SET enable_seqscan = off; SELECT count(*) FROM (SELECT id FROM u ORDER BY v <-> $$[1,1,2]$$) s'), '0', 'an unlogged table is empty after a crash');
$primary->safe_psql('postgres', 'INSERT INTO u SELECT i, ARRAY[i, 1, 2]::vector FROM generate_series(1, 50) i');
is($primary->safe_psql('postgres', 'SET enable_seqscan = off; SELECT count(*) FROM (SELECT id FROM u ORDER BY v <-> $$[1,1,2]$$) s'), '50', 'and takes rows');

# Writers, readers and vacuums at once.
my $script = $primary->basedir . '/mixed.sql';
append_to_file($script, q{
\set id random(200000, 900000)
\set gone random(1, 6000)
INSERT INTO t VALUES (:id, rv(:id)) ON CONFLICT DO NOTHING;
DELETE FROM t WHERE id = :gone;
SET enable_seqscan = off;
SELECT id FROM t ORDER BY v <-> rv(:id) LIMIT 5;
});
append_to_file("$script.vacuum", "VACUUM t;\n");
$primary->command_ok(['pgbench', '-n', '-h', $primary->host, '-p', $primary->port, '-c', '6', '-j', '2', '-t', '60',
  '-f', "$script\@20", '-f', "$script.vacuum\@1", 'postgres'], 'inserts, deletions, scans and vacuums side by side');
same_everywhere('concurrency');

# A standby that takes over continues to insert.
$primary->wait_for_catchup($standby);
$primary->stop;
$standby->promote;
$standby->safe_psql('postgres', 'INSERT INTO t SELECT i, rv(i) FROM generate_series(9900001, 9900200) i');
is($standby->safe_psql('postgres', $all), $standby->safe_psql('postgres', $truth), 'the promoted standby goes on');
$standby->stop;
done_testing();
