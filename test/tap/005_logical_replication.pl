# Logical replication of every type in the binary protocol, without a primary key: REPLICA IDENTITY FULL
# finds rows by the equality operators of the default operator classes.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $publisher = PostgreSQL::Test::Cluster->new('publisher');
$publisher->init(allows_streaming => 'logical');
$publisher->append_conf('postgresql.conf', 'fsync = off');
$publisher->start;
my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init;
$subscriber->append_conf('postgresql.conf', 'fsync = off');
$subscriber->start;

my $table = 'CREATE EXTENSION ruvector; CREATE TABLE t (v vector, h halfvec(3), s sparsevec(9), b bit(5), wide vector(900))';
$publisher->safe_psql('postgres', "$table; ALTER TABLE t REPLICA IDENTITY FULL");
$subscriber->safe_psql('postgres', $table);
my $has_hnsw = $subscriber->safe_psql('postgres', q{SELECT count(*) FROM pg_am WHERE amname = 'hnsw'});
$subscriber->safe_psql('postgres', 'CREATE INDEX ON t USING hnsw (wide vector_l2_ops)') if $has_hnsw;
my $insert = q{INSERT INTO t SELECT ARRAY[i, -i / 7.0]::real[]::vector, ARRAY[i, 0.1, -2]::real[]::halfvec, ('{2:' || i || ',9:-0.5}/9')::sparsevec,
  (i % 32)::bit(5), array_fill((i / 3.0)::real, ARRAY[900])::vector FROM generate_series(%d, %d) i};
$publisher->safe_psql('postgres', sprintf($insert, 1, 200));    # copied by the initial synchronisation
$publisher->safe_psql('postgres', 'CREATE PUBLICATION p FOR TABLE t');
$subscriber->safe_psql('postgres', sprintf(q{CREATE SUBSCRIPTION s CONNECTION '%s' PUBLICATION p WITH (binary = true)}, $publisher->connstr . ' dbname=postgres'));
$subscriber->wait_for_subscription_sync($publisher, 's');
my $state = q{SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text COLLATE "C")) FROM t};
is($subscriber->safe_psql('postgres', $state), $publisher->safe_psql('postgres', $state), 'the copy of the table is the same');

$publisher->safe_psql('postgres', sprintf($insert, 201, 260));
$publisher->safe_psql('postgres', q{INSERT INTO t VALUES ('[1e-30,3e38]', '[65504,-0.0001,6e-8]', '{}/9', '10101', NULL), (NULL, NULL, NULL, NULL, NULL)});
$publisher->safe_psql('postgres', q{UPDATE t SET v = v + '[0.5,0.25]', h = h * '[2,2,2]' WHERE v <-> '[100,-14]' < 30});
$publisher->safe_psql('postgres', q{UPDATE t SET wide = l2_normalize(wide) WHERE s <-> '{2:50}/9' < 20});
$publisher->safe_psql('postgres', q{DELETE FROM t WHERE b = '00011'});
$publisher->wait_for_catchup('s');
is($subscriber->safe_psql('postgres', $state), $publisher->safe_psql('postgres', $state), 'inserts, updates and deletes arrive exactly');
cmp_ok($publisher->safe_psql('postgres', 'SELECT count(*) FROM t'), '<', 262, 'rows were deleted');
my $near = q{SELECT string_agg(v::text, ' ' ORDER BY wide <-> array_fill(20::real, ARRAY[900])::vector)
  FROM (SELECT * FROM t ORDER BY wide <-> array_fill(20::real, ARRAY[900])::vector LIMIT 5) n};
is($subscriber->safe_psql('postgres', $near), $publisher->safe_psql('postgres', $near), 'the same neighbours');
unlike(slurp_file($subscriber->logfile), qr/ERROR/, 'the apply worker met no error');
$subscriber->stop;
$publisher->stop;
done_testing();
