-- Ids of any type with equality, and relations of any kind, give what integers in a table give.
\set QUIET 1
\pset format unaligned
\pset tuples_only on
BEGIN;
SELECT plan(41);
CREATE TABLE n AS SELECT i AS id, ARRAY[sin(i), cos(2 * i), i % 3]::vector AS embedding FROM generate_series(1, 12) i;
CREATE TABLE e AS SELECT i AS src_id, (i * i + 3) % 12 + 1 AS dst_id FROM generate_series(1, 12) i;
CREATE TABLE want AS SELECT node_id, output FROM ruvector_message_pass('n', 'e', num_hops => 2);
SELECT ruvector_gnn_create('m', '[{"type": "sage", "out": 3, "activation": "relu"}, {"type": "gcn", "out": 2}]', 3);

-- `made` is the id of node i. All nodes, some of them, a model, and search.
CREATE FUNCTION pg_temp.agrees(id_type text, made text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE all_nodes int; some_nodes int; embedded int; found int;
BEGIN
  EXECUTE format('CREATE TEMP TABLE nx AS SELECT id AS i, (%s)::%s AS id, embedding FROM n', regexp_replace(made, '\mi\M', 'id', 'g'), id_type);
  EXECUTE 'CREATE TEMP TABLE ex AS SELECT a.id AS src_id, b.id AS dst_id FROM e JOIN nx a ON a.i = e.src_id JOIN nx b ON b.i = e.dst_id';
  EXECUTE format('SELECT count(*) FROM ruvector_message_pass(''nx'', ''ex'', node_ids => NULL::%s[], num_hops => 2) r JOIN nx x ON x.id::text = r.node_id::text JOIN want w ON w.node_id = x.i WHERE r.output <-> w.output < 1e-6', id_type) INTO all_nodes;
  EXECUTE format('SELECT count(*) FROM ruvector_message_pass(''nx'', ''ex'', node_ids => (SELECT array_agg(id)::%s[] FROM nx WHERE i IN (3, 7)), num_hops => 2) r JOIN nx x ON x.id::text = r.node_id::text JOIN want w ON w.node_id = x.i WHERE r.output <-> w.output < 1e-6', id_type) INTO some_nodes;
  EXECUTE format('SELECT count(*) FROM ruvector_gnn_embed(''m'', ''nx'', ''ex'', node_ids => NULL::%s[]) r JOIN nx x ON x.id::text = r.node_id::text', id_type) INTO embedded;
  EXECUTE format('SELECT count(*) FROM ruvector_gnn_search(''[1,0,1]'', ''nx'', ''ex'', id_type => NULL::%s, k => 5)', id_type) INTO found;
  DROP TABLE nx, ex;
  RETURN format('%s all, %s some, %s embedded, %s found', all_nodes, some_nodes, embedded, found);
END $$;
CREATE TYPE mood AS ENUM ('m1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7', 'm8', 'm9', 'm10', 'm11', 'm12');
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN serial_no AS bigint CHECK (VALUE > 0);
SELECT is(pg_temp.agrees(t, made), '12 all, 2 some, 12 embedded, 5 found', t) FROM (VALUES
  ('smallint', 'i'), ('integer', '-i'), ('bigint', 'i * 10000000000'), ('serial_no', 'i'), ('oid', 'i'), ('real', 'i / 3.0'), ('float8', 'i / 3.0'), ('numeric', 'i / 7.0'),
  ('text', $$'node ' || i$$), ('varchar', $$'v' || i$$), ('varchar(30)', $$'v' || i$$), ('char(8)', $$'c' || i$$), ('name', $$'n' || i$$), ('uuid', 'md5(i::text)'), ('bytea', $$decode(md5(i::text), 'hex')$$),
  ('date', $$date '2026-01-01' + i$$), ('timestamp', $$timestamp '2026-01-01' + i * interval '1 hour'$$), ('timestamptz', $$timestamptz '2026-01-01' + i * interval '1 hour'$$), ('interval', $$i * interval '1 minute'$$),
  ('inet', $$inet '10.0.0.0' + i$$), ('macaddr', $$('08:00:2b:01:02:' || lpad(i::text, 2, '0'))$$), ('bit(5)', 'i::bit(5)'), ('jsonb', $$jsonb_build_object('n', i)$$), ('int4range', 'int4range(i, i + 2)'),
  ('mood', $$'m' || i$$), ('pair', $$row(i, 'x')$$), ('text', $$repeat('long ', 500 + i)$$)) v(t, made);
SELECT throws_ok($$CREATE TEMP TABLE nj AS SELECT '1'::json AS id, '[1]'::vector AS embedding; SELECT ruvector_message_pass('nj', 'nj', node_ids => ARRAY['1'::json], source_column => 'id', target_column => 'id')$$, '0A000', 'type json has no equality');

CREATE TEMP TABLE na AS SELECT ARRAY[1] AS id, '[1]'::vector AS embedding;
SELECT throws_ok($$SELECT ruvector_message_pass('na', 'na', node_ids => NULL::int[], source_column => 'id', target_column => 'id')$$, '42804', 'node ids are of type integer[], the call expects integer');

-- Relations of any kind.
CREATE FUNCTION pg_temp.over(nodes regclass, edges regclass) RETURNS bigint LANGUAGE sql AS
  $$ SELECT count(*) FROM ruvector_message_pass(nodes, edges, num_hops => 2) r JOIN want w USING (node_id) WHERE r.output <-> w.output < 1e-6 $$;
CREATE VIEW nv AS SELECT * FROM n;
CREATE VIEW ev AS SELECT * FROM e;
SELECT is(pg_temp.over('nv', 'ev'), 12::bigint, 'views');
CREATE MATERIALIZED VIEW nm AS SELECT * FROM n;
CREATE MATERIALIZED VIEW em AS SELECT * FROM e;
SELECT is(pg_temp.over('nm', 'em'), 12::bigint, 'materialized views');
CREATE TABLE np (id int, embedding vector) PARTITION BY HASH (id);
CREATE TABLE np0 PARTITION OF np FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE np1 PARTITION OF np FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO np SELECT * FROM n;
CREATE TABLE ep (src_id int, dst_id int) PARTITION BY LIST (src_id);
CREATE TABLE ep0 PARTITION OF ep DEFAULT;
INSERT INTO ep SELECT * FROM e;
SELECT is(pg_temp.over('np', 'ep'), 12::bigint, 'partitioned tables');
CREATE TEMP TABLE nt AS SELECT * FROM n;
SELECT is(pg_temp.over('nt', 'e'), 12::bigint, 'temporary tables');
CREATE TABLE parent (id int, embedding vector);
CREATE TABLE child () INHERITS (parent);
INSERT INTO parent SELECT * FROM n WHERE id <= 5;
INSERT INTO child SELECT * FROM n WHERE id > 5;
SELECT is(pg_temp.over('parent', 'e'), 12::bigint, 'inheritance');
ALTER TABLE n ADD gone int; ALTER TABLE n DROP gone; ALTER TABLE n ADD late text DEFAULT 'x';
SELECT is(pg_temp.over('n', 'e'), 12::bigint, 'dropped and added columns');
CREATE DOMAIN feature AS vector(3) CHECK (vector_dims(VALUE) = 3);
CREATE TABLE nd AS SELECT id, embedding::feature AS embedding FROM n;
SELECT is(pg_temp.over('nd', 'e'), 12::bigint, 'features of a domain');
CREATE SCHEMA "Other; one";
CREATE TABLE "Other; one"."n" AS SELECT * FROM n;
SELECT is(pg_temp.over('"Other; one".n', 'e'), 12::bigint, 'another schema');
-- What changed in this transaction is seen; a relation that is none is told.
INSERT INTO n VALUES (13, '[1,1,1]');
SELECT is((SELECT count(*) FROM ruvector_message_pass('n', 'e')), 13::bigint, 'rows of this transaction');
CREATE INDEX n_index ON n (id);
SELECT throws_ok($$SELECT ruvector_message_pass('n_index', 'e')$$);
CREATE SEQUENCE s;
SELECT throws_ok($$SELECT ruvector_message_pass('s', 'e')$$, '42703', 'column "id" of public.s does not exist');
SELECT throws_ok($$SELECT ruvector_message_pass(99999999, 'e')$$, '42704', 'relation with OID 99999999 does not exist');
SELECT * FROM finish();
ROLLBACK;
