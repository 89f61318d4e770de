# Search over shards: hash partitions that are foreign tables of two other databases on two servers.
# What is sent to the shards, and that every form finds what one table finds.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my @nodes = map { PostgreSQL::Test::Cluster->new($_) } qw(one two);
for my $node (@nodes) {
  $node->init;
  $node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off");
  $node->start;
  $node->safe_psql('postgres', 'CREATE DATABASE shard');
}
my ($coordinator) = @nodes;
if ($coordinator->psql('postgres', 'CREATE EXTENSION postgres_fdw') != 0) {
  $_->stop for @nodes;
  plan skip_all => 'postgres_fdw is not installed';
}
my $has_hnsw;
for my $i (0, 1) {
  $nodes[$i]->safe_psql('shard', q{
    CREATE EXTENSION ruvector;
    CREATE TABLE items (id bigint PRIMARY KEY, kind int, embedding vector(16), half halfvec(16))});
  $has_hnsw = $nodes[$i]->safe_psql('shard', q{SELECT count(*) FROM pg_am WHERE amname = 'hnsw'});
}
my $servers = '';
for my $i (0, 1) {
  $servers .= sprintf(q{
    CREATE SERVER shard_%1$d FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '%2$s', port '%3$s', dbname 'shard',
      extensions 'ruvector', async_capable 'true', fetch_size '100');
    CREATE USER MAPPING FOR CURRENT_USER SERVER shard_%1$d;
    CREATE FOREIGN TABLE items_%1$d PARTITION OF items FOR VALUES WITH (MODULUS 3, REMAINDER %1$d)
      SERVER shard_%1$d OPTIONS (table_name 'items');
  }, $i, $nodes[$i]->host, $nodes[$i]->port);
}
$coordinator->safe_psql('postgres', qq{
  CREATE EXTENSION ruvector;
  CREATE TABLE items (id bigint NOT NULL, kind int, embedding vector(16), half halfvec(16)) PARTITION BY HASH (id);
  $servers
  CREATE TABLE items_2 PARTITION OF items FOR VALUES WITH (MODULUS 3, REMAINDER 2);
  CREATE TABLE all_items (id bigint, kind int, embedding vector(16), half halfvec(16));
  SELECT setseed(0.5);
  INSERT INTO all_items SELECT i, i % 5, v, v FROM (
    SELECT i, (SELECT array_agg(random()) FROM generate_series(1, 16) WHERE i > 0)::vector AS v FROM generate_series(1, 3000) i) s;
  INSERT INTO items SELECT * FROM all_items;
  CREATE SCHEMA hidden;
  CREATE TABLE hidden."odd name" (LIKE items);
  ALTER TABLE hidden."odd name" ADD COLUMN "x; DROP" int DEFAULT 7;
  INSERT INTO hidden."odd name" SELECT * FROM all_items WHERE id <= 20;
});
cmp_ok($_->safe_psql('shard', 'SELECT count(*) FROM items'), '>', 800, $_->name . ' has its share') for @nodes;
if ($has_hnsw) {
  $_->safe_psql('shard', 'CREATE INDEX ON items USING hnsw (embedding vector_l2_ops); ANALYZE items') for @nodes;
}
$coordinator->safe_psql('postgres', 'ANALYZE items');

my $q = q{(SELECT embedding FROM all_items WHERE id = 17)};
my %operator = (l2 => '<->', ip => '<#>', cosine => '<=>', l1 => '<+>');
for my $metric (sort keys %operator) {
  my $expected = $coordinator->safe_psql('postgres',
    "SELECT id, round((embedding $operator{$metric} $q)::numeric, 5) FROM all_items ORDER BY embedding $operator{$metric} $q, id LIMIT 10");
  # With an index on the shards l2 is approximate: then most of the rows are the same.
  my $got = $coordinator->safe_psql('postgres',
    "SELECT id, round(d::numeric, 5) FROM ruvector_sharded_search('items', 'embedding', $q, 10, '$metric', '{id}') AS t(id bigint, d float8)");
  my %have = map { $_ => 1 } split /\n/, $got;
  my $same = grep { $have{$_} } split /\n/, $expected;
  cmp_ok($same, '>=', ($has_hnsw && $metric eq 'l2') ? 9 : 10, "$metric: the neighbours of one table");
}
is($coordinator->safe_psql('postgres', "SELECT count(*), count(DISTINCT id) FROM ruvector_sharded_search('items', 'embedding', $q, 500, columns => '{id}') AS t(id bigint, d float8)"),
  '500|500', 'as many rows as asked for');
is($coordinator->safe_psql('postgres', "SELECT string_agg(id::text, ' ' ORDER BY d) FROM ruvector_sharded_search('items', 'half', ${q}::halfvec, 3, columns => '{id}') AS t(id bigint, d float8)"),
  $coordinator->safe_psql('postgres', "SELECT string_agg(id::text, ' ' ORDER BY d) FROM (SELECT id, half <-> ${q}::halfvec AS d FROM all_items ORDER BY 2 LIMIT 3) s"), 'halfvec');

# Filters: pushed to the shards, the user's value as a parameter.
is($coordinator->safe_psql('postgres', qq{SELECT count(*), min(kind), max(kind) FROM ruvector_sharded_search('items', 'embedding', $q, 10,
    columns => '{id,kind}', filter => 'kind = \$2::int', argument => '3') AS t(id bigint, kind int, d float8)}), '10|3|3', 'filtered by a parameter');
is($coordinator->safe_psql('postgres', qq{SELECT count(*) FROM ruvector_sharded_search('items', 'embedding', $q, 5,
    columns => '{id}', filter => 'kind < 2') AS t(id bigint, d float8)}), '5', 'filtered without one');

# What the shards are asked: ORDER BY and LIMIT, all at once.
my $sql = $coordinator->safe_psql('postgres', "SELECT ruvector_sharded_search_sql('items', 'embedding', 10, columns => '{id}', filter => 'kind = 1')");
my $prepare = "PREPARE p(vector) AS $sql;";
my $vector = $coordinator->safe_psql('postgres', 'SELECT embedding FROM all_items WHERE id = 17');
my $plan = $coordinator->safe_psql('postgres', "$prepare EXPLAIN (VERBOSE, COSTS OFF) EXECUTE p('$vector')");
is(() = $plan =~ /Async Foreign Scan/g, 2, 'both shards at once') or diag $plan;
is(() = $plan =~ /Remote SQL: [^\n]*WHERE \(\(kind = 1\)\)[^\n]*ORDER BY[^\n]*<->[^\n]*LIMIT 10/g, 2, 'filter, order and limit are sent') or diag $plan;
# The plain query over the partitioned table: right, but one shard after the other and without the limit.
my $plain = "SELECT id FROM items ORDER BY embedding <-> $q LIMIT 10";
$plan = $coordinator->safe_psql('postgres', "EXPLAIN (VERBOSE, COSTS OFF) SELECT id FROM items ORDER BY embedding <-> (SELECT embedding FROM all_items WHERE id = 17) LIMIT 10");
is(() = $plan =~ /Remote SQL: [^\n]*ORDER BY/g, 2, 'the plain query sends the order');
my $found = $coordinator->safe_psql('postgres', $plain);
is(scalar(split /\n/, $found), 10, 'the plain query finds ten');
if ($has_hnsw) {
  for my $node (@nodes) {
    cmp_ok($node->safe_psql('shard', q{SELECT pg_stat_force_next_flush(); SELECT sum(idx_scan) FROM pg_stat_user_indexes WHERE indexrelname ~ 'embedding'}) =~ s/^\n//r,
      '>', 0, $node->name . ': the shard used its index');
  }
}

# Names, plain tables, errors.
is($coordinator->safe_psql('postgres', qq{SELECT count(*), max(x) FROM ruvector_sharded_search('hidden."odd name"', 'embedding', $q, 3,
    columns => ARRAY['x; DROP']::name[]) AS t(x int, d float8)}), '3|7', 'odd names are quoted; a plain table is searched');
$coordinator->safe_psql('postgres', q{CREATE SCHEMA rv; CREATE DATABASE moved});
$coordinator->safe_psql('moved', q{CREATE SCHEMA rv; CREATE EXTENSION ruvector SCHEMA rv; CREATE TABLE t (id int, v rv.vector(2));
  INSERT INTO t VALUES (1, '[0,1]'), (2, '[5,5]')});
is($coordinator->safe_psql('moved', q{SELECT id FROM rv.ruvector_sharded_search('t', 'v', '[4,4]'::rv.vector, 1, columns => '{id}') AS t(id int, d float8)}),
  '2', 'in another schema that is not in the search path');
sub fails {
  my ($call, $pattern, $name) = @_;
  my ($code, $out, $err) = $coordinator->psql('postgres', "\\set VERBOSITY verbose\nSELECT $call;");
  like($err, $pattern, $name);
}
fails("ruvector_sharded_search_sql('items', 'embedding', 0)", qr/22023: k must be at least 1, not 0/, 'k 0');
fails("ruvector_sharded_search_sql('items', 'embedding', 1, 'l3')", qr/22023: unknown metric "l3"/, 'unknown metric');
fails("ruvector_sharded_search_sql('items', 'nothing', 1)", qr/42703: column "nothing" of relation public.items/, 'unknown embedding');
fails("ruvector_sharded_search_sql('items', 'embedding', 1, columns => '{id,nowhere}')", qr/42703: column "nowhere"/, 'unknown column');
fails("ruvector_sharded_search_sql('items', 'kind', 1)", qr/42809: column "kind" of relation public.items has type integer/, 'not a vector');
fails("ruvector_sharded_search_sql(NULL, 'kind', 1)", qr/22004: relation, embedding/, 'null');
$coordinator->safe_psql('postgres', q{CREATE ROLE guest; GRANT SELECT ON items TO guest; ALTER TABLE items ENABLE ROW LEVEL SECURITY});
my ($code, $out, $err) = $coordinator->psql('postgres', q{SET ROLE guest; SELECT ruvector_sharded_search_sql('items', 'embedding', 1)});
like($err, qr/row-level security is active on public.items/, 'policies are not passed over');
$coordinator->safe_psql('postgres', 'ALTER TABLE items DISABLE ROW LEVEL SECURITY');
($code, $out, $err) = $coordinator->psql('postgres', qq{SET ROLE guest; SELECT id FROM ruvector_sharded_search('items', 'embedding', '[1]'::vector, 1) AS t(id bigint, kind int, half halfvec, d float8)});
like($err, qr/permission denied for (foreign )?table items_0/, 'the privileges are those of the caller');
$_->stop for @nodes;
done_testing();
