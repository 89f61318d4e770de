# Inverted indexes survive kill -9 under write load, follow on a standby, and stay in step with the
# table under concurrent changes and vacuum.
#   RUVECTOR_CRASH_ROUNDS=20  kills under write load (default 4)
#   RUVECTOR_SOAK_SECONDS=300 mixed load of eight clients, 1,000 queries compared afterwards (default 6, 25)
use strict;
use warnings;
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $rounds = $ENV{RUVECTOR_CRASH_ROUNDS} || 4;
my $soak = $ENV{RUVECTOR_SOAK_SECONDS} || 6;
my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', "fsync = off\nautovacuum_naptime = 1\nmax_wal_size = 4GB\nwal_consistency_checking = 'generic'\nlog_min_messages = log");
$primary->start;
$primary->safe_psql('postgres', 'CREATE EXTENSION ruvector');
if ($primary->safe_psql('postgres', "SELECT enabled FROM ruvector_features() WHERE feature = 'sparse'") ne 't') {
  plan skip_all => 'built without the feature sparse';
}
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

$primary->safe_psql('postgres', q{
  CREATE FUNCTION random_vector() RETURNS sparsevec LANGUAGE sql VOLATILE AS $$
    SELECT ruvector_to_sparse(array_agg(i), array_agg(random())::real[], 300)
    FROM (SELECT DISTINCT 1 + floor(300 * random() * random())::int AS i FROM generate_series(1, 12)) s $$;
  CREATE FUNCTION random_text() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT string_agg('w' || floor(200 * random() * random() * random()), ' ') FROM generate_series(1, 15) $$;
  CREATE TABLE t (id int PRIMARY KEY, v sparsevec(300), body text);
  INSERT INTO t SELECT i, random_vector(), random_text() FROM generate_series(1, 2000) i;
  CREATE INDEX t_v ON t USING ruvector_sparse (v) WITH (pending_pages = 3);
  CREATE INDEX t_body ON t USING ruvector_bm25 (body) WITH (text_config = 'simple', pending_pages = 3);
  CREATE UNLOGGED TABLE u (v sparsevec(300));
  CREATE INDEX u_v ON u USING ruvector_sparse (v);
  INSERT INTO u SELECT v FROM t LIMIT 100;
});

my $script = $primary->basedir . '/load.sql';
append_to_file($script, q{
\set id random(1, 4000)
\set what random(1, 10)
\if :what <= 5
INSERT INTO t VALUES (:id, random_vector(), random_text()) ON CONFLICT (id) DO UPDATE SET v = excluded.v, body = excluded.body;
\elif :what <= 7
DELETE FROM t WHERE id = :id;
\elif :what <= 8
BEGIN;
INSERT INTO t VALUES (:id + 10000, random_vector(), random_text()) ON CONFLICT DO NOTHING;
ROLLBACK;
\else
SELECT count(*) FROM (SELECT id FROM t ORDER BY v <#> '{1:1,2:1,5:2,9:1}/300' LIMIT 20) s;
SELECT count(*) FROM (SELECT id FROM t ORDER BY body <@> 'w1 w2 w30' LIMIT 20) s;
\endif
});
my $vacuum = $primary->basedir . '/vacuum.sql';
append_to_file($vacuum, "VACUUM t;\nSELECT pg_sleep(0.2);\n");
my @load = ('pgbench', '-n', '-c', '8', '-f', "$script\@30", '-f', "$vacuum\@1");

# Index scan and sequential scan agree: the best distances of many queries, all rows too.
my $by = q{SELECT md5(string_agg(q.i || ':' || coalesce((SELECT string_agg(d::text, ',') FROM (%s) s), ''), ';' ORDER BY q.i))
  FROM (SELECT i, ('{' || 1 + i %% 150 || ':1,' || 151 + i * 13 %% 150 || ':0.5}/300')::sparsevec AS qv, 'w' || i %% 200 || ' w' || i * 3 %% 200 AS qt
    FROM generate_series(0, %d) i) q};
sub disagreement {
  my ($node, $what, $queries) = @_;
  $queries ||= 25;
  my $bad = '';
  for my $query ('SELECT v <#> q.qv AS d FROM t ORDER BY v <#> q.qv LIMIT 30',
    'SELECT v <#> q.qv AS d FROM t ORDER BY v <#> q.qv',
    'SELECT body <@> q.qt AS d FROM t ORDER BY body <@> q.qt LIMIT 30',
    'SELECT body <@> q.qt AS d FROM t ORDER BY body <@> q.qt') {
    my $sql = sprintf($by, $query, ($query =~ /LIMIT/ ? $queries : 25) - 1);
    my ($i) = $node->safe_psql('postgres', "SET enable_seqscan = off; SET enable_sort = off; $sql");
    my ($s) = $node->safe_psql('postgres', "SET enable_indexscan = off; $sql");
    $bad .= "$query\n" if $i ne $s;
  }
  is($bad, '', "$what: index scan = sequential scan on $queries queries");
  is($node->safe_psql('postgres', q{SELECT string_agg(message, '; ') FROM (VALUES ('t_v'::regclass), ('t_body')) i(x), ruvector_index_check(x, true) WHERE severity = 'error'}),
    '', "$what: indexes are sound and complete") unless $node->safe_psql('postgres', 'SELECT pg_is_in_recovery()') eq 't';
}
disagreement($primary, 'at first');

$primary->command_checks_all([ @load, '-T', $soak, 'postgres' ], 0, [qr/transaction type|number of/], [qr/^(?!.*ERROR)/s], 'changes, searches and vacuum at once');
# The rows of the load are dead to everybody now: one VACUUM is enough. Unless autovacuum holds the table.
$primary->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'});
$primary->safe_psql('postgres', 'VACUUM t');
disagreement($primary, 'after the load', $soak > 60 ? 1000 : 25);
my ($grown, $live) = split /\|/, $primary->safe_psql('postgres', q{
  SELECT pg_relation_size('t_v') + pg_relation_size('t_body') INTO TEMP grown;
  CREATE INDEX fresh_v ON t USING ruvector_sparse (v);
  CREATE INDEX fresh_body ON t USING ruvector_bm25 (body) WITH (text_config = 'simple');
  SELECT (TABLE grown), pg_relation_size('fresh_v') + pg_relation_size('fresh_body');
  DROP INDEX fresh_v, fresh_body});
note("$soak s of load: indexes of $grown bytes, $live when fresh");
# Two small indexes: a few pages of each are always free.
cmp_ok($grown, '<=', 1.5 * $live + 2 * 48 * 8192, 'no growth beyond what lives');
$primary->wait_for_catchup($standby);
disagreement($standby, 'on the standby');
is($standby->safe_psql('postgres', "SELECT md5(string_agg(id::text, ',')) FROM (SELECT id FROM t ORDER BY v <#> '{1:1,2:1}/300', id LIMIT 50) s"),
  $primary->safe_psql('postgres', "SELECT md5(string_agg(id::text, ',')) FROM (SELECT id FROM t ORDER BY v <#> '{1:1,2:1}/300', id LIMIT 50) s"), 'same answer on the standby');
$standby->stop;

# Builds beside the changes. The index of a build that was committed may outlive a crash.
my $build = $primary->basedir . '/build.sql';
append_to_file($build, q{
\set what random(0, 1)
\if :what
CREATE INDEX built ON t USING ruvector_sparse (v sparsevec_cosine_ops);
\else
CREATE INDEX built ON t USING ruvector_bm25 ((body || ' end')) WITH (text_config = 'english');
\endif
SELECT pg_sleep(0.02);
DROP INDEX built;
});
my ($interrupted, $wal) = (0, 0);
for my $n (1 .. $rounds) {
  $primary->safe_psql('postgres', 'DROP INDEX IF EXISTS built');
  my $from = $primary->safe_psql('postgres', 'SELECT pg_current_wal_insert_lsn()');
  # Nothing here needs a pipe that somebody would have to serve while the server is killed.
  my @clients = map { my $name = $primary->basedir . "/client$n." . $_->[0];
    IPC::Run::start([ @{$_}[1 .. $#$_], '-T', '60', '-h', $primary->host, '-p', $primary->port, 'postgres' ], '<', '/dev/null', '>', "$name.out", '2>', "$name.err") }
    [ 'load', @load ], [ 'build', 'pgbench', '-n', '-c', '1', '-f', $build ];
  select(undef, undef, undef, 0.7 + rand(1.2));
  $wal += $primary->safe_psql('postgres', "SELECT pg_current_wal_insert_lsn() - '$from'");
  if ($n % 2 == 0) {
    $primary->stop('immediate');
  } else {
    my $postmaster = $primary->{_pid};
    my @children = grep { /\d/ } split /\s+/, `ps --ppid $postmaster -o pid=`;
    kill 'KILL', $postmaster, @children;
    for (1 .. 100) { last if !grep { kill(0, $_) } $postmaster, @children; select(undef, undef, undef, 0.05); }
    $primary->{_pid} = undef;
    unlink $primary->data_dir . '/postmaster.pid';
  }
  # A client that lost its server says so by its exit code; one that had ended before, does not.
  for my $client (@clients) { $interrupted++ if !$client->finish; }
  $primary->start;
  disagreement($primary, "after crash $n");
  is($primary->safe_psql('postgres', q{SELECT string_agg(message, '; ') FROM pg_class c, ruvector_index_check(c.oid, true) WHERE relname = 'built' AND severity = 'error'}),
    '', "after crash $n: an index that was built meanwhile is sound, if it is there");
}
is($interrupted, 2 * $rounds, 'every crash met clients at work');
cmp_ok($wal / $rounds, '>', 200_000, sprintf('and changes: %.1f MB of WAL before each', $wal / $rounds / 1e6));
$primary->safe_psql('postgres', 'DROP INDEX IF EXISTS built');
is($primary->safe_psql('postgres', "INSERT INTO u VALUES ('{1:1}/300'); SELECT count(*) FROM (SELECT 1 FROM u ORDER BY v <#> '{1:1}/300' LIMIT 5) s"), '1',
  'the index of an unlogged table is empty after a crash, and usable');

# Space comes back.
$primary->safe_psql('postgres', 'VACUUM t');
$primary->safe_psql('postgres', 'SELECT pg_current_xact_id()');
# The largest size of some rounds: a VACUUM makes the files smaller, the next one needs room again.
sub rewrite {
  my ($rounds, $largest) = (shift, 0);
  for (1 .. $rounds) {
    $primary->safe_psql('postgres', 'UPDATE t SET body = random_text(), v = random_vector()');
    $primary->safe_psql('postgres', 'VACUUM t');
    my $size = $primary->safe_psql('postgres', "SELECT pg_relation_size('t_v') + pg_relation_size('t_body')");
    $largest = $size if $size > $largest;
  }
  return $largest;
}
my $before = rewrite(3);
my $after = rewrite(6);
# As above: some pages of each index are always free.
cmp_ok($after, '<=', 1.3 * $before + 2 * 48 * 8192, 'rewriting every row does not let the indexes grow');
disagreement($primary, 'at the end');
is($primary->safe_psql('postgres', q{SELECT count(*) FROM ruvector_index_check('t_v') WHERE severity = 'info'}), '0', 'no page is lost');
$primary->safe_psql('postgres', 'REINDEX INDEX CONCURRENTLY t_v; REINDEX INDEX CONCURRENTLY t_body');
disagreement($primary, 'after REINDEX CONCURRENTLY');
unlike(slurp_file($primary->logfile), qr/TRAP|PANIC|terminated by signal 11|inconsistent page/, 'no crash of our own');
$primary->stop;
done_testing();
