# Concurrent MERGE, CREATE, SET and DETACH DELETE over one graph: no duplicate of a unique node, no
# relationship without its ends, no merged relationship twice, no lost increment; and the same after
# crashes of the server. RUVECTOR_SOAK_SECONDS (6) is how long writers and readers run,
# RUVECTOR_CRASH_ROUNDS (1) how often the server is killed under them.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nmax_connections = 30");
$node->start;
$node->safe_psql('postgres', q{
  CREATE EXTENSION ruvector;
  SELECT ruvector_create_graph('g');
  SELECT count(*) FROM ruvector_cypher('g', 'CREATE CONSTRAINT p_id FOR (n:P) REQUIRE n.id IS UNIQUE');
  SELECT count(*) FROM ruvector_cypher('g', 'CREATE (:Counter {value: 0})');
});

my $soak_seconds = $ENV{RUVECTOR_SOAK_SECONDS} // 6;
my $crash_rounds = $ENV{RUVECTOR_CRASH_ROUNDS} // 1;
my $dir = $node->basedir;
my %scripts = (
  merge => q{\set a random(1, 40)
\set b random(1, 40)
SELECT count(*) FROM ruvector_cypher('g', 'MERGE (a:P {id: $a}) MERGE (b:P {id: $b}) CREATE (a)-[:R]->(b)', jsonb_build_object('a', :a, 'b', :b));
},
  follow => q{\set a random(1, 6)
\set b random(1, 6)
SELECT count(*) FROM ruvector_cypher('g', 'MATCH (a:P {id: $a}), (b:P {id: $b}) MERGE (a)-[:F]->(b)', jsonb_build_object('a', :a, 'b', :b));
},
  visit => q{\set a random(1, 6)
\set b random(1, 6)
SELECT count(*) FROM ruvector_cypher('g', 'MATCH (a:P {id: $a}), (b:P {id: $b}) MERGE (a)-[v:V]-(b) ON MATCH SET v.times = coalesce(v.times, 0) + 1', jsonb_build_object('a', :a, 'b', :b));
},
  delete => q{\set a random(1, 40)
SELECT count(*) FROM ruvector_cypher('g', 'MATCH (a:P {id: $a}) DETACH DELETE a', jsonb_build_object('a', :a));
},
  count => q{SELECT count(*) FROM ruvector_cypher('g', 'MATCH (c:Counter) SET c.value = c.value + 1');
},
  read => q{\set a random(1, 40)
SELECT count(*) FROM ruvector_cypher('g', 'MATCH (a:P {id: $a})-[:R]->(b) RETURN b.id', jsonb_build_object('a', :a));
});
append_to_file("$dir/$_.sql", $scripts{$_}) for keys %scripts;

sub run_writers {
  my ($seconds) = @_;
  # Conflicts that cannot be resolved are reported; pgbench goes on with the next transaction.
  IPC::Run::run([ 'pgbench', '-n', '-c', 8, '-T', $seconds, '--max-tries', 20,
      '-f', "$dir/merge.sql\@5", '-f', "$dir/delete.sql\@1", '-f', "$dir/read.sql\@2",
      '-f', "$dir/follow.sql\@3", '-f', "$dir/visit.sql\@2",
      '-p', $node->port, '-h', $node->host, 'postgres' ], '>', \my $out, '2>', \my $err);
  return ($out, $err);
}

my ($out, $err) = run_writers($soak_seconds);
unlike($err, qr/PANIC|TRAP|closed the connection|internal error|XX000/, 'no writer broke');
my @serious = grep { /ERROR/ && !/still has relationships|does not exist|could not serialize|deadlock detected/ } split /\n/, $err;
is(join("\n", @serious), '', 'only conflicts are reported');
my $duplicates = q{SELECT count(*) FROM (SELECT properties->>'id' FROM g.nodes WHERE labels = '{P}' GROUP BY 1 HAVING count(*) > 1) d};
is($node->safe_psql('postgres', $duplicates), '0', 'no duplicates');
# One relationship F of a direction and one V between two nodes.
my $merged_twice = q{SELECT count(*) FROM (
    SELECT 1 FROM g.edge e JOIN g.name n ON n.id = e.type AND n.kind = 't' WHERE n.name = 'F' GROUP BY source, target HAVING count(*) > 1
    UNION ALL
    SELECT 1 FROM g.edge e JOIN g.name n ON n.id = e.type AND n.kind = 't' WHERE n.name = 'V'
      GROUP BY least(source, target), greatest(source, target) HAVING count(*) > 1) d};
is($node->safe_psql('postgres', $merged_twice), '0', 'no merged relationship twice');
is($node->safe_psql('postgres', q{SELECT * FROM ruvector_graph_check('g')}), '', 'the graph fits together');
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM g.edge'), '>', 0, 'relationships were made');

# Increments: each that was not refused counts.
my ($transactions) = do {
  IPC::Run::run([ 'pgbench', '-n', '-c', 6, '-t', 100, '--max-tries', 1000, '-f', "$dir/count.sql", '-p', $node->port, '-h', $node->host, 'postgres' ],
    '>', \my $o, '2>', \my $e);
  $o =~ /number of transactions actually processed: (\d+)/;
};
is($node->safe_psql('postgres', q{SELECT properties->>'value' FROM g.nodes WHERE labels = '{Counter}'}), $transactions, 'no increment is lost');

# Crashes in the middle.
for my $round (1 .. $crash_rounds) {
  my $h = IPC::Run::start([ 'pgbench', '-n', '-c', 4, '-T', 20, '--max-tries', 20, '-f', "$dir/merge.sql\@5", '-f', "$dir/delete.sql\@1",
      '-f', "$dir/follow.sql\@3", '-p', $node->port, '-h', $node->host, 'postgres' ],
    '>', \my $o2, '2>', \my $e2);
  sleep 2;
  $node->stop('immediate');
  eval { $h->finish };
  $node->start;
  is($node->safe_psql('postgres', $duplicates), '0', "no duplicates after crash $round");
  is($node->safe_psql('postgres', $merged_twice), '0', "no merged relationship twice after crash $round");
  is($node->safe_psql('postgres', q{SELECT * FROM ruvector_graph_check('g')}), '', "the graph fits together after crash $round");
}
$node->stop;
done_testing();
