# Out-of-line vectors are read right while other sessions update, delete and vacuum them.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'fsync = off');
$node->start;
# Every vector of row i is constant with value i: its distance to zero tells whether the right
# chunks were put together.
$node->safe_psql('postgres', q{
  CREATE EXTENSION ruvector;
  CREATE TABLE t (id int PRIMARY KEY, v vector(1500));
  INSERT INTO t SELECT i, array_fill(i::real, ARRAY[1500])::vector FROM generate_series(1, 400) i;
});
my $script = $node->basedir . '/churn.sql';
append_to_file($script, q{
\set id random(1, 400)
\set what random(1, 10)
\if :what <= 6
UPDATE t SET v = array_fill(id::real, ARRAY[1500])::vector WHERE id = :id;
\elif :what <= 8
BEGIN;
DELETE FROM t WHERE id = :id;
INSERT INTO t VALUES (:id, array_fill(:id::real, ARRAY[1500])::vector) ON CONFLICT DO NOTHING;
SELECT count(*) FROM t WHERE vector_norm(v) < 0;
ROLLBACK;
\else
SELECT 1 / (count(*) FILTER (WHERE abs(l1_distance(v, array_fill(0::real, ARRAY[1500])::vector) - 1500.0 * id) > id) = 0)::int FROM t;
\endif
});
my $vacuum = $node->basedir . '/vacuum.sql';
append_to_file($vacuum, "VACUUM t;\nSELECT pg_sleep(0.05);\n");
$node->command_checks_all([ 'pgbench', '-n', '-c', '4', '-T', '8', '-f', "$script\@40", '-f', "$vacuum\@1", 'postgres' ],
  0, [qr/number of failed transactions: 0|transaction type/], [qr/^(?!.*ERROR)/s], 'no wrong value under updates and vacuum');
is($node->safe_psql('postgres', q{SELECT count(*) FROM t
  WHERE abs(l1_distance(v, array_fill(0::real, ARRAY[1500])::vector) - 1500.0 * id) > id}), '0', 'every row reads right');
# Truncation between two uses of the same cached call site.
is($node->safe_psql('postgres', q{
  CREATE FUNCTION far() RETURNS float8 LANGUAGE plpgsql AS $$ BEGIN
    RETURN (SELECT sum(l1_distance(v, array_fill(0::real, ARRAY[1500])::vector)) FROM t); END $$;
  SELECT far() > 0;
  DELETE FROM t WHERE id > 3;
  VACUUM (TRUNCATE) t;
  SELECT far();
}), "t\n9000", 'a cached reader survives truncation');
unlike(slurp_file($node->logfile), qr/TRAP|PANIC|terminated by signal/, 'no crash');
$node->stop;
done_testing();
