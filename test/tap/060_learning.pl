# Learning: no scan writes, the shared ring, the background worker through all its ends, standby, dump.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\nrestart_after_crash = on\nbgwriter_lru_maxpages = 0\nruvector.worker_naptime = 1");
$node->start;
if ($node->safe_psql('postgres', "CREATE EXTENSION ruvector; SELECT enabled FROM ruvector_features() WHERE feature = 'learning'") ne 't') {
  plan skip_all => 'learning is not built in';
}
my $setup = q{
  SELECT setseed(0.5);
  CREATE TABLE items (id int PRIMARY KEY, v vector(24));
  INSERT INTO items SELECT i, (SELECT array_agg((sin(c * 7.3 + d * 1.7) + spread * (random() - 0.5))::real ORDER BY d) FROM generate_series(1, 24) d)::vector
    FROM (SELECT i, i % 64 AS c, CASE WHEN i % 64 < 40 THEN 0.4 ELSE 2.5 END AS spread FROM generate_series(1, 4000) i) s;
  CREATE INDEX items_v ON items USING hnsw (v vector_l2_ops) WITH (m = 6, ef_construction = 20);
  SELECT ruvector_enable_feature('learning', 'items', '{"mode": "advise", "recall_target": 0.9, "store_query": "full"}');
  VACUUM ANALYZE items;};
my $sampled = 'SET ruvector.trajectory_sample_rate = 1; SET ruvector.audit_rate = 1; SET enable_seqscan = off;';
my $searches = join '', map { "SELECT id FROM items ORDER BY v <-> (SELECT v FROM items WHERE id = $_) LIMIT 10;" } 1 .. 250;
my $without_output = sub { my ($sql) = @_; return "\\o /dev/null\n$sql\n\\o\n" };
$node->safe_psql('postgres', $setup);

# A SELECT writes nothing: no WAL, no transaction id. Catalog pages may be pruned by whoever reads them
# first, and the background writer notes running transactions now and then: tried again.
sub writes_of {
  my ($n) = @_;
  my $out = '';
  for (1 .. 3) {
    $n->safe_psql('postgres', 'VACUUM; CHECKPOINT');
    $out = $n->safe_psql('postgres', "$sampled BEGIN; SELECT pg_current_wal_insert_lsn() AS lsn \\gset\n"
      . $without_output->($searches)
      . "SELECT waiting >= 250, pg_current_xact_id_if_assigned() IS NULL FROM ruvector_capture_status();"
      . "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), :'lsn')");
    last if $out =~ /\n0$/;
  }
  return $out;
}
is(writes_of($node), "t|t\n0", 'sampled scans write no WAL and need no transaction id');
is($node->safe_psql('postgres', 'SELECT shared FROM ruvector_capture_status()'), 'f', 'a ring for each session');
is($node->safe_psql('postgres', "$sampled " . $without_output->($searches) . 'SELECT ruvector_learning_flush() >= 250'), 't', 'which the session writes');
# A session of its own keeps few queries: written often enough, all are there to learn from.
my @each = split /;/, $searches;
$node->safe_psql('postgres', $sampled . join '', map { $without_output->(join(';', @each[ 25 * $_ .. 25 * $_ + 24 ]) . ';') . "SELECT ruvector_learning_flush();\n" } 0 .. 9);

# The worker without shared_preload_libraries.
sub launchers { return $node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'ruvector learning launcher'}) }
is($node->safe_psql('postgres', 'SELECT ruvector_learning_worker_start()'), 't', 'started');
is($node->safe_psql('postgres', 'SELECT ruvector_learning_worker_start()'), 'f', 'once');
is(launchers(), '1');
ok($node->poll_query_until('postgres', q{SELECT count(*) >= 1 FROM ruvector_search_model WHERE active}), 'it audits, and tunes an index that has no model');
is($node->safe_psql('postgres', q{SELECT mode || ' ' || (metrics->>'source') || ' ' || (audited_recall > 0.3) FROM ruvector_learning_status('items')}), 'advise stored true',
  'from stored queries, and leaves the mode');
is($node->safe_psql('postgres', 'SELECT ruvector_learning_worker_stop()'), 't', 'stopped');
ok($node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type LIKE 'ruvector learning%'}), 'and gone');
is($node->safe_psql('postgres', 'SELECT ruvector_learning_worker_stop()'), 'f');

# DROP DATABASE does not wait for it, and it ends with its database.
$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql('other', 'CREATE EXTENSION ruvector; SELECT ruvector_learning_worker_start()');
is(launchers(), '1');
my $dropped = 0;
for (1 .. 20) { last if $dropped = $node->psql('postgres', 'DROP DATABASE other') == 0 }
ok($dropped, 'a database is dropped under its worker');
ok($node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type LIKE 'ruvector learning%'}), 'which ends');

# Not without the right to.
$node->safe_psql('postgres', 'CREATE ROLE nobody LOGIN');
my (undef, undef, $refused) = $node->psql('postgres', 'SET ROLE nobody; SELECT ruvector_learning_worker_start()');
like($refused, qr/must be superuser/, 'only superusers start it');

# With shared_preload_libraries: one ring, a worker that drains it.
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'ruvector'\nruvector.worker_databases = 'postgres, gone'\nruvector.trajectory_buffer = 1000\nruvector.worker_naptime = 3600");
$node->restart;
ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'ruvector learning launcher'}), 'the server starts the launcher');
ok($node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'ruvector learning worker'}), 'whose round ends');
is(writes_of($node), "t|t\n0", 'sampled scans write nothing with the shared ring');
like($node->safe_psql('postgres', 'SELECT shared, waiting, lost FROM ruvector_capture_status()'), qr/^t\|(250|500|750)\|0$/, 'another session sees what waits');
my $before = $node->safe_psql('postgres', 'SELECT (SELECT count(*) FROM ruvector_trajectory) + (SELECT waiting FROM ruvector_capture_status())');
$node->safe_psql('postgres', q{ALTER SYSTEM SET ruvector.worker_naptime = 1; SELECT pg_reload_conf()});
ok($node->poll_query_until('postgres', "SELECT count(*) = $before FROM ruvector_trajectory"), 'the worker writes all of it');
is($node->safe_psql('postgres', 'SELECT waiting FROM ruvector_capture_status()'), '0');
$node->safe_psql('postgres', $sampled . $without_output->($searches x 5));
ok($node->poll_query_until('postgres', 'SELECT waiting = 0 FROM ruvector_capture_status()'), 'more than it holds');
cmp_ok($node->safe_psql('postgres', "SELECT count(*) - $before FROM ruvector_trajectory"), '>=', 1000, 'what fits is kept');
is($node->safe_psql('postgres', 'SELECT count(*) = count(DISTINCT id) FROM ruvector_trajectory'), 't', 'once');

# Roles write their own scans only.
$node->safe_psql('postgres', q{ALTER SYSTEM SET ruvector.worker_naptime = 3600; SELECT pg_reload_conf();
  CREATE ROLE asker LOGIN; GRANT SELECT ON items, ruvector_learning_config TO asker; GRANT SELECT, INSERT ON ruvector_trajectory TO asker;});
$node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'ruvector learning worker'});
my $three = join '', map { "SELECT id FROM items ORDER BY v <-> (SELECT v FROM items WHERE id = $_) LIMIT 10;" } 1 .. 3;
$node->safe_psql('postgres', $sampled . $without_output->($three));
is($node->safe_psql('postgres', "SET ROLE asker; $sampled" . $without_output->($three) . 'SELECT ruvector_learning_flush(); SELECT count(*) FROM ruvector_trajectory'), "3\n3",
  'a role writes and sees its own');
is($node->safe_psql('postgres', 'SELECT ruvector_learning_flush()'), '3', 'a superuser writes the rest');

# An index whose audit fails does not stop the others, nor the worker.
$node->safe_psql('postgres', q{
  CREATE TABLE bad (id int, v vector(3));
  CREATE FUNCTION fails(vector) RETURNS vector LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RETURN $1; END$$;
  INSERT INTO bad SELECT i, ARRAY[i, i % 7, 1]::vector FROM generate_series(1, 50) i;
  CREATE INDEX bad_v ON bad USING hnsw ((fails(v)::vector(3)) vector_l2_ops);
  -- Only now: from PostgreSQL 17 on CREATE INDEX has this search_path too.
  CREATE OR REPLACE FUNCTION fails(vector) RETURNS vector LANGUAGE plpgsql IMMUTABLE AS $$BEGIN IF current_setting('application_name') LIKE 'ruvector%' OR current_setting('search_path') = 'pg_catalog, pg_temp' THEN RAISE 'cannot'; END IF; RETURN $1; END$$;
  SELECT ruvector_enable_feature('learning', 'bad', '{"mode": "advise"}');
  UPDATE ruvector_audit SET elapsed_ms = 0;});
my $audits = $node->safe_psql('postgres', q{SELECT count(*) FROM ruvector_audit WHERE index_name = 'items_v'});
my $log = -s $node->logfile;
$node->safe_psql('postgres', q{ALTER SYSTEM SET ruvector.worker_naptime = 1; SELECT pg_reload_conf()});
ok($node->poll_query_until('postgres', "SELECT count(*) > $audits FROM ruvector_audit WHERE index_name = 'items_v'"), 'an audit that fails does not stop the others');
like(substr(slurp_file($node->logfile), $log), qr/ERROR:  cannot/, 'and is logged');
$node->safe_psql('postgres', 'DROP TABLE bad');

# kill -9 of the worker: the server recovers, nothing that was written is lost, the worker comes back.
my $kept = $node->safe_psql('postgres', 'SELECT count(*) FROM ruvector_trajectory');
my $pid = $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'ruvector learning launcher'});
kill 9, $pid;
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'ruvector learning launcher' AND pid <> $pid"), 'a killed worker comes back');
is($node->safe_psql('postgres', 'SELECT count(*) FROM ruvector_trajectory'), $kept, 'and nothing written is lost');

# Standby: searches are steered by what the primary learned, audits tell, nothing is written, no worker.
$node->safe_psql('postgres', q{ALTER SYSTEM SET ruvector.worker_databases = ''; UPDATE ruvector_search_model SET active = false;
  INSERT INTO ruvector_search_model (tbl, index_name, version, params, active) VALUES ('items', 'items_v', 1000, '{2,0,77,10,1000,1,0.9,0,0}', true);
  UPDATE ruvector_learning_config SET mode = 'on';});
$node->restart;
$node->backup('b');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'b', has_streaming => 1);
$standby->append_conf('postgresql.conf', "ruvector.worker_databases = 'postgres'");
$standby->start;
$node->wait_for_catchup($standby);
my $effort = q{SELECT ruvector_get_search_params('items_v', (SELECT v FROM items WHERE id = 1))->>'effort'};
is($standby->safe_psql('postgres', $effort), '77', 'a standby searches as the primary learned');
is($standby->safe_psql('postgres', "$sampled " . $without_output->($three) . 'SELECT ruvector_learning_flush(); SELECT waiting FROM ruvector_capture_status()'), "0\n3", 'its scans are sampled, not written');
is($standby->safe_psql('postgres', q{SELECT audited FROM ruvector_audit_recall('items_v', 20)}), '20', 'an audit tells');
is($standby->safe_psql('postgres', q{SELECT count(*) > 5 FROM ruvector_auto_tune('items_v', 0.9, sample_queries := 20)}), 't', 'tuning shows');
is($standby->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'ruvector learning%'}), '0', 'no worker');
my (undef, undef, $why) = $standby->psql('postgres', 'SELECT ruvector_learning_worker_start()');
like($why, qr/recovery/, 'nor can one be started');
my ($sin, $sout, $serr) = ('', '', '');
my $session = IPC::Run::start([ 'psql', '-X', '-q', '-At', '-d', $standby->connstr('postgres') ], '<', \$sin, '>', \$sout, '2>', \$serr);
$sin = "$effort;\n"; $session->pump until $sout =~ /77/;
$node->safe_psql('postgres', q{UPDATE ruvector_search_model SET params[3] = 55 WHERE version = 1000});
$node->wait_for_catchup($standby);
$sin = "$effort;\n"; $session->pump until $sout =~ /77\n\d+\n/ or $serr;
like($sout, qr/55/, 'and follows when the primary learns');
$sin = "\\q\n"; $session->finish;
$standby->stop;

# Dump and restore.
my $state = q{SELECT ruvector_learning_stats('items') - 'trajectories' - 'mean_effort' - 'mean_distances' - 'relevant_share'; SELECT mode, version, safe_effort FROM ruvector_learning_status('items');};
$node->safe_psql('postgres', q{SELECT count(*) FROM ruvector_extract_patterns('items', 4)});
my $expected = $node->safe_psql('postgres', "$state $effort");
my $dump = $node->basedir . '/learning.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, 'postgres' ], 'pg_dump');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'restored', '-f', $dump ], 'restore');
is($node->safe_psql('restored', "$state $effort"), $expected, 'the same models, modes and efforts after the restore');

my $fresh = PostgreSQL::Test::Cluster->new('fresh');
$fresh->init;
$fresh->append_conf('postgresql.conf', 'fsync = off');
$fresh->start;
$fresh->safe_psql('postgres', 'CREATE ROLE nobody; CREATE ROLE asker');  # roles are the cluster's, pg_dumpall has them
$fresh->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'postgres', '-f', $dump ], 'restore into a fresh cluster');
is($fresh->safe_psql('postgres', "$state $effort"), $expected, 'and there');
$fresh->stop;

# Fast shutdown with a worker at work.
$node->safe_psql('postgres', 'SELECT ruvector_learning_worker_start()');
$node->stop('fast');
unlike(slurp_file($node->logfile), qr/PANIC|TRAP/, 'a clean end');
done_testing();
