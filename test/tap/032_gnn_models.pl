# Models survive pg_dump and restore, belong to their owner, and work on a hot standby.
use strict;
use warnings;
use StoredModels;
use Test::More;

my $node = server_with('gnn');
$node->safe_psql('postgres', q{
  CREATE ROLE ann; CREATE ROLE bob;
  CREATE TABLE n AS SELECT i AS id, ARRAY[sin(i), cos(i)]::real[]::vector AS embedding, (i % 2)::text AS label FROM generate_series(1, 30) i;
  CREATE TABLE e AS SELECT i AS src_id, i % 30 + 1 AS dst_id FROM generate_series(1, 30) i;
  CREATE TABLE secret AS SELECT * FROM n;
  GRANT SELECT ON n, e TO ann, bob;
  SET ROLE ann;
  SELECT ruvector_gnn_create('hers', '[{"type": "gcn", "out": 4, "activation": "relu"}, {"type": "gat", "out": 2}]', 2);
  SELECT count(*) FROM ruvector_gnn_train('hers', 'n', 'e', label => 'label', epochs => 10);
});
my $answer = q{SELECT md5(string_agg(node_id || class || probability, ',' ORDER BY node_id)), (SELECT owner FROM ruvector_gnn_models)
  FROM ruvector_gnn_classify('hers', 'n', 'e')};
my $want = $node->safe_psql('postgres', $answer);

# Whose model it is
sub as_role { my ($role, $sql) = @_; my ($code, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\nSET ROLE $role; $sql"); return $code == 0 ? "ok $out" : $err; }
like($want, qr/[|]ann$/, 'the model is hers');
like(as_role('bob', $answer), qr/42704: model "hers" does not exist/, 'another role does not see it');
is(as_role('bob', 'SELECT count(*) FROM ruvector_gnn_weights'), 'ok 0', 'nor its weights');
like(as_role('ann', q{SELECT ruvector_message_pass('secret', 'e')}), qr/42501/, 'tables are read with the privileges of the caller');
is(as_role('ann', q{UPDATE ruvector_gnn_models SET shared = true}), 'ok ', 'its owner shares it');
is(as_role('bob', $answer), "ok $want", 'then others can use it');
like(as_role('bob', q{SELECT ruvector_gnn_drop('hers')}), qr/55000: model "hers" belongs to another role/, 'but not drop it');
like(as_role('bob', q{SELECT count(*) FROM ruvector_gnn_train('hers', 'n', 'e', label => 'label')}), qr/55000/, 'nor train it');
like(as_role('bob', q{INSERT INTO ruvector_gnn_models (name, owner, layers, in_dim, out_dim) VALUES ('x', 'ann', '[]', 1, 1)}), qr/42501/, 'nor make one in her name');

# A failed transaction leaves nothing
$node->safe_psql('postgres', q{BEGIN; SELECT count(*) FROM ruvector_gnn_train('hers', 'n', 'e', label => 'label', epochs => 2); ROLLBACK});
is($node->safe_psql('postgres', $answer), $want, 'a rolled-back training changes nothing');

survives($node, $answer, $want);
done_testing();
