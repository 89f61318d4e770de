-- The social graph by ruvector_graph_import, from its CSV files to indexed and vacuumed tables.
SET client_min_messages = warning;
SELECT ruvector_drop_graph('snb_import', true) AS dropped \gset
CHECKPOINT;
SELECT now_ms() AS t, cpu_ms() AS c \gset
CREATE TEMP TABLE s_person (id bigint, "firstName" text, "lastName" text, age int, city text, created bigint);
CREATE TEMP TABLE s_post (id bigint, length int, lang text, created bigint);
CREATE TEMP TABLE s_knows (src bigint, dst bigint, since bigint);
CREATE TEMP TABLE s_creator (post bigint, person bigint);
CREATE TEMP TABLE s_likes (person bigint, post bigint, ts bigint);
\set copy '\\copy s_person FROM ' :csv '/person.csv (FORMAT csv, HEADER)'
:copy
\set copy '\\copy s_post FROM ' :csv '/post.csv (FORMAT csv, HEADER)'
:copy
\set copy '\\copy s_knows FROM ' :csv '/knows.csv (FORMAT csv, HEADER)'
:copy
\set copy '\\copy s_creator FROM ' :csv '/creator.csv (FORMAT csv, HEADER)'
:copy
\set copy '\\copy s_likes FROM ' :csv '/likes.csv (FORMAT csv, HEADER)'
:copy
SELECT ruvector_create_graph('snb_import') AS made \gset
SELECT * FROM ruvector_graph_import('snb_import', $$
    SELECT 'Person' AS label, id, "firstName", "lastName", age, city, created, NULL::int AS length, NULL::text AS lang FROM s_person
    UNION ALL SELECT 'Post', id, NULL, NULL, NULL, NULL, created, length, lang FROM s_post$$, $$
    SELECT src AS source, 'Person' AS source_label, dst AS target, 'Person' AS target_label, 'KNOWS' AS type, since, NULL::bigint AS ts FROM s_knows
    UNION ALL SELECT post, 'Post', person, 'Person', 'HAS_CREATOR', NULL, NULL FROM s_creator
    UNION ALL SELECT person, 'Person', post, 'Post', 'LIKES', NULL, ts FROM s_likes$$) \gset
SELECT count(*) FROM ruvector_cypher('snb_import', 'CREATE INDEX FOR (n:Person) ON (n.id)') \gset
SELECT count(*) FROM ruvector_cypher('snb_import', 'CREATE INDEX FOR (n:Post) ON (n.id)') \gset
VACUUM ANALYZE snb_import.node, snb_import.node_label, snb_import.edge;
DROP TABLE IF EXISTS social_import;
CREATE TABLE social_import AS SELECT (now_ms() - :t) / 1000 AS seconds, (cpu_ms() - :c) / 1000 AS cpu_seconds;
