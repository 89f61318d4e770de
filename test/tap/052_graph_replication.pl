# A graph on a hot standby and through logical replication: what the primary wrote is read there by
# Cypher, property and vector indexes included; writes on the standby are refused.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use IPC::Run ();

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 'logical');
$primary->append_conf('postgresql.conf', 'fsync = off');
$primary->start;
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

my $graph = q{
  CREATE EXTENSION ruvector;
  SELECT ruvector_create_graph('g');
  SELECT ruvector_create_node_label('g', 'P', '{"n": "integer not null"}')};
$primary->safe_psql('postgres', $graph);
$primary->safe_psql('postgres', q{
  SELECT ruvector_cypher('g', 'CREATE CONSTRAINT p_n FOR (p:P) REQUIRE p.n IS UNIQUE');
  SELECT ruvector_cypher('g', 'CREATE VECTOR INDEX p_v FOR (p:P) ON p.v OPTIONS {dimensions: 2}');
  SELECT ruvector_cypher('g', 'UNWIND range(1, 300) AS i CREATE (:P {n: i, v: vector([cos(i / 100.0), sin(i / 100.0)])})');
  SELECT ruvector_cypher('g', 'MATCH (a:P), (b:P) WHERE b.n = a.n + 1 CREATE (a)-[:NEXT {w: a.n * 0.5}]->(b)');
  SELECT ruvector_cypher('g', 'MATCH (p:P) WHERE p.n > 290 DETACH DELETE p');
  SELECT ruvector_cypher('g', 'MATCH (p:P {n: 5}) SET p:Five, p.name = "five", p.n = 1005')});
my @questions = (
  q{MATCH (p:P) RETURN count(*), sum(p.n)},
  q{MATCH (p:P {n: 10})-[:NEXT*1..5]->(q) RETURN collect(q.n)},
  q{MATCH (p:Five) RETURN labels(p), properties(p)},
  q{MATCH ()-[r:NEXT]->() RETURN count(r), sum(r.w)},
  q{MATCH p = shortestPath((a:P {n: 20})-[:NEXT*]->(b:P {n: 60})) RETURN length(p)},
  q{MATCH (p:P) WHERE p.v IS NOT NULL RETURN p.n ORDER BY ruvector.similarity(p.v, [1, 0.5]) DESC LIMIT 3},
  q{CALL ruvector.wcc('P', 'NEXT') YIELD node, component RETURN count(DISTINCT component)});
sub answers {
  my ($node, $database) = @_;
  return join "\n", map { $node->safe_psql($database, "SELECT ruvector_cypher('g', \$q\$ $_ \$q\$)") } @questions;
}
my $expected = answers($primary, 'postgres');
like($expected, qr/"count\(\*\)":290/, 'the primary answers');

$primary->wait_for_catchup($standby);
is(answers($standby, 'postgres'), $expected, 'the standby gives the same answers');
is($standby->safe_psql('postgres', q{SELECT count(*) FROM ruvector_graph_check('g')}), '0', 'and its graph is whole');
my ($code, $out, $err) = $standby->psql('postgres', q{SELECT ruvector_cypher('g', 'CREATE (:P {n: 1})')});
like($err, qr/cannot execute .* (in a read-only transaction|during recovery)/, 'writes are refused');

# Replay that removes rows which a query may still see cancels the query, in the midst of a traversal too.
$standby->append_conf('postgresql.conf', "max_standby_streaming_delay = 100ms\nhot_standby_feedback = off\n");
$standby->reload;
my %query = (
  'a join' => q{MATCH (a:P), (b:P), (c:P), (d:P) WHERE a.n + b.n + c.n = -d.n RETURN count(*)},
  'a traversal' => q{UNWIND range(1, 1000000) AS i MATCH (a:P)-[:NEXT*1..40]->(b) WHERE b.n < -i RETURN count(*)});
for my $what (sort keys %query) {
  my ($running_out, $running_err) = ('', '');
  my $running = IPC::Run::start(['psql', '-X', '-v', 'VERBOSITY=verbose', '-d', $standby->connstr('postgres'), '-c',
      "SELECT ruvector_cypher('g', \$q\$ $query{$what} \$q\$)"], '<', \undef, '>', \$running_out, '2>', \$running_err,
    IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
  ok($standby->poll_query_until('postgres',
    q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE '%MATCH (a:P)%' AND state = 'active' AND pid <> pg_backend_pid()}), "$what runs");
  $primary->safe_psql('postgres', q{SELECT ruvector_cypher('g', 'MATCH (x:P) WHERE x.n > 250 SET x.seen = coalesce(x.seen, 0) + 1')});
  $primary->safe_psql('postgres', "VACUUM g.$_") for qw(node node_label edge);
  $primary->wait_for_catchup($standby);
  $running->finish;
  like($running_err, qr/ERROR:\s+40001: canceling statement due to conflict with recovery/, "$what is cancelled by a conflict with replay");
  is(answers($standby, 'postgres'), answers($primary, 'postgres'), 'and the standby answers on');
}
$primary->safe_psql('postgres', q{SELECT ruvector_cypher('g', 'MATCH (x:P) REMOVE x.seen')});
$standby->stop;

# Another database with the same graph, made by the same commands, subscribes to its tables.
my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init;
$subscriber->append_conf('postgresql.conf', 'fsync = off');
$subscriber->start;
$subscriber->safe_psql('postgres', $graph);
$subscriber->safe_psql('postgres', 'TRUNCATE g.name');    # names come from the publisher
$primary->safe_psql('postgres', 'CREATE PUBLICATION p FOR TABLE g.name, g.node, g.node_label, g.edge');
$subscriber->safe_psql('postgres', sprintf(q{CREATE SUBSCRIPTION s CONNECTION '%s' PUBLICATION p}, $primary->connstr . ' dbname=postgres'));
$subscriber->wait_for_subscription_sync($primary, 's');
is(answers($subscriber, 'postgres'), $expected, 'the copy gives the same answers');

$primary->safe_psql('postgres', q{
  SELECT ruvector_cypher('g', 'MATCH (p:P) WHERE p.n < 4 SET p:Low, p.n = -p.n');
  SELECT ruvector_cypher('g', 'MATCH (p:Five) REMOVE p:Five SET p.name = null');
  SELECT ruvector_cypher('g', 'MATCH (p:P {n: 100}) DETACH DELETE p');
  SELECT ruvector_cypher('g', 'CREATE (:P {n: 500})-[:FRESH]->(:Q:R {v: vector([1, 0])})')});
push @questions, q{MATCH (l:Low) RETURN collect(l.n)}, q{MATCH (:P)-[f:FRESH]->(q:Q&R) RETURN type(f), q.v};
$primary->wait_for_catchup('s');
is(answers($subscriber, 'postgres'), answers($primary, 'postgres'), 'changes arrive, new labels and types too');
is($subscriber->safe_psql('postgres', q{SELECT count(*) FROM ruvector_graph_check('g')}), '0', 'the copy is whole');
unlike(slurp_file($subscriber->logfile), qr/ERROR/, 'the apply worker met no error');
$subscriber->stop;
$primary->stop;
done_testing();
