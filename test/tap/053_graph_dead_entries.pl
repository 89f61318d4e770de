# Versions of rows that piled up while an old transaction kept them: once nobody can see them, the
# first query that meets their index entries marks them, and the next ones pass them by, without
# VACUUM.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\nmax_prepared_transactions = 1");
$node->start;
$node->safe_psql('postgres', q{
  CREATE EXTENSION ruvector;
  SELECT ruvector_create_graph('g');
  SELECT count(*) FROM ruvector_cypher('g', 'CREATE INDEX FOR (n:P) ON (n.name)');
  SELECT count(*) FROM ruvector_cypher('g', 'CREATE INDEX FOR ()-[r:R]-() ON (r.c)');
  SELECT count(*) FROM ruvector_cypher('g', 'WITH reduce(s = "x", k IN range(1, 9) | s + s) AS pad UNWIND range(1, 100) AS i CREATE (:P {name: "p" + i, c: 0, pad: pad})-[:R {c: 0, pad: pad}]->(:Q)');
});

# The pages that a plan's line names.
sub pages {
  my ($query, $operator) = @_;
  my $plan = $node->safe_psql('postgres', "SELECT x FROM ruvector_cypher('g', 'PROFILE $query') x");
  return $plan =~ /$operator.*pages=(\d+)/ ? $1 : die "no $operator in $plan";
}

my %query = (
  IndexSeek => 'MATCH (n:P {name: "p7"}) RETURN n.c AS c',
  Expand    => 'MATCH (n:P {name: "p7"})-[r:R]->(m) RETURN r.c AS c',
);
$node->safe_psql('postgres', q{
  BEGIN;
  SELECT txid_current();
  PREPARE TRANSACTION 'old';
});
$node->safe_psql('postgres', q{
  DO $$ BEGIN
    FOR i IN 1 .. 600 LOOP
      PERFORM ruvector_cypher('g', 'MATCH (n:P {name: "p7"})-[r:R]->() SET n.c = n.c + 1, r.c = r.c + 1');
      COMMIT;
    END LOOP;
  END $$;
});
cmp_ok(pages($query{$_}, $_), '>', 30, "$_ visits the versions that an old transaction keeps") for sort keys %query;
cmp_ok(pages($query{$_}, $_), '>', 30, "$_ marks none of them") for sort keys %query;
$node->safe_psql('postgres', q{COMMIT PREPARED 'old'});
pages($query{$_}, $_) for sort keys %query;
cmp_ok(pages($query{$_}, $_), '<', 15, "$_ passes those by that are dead to all") for sort keys %query;
is($node->safe_psql('postgres', "SELECT x->>'c' FROM ruvector_cypher('g', '$query{$_}') x"), 600, "$_ finds the version that lives") for sort keys %query;
# Entries that other ones of the same key follow, and pages that split meanwhile.
$node->safe_psql('postgres', q{
  SELECT count(*) FROM ruvector_cypher('g', 'UNWIND range(1, 3000) AS i CREATE (:P {name: "p7", c: i})');
});
is($node->safe_psql('postgres', q{SELECT x->>'n' FROM ruvector_cypher('g', 'MATCH (n:P {name: "p7"}) RETURN count(*) AS n') x}), 3001, 'all of one key are found');
is($node->safe_psql('postgres', q{SELECT count(*) FROM ruvector_graph_check('g')}), 0, 'the graph is whole');
done_testing();
