# Builds of inverted indexes with parallel workers: the same answers as without, a true progress report, and
# nothing left behind by a cancel, an error in a worker or in the leader, or a crash.
use strict;
use warnings;
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = PostgreSQL::Test::Cluster->new('build');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\nmax_parallel_maintenance_workers = 2\nmax_parallel_workers = 4\nmaintenance_work_mem = '128MB'\n");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION ruvector');
if ($node->safe_psql('postgres', "SELECT enabled FROM ruvector_features() WHERE feature = 'sparse'") ne 't') {
  plan skip_all => 'built without the feature sparse';
}
$node->safe_psql('postgres', q{
  CREATE TABLE t (id int, v sparsevec(300), body text);
  SELECT setseed(0.3);
  INSERT INTO t SELECT i, CASE WHEN i % 50 > 0 THEN (SELECT ruvector_to_sparse(array_agg(1 + j * 7 % 300), array_agg(random() - 0.2)::real[], 300) FROM generate_series(i % 97, i % 97 + 12) j WHERE i > 0) END,
    (SELECT string_agg('w' || floor(200 * random() * random() * random()), ' ') FROM generate_series(1, 15) WHERE i > 0) FROM generate_series(1, 3000) i;
  -- A millisecond a row, so that what happens meanwhile can be seen.
  CREATE FUNCTION slowly(sparsevec) RETURNS sparsevec LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$ BEGIN PERFORM pg_sleep(0.001); RETURN $1; END $$;
  CREATE FUNCTION failing(text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$ BEGIN IF $1 LIKE 'poison%' THEN RAISE EXCEPTION 'poisoned row'; END IF; RETURN $1; END $$;
});

my $answers = q{SELECT md5(string_agg(q.i || ':' || coalesce((SELECT string_agg(d::text, ',') FROM (%s) s), ''), ';' ORDER BY q.i))
  FROM (SELECT i, ('{' || 1 + i %% 150 || ':1,' || 151 + i * 13 %% 150 || ':0.5}/300')::sparsevec AS qv, 'w' || i %% 200 || ' w' || i * 3 %% 200 AS qt FROM generate_series(0, 39) i) q};
sub answers {
  return join ' ', map { $node->safe_psql('postgres', "SET enable_seqscan = off; SET enable_sort = off; " . sprintf($answers, $_)) }
    'SELECT v <#> q.qv AS d FROM t ORDER BY v <#> q.qv LIMIT 50', 'SELECT body <@> q.qt AS d FROM t ORDER BY body <@> q.qt';
}
sub problems { return $node->safe_psql('postgres', q{SELECT count(*) FROM (VALUES ('t_v'::regclass), ('t_body')) i(x), ruvector_index_check(x, true)}); }
my %build = (serial => 'SET max_parallel_maintenance_workers = 0;', parallel => '', 'parallel with spills' => "SET maintenance_work_mem = '1MB'; SET min_parallel_table_scan_size = 0; ALTER TABLE t SET (parallel_workers = 2);",
  concurrently => '');
my $create = "CREATE INDEX t_v ON t USING ruvector_sparse (v); CREATE INDEX t_body ON t USING ruvector_bm25 (body) WITH (text_config = 'simple');";
my $expected;
for my $way ('serial', 'parallel', 'parallel with spills', 'concurrently') {
  my $sql = $create;
  $sql =~ s/INDEX/INDEX CONCURRENTLY/g if $way eq 'concurrently';
  # The table is small: ask for workers.
  $node->safe_psql('postgres', 'ALTER TABLE t SET (parallel_workers = 2)') if $way ne 'serial';
  my @statements = map { ('-c', $_) } grep { /\S/ } split /;/, $build{$way} . $sql;
  my ($out, $err) = ('', '');
  IPC::Run::run([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), @statements ], '>', \$out, '2>', \$err);
  is($err, '', "$way: builds");
  is(problems(), '0', "$way: indexes are sound and complete");
  $expected ||= answers();
  is(answers(), $expected, "$way: the same answers");
  is($node->safe_psql('postgres', 'SELECT reltuples FROM pg_class WHERE relname = \'t_v\''), '3000', "$way: rows counted");
  $node->safe_psql('postgres', 'DROP INDEX t_v, t_body');
}

# Workers are there, and the report tells how far the build is.
sub start_build {
  my ($out, $err) = ('', '');
  # As arguments: what is given on standard input is sent only when somebody waits for the answer.
  return IPC::Run::start([ 'psql', '-XqAt', '-d', $node->connstr('postgres'), map { ('-c', $_) } @_ ], '>', \$out, '2>', \$err);
}
# A moment after the workers have begun.
sub wait_for_workers {
  for (1 .. 400) {
    last if $node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'parallel worker' AND query LIKE '%t_slow%'}) eq '2';
    usleep(20_000);
  }
  usleep(200_000);
}
my $slow = "CREATE INDEX t_slow ON t USING ruvector_sparse (slowly(v))";
my $client = start_build($slow);
my ($workers, $total, $done, $between, $phase) = (0, 0, 0, 0, '');
for (1 .. 400) {
  my $row = $node->safe_psql('postgres', q{SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'parallel worker' AND query LIKE 'CREATE INDEX t_slow%'), tuples_total, tuples_done, phase FROM pg_stat_progress_create_index});
  last if $row eq '' && $total > 0;
  if ($row ne '') {
    my @f = split /\|/, $row;
    $workers = $f[0] if $f[0] > $workers;
    ($total, $phase) = ($f[1], $f[3]) if $f[1] > 0;
    $between++ if $f[2] > $done && $f[2] < $f[1];
    $done = $f[2];
  }
  usleep(20_000);
}
$client->finish;
is($workers, 2, 'two workers');
cmp_ok(abs($total - 3000), '<', 400, "the total is about that of the table: $total");
cmp_ok($between, '>=', 3, 'the count grows towards it');
like($phase, qr/inverting rows|writing lists/, 'the phase has a name');
$node->safe_psql('postgres', 'DROP INDEX t_slow');

# A cancel ends the workers, removes the files, leaves no index.
sub nothing_left {
  my ($what) = @_;
  is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_class WHERE relname IN ('t_slow', 't_failing')}), '0', "$what: no index");
  my $left = 1;
  for (1 .. 100) {
    $left = $node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'parallel worker'}) + $node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()');
    last if $left == 0;
    usleep(50_000);
  }
  is($left, '0', "$what: no worker, no file");
}
$client = start_build("SET maintenance_work_mem = '1MB'", $slow);
wait_for_workers();
$node->safe_psql('postgres', q{SELECT pg_cancel_backend(pid) FROM pg_stat_progress_create_index});
$client->finish;
nothing_left('a cancel');
$client = start_build($slow);
wait_for_workers();
$node->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'parallel worker' LIMIT 1});
$client->finish;
nothing_left('the end of a worker');
$node->safe_psql('postgres', q{INSERT INTO t SELECT 10000 + i, NULL, CASE WHEN i = 2000 THEN 'poison' ELSE 'w1 w2' END FROM generate_series(1, 3000) i});
my ($rc, $stdout, $stderr) = $node->psql('postgres', "CREATE INDEX t_failing ON t USING ruvector_bm25 (failing(body)) WITH (text_config = 'simple')");
like($stderr, qr/poisoned row/, 'an error of a row');
nothing_left('an error of a row');
$node->safe_psql('postgres', 'DELETE FROM t WHERE id > 10000');

# A crash in the middle.
$client = start_build($slow);
wait_for_workers();
$node->stop('immediate');
eval { $client->finish };
$node->start;
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_class WHERE relname = 't_slow'}), '0', 'a crash: no index');
$node->safe_psql('postgres', $_) for grep { /\S/ } split /;/, $create;
is(answers(), $expected, 'and the next build works');
$node->stop;
unlike(slurp_file($node->logfile), qr/TRAP|PANIC|terminated by signal 11/, 'no crash of our own');
done_testing();
