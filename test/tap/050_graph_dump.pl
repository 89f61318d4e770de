# A graph survives pg_dump and restore, of the database and of its schema alone: data, ids, names,
# property indexes, unique and typed properties, views; and it can be written to afterwards.
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
  CREATE SCHEMA ext;
  CREATE EXTENSION ruvector SCHEMA ext;
  SET search_path = ext, public;
  SELECT ruvector_create_graph('Social Graph');
  SELECT ruvector_create_node_label('Social Graph', 'Person', '{"name": "text not null", "born": "date", "v": "vector(3)"}');
  SELECT ruvector_create_edge_type('Social Graph', 'KNOWS', '{"since": "integer"}');
  SELECT ruvector_graph_import('Social Graph',
    $$SELECT 'Person' AS label, i AS id, 'p' || i AS name, date '2000-01-01' + i AS born, ext.array_to_vector(ARRAY[i, 1, 0]::real[], 3, false) AS v
      FROM generate_series(1, 200) i$$,
    $$SELECT i AS source, i % 200 + 1 AS target, 'KNOWS' AS type, i AS since FROM generate_series(1, 200) i$$);
  CREATE TABLE public.city (id int PRIMARY KEY, name text);
  INSERT INTO public.city VALUES (1, 'Ulm'), (2, 'Rome');
  SELECT ruvector_graph_attach_nodes('Social Graph', 'City', 'public.city');
  CREATE FUNCTION public.double(x bigint) RETURNS TABLE (y bigint) LANGUAGE sql AS 'SELECT 2 * x';
  SELECT ruvector_register_procedure('my.double(x :: INTEGER) :: (y :: INTEGER)', 'public.double(bigint)');
});
my $label = $node->safe_psql('postgres', q{SELECT id FROM "Social Graph".name WHERE name = 'Person'});
$node->safe_psql('postgres', qq{
  CREATE UNIQUE INDEX person_id ON "Social Graph".node (ext.ruvector_graph_sort_key(properties, 'id'))
    WHERE ext.ruvector_graph_has_label(labels, $label)});

my $state = q{
  SELECT md5(string_agg(n::text, '|' ORDER BY id)) FROM "Social Graph".node n
  UNION ALL SELECT md5(string_agg(e::text, '|' ORDER BY id)) FROM "Social Graph".edge e
  UNION ALL SELECT string_agg(n::text, '|' ORDER BY id) FROM "Social Graph".name n
  UNION ALL SELECT md5(string_agg(n::text, '|' ORDER BY id)) FROM "Social Graph"."Person" n
  UNION ALL SELECT count(*)::text FROM "Social Graph"."KNOWS"
  UNION ALL SELECT count(*)::text FROM ext.ruvector_graph_check('Social Graph')
  UNION ALL SELECT string_agg(c::text, '|' ORDER BY c::text) FROM ext.ruvector_graphs c};
my $before = $node->safe_psql('postgres', $state);

for my $what (['all', []], ['schema', ['-n', '"Social Graph"']]) {
  my ($name, $options) = @$what;
  my $dump = $node->basedir . "/$name.sql";
  $node->command_ok([ 'pg_dump', @$options, '-f', $dump, 'postgres' ], "pg_dump: $name");
  $node->safe_psql('postgres', "CREATE DATABASE restored_$name");
  $node->safe_psql("restored_$name", 'CREATE SCHEMA ext; CREATE EXTENSION ruvector SCHEMA ext') if $name eq 'schema';
  $node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', "restored_$name", '-f', $dump ], "restore: $name");
  is($node->safe_psql("restored_$name", $state), $before, "everything is the same after the restore: $name");
  is($node->safe_psql("restored_$name", q{SELECT nodes_imported, relationships_imported FROM ext.ruvector_graph_import('Social Graph',
    $$SELECT 'Person' AS label, 500 AS id, 'new' AS name$$, $$SELECT 500 AS source, 1 AS target, 'KNOWS' AS type$$)}), '1|1', "ids go on: $name");
  my ($code, $out, $err) = $node->psql("restored_$name", q{SELECT ext.ruvector_graph_import('Social Graph', $$SELECT 'Person' AS label, 7 AS id, 'again' AS name$$)});
  like($err, qr/duplicate key value violates unique constraint "person_id"/, "uniqueness holds: $name");
  ($code, $out, $err) = $node->psql("restored_$name", q{SELECT ext.ruvector_graph_import('Social Graph', $$SELECT 'Person' AS label, 8000 AS id$$)});
  like($err, qr/violates check constraint "Person.name"/, "declarations hold: $name");
}
is($node->safe_psql('restored_all', q{SELECT x->>'n' FROM ext.ruvector_cypher('Social Graph', 'MATCH (c:City) RETURN collect(c.name) AS n') x}), '["Ulm","Rome"]', 'attached tables are found again by name');
is($node->safe_psql('restored_all', 'SELECT name, function FROM ext.ruvector_procedures'), 'my.double|public.double(bigint)', 'procedures are kept');
$node->stop;
done_testing();
