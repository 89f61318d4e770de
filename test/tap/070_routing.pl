# Routing and memory across dump and restore, standby, many sessions on one budget, a killed backend.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "fsync = off\nmax_connections = 60\nautovacuum = off\nrestart_after_crash = on");
$node->start;
if ($node->safe_psql('postgres', "CREATE EXTENSION ruvector; SELECT enabled FROM ruvector_features() WHERE feature = 'routing'") ne 't') {
  plan skip_all => 'routing is not built in';
}
$node->safe_psql('postgres', q{
  SELECT ruvector_register_agent('small', capabilities := '{chat}', cost_per_call := 0.001, quality_score := 0.6);
  SELECT ruvector_register_agent('large', capabilities := '{chat,code}', cost_per_call := 0.02, quality_score := 0.8);
  SELECT ruvector_route_observe('integrate this function ' || i, '{"small": 0, "large": 1}') FROM generate_series(1, 30) i;
  SELECT ruvector_route_observe('say hello to ' || i, '{"small": 1, "large": 1}') FROM generate_series(1, 30) i;
  SELECT ruvector_configure_router(options := '{"tau": 0.8}');
  SELECT ruvector_train_router('default', 'ridge', '{"promote": true}');
  SELECT ruvector_create_route('greetings', 'small', '{hello there,good morning}', threshold := 0.2);
  SELECT ruvector_set_budget('team', 1);
});

# 32 sessions spend one budget: 1 USD at 0.02 a call is 50 calls.
# Their statements come from files: input from a scalar reaches a session only when it is waited for.
my $spend = $node->basedir . '/spend.sql';
append_to_file($spend, "SELECT agent_name FROM ruvector_route('prove this', 'quality', budget := 'team', excluded_agents := '{small}', explore := false);\n" x 4);
my @sessions = map {
  my ($out, $err) = ('', '');
  my $h = IPC::Run::start([ 'psql', '-X', '-q', '-At', '-d', $node->connstr('postgres'), '-f', $spend ], '<', '/dev/null', '>', \$out, '2>', \$err);
  { handle => $h, out => \$out, err => \$err };
} 1 .. 32;
$_->{handle}->finish for @sessions;
my $granted = 0;
$granted += () = ${ $_->{out} } =~ /large/g for @sessions;
is($granted, 50, '128 requests of 32 sessions: 50 fit into the budget');
my $failed = 0;
for (@sessions) { $failed += () = ${ $_->{err} } =~ /no agent is eligible/g }
is($failed, 78, 'and 78 are told why they do not');
is($node->safe_psql('postgres', "SELECT reserved <= 1.0000001 FROM ruvector_budget_status()"), 't', 'the limit was never passed');
is($node->safe_psql('postgres', "SELECT count(*) = (SELECT count(*) FROM ruvector_budget_reservation) FROM ruvector_route_log WHERE chosen = 'large'"), 't',
  'a reservation for every decision');

# A backend killed with -9 loses no decision that it returned.
my ($in, $out, $err) = ('', '', '');
my $victim = IPC::Run::start([ 'psql', '-X', '-q', '-At', '-d', $node->connstr('postgres') ], '<', \$in, '>', \$out, '2>', \$err);
$in = "SELECT (ruvector_route('say hello to the guest')).decision_id; SELECT 'pid ' || pg_backend_pid();\n";
$victim->pump until $out =~ /pid \d+/;
my ($id) = $out =~ /^(\d+)$/m;
my ($pid) = $out =~ /pid (\d+)/;
kill 9, $pid;
eval { $victim->finish };
$node->poll_query_until('postgres', 'SELECT true') or die 'no recovery';
is($node->safe_psql('postgres', "SELECT chosen IS NOT NULL FROM ruvector_route_log WHERE id = $id"), 't', 'the decision is there after the crash');

# Dump and restore: the same decisions, and learning goes on.
my $decisions = q{
  SELECT string_agg(q || ':' || (SELECT agent || ' ' || (terms->>'quality')::numeric(10, 6) FROM ruvector_route_explain(q, 'cost') WHERE rank = 1), ', ' ORDER BY q)
    FROM (VALUES ('integrate this function x'), ('say hello to the guest'), ('prove this')) v(q);
  SELECT ruvector_classify_request('good morning to you');
  SELECT count(*) FROM ruvector_route_log; SELECT count(*) FROM ruvector_route_outcome;
  SELECT * FROM ruvector_budget_status();
  SELECT title FROM ruvector_memory_search('b', query := 'dates in forms');};
$node->safe_psql('postgres', q{SELECT ruvector_memory_add('b', 'Check the order of dates in forms', content := 'Day and month.')});
my $before = $node->safe_psql('postgres', $decisions);
my $dump = $node->basedir . '/routing.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, 'postgres' ], 'pg_dump');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'restored', '-f', $dump ], 'restore');
is($node->safe_psql('restored', $decisions), $before, 'the same decisions after the restore');
is($node->safe_psql('restored', q{SELECT (ruvector_route('say hello', explore := false)).decision_id > (SELECT max(decision_id) FROM ruvector_route_outcome)}), 't',
  'numbers go on where they were');

my $fresh = PostgreSQL::Test::Cluster->new('fresh');
$fresh->init;
$fresh->append_conf('postgresql.conf', 'fsync = off');
$fresh->start;
$fresh->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'postgres', '-f', $dump ], 'restore into a fresh cluster');
is($fresh->safe_psql('postgres', $decisions), $before, 'the same decisions there');
$fresh->stop;

# A standby explains and searches, and refuses to decide.
$node->backup('b');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'b', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby);
is($standby->safe_psql('postgres', $decisions), $before, 'the standby sees the same');
my ($code, undef, $refusal) = $standby->psql('postgres', "SELECT ruvector_route('x')");
like($refusal, qr/read-only|recovery/, 'and cannot decide');
# What the primary learns reaches a session of the standby that has cached.
my ($sin, $sout, $serr) = ('', '', '');
my $session = IPC::Run::start([ 'psql', '-X', '-q', '-At', '-d', $standby->connstr('postgres') ], '<', \$sin, '>', \$sout, '2>', \$serr);
my $ask = "SELECT count(*) || ' agents' FROM ruvector_route_explain('x');\n";
$sin = $ask; $session->pump until $sout =~ /2 agents/;
$node->safe_psql('postgres', "SELECT ruvector_register_agent('third')");
$node->wait_for_catchup($standby);
$sin = $ask; $session->pump until $sout =~ /2 agents\n3 agents/ or $serr;
like($sout, qr/3 agents/, 'caches on the standby follow');
$sin = "\\q\n"; $session->finish;

# Tenants.
$node->safe_psql('postgres', q{
  CREATE ROLE tenant_a LOGIN; CREATE ROLE tenant_b LOGIN;
  GRANT SELECT ON ruvector_agent, ruvector_router, ruvector_router_model, ruvector_budget, ruvector_semantic_routes, ruvector_route_utterance TO tenant_a, tenant_b;
  GRANT SELECT, INSERT, UPDATE ON ruvector_route_log, ruvector_route_outcome, ruvector_agent_circuit, ruvector_budget_ledger TO tenant_a, tenant_b;
  GRANT SELECT, INSERT, DELETE ON ruvector_budget_reservation TO tenant_a, tenant_b;
  SELECT ruvector_register_agent('only_a', quality_score := 1, tenant := 'tenant_a');});
sub as { my ($who, $sql) = @_; return $node->safe_psql('postgres', "SET ROLE $who; $sql") }
is(as('tenant_a', "SELECT agent_name FROM ruvector_route('secret of a', 'quality', explore := false)"), 'only_a', 'a has its own agent');
is(as('tenant_b', "SELECT agent_name FROM ruvector_route('of b', 'quality', explore := false)"), 'large', 'which b cannot use');
is(as('tenant_b', "SELECT count(*) FILTER (WHERE tenant = 'tenant_a') FROM ruvector_route_log"), '0', 'nor see what a asked');
is(as('tenant_a', "SELECT string_agg(request, ',') FROM ruvector_route_log"), 'secret of a', 'each sees its own');
$standby->stop;
$node->stop;
done_testing();
