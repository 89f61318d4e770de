# Vectors in a Citus cluster: a coordinator and two workers. Distribution, one index a shard, what the workers are
# asked, how settings reach them, and that a search finds what one table finds. Skipped where Citus is not installed.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# Citus names its nodes by host and port.
$PostgreSQL::Test::Cluster::use_tcp = 1;
$PostgreSQL::Test::Cluster::test_pghost = '127.0.0.1';

my ($share) = run_command(['pg_config', '--sharedir']);
my $server_share = (grep { -e "$_/extension/ruvector.control" } map { my $bin = $_; $bin =~ s{/usr/lib/postgresql/\d+/bin$}{}; "$bin$share" } split /:/, $ENV{PATH})[0] // $share;
plan skip_all => 'Citus is not installed' unless -e "$server_share/extension/citus.control";

my @nodes = map { PostgreSQL::Test::Cluster->new($_) } qw(coordinator worker_1 worker_2);
for my $node (@nodes) {
  $node->init;
  $node->append_conf('postgresql.conf', qq{fsync = off
autovacuum = off
shared_preload_libraries = 'citus'
citus.node_conninfo = 'sslmode=disable'
citus.shard_count = 4
citus.enable_statistics_collection = off
citus.show_shards_for_app_name_prefixes = '*'
});
  $node->start;
}
my ($coordinator, @workers) = @nodes;
$_->safe_psql('postgres', 'CREATE EXTENSION citus') for @nodes;
$coordinator->safe_psql('postgres', sprintf q{SELECT citus_set_coordinator_host('127.0.0.1', %d)}, $coordinator->port);
$coordinator->safe_psql('postgres', sprintf q{SELECT citus_add_node('127.0.0.1', %d)}, $_->port) for @workers;

# Created on the coordinator, the extension is created on the workers.
$coordinator->safe_psql('postgres', 'CREATE EXTENSION ruvector');
is($_->safe_psql('postgres', q{SELECT count(*) FROM pg_extension WHERE extname = 'ruvector'}), '1', $_->name . ' has the extension') for @workers;

$coordinator->safe_psql('postgres', q{
  CREATE TABLE one_table (id bigint PRIMARY KEY, kind int, embedding vector(16));
  SELECT setseed(0.5);
  INSERT INTO one_table SELECT i, i % 5, (SELECT array_agg(random()) FROM generate_series(1, 16) WHERE i > 0)::vector FROM generate_series(1, 4000) i;
  CREATE TABLE items (id bigint PRIMARY KEY, kind int, embedding vector(16));
  SELECT create_distributed_table('items', 'id');
  CREATE INDEX items_embedding ON items USING hnsw (embedding vector_l2_ops);
});
# Rows travel by INSERT and by COPY.
$coordinator->safe_psql('postgres', q{INSERT INTO items SELECT * FROM one_table WHERE id <= 2000});
my $rows = $coordinator->safe_psql('postgres', q{COPY (SELECT * FROM one_table WHERE id > 2000) TO STDOUT});
my $file = $coordinator->basedir . '/rows.copy';
append_to_file($file, "$rows\n");
$coordinator->safe_psql('postgres', "\\copy items FROM '$file'");
is($coordinator->safe_psql('postgres', q{SELECT count(*), count(DISTINCT id) FROM items}), '4000|4000', 'every row is there once');
is($coordinator->safe_psql('postgres', q{SELECT count(*) FROM items i JOIN one_table o USING (id) WHERE i.embedding = o.embedding}), '4000', 'vectors arrive unchanged');
$coordinator->safe_psql('postgres', 'ANALYZE items');
my $indexes = 0;
$indexes += $_->safe_psql('postgres', q{SELECT count(*) FROM pg_indexes WHERE indexname ~ '^items_embedding_\d+$' AND indexdef LIKE '%USING hnsw%'}) for @workers;
is($indexes, 4, 'one index a shard, on the workers');

# A search: each task gets ORDER BY and LIMIT, and walks its index.
my $q = $coordinator->safe_psql('postgres', 'SELECT embedding FROM one_table WHERE id = 17');
my $search = "SELECT id FROM items ORDER BY embedding <-> '$q' LIMIT 10";
my $plan = $coordinator->safe_psql('postgres', "SET citus.explain_all_tasks = on; SET citus.log_remote_commands = off; EXPLAIN (VERBOSE, COSTS OFF) $search");
is(() = $plan =~ /Query: SELECT[^\n]*ORDER BY[^\n]*<->[^\n]*LIMIT/g, 4, 'order and limit are sent to every shard') or diag $plan;
is(() = $plan =~ /Index Scan using items_embedding_\d+/g, 4, 'every shard walks its index') or diag $plan;
for my $metric (['<->', 9], ['<=>', 10], ['<#>', 10], ['<+>', 10]) {
  my ($operator, $least) = @$metric;
  my %have = map { $_ => 1 } split /\n/, $coordinator->safe_psql('postgres', "SELECT id FROM items ORDER BY embedding $operator '$q' LIMIT 10");
  my @expected = split /\n/, $coordinator->safe_psql('postgres', "SELECT id FROM one_table ORDER BY embedding $operator '$q', id LIMIT 10");
  is(scalar(keys %have), 10, "$operator: ten rows");
  cmp_ok(scalar(grep { $have{$_} } @expected), '>=', $least, "$operator: the neighbours of one table");
}
is($coordinator->safe_psql('postgres', "SELECT count(*), min(kind), max(kind) FROM (SELECT kind FROM items WHERE kind = 3 ORDER BY embedding <-> '$q' LIMIT 100) s"),
  '100|3|3', 'a filter does not make the result short');
is($coordinator->safe_psql('postgres', "PREPARE p(vector) AS SELECT id FROM items ORDER BY embedding <-> \$1 LIMIT 1; EXECUTE p('$q')"), '17', 'a prepared statement');
is($coordinator->safe_psql('postgres', "SELECT id FROM items WHERE id = 17 AND embedding <-> '$q' = 0"), '17', 'one shard by its key');

# Aggregates are computed from the parts of the shards.
is($coordinator->safe_psql('postgres', q{SELECT (SELECT avg(embedding) FROM items) <-> (SELECT avg(embedding) FROM one_table) < 1e-5}), 't', 'avg(vector) over the shards');
is($coordinator->safe_psql('postgres', q{SELECT (SELECT sum(embedding) FROM items) <-> (SELECT sum(embedding) FROM one_table) < 1e-2}), 't', 'sum(vector) over the shards');

# Settings stay where they are set, unless they are stored: with the index, with the database, or sent with a transaction.
$coordinator->safe_psql('postgres', q{ALTER INDEX items_embedding SET (ef_search = 123)});
for (@workers) {
  is($_->safe_psql('postgres', q{SELECT string_agg(DISTINCT option, ' ') FROM pg_class, unnest(reloptions) option WHERE relname ~ '^items_embedding_\d+$'}),
    'ef_search=123', $_->name . ': a default of the index reaches the shards');
}
$coordinator->safe_psql('postgres', q{ALTER DATABASE postgres SET hnsw.ef_search = 77});
is($_->safe_psql('postgres', 'LOAD $$ruvector$$; SHOW hnsw.ef_search'), '77', $_->name . ': so does a setting of the database') for @workers;
sub sets_on_workers {
  my ($sql) = @_;
  my @before = map { -s $_->logfile } @workers;
  $coordinator->safe_psql('postgres', $sql);
  return scalar grep { slurp_file($workers[$_]->logfile, $before[$_]) =~ /SET LOCAL hnsw.ef_search/ } 0, 1;
}
$_->safe_psql('postgres', 'ALTER SYSTEM SET log_statement = $$all$$; SELECT pg_reload_conf()') for @workers;
$_->poll_query_until('postgres', q{SELECT current_setting('log_statement') = 'all'}) for @workers;
is(sets_on_workers("BEGIN; SET LOCAL hnsw.ef_search = 222; $search; COMMIT"), 0, 'SET stays on the coordinator');
is(sets_on_workers("SET citus.propagate_set_commands = 'local'; BEGIN; SET LOCAL hnsw.ef_search = 222; $search; COMMIT"), 2, 'and is sent along when asked for');

$_->stop for reverse @nodes;
done_testing();
