# Sixteen clients at once, then kill -9 of a backend, of the worker and of the whole server under load: every decision
# and outcome that a client was told of is there, and budgets add up.
use strict;
use warnings;
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $rounds = $ENV{RUVECTOR_CRASH_ROUNDS} || 3;
my $node = PostgreSQL::Test::Cluster->new('crash');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nmax_connections = 60\nautovacuum = off\nrestart_after_crash = on\n"
  . "shared_preload_libraries = 'ruvector'\nruvector.worker_databases = 'postgres'\nruvector.worker_naptime = 1\n");
$node->start;
if ($node->safe_psql('postgres', "CREATE EXTENSION ruvector; SELECT count(*) FROM ruvector_features() WHERE feature IN ('routing', 'learning') AND enabled") ne '2') {
  plan skip_all => 'learning and routing are not both built in';
}
$node->safe_psql('postgres', q{
  SELECT ruvector_register_agent('agent' || i, cost_per_call := 0.001 * i, quality_score := 0.5 + 0.05 * i) FROM generate_series(1, 6) i;
  UPDATE ruvector_agent SET cooldown = '20 ms';
  SELECT ruvector_configure_router(options := '{"fail_open": true}');
  SELECT ruvector_set_budget('team', 1000000, period := NULL);
  SELECT ruvector_route_observe('request ' || i, '{"agent1": 0, "agent3": 1}') FROM generate_series(1, 30) i;});

# What a client does, and writes down what it was told.
sub script {
  my ($n) = @_;
  return join '', map {
    my $after = $_ % 5 == 0
      ? "SELECT count(*) FROM ruvector_route_next(:d, 'timeout') \\g /dev/null\n\\echo next :d\n"
      : "SELECT ruvector_route_feedback(:d, success := true, tokens_in := 5, cost := 0.002) \\g /dev/null\n\\echo told :d\n";
    "SELECT decision_id AS d FROM ruvector_route('request $_', 'balanced', budget := 'team') \\gset\n\\echo routed :d\n$after"
  } 1 .. $n;
}
sub clients {
  my ($n, $statements, $tag) = @_;
  my $file = $node->basedir . "/$tag.sql";
  append_to_file($file, script($statements));
  return map {
    my $out = $node->basedir . "/$tag.$_.out";
    my $err = $node->basedir . "/$tag.$_.err";
    { out => $out, err => $err, handle => IPC::Run::start([ 'psql', '-X', '-q', '-At', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres') . ' application_name=client', '-f', $file ],
        '<', '/dev/null', '>', $out, '2>', $err) }
  } 1 .. $n;
}
sub told {
  my ($kind, @of) = @_;
  return map { slurp_file($_->{out}) =~ /^$kind (\d+)$/mg } @of;
}
my $sound = q{SELECT abs(l.reserved - (SELECT coalesce(sum(amount), 0) FROM ruvector_budget_reservation)) < 1e-6
  AND abs(l.spent - (SELECT coalesce(sum(cost), 0) FROM ruvector_route_outcome o JOIN ruvector_route_log d ON d.id = o.decision_id WHERE d.arguments ? 'budget')) < 1e-6
  FROM ruvector_budget_ledger l};

# Sixteen at once: no deadlock, no serialization failure, nothing lost.
my @all = clients(16, 60, 'together');
$_->{handle}->finish for @all;
is(join('', map { slurp_file($_->{err}) } @all), '', '16 clients: no deadlock, no serialization failure');
my @decisions = told('routed', @all);
my %different = map { $_ => 1 } @decisions;
is(scalar(keys %different), 16 * 60, 'every request has a decision of its own');
is($node->safe_psql('postgres', q{SELECT count(*) FROM ruvector_route_log WHERE objective <> 'observed'}), 16 * 60, 'and each is logged');
is($node->safe_psql('postgres', $sound), 't', 'the budget adds up');
cmp_ok($node->safe_psql('postgres', q{SELECT count(*) FROM ruvector_agent_circuit WHERE failures > 0 OR openings > 0}), '>', 0, 'agents failed meanwhile');

my ($interrupted, $lost, $unsound) = (0, 0, 0);
for my $round (1 .. $rounds) {
  $node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'ruvector learning launcher'});
  my @c = clients(4, 2000, "round$round");
  usleep(300_000 + 61_000 * ($round % 7));
  if ($round % 3 == 0) {
    $node->stop('immediate');
  } else {
    my $whom = $round % 3 == 1 ? q{application_name = 'client' AND state = 'active'} : q{backend_type = 'ruvector learning launcher'};
    my $pid = '';
    for (1 .. 50) { last if $pid = $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE $whom LIMIT 1"); usleep(20_000) }
    ok($pid && kill(9, $pid), "round $round: killed") or next;
  }
  for my $client (@c) { eval { $client->{handle}->finish }; $interrupted += slurp_file($client->{err}) =~ /server closed the connection|terminating connection|connection to server was lost/ ? 1 : 0 }
  $round % 3 == 0 ? $node->start : $node->poll_query_until('postgres', 'SELECT true');
  for my $check ([ 'routed', 'SELECT id FROM ruvector_route_log' ], [ 'told', 'SELECT decision_id FROM ruvector_route_outcome WHERE success' ],
    [ 'next', 'SELECT decision_id FROM ruvector_route_outcome WHERE NOT success' ]) {
    my %there = map { $_ => 1 } split /\n/, $node->safe_psql('postgres', $check->[1]);
    $lost += grep { !$there{$_} } told($check->[0], @c);
  }
  $unsound += $node->safe_psql('postgres', $sound) ne 't';
}
is($interrupted, 4 * $rounds, "$rounds crashes: every client was interrupted at its work");
is($lost, 0, 'nothing that a client was told of is lost');
is($unsound, 0, 'and the budget adds up after each');
ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'ruvector learning launcher'}), 'the worker is back');
is($node->safe_psql('postgres', q{SET enable_seqscan = off; SELECT count(*) FROM ruvector_route_log WHERE id > 0}),
  $node->safe_psql('postgres', q{SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_indexonlyscan = off; SELECT count(*) FROM ruvector_route_log WHERE id > 0}), 'index and table agree');
like($node->safe_psql('postgres', q{SELECT agent_name FROM ruvector_route('after all that')}), qr/^agent/, 'work goes on');
$node->stop;
is(scalar(grep { /PANIC|TRAP|terminated by signal 11|deadlock detected/ } split /\n/, slurp_file($node->logfile)), 0, 'no deadlock, no crash of our own');
done_testing();
