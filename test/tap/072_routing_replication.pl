# Logical replication of the tables of learning and routing: a subscriber decides and remembers as the publisher does,
# and sessions that cached follow what arrives.
use strict;
use warnings;
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $publisher = PostgreSQL::Test::Cluster->new('publisher');
$publisher->init(allows_streaming => 'logical');
$publisher->append_conf('postgresql.conf', 'fsync = off');
$publisher->start;
if ($publisher->safe_psql('postgres', "CREATE EXTENSION ruvector; SELECT count(*) FROM ruvector_features() WHERE feature IN ('routing', 'learning') AND enabled") ne '2') {
  plan skip_all => 'learning and routing are not both built in';
}
my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init;
$subscriber->append_conf('postgresql.conf', 'fsync = off');
$subscriber->start;

my $items = q{CREATE TABLE items (id int PRIMARY KEY, v vector(3)); INSERT INTO items SELECT i, ARRAY[i, i % 7, 1]::vector FROM generate_series(1, 100) i;
  CREATE INDEX items_v ON items USING hnsw (v vector_l2_ops);};
$subscriber->safe_psql('postgres', "CREATE EXTENSION ruvector; CREATE TABLE not_the_same_oid (); $items");
$publisher->safe_psql('postgres', $items . q{
  SELECT ruvector_register_agent('small', cost_per_call := 0.001, quality_score := 0.6);
  SELECT ruvector_register_agent('large', cost_per_call := 0.02, quality_score := 0.8);
  SELECT ruvector_route_observe('integrate this function ' || i, '{"small": 0, "large": 1}') FROM generate_series(1, 30) i;
  SELECT ruvector_route_observe('say hello to ' || i, '{"small": 1, "large": 1}') FROM generate_series(1, 30) i;
  SELECT ruvector_create_route('greetings', 'small', '{hello there,good morning}', threshold := 0.2);
  SELECT ruvector_enable_feature('learning', 'items', '{"mode": "on"}');
  SELECT ruvector_memory_add('b', 'Check the order of dates in forms', content := 'Day and month.');});
my $tables = $publisher->safe_psql('postgres', q{
  SELECT string_agg(c.oid::regclass::text, ', ' ORDER BY c.relname) FROM pg_class c JOIN pg_depend d ON d.objid = c.oid AND d.deptype = 'e' JOIN pg_extension e ON e.oid = d.refobjid
  WHERE e.extname = 'ruvector' AND c.relkind = 'r' AND c.relname ~ '^ruvector_(agent|rout|semantic|budget|memory|learning_config|search_model)' AND c.relname !~ 'signal'});
is($publisher->safe_psql('postgres', qq{SELECT count(*) FROM unnest('{$tables}'::regclass[]) t(oid) WHERE NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = t.oid AND i.indisprimary)}),
  '0', 'every table has a key to find changed rows by');
$publisher->safe_psql('postgres', "CREATE PUBLICATION p FOR TABLE $tables");
$subscriber->safe_psql('postgres', sprintf(q{CREATE SUBSCRIPTION s CONNECTION '%s' PUBLICATION p}, $publisher->connstr . ' dbname=postgres'));
$subscriber->wait_for_subscription_sync($publisher, 's');

my $decides = q{SELECT string_agg(q || ':' || (SELECT agent || ' ' || (terms->>'quality')::numeric(10, 6) FROM ruvector_route_explain(q, 'cost') WHERE rank = 1), ', ' ORDER BY q)
    FROM (VALUES ('integrate this function x'), ('say hello to the guest'), ('prove this')) v(q);
  SELECT ruvector_classify_request('good morning to you');
  SELECT title FROM ruvector_memory_search('b', query := 'dates in forms');
  SELECT tbl, mode, version, safe_effort FROM ruvector_learning_status();};
is($subscriber->safe_psql('postgres', $decides), $publisher->safe_psql('postgres', $decides), 'the copy decides, classifies and remembers alike');

# A session of the subscriber that has cached everything.
my ($in, $out, $err) = ('', '', '');
my $session = IPC::Run::start([ 'psql', '-X', '-q', '-At', '-d', $subscriber->connstr('postgres') ], '<', \$in, '>', \$out, '2>', \$err);
sub ask {
  my ($sql) = @_;
  $out = '';
  $in = "$sql\n\\echo asked\n";
  $session->pump until $out =~ /asked\n/ or $err;
  return $out;
}
is(ask("SELECT count(*) FROM ruvector_route_explain('solve the riddle');"), "2\nasked\n", 'a session caches two agents');
my $effort = q{SELECT ruvector_get_search_params('items_v', '[1,2,3]')->>'effort';};
ask($effort);
$publisher->safe_psql('postgres', q{
  SELECT ruvector_register_agent('third', quality_score := 0.7);
  SELECT ruvector_route_observe('solve the riddle ' || i, '{"small": 0, "large": 1, "third": 0}') FROM generate_series(1, 40) i;
  SELECT ruvector_route_next((SELECT decision_id FROM ruvector_route('x', 'quality', explore := false)), 'auth');
  SELECT ruvector_route_feedback(decision_id, success := true, quality := 0.9) FROM ruvector_route('say hello', explore := false);
  SELECT ruvector_memory_feedback(id, true) FROM ruvector_memory_search('b', query := 'dates in forms');
  INSERT INTO ruvector_search_model (tbl, index_name, version, params, active) VALUES ('items', 'items_v', 1, '{2,0,77,10,1000,1,0.9,0,0}', true);});
$publisher->wait_for_catchup('s');
my $expected = $publisher->safe_psql('postgres', $decides);
is(ask($decides), "$expected\nasked\n", 'a session that had cached decides as the publisher does now');
like(ask(q{SELECT count(*) FROM ruvector_route_explain('x') WHERE reason LIKE 'circuit open%';}), qr/^1$/m, 'and sees the open circuit');
like(ask($effort), qr/^77$/m, 'and its searches are steered by the new version');
$publisher->safe_psql('postgres', 'TRUNCATE ruvector_route_outcome; UPDATE ruvector_agent SET active = false WHERE name = $$small$$');
$publisher->wait_for_catchup('s');
like(ask(q{SELECT reason FROM ruvector_route_explain('x') WHERE agent = 'small';}), qr/inactive/, 'changes and emptied tables arrive, too');
is($err, '', 'without an error');
$in = "\\q\n";
$session->finish;
is($subscriber->safe_psql('postgres', 'SELECT count(*) FROM ruvector_route_outcome'), '0');
unlike(slurp_file($subscriber->logfile), qr/ERROR/, 'the apply worker met no error');
$subscriber->stop;
$publisher->stop;
done_testing();
