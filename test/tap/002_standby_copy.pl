# Binary COPY through a streaming standby, and the same distances on both.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', 'fsync = off');
$primary->start;
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

$primary->safe_psql('postgres', q{
  CREATE EXTENSION ruvector;
  CREATE TABLE t (id int, v vector(800), h halfvec(3), s sparsevec(9));
  SELECT setseed(0.3);
  INSERT INTO t SELECT i, (SELECT array_agg(random()) FROM generate_series(1, 800) WHERE i > 0)::vector,
    ARRAY[i, i / 2.0, -1]::real[]::halfvec, ('{2:' || i || '}/9')::sparsevec FROM generate_series(1, 300) i;
});
$primary->wait_for_catchup($standby);

my $file = $standby->basedir . '/t.bin';
$standby->safe_psql('postgres', "\\copy t TO '$file' (FORMAT binary)");
$primary->safe_psql('postgres', "CREATE TABLE back (LIKE t);\n\\copy back FROM '$file' (FORMAT binary)");
is($primary->safe_psql('postgres', 'SELECT count(*) FROM t JOIN back USING (id, v, h, s)'), '300',
  'what the standby copied out is what the primary wrote');

my $query = 'SELECT id, v <-> (SELECT v FROM t WHERE id = 17) AS d FROM t ORDER BY d, id LIMIT 20';
is($standby->safe_psql('postgres', $query), $primary->safe_psql('postgres', $query), 'same neighbours, same distances');
$standby->stop;
$primary->stop;
done_testing();
