-- Nodes of any number of labels: found by each of them, whatever is added and removed.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
SELECT no_plan();
SELECT ruvector_create_graph('l');
-- Ids of labels in this order: nodes keep theirs sorted by them.
SELECT ruvector_create_node_label('l', label) FROM unnest('{A,B,C}'::text[]) label;

CREATE FUNCTION found(label text) RETURNS text LANGUAGE sql AS $$
  SELECT coalesce(string_agg(x->>'i', ' ' ORDER BY (x->>'i')::int), '')
    FROM ruvector_cypher('l', 'MATCH (n:' || label || ') RETURN n.i AS i') x
$$;
CREATE FUNCTION in_view(label text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE all_of text;
BEGIN
  EXECUTE format('SELECT coalesce(string_agg(properties->>''i'', '' '' ORDER BY properties->>''i''), '''') FROM l.%I', label) INTO all_of;
  RETURN all_of;
END $$;
-- What A, B and C find, by Cypher and by the views; and that the tables fit together.
CREATE FUNCTION state(OUT a text, OUT b text, OUT c text, OUT same boolean, OUT faults bigint) LANGUAGE sql AS $$
  SELECT found('A'), found('B'), found('C'),
    found('A') = in_view('A') AND found('B') = in_view('B') AND found('C') = in_view('C'),
    (SELECT count(*) FROM ruvector_graph_check('l'))
$$;

SELECT lives_ok($$select ruvector_cypher('l', 'CREATE ({i: 0}), (:A {i: 1}), (:B {i: 2}), (:C:B {i: 3}), (:C:B:A {i: 4}), (:C {i: 5})')$$);
SELECT results_eq('select * from state()', $$values ('1 4', '2 3 4', '3 4 5', true, 0::bigint)$$);
SELECT is((SELECT count(*) FROM l.node_label), 8::bigint, 'a row for each label of each node');
SELECT results_eq($$select item, count from ruvector_graph_stats('l') s(kind, item, count, bytes) where kind = 'label' order by item$$,
  $$values ('A', 2::bigint), ('B', 3), ('C', 3)$$);

-- The first label changes: one before it is added, it is removed, all go, some come.
SELECT lives_ok($$select ruvector_cypher('l', 'MATCH (n:C) WHERE n.i = 5 SET n:A')$$);
SELECT results_eq('select * from state()', $$values ('1 4 5', '2 3 4', '3 4 5', true, 0::bigint)$$);
SELECT lives_ok($$select ruvector_cypher('l', 'MATCH (n:A) WHERE n.i >= 4 REMOVE n:A')$$);
SELECT results_eq('select * from state()', $$values ('1', '2 3 4', '3 4 5', true, 0::bigint)$$);
SELECT lives_ok($$select ruvector_cypher('l', 'MATCH (n) WHERE n.i <= 1 SET n:C:B')$$);
SELECT results_eq('select * from state()', $$values ('1', '0 1 2 3 4', '0 1 3 4 5', true, 0::bigint)$$);
SELECT lives_ok($$select ruvector_cypher('l', 'MATCH (n:B:C) REMOVE n:B:C')$$);
SELECT results_eq('select * from state()', $$values ('1', '2', '5', true, 0::bigint)$$);
SELECT is((SELECT count(*) FROM l.node_label), 3::bigint, 'no row is left behind');
SELECT lives_ok($$select ruvector_cypher('l', 'MATCH (n:B) SET n:A REMOVE n:B SET n.j = 1')$$, 'another label in place of the only one');
SELECT results_eq('select * from state()', $$values ('1 2', '', '5', true, 0::bigint)$$);
SELECT lives_ok($$select ruvector_cypher('l', 'UNWIND range(10, 60) AS i CREATE (:A:C {i: i})')$$, 'many at once');
SELECT is((SELECT count(*) FROM l.node_label), 105::bigint);
SELECT is((SELECT (x->>'n')::int FROM ruvector_cypher('l', 'MATCH (n:A) RETURN count(n) AS n') x), 53);
SELECT is((SELECT (x->>'n')::int FROM ruvector_cypher('l', 'MATCH (n:C) RETURN count(n) AS n') x), 52);
SELECT is((SELECT (x->>'n')::int FROM ruvector_cypher('l', 'MATCH (n:A&C) RETURN count(n) AS n') x), 51);
SELECT is((SELECT (x->>'n')::int FROM ruvector_cypher('l', 'MATCH (n:C) WITH n LIMIT 3 RETURN count(n) AS n') x), 3);
SELECT lives_ok($$select ruvector_cypher('l', 'MATCH (n:C) WHERE n.i >= 20 DELETE n')$$);
SELECT is((SELECT count(*) FROM l.node_label), 23::bigint, 'rows go with their node');
SELECT is((SELECT count(*) FROM ruvector_graph_check('l')), 0::bigint);

-- What the check tells of.
INSERT INTO l.node_label SELECT m.id, n.id FROM l.node n, l.name m WHERE n.properties->>'i' = '1' AND m.name = 'B';
SELECT results_eq($$select split_part(c::text, ',', 1), count(*) from ruvector_graph_check('l') c group by 1$$,
  $$values ('("node_label without a node of that label"', 1::bigint)$$, 'of a row for a label that the node has not');
DELETE FROM l.node_label x USING l.node n WHERE n.id = x.node AND NOT x.label = ANY (n.labels);
DELETE FROM l.node_label WHERE node = (SELECT max(node) FROM l.node_label);
SELECT results_eq($$select split_part(c::text, ',', 1) from ruvector_graph_check('l') c$$,
  $$values ('("node with a label that node_label does not have"')$$, 'and of a row that is missing');

-- By the access method, where pages are not read directly: the same rows, once each.
SELECT ruvector_drop_graph('l');
SELECT ruvector_create_graph('l');
SELECT lives_ok($$select ruvector_cypher('l', 'UNWIND range(1, 700) AS i CREATE (:A:B {i: i}), (:B {i: -i})')$$);
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT is((SELECT (x->>'n')::int FROM ruvector_cypher('l', 'MATCH (n:A) RETURN count(n.i) AS n') x), 700);
SELECT is((SELECT (x->>'n')::int FROM ruvector_cypher('l', 'MATCH (n:B) RETURN count(DISTINCT n.i) AS n') x), 1400);
SELECT is((SELECT (x->>'n')::int FROM ruvector_cypher('l', 'MATCH (n:B) RETURN count(*) AS n') x), 1400);
COMMIT;
SELECT ruvector_drop_graph('l');
DROP FUNCTION state(), in_view(text), found(text);
SELECT finish();
