# Clients that insert, delete, update, search and vacuum at the same time: no error, no row lost, no
# bloat. RUVECTOR_SOAK_SECONDS makes a long run of it.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seconds = $ENV{RUVECTOR_SOAK_SECONDS} || 6;
my $node = PostgreSQL::Test::Cluster->new('busy');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum_naptime = 1\nautovacuum_vacuum_scale_factor = 0.02\nautovacuum_vacuum_cost_delay = 0\n");
$node->start;
$node->safe_psql('postgres', q{
  CREATE EXTENSION ruvector;
  CREATE TABLE t (id serial PRIMARY KEY, v vector(16));
  CREATE FUNCTION random_vector() RETURNS vector LANGUAGE sql VOLATILE AS
    $$ SELECT array_agg(random() + c)::real[]::vector FROM (SELECT (random() * 4)::int AS c) x, generate_series(1, 16) $$;
  INSERT INTO t (v) SELECT random_vector() FROM generate_series(1, 2000);
  CREATE INDEX t_v ON t USING hnsw (v vector_l2_ops) WITH (m = 8, ef_construction = 32);
});
my $before = $node->safe_psql('postgres', q{SELECT pg_relation_size('t_v')});
$node->pgbench(
  "--no-vacuum --client=8 --jobs=2 --time=$seconds", 0, [qr{actually processed}], [qr{^$}],
  'clients work without error',
  {
    '022_write@4' => q{
      \set id random(1, 4000)
      INSERT INTO t (v) SELECT random_vector() FROM generate_series(1, 2);
      DELETE FROM t WHERE id IN (SELECT id FROM t ORDER BY id LIMIT 2);
      UPDATE t SET v = random_vector() WHERE id = :id;
    },
    '022_duplicates@1' => q{
      INSERT INTO t (v) VALUES ('[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]');
      DELETE FROM t WHERE id IN (SELECT id FROM t WHERE v = '[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]' LIMIT 1);
    },
    '022_search@4' => q{
      SET enable_seqscan = off;
      SELECT id FROM t ORDER BY v <-> random_vector() LIMIT 10;
    },
    '022_vacuum@1' => q{VACUUM t;},
  });
my $rows = $node->safe_psql('postgres', 'SELECT count(*) FROM t');
is($node->safe_psql('postgres', q{SET enable_seqscan = off; SELECT count(*) FROM (SELECT 1 FROM t ORDER BY v <-> random_vector()) x}), $rows, 'every row is found');
is($node->safe_psql('postgres', q{SELECT count(*) FROM ruvector_index_check('t_v', true) WHERE severity = 'error'}), '0', 'the index is sound');
my $recall = $node->safe_psql('postgres', q{SELECT recall FROM ruvector_recall('t_v', 10, 50, 100)});
cmp_ok($recall, '>=', 0.9, "recall is kept ($recall)");
$node->safe_psql('postgres', 'VACUUM t');
my $after = $node->safe_psql('postgres', q{SELECT pg_relation_size('t_v')});
$node->safe_psql('postgres', 'REINDEX INDEX t_v');
my $fresh = $node->safe_psql('postgres', q{SELECT pg_relation_size('t_v')});
note("$rows rows, $after bytes, $before at first, $fresh when built anew, recall $recall");
cmp_ok($after, '<=', 1.5 * $fresh + 2**19, 'space is used again');
$node->stop;
unlike(slurp_file($node->logfile), qr/PANIC|TRAP|terminated by signal/, 'no crash');
done_testing();
