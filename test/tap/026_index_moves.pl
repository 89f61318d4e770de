# What happens to an index in the course of its life besides queries: other tablespaces, rewritten tables, unlogged and
# back, REINDEX CONCURRENTLY, partitions attached and detached, temporary tables emptied at commit, subtransactions rolled
# back, pg_upgrade. After each step every index finds what a sequential scan finds, and its check is clean.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('old');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\n");
$node->start;
my $there = $node->basedir . '/there';
mkdir $there or die $!;
$node->safe_psql('postgres', q{
  CREATE EXTENSION ruvector;
  CREATE FUNCTION rv(seed int) RETURNS vector LANGUAGE sql IMMUTABLE AS $$
    SELECT array_agg((sin(seed * 12.9898 + j * 78.233 + seed % 13 * j))::real)::vector FROM generate_series(1, 24) j $$;
  CREATE TABLE t (id int PRIMARY KEY, kind int, v vector(24), s sparsevec(60), body text);
  CREATE FUNCTION fill(first int, last int) RETURNS void LANGUAGE sql AS $$
    INSERT INTO t SELECT i, i % 4, rv(i), format('{%s:%s,%s:1}/60', i % 29 + 1, i % 7 + 1, i % 31 + 30)::sparsevec,
      concat('word', i % 17, ' term', i % 23, ' all') FROM generate_series(first, last) i $$;
  SELECT fill(1, 2000);
  CREATE INDEX t_hnsw ON t USING hnsw (v vector_l2_ops);
  CREATE INDEX t_cast ON t USING hnsw ((v::halfvec(24)) halfvec_cosine_ops) WITH (m = 8);
  CREATE INDEX t_part ON t USING hnsw (v vector_l1_ops) WHERE kind = 1;
  CREATE INDEX t_ivf ON t USING ivfflat (v vector_ip_ops) WITH (lists = 10);
});
# Index, condition and the order it serves.
my @indexes = (['t_hnsw', 'true', 'v <-> rv(77)'], ['t_cast', 'true', 'v::halfvec(24) <=> rv(78)::halfvec(24)'],
  ['t_part', 'kind = 1', 'v <+> rv(79)'], ['t_ivf', 'true', 'v <#> rv(80)']);
if ($node->safe_psql('postgres', q{SELECT enabled FROM ruvector_features() WHERE feature = 'sparse'}) eq 't') {
  $node->safe_psql('postgres', q{CREATE INDEX t_sparse ON t USING ruvector_sparse (s sparsevec_ip_ops); CREATE INDEX t_bm25 ON t USING ruvector_bm25 (body) WITH (text_config = 'pg_catalog.english')});
  push @indexes, ['t_sparse', 'true', q{s <#> '{3:1,40:1}/60'}];
}
my @checked = split /\n/, $node->safe_psql('postgres', q{SELECT relname FROM pg_class WHERE relname ~ '^t_' AND relkind = 'i' AND relname <> 't_pkey'});
my $wide = 'SET hnsw.ef_search = 1000; SET ivfflat.probes = 10;';

# Distances, not ids: rows of equal distance may come in either order.
sub same {
  my ($what, $server) = @_;
  $server //= $node;
  my @wrong;
  for (@indexes) {
    my ($index, $condition, $order) = @$_;
    my $query = "SELECT string_agg(round(d::numeric, 3)::text, ' ') FROM (SELECT $order AS d FROM t WHERE $condition ORDER BY $order LIMIT 30) q";
    my $plan = $server->safe_psql('postgres', "$wide SET enable_seqscan = off; SET enable_sort = off; EXPLAIN $query");
    push @wrong, "$index is not used" if $plan !~ /Index Scan using $index/;
    my $with = $server->safe_psql('postgres', "$wide SET enable_seqscan = off; SET enable_sort = off; $query");
    my $without = $server->safe_psql('postgres', "SET enable_indexscan = off; $query");
    push @wrong, "$index: $with instead of $without" if $with ne $without;
    my $all = "SELECT count(*), sum(id) FROM (SELECT id FROM t WHERE $condition ORDER BY $order) q";
    push @wrong, "$index misses rows" if $server->safe_psql('postgres', "SET enable_seqscan = off; SET enable_sort = off; $all")
      ne $server->safe_psql('postgres', "SET enable_indexscan = off; $all");
  }
  for my $index (@checked) {
    my $errors = $server->safe_psql('postgres', "SELECT * FROM ruvector_index_check('$index', true) WHERE severity = 'error'");
    push @wrong, "$index: $errors" if $errors ne '';
  }
  is(join("\n", @wrong), '', $what);
}

same('built');
$node->safe_psql('postgres', "CREATE TABLESPACE there LOCATION '$there'");
$node->safe_psql('postgres', "ALTER INDEX $_ SET TABLESPACE there") for @checked;
same('indexes in another tablespace');
like($node->safe_psql('postgres', q{SELECT pg_relation_filepath('t_hnsw')}), qr/^pg_tblspc/, 'they are there');
$node->safe_psql('postgres', 'SELECT fill(2001, 2300); DELETE FROM t WHERE id % 5 = 0; VACUUM t');
same('written to there');
$node->safe_psql('postgres', 'ALTER TABLE t SET TABLESPACE there; CREATE INDEX t_new ON t USING hnsw (v vector_l2_ops) TABLESPACE there; DROP INDEX t_new');
same('the table there');
$node->safe_psql('postgres', 'VACUUM FULL t');
same('VACUUM FULL');
$node->safe_psql('postgres', 'CLUSTER t USING t_pkey');
same('CLUSTER');
$node->safe_psql('postgres', 'ALTER TABLE t ADD COLUMN extra float DEFAULT random(), ALTER COLUMN kind TYPE bigint');
same('a rewritten table');
$node->safe_psql('postgres', 'ALTER TABLE t SET UNLOGGED');
same('unlogged');
$node->safe_psql('postgres', 'SELECT fill(2301, 2400)');
$node->safe_psql('postgres', 'ALTER TABLE t SET LOGGED');
same('logged again');
$node->stop('immediate');
$node->start;
same('logged again, after a crash');
$node->safe_psql('postgres', "REINDEX INDEX CONCURRENTLY $_") for @checked;
same('REINDEX CONCURRENTLY, one by one');
$node->safe_psql('postgres', 'REINDEX (TABLESPACE pg_default) TABLE t');
same('REINDEX into the default tablespace');
$node->safe_psql('postgres', 'REINDEX TABLE CONCURRENTLY t');
same('REINDEX TABLE CONCURRENTLY');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_class WHERE relname ~ '_cc(new|old)'}), '0', 'which leaves nothing behind');

# Writes that are rolled back leave entries that no query sees; VACUUM removes them.
$node->safe_psql('postgres', q{BEGIN; SELECT fill(3001, 3100); SAVEPOINT a; SELECT fill(3101, 3200); ROLLBACK TO a; SELECT fill(3201, 3250); COMMIT});
same('a subtransaction rolled back');
$node->safe_psql('postgres', q{BEGIN; TRUNCATE t; SELECT fill(1, 50); ROLLBACK});
same('TRUNCATE rolled back');
$node->safe_psql('postgres', q{BEGIN; DROP INDEX t_hnsw; CREATE INDEX t_hnsw ON t USING hnsw (v vector_l2_ops); REINDEX INDEX t_ivf; ROLLBACK});
same('index DDL rolled back');
$node->safe_psql('postgres', 'VACUUM t');
same('vacuumed');

# Partitions: attached with an index of their own, detached, moved.
$node->safe_psql('postgres', q{
  CREATE TABLE p (id int, v vector(24)) PARTITION BY RANGE (id);
  CREATE INDEX p_v ON p USING hnsw (v vector_l2_ops);
  CREATE TABLE p_low PARTITION OF p FOR VALUES FROM (1) TO (500);
  CREATE TABLE p_high (id int, v vector(24));
  INSERT INTO p_high SELECT id, v FROM t WHERE id BETWEEN 500 AND 999;
  CREATE INDEX p_high_own ON p_high USING hnsw (v vector_l2_ops);
  ALTER TABLE p ATTACH PARTITION p_high FOR VALUES FROM (500) TO (1000);
  INSERT INTO p SELECT id, v FROM t WHERE id < 500;
});
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_inherits WHERE inhparent = 'p_v'::regclass}), '2', 'the index of an attached partition becomes part of the whole');
my $parted = q{SELECT string_agg(round((v <-> rv(3))::numeric, 3)::text, ' ') FROM (SELECT v FROM p ORDER BY v <-> rv(3) LIMIT 20) q};
is($node->safe_psql('postgres', "$wide SET enable_seqscan = off; SET enable_sort = off; $parted"), $node->safe_psql('postgres', "SET enable_indexscan = off; $parted"), 'a search over partitions');
like($node->safe_psql('postgres', 'SET enable_seqscan = off; EXPLAIN SELECT v FROM p ORDER BY v <-> rv(3) LIMIT 20'), qr/Merge Append.*Index Scan.*Index Scan/s, 'merges their orders');
$node->safe_psql('postgres', 'ALTER TABLE p DETACH PARTITION p_high; UPDATE p SET v = rv(id + 1)');
is($node->safe_psql('postgres', q{SELECT count(*) FROM ruvector_index_check('p_high_own', true) WHERE severity = 'error'}), '0', 'a detached partition keeps its index');

# A temporary table that is emptied at commit, twice in one session.
my $temporary = q{CREATE TEMP TABLE x (v vector(24)) ON COMMIT DELETE ROWS;
  CREATE INDEX x_v ON x USING hnsw (v vector_l2_ops); CREATE INDEX x_i ON x USING ivfflat (v vector_l2_ops) WITH (lists = 3);
  SET enable_seqscan = off;
  BEGIN; INSERT INTO x SELECT rv(i) FROM generate_series(1, 200) i; SELECT count(*) FROM (SELECT v FROM x ORDER BY v <-> rv(3)) q; COMMIT;
  BEGIN; INSERT INTO x SELECT rv(i) FROM generate_series(1, 90) i; SELECT count(*) FROM (SELECT v FROM x ORDER BY v <-> rv(3)) q; COMMIT;
  SELECT count(*) FROM (SELECT v FROM x ORDER BY v <-> rv(3)) q};
is($node->safe_psql('postgres', $temporary), "200\n90\n0", 'a temporary table emptied at commit');

# pg_upgrade copies the files as they are: index, models inside it, and the settings stored with it.
$node->safe_psql('postgres', q{ALTER INDEX t_hnsw SET (ef_search = 77); ALTER TABLE t SET TABLESPACE pg_default; DROP TABLESPACE there});
my $state = q{SELECT count(*), md5(string_agg(concat(id, v, s, body), '|' ORDER BY id)) FROM t};
my $before = $node->safe_psql('postgres', $state);
$node->stop;
my $new = PostgreSQL::Test::Cluster->new('new');
$new->init;
$new->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\n");
my $bin = (grep { -x "$_/pg_upgrade" } split /:/, $ENV{PATH})[0];
chdir $new->basedir or die $!;
command_ok(['pg_upgrade', '--no-sync', '-d', $node->data_dir, '-D', $new->data_dir, '-b', $bin, '-B', $bin,
  '-s', $new->host, '-p', $node->port, '-P', $new->port], 'pg_upgrade');
$new->start;
is($new->safe_psql('postgres', $state), $before, 'every row is in the new cluster');
same('upgraded', $new);
is($new->safe_psql('postgres', q{SELECT reloptions FROM pg_class WHERE relname = 't_hnsw'}), '{ef_search=77}', 'settings of an index survive');
$new->safe_psql('postgres', 'SELECT fill(5001, 5200); DELETE FROM t WHERE id % 7 = 0; VACUUM t');
same('written to in the new cluster', $new);
$new->stop;
done_testing();
