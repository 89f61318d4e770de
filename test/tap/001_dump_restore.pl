# Values of every type survive pg_dump and restore; pgvector in the database is refused.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'fsync = off');
$node->start;

$node->safe_psql('postgres', q{
  CREATE EXTENSION ruvector;
  CREATE TABLE items (id int PRIMARY KEY, v vector(3), h halfvec(3), s sparsevec(5), b bit(4), big vector(2000));
  INSERT INTO items SELECT i, ARRAY[i, -i / 3.0, 1e-30]::real[]::vector, ARRAY[i, 0.1, -2]::real[]::halfvec,
    ('{1:' || i || ',5:-0.25}/5')::sparsevec, '1010', array_fill((i / 7.0)::real, ARRAY[2000])::vector
    FROM generate_series(1, 50) i;
  INSERT INTO items (id) VALUES (1000);
  CREATE TABLE by_vector (v vector(2)) PARTITION BY HASH (v);
  CREATE TABLE by_vector_0 PARTITION OF by_vector FOR VALUES WITH (MODULUS 2, REMAINDER 0);
  CREATE TABLE by_vector_1 PARTITION OF by_vector FOR VALUES WITH (MODULUS 2, REMAINDER 1);
  INSERT INTO by_vector SELECT ARRAY[i, -i]::int[]::vector FROM generate_series(1, 20) i;
  CREATE INDEX ON items (v);
});
my $state = q{
  SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM items t
  UNION ALL SELECT md5(string_agg(v::text, '|' ORDER BY v)) FROM by_vector
  UNION ALL SELECT count(*)::text FROM by_vector_0};
my $before = $node->safe_psql('postgres', $state);

my $dump = $node->basedir . '/dump.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, 'postgres' ], 'pg_dump');
unlike(slurp_file($dump), qr/CREATE TYPE|CREATE FUNCTION/, 'the dump holds no member of the extension');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'restored', '-f', $dump ], 'restore');
is($node->safe_psql('restored', $state), $before, 'every value is the same after the restore');

# An extension of pgvector's name in the database (test/module/vector.control stands for it).
$node->safe_psql('postgres', 'CREATE DATABASE has_pgvector');
$node->safe_psql('has_pgvector', 'CREATE EXTENSION vector');
my ($code, $out, $err) = $node->psql('has_pgvector', '\set VERBOSITY verbose
CREATE EXTENSION ruvector;');
like($err, qr/42710: cannot install ruvector: extension "vector" \(pgvector\) is installed/, 'refused beside pgvector');
like($err, qr/migrating-from-pgvector/, 'and told where to read on');

# The empty extension of sql/pgvector_name: applications that create "vector" are content with ruvector.
my $name = "CREATE EXTENSION IF NOT EXISTS vector VERSION '0.8.6'";
$node->safe_psql('postgres', 'CREATE DATABASE named');
($code, $out, $err) = $node->psql('named', $name);
like($err, qr/required extension "ruvector" is not installed.*CASCADE/s, 'the name alone says what it needs');
$node->safe_psql('named', "CREATE EXTENSION ruvector; $name; CREATE EXTENSION IF NOT EXISTS vector;");
is($node->safe_psql('named', q{SELECT string_agg(extname, ' ' ORDER BY extname) FROM pg_extension WHERE extname ~ 'vector'}),
  'ruvector vector', 'both are there');
$node->safe_psql('named', "CREATE TABLE t (v vector(3)); INSERT INTO t VALUES ('[1,2,3]')");
$node->command_ok([ 'pg_dump', '-f', $dump, 'named' ], 'pg_dump with the name');
$node->safe_psql('postgres', 'CREATE DATABASE cascaded');
$node->safe_psql('cascaded', "$name CASCADE");
is($node->safe_psql('cascaded', q{SELECT '[1,2,3]'::vector <-> '[1,2,4]'}), '1', 'CASCADE brings ruvector');
# The stand-in of the other tests has version 0: the dump's plain CREATE EXTENSION would take it.
my $text = slurp_file($dump);
ok(index($text, 'EXTENSION IF NOT EXISTS ruvector') < index($text, 'EXTENSION IF NOT EXISTS vector'), 'dumped in the order of need');
($code, $out, $err) = $node->psql('named', 'DROP EXTENSION ruvector');
like($err, qr/extension vector depends on extension ruvector/, 'ruvector is not dropped under the name');
$node->stop;
done_testing();
