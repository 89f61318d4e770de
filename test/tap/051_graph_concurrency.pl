# Concurrent MERGE, CREATE, SET and DETACH DELETE over one graph: no duplicate of a unique node, no
# relationship without its ends, no lost increment; and the same after a crash of the server.
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

my $dir = $node->basedir;
my %scripts = (
  merge => q{\set a random(1, 40)
\set b random(1, 40)
SELECT count(*) FROM ruvector_cypher('g', 'MERGE (a:P {id: $a}) MERGE (b:P {id: $b}) CREATE (a)-[:R]->(b)', jsonb_build_object('a', :a, 'b', :b));
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
      '-p', $node->port, '-h', $node->host, 'postgres' ], '>', \my $out, '2>', \my $err);
  return ($out, $err);
}

my ($out, $err) = run_writers(6);
unlike($err, qr/PANIC|TRAP|closed the connection|internal error|XX000/, 'no writer broke');
my @serious = grep { /ERROR/ && !/still has relationships|does not exist|could not serialize|deadlock detected/ } split /\n/, $err;
is(join("\n", @serious), '', 'only conflicts are reported');
my $duplicates = q{SELECT count(*) FROM (SELECT properties->>'id' FROM g.nodes WHERE labels = '{P}' GROUP BY 1 HAVING count(*) > 1) d};
is($node->safe_psql('postgres', $duplicates), '0', 'no duplicates');
is($node->safe_psql('postgres', q{SELECT * FROM ruvector_graph_check('g')}), '', 'the graph fits together');
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM g.edge'), '>', 0, 'relationships were made');

# Increments: each that was not refused counts.
my ($transactions) = do {
  IPC::Run::run([ 'pgbench', '-n', '-c', 6, '-t', 100, '--max-tries', 1000, '-f', "$dir/count.sql", '-p', $node->port, '-h', $node->host, 'postgres' ],
    '>', \my $o, '2>', \my $e);
  $o =~ /number of transactions actually processed: (\d+)/;
};
is($node->safe_psql('postgres', q{SELECT properties->>'value' FROM g.nodes WHERE labels = '{Counter}'}), $transactions, 'no increment is lost');

# A crash in the middle.
my $h = IPC::Run::start([ 'pgbench', '-n', '-c', 4, '-T', 20, '--max-tries', 20, '-f', "$dir/merge.sql\@5", '-f', "$dir/delete.sql\@1", '-p', $node->port, '-h', $node->host, 'postgres' ],
  '>', \my $o2, '2>', \my $e2);
sleep 2;
$node->stop('immediate');
eval { $h->finish };
$node->start;
is($node->safe_psql('postgres', $duplicates), '0', 'no duplicates after a crash');
is($node->safe_psql('postgres', q{SELECT * FROM ruvector_graph_check('g')}), '', 'the graph fits together after a crash');
$node->stop;
done_testing();
