# Concurrent MERGE, CREATE, SET and DETACH DELETE over one graph: no duplicate of a unique node, no
# relationship without its ends, no merged relationship twice, no lost increment. Traversals answer
# as SQL does under the same snapshot while others write, VACUUM and rebuild indexes. And all of it
# after the server was killed. RUVECTOR_SOAK_SECONDS (6) is how long writers and readers run,
# RUVECTOR_CRASH_ROUNDS (1) how often every process of the server is killed under them.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nmax_connections = 30");
$node->start;
$node->safe_psql('postgres', q{
  CREATE EXTENSION ruvector;
  SELECT ruvector_create_graph('g');
  SELECT count(*) FROM ruvector_cypher('g', 'CREATE CONSTRAINT p_id FOR (n:P) REQUIRE n.id IS UNIQUE');
  SELECT count(*) FROM ruvector_cypher('g', 'CREATE (:Counter {value: 0})');
  -- A graph whose nodes stay while relationships come and go by the leaf of the index.
  SELECT ruvector_create_graph('h');
  SELECT count(*) FROM ruvector_cypher('h', 'CREATE INDEX FOR (n:Q) ON (n.id)');
  SELECT count(*) FROM ruvector_cypher('h', 'UNWIND range(1, 200) AS i CREATE (:Q {id: i})');
  SELECT count(*) FROM ruvector_cypher('h', 'MATCH (n:Q) WHERE n.id % 2 = 0 SET n:T');
  -- What Cypher and SQL say to the same question.
  CREATE FUNCTION one(query text, parameters jsonb) RETURNS text LANGUAGE sql AS
    $$SELECT string_agg(x::text, ',' ORDER BY x::text) FROM ruvector_cypher('h', query, parameters) x$$;
  CREATE FUNCTION same(what text, cypher text, sql text) RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
    IF cypher IS DISTINCT FROM sql THEN
      RAISE EXCEPTION 'wrong answer: %: Cypher %, SQL %', what, left(cypher, 2000), left(sql, 2000);
    END IF;
  END$$;
  CREATE FUNCTION compare(a int) RETURNS void LANGUAGE plpgsql AS $$
  DECLARE
    p jsonb := jsonb_build_object('a', a);
    n bigint;
  BEGIN
    SELECT id INTO STRICT n FROM h.nodes WHERE (properties->>'id')::int = a;
    PERFORM same('out', one('MATCH (a:Q {id: $a})-[r:S]->(b) RETURN id(r) AS r, id(b) AS b', p),
      (SELECT string_agg(t, ',' ORDER BY t) FROM h.edge, format('{"r":%s,"b":%s}', id, target) t WHERE source = n));
    PERFORM same('in', one('MATCH (a:Q {id: $a})<-[r:S]-(b) RETURN id(r) AS r, id(b) AS b', p),
      (SELECT string_agg(t, ',' ORDER BY t) FROM h.edge, format('{"r":%s,"b":%s}', id, source) t WHERE target = n));
    PERFORM same('two steps', one('MATCH (a:Q {id: $a})-[:S]->()-[:S]->(c) RETURN count(*) AS n', p),
      (SELECT format('{"n":%s}', count(*)) FROM h.edge e JOIN h.edge f ON f.source = e.target AND f.id <> e.id WHERE e.source = n));
    PERFORM same('labels', one('MATCH (a:Q)-[:S]->(b:T) RETURN count(*) AS n', p),
      (SELECT format('{"n":%s}', count(*)) FROM h.edge e JOIN h.nodes t ON t.id = e.target AND 'T' = ANY (t.labels)));
    PERFORM same('nodes', one('MATCH (b:T) RETURN count(*) AS n', p),
      (SELECT format('{"n":%s}', count(*)) FROM h.nodes WHERE 'T' = ANY (labels)));
    PERFORM same('marks', one('MATCH (b:Q) RETURN sum(b.mark) AS n, count(b.mark) AS m', p),
      (SELECT format('{"n":%s,"m":%s}', coalesce(sum((properties->>'mark')::int), 0), count(properties->>'mark')) FROM h.nodes));
    PERFORM same('marks of some', one('MATCH (a:Q {id: $a}) RETURN a.id AS i, coalesce(a.mark, 0) AS n, a:T AS t', p),
      (SELECT format('{"i":%s,"n":%s,"t":%s}', a, coalesce((properties->>'mark')::int, 0), ('T' = ANY (labels))::text) FROM h.nodes WHERE id = n));
    PERFORM same('times', one('MATCH (a:Q {id: $a})-[r:S]->() RETURN coalesce(sum(r.times), 0) AS n', p),
      (SELECT format('{"n":%s}', coalesce(sum((properties->>'times')::int), 0)) FROM h.edge WHERE source = n));
    PERFORM same('degrees', one('MATCH (a:Q) WHERE a.id >= $a AND a.id < $a + 30 MATCH (a)-[r]->() RETURN count(r) AS n', p),
      (SELECT format('{"n":%s}', count(*)) FROM h.edge e JOIN h.nodes t ON t.id = e.source AND (t.properties->>'id')::int BETWEEN a AND a + 29));
  END$$;
});
my $amcheck = $node->safe_psql('postgres', q{SELECT count(*) FROM pg_available_extensions WHERE name = 'amcheck'});
$node->safe_psql('postgres', 'CREATE EXTENSION amcheck') if $amcheck;

my $soak_seconds = $ENV{RUVECTOR_SOAK_SECONDS} // 6;
my $crash_rounds = $ENV{RUVECTOR_CRASH_ROUNDS} // 1;
my $dir = $node->basedir;
my %scripts = (
  merge => q{\set a random(1, 40)
\set b random(1, 40)
SELECT count(*) FROM ruvector_cypher('g', 'MERGE (a:P {id: $a}) MERGE (b:P {id: $b}) CREATE (a)-[:R]->(b)', jsonb_build_object('a', :a, 'b', :b));
},
  follow => q{\set a random(1, 6)
\set b random(1, 6)
SELECT count(*) FROM ruvector_cypher('g', 'MATCH (a:P {id: $a}), (b:P {id: $b}) MERGE (a)-[:F]->(b)', jsonb_build_object('a', :a, 'b', :b));
},
  visit => q{\set a random(1, 6)
\set b random(1, 6)
SELECT count(*) FROM ruvector_cypher('g', 'MATCH (a:P {id: $a}), (b:P {id: $b}) MERGE (a)-[v:V]-(b) ON MATCH SET v.times = coalesce(v.times, 0) + 1', jsonb_build_object('a', :a, 'b', :b));
},
  delete => q{\set a random(1, 40)
SELECT count(*) FROM ruvector_cypher('g', 'MATCH (a:P {id: $a}) DETACH DELETE a', jsonb_build_object('a', :a));
},
  count => q{SELECT count(*) FROM ruvector_cypher('g', 'MATCH (c:Counter) SET c.value = c.value + 1');
},
  wire => q{\set a random(1, 180)
SELECT count(*) FROM ruvector_cypher('h', 'MATCH (a:Q) WHERE a.id >= $a AND a.id < $a + 10 MATCH (b:Q) WHERE b.id % 8 = $a % 8 CREATE (a)-[:S]->(b)', jsonb_build_object('a', :a));
},
  cut => q{\set a random(1, 180)
SELECT count(*) FROM ruvector_cypher('h', 'MATCH (a:Q)-[r:S]->() WHERE a.id >= $a AND a.id < $a + 20 DELETE r', jsonb_build_object('a', :a));
},
  touch => q{\set a random(1, 200)
SELECT count(*) FROM ruvector_cypher('h', 'MATCH (a:Q {id: $a})-[r:S]->() SET r.times = coalesce(r.times, 0) + 1', jsonb_build_object('a', :a));
},
  label => q{\set a random(1, 200)
SELECT count(*) FROM ruvector_cypher('h', 'MATCH (a:Q {id: $a}) SET a:T', jsonb_build_object('a', :a));
\set a random(1, 200)
SELECT count(*) FROM ruvector_cypher('h', 'MATCH (a:Q {id: $a}) REMOVE a:T', jsonb_build_object('a', :a));
\sleep 200 ms
},
  mark => q{\set a random(1, 200)
SELECT count(*) FROM ruvector_cypher('h', 'MATCH (a:Q {id: $a}) SET a.mark = coalesce(a.mark, 0) + 1', jsonb_build_object('a', :a));
\sleep 30 ms
},
  compare => q{\set a random(1, 200)
\set b random(1, 200)
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT compare(:a);
\sleep 20 ms
SELECT compare(:b);
COMMIT;
},
  clean => q{VACUUM h.edge, h.node, h.node_label;
VACUUM g.edge, g.node, g.node_label;
\sleep 50 ms
},
  rebuild => q{REINDEX INDEX CONCURRENTLY h.edge_out;
REINDEX TABLE CONCURRENTLY h.node;
REINDEX INDEX CONCURRENTLY h.node_label_pkey;
REINDEX TABLE CONCURRENTLY g.node;
REINDEX INDEX CONCURRENTLY g.edge_in;
\sleep 200 ms
},
  read => q{\set a random(1, 40)
SELECT count(*) FROM ruvector_cypher('g', 'MATCH (a:P {id: $a})-[:R]->(b) RETURN b.id', jsonb_build_object('a', :a));
});
append_to_file("$dir/$_.sql", $scripts{$_}) for keys %scripts;

# A load that runs beside others: how many clients, for how long, and the scripts with their shares.
sub start_load {
  my ($clients, $seconds, @mix) = @_;
  my %load = (out => '', err => '');
  my @files = map { ('-f', "$dir/$_") } @mix;
  $load{run} = IPC::Run::start([ 'pgbench', '-n', '-c', $clients, '-T', $seconds, '--max-tries', 20, @files,
      '-p', $node->port, '-h', $node->host, 'postgres' ],
    '<', '/dev/null', '>', \$load{out}, '2>', \$load{err});
  return \%load;
}
sub finish_load {
  my ($load) = @_;
  $load->{run}->finish;
  my @serious = grep { /ERROR|FATAL|aborted/ && !/could not serialize|deadlock detected/ } split /\n/, $load->{err};
  return @serious ? substr($load->{err}, 0, 2000) : '';
}
my @on_g = ('merge.sql@5', 'delete.sql@1', 'read.sql@2', 'follow.sql@3', 'visit.sql@2');
my @on_h = ('wire.sql@3', 'cut.sql@2', 'touch.sql@2');
# Conflicts that cannot be resolved are reported; pgbench goes on with the next transaction.
my %loads = (
  'writers of one graph' => start_load(5, $soak_seconds, @on_g),
  'writers of the other' => start_load(2, $soak_seconds, @on_h),
  'changes of labels' => start_load(1, $soak_seconds, 'label.sql'),
  'changes of values' => start_load(1, $soak_seconds, 'mark.sql'),
  'comparisons with SQL' => start_load(3, $soak_seconds, 'compare.sql'),
  'VACUUM' => start_load(1, $soak_seconds, 'clean.sql'),
  'REINDEX' => start_load(1, $soak_seconds, 'rebuild.sql'));
for my $what (sort keys %loads) {
  is(finish_load($loads{$what}), '', "$what: only conflicts are reported");
  unlike($loads{$what}{err}, qr/PANIC|TRAP|closed the connection|internal error|XX000/, "$what: nothing broke");
  my ($done) = $loads{$what}{out} =~ /number of transactions actually processed: (\d+)/;
  cmp_ok($done // 0, '>', 0, "$what: " . ($done // 0) . ' transactions');
}
# All indexes hold what their tables hold.
sub check_indexes {
  my ($when) = @_;
  return unless $amcheck;
  is($node->safe_psql('postgres', q{SELECT count(bt_index_check(c.oid, true)) FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid AND i.indisvalid
      JOIN pg_am a ON a.oid = c.relam AND a.amname = 'btree' WHERE c.relnamespace IN ('g'::regnamespace, 'h'::regnamespace) HAVING count(*) < 12}), '', "indexes are complete $when");
}
check_indexes('after the soak');
is($node->psql('postgres', "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT compare(a) FROM generate_series(1, 200, 7) a; COMMIT"), 0, 'Cypher answers as SQL');
my $duplicates = q{SELECT count(*) FROM (SELECT properties->>'id' FROM g.nodes WHERE labels = '{P}' GROUP BY 1 HAVING count(*) > 1) d};
is($node->safe_psql('postgres', $duplicates), '0', 'no duplicates');
# One relationship F of a direction and one V between two nodes.
my $merged_twice = q{SELECT count(*) FROM (
    SELECT 1 FROM g.edge e JOIN g.name n ON n.id = e.type AND n.kind = 't' WHERE n.name = 'F' GROUP BY source, target HAVING count(*) > 1
    UNION ALL
    SELECT 1 FROM g.edge e JOIN g.name n ON n.id = e.type AND n.kind = 't' WHERE n.name = 'V'
      GROUP BY least(source, target), greatest(source, target) HAVING count(*) > 1) d};
is($node->safe_psql('postgres', $merged_twice), '0', 'no merged relationship twice');
is($node->safe_psql('postgres', q{SELECT * FROM ruvector_graph_check('g') UNION ALL SELECT * FROM ruvector_graph_check('h')}), '', 'the graphs fit together');
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM g.edge'), '>', 0, 'relationships were made');

# Increments: each that was not refused counts.
my ($transactions) = do {
  IPC::Run::run([ 'pgbench', '-n', '-c', 6, '-t', 100, '--max-tries', 1000, '-f', "$dir/count.sql", '-p', $node->port, '-h', $node->host, 'postgres' ],
    '>', \my $o, '2>', \my $e);
  $o =~ /number of transactions actually processed: (\d+)/;
};
is($node->safe_psql('postgres', q{SELECT properties->>'value' FROM g.nodes WHERE labels = '{Counter}'}), $transactions, 'no increment is lost');

# Crashes in the middle: nothing of the server survives SIGKILL.
sub kill_server {
  my $postmaster = (split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0];
  my @children = split ' ', qx{ps -o pid= --ppid $postmaster};
  kill 'KILL', $postmaster, @children;
  for my $pid ($postmaster, @children) {
    for (1 .. 1000) {
      last unless kill 0, $pid;
      # A zombie is gone as far as its memory and files go.
      last if !-e "/proc/$pid" || slurp_file("/proc/$pid/stat") =~ /\) Z /;
      usleep(10_000);
    }
  }
  # Left by the dead; a new server would wait for a zombie of that number.
  unlink $node->data_dir . '/postmaster.pid', $node->host . '/.s.PGSQL.' . $node->port . '.lock';
  $node->{_pid} = undef;
}
my ($interrupted, $work) = (0, 0);
for my $round (1 .. $crash_rounds) {
  my $before = $node->safe_psql('postgres', 'SELECT pg_current_wal_insert_lsn() - $$0/0$$');
  my @running = (start_load(4, 60, @on_g), start_load(2, 60, @on_h), start_load(1, 60, 'clean.sql'), start_load(1, 60, 'compare.sql'));
  usleep(500_000 + int(rand(1_500_000)));
  $work += $node->safe_psql('postgres', 'SELECT pg_current_wal_insert_lsn() - $$0/0$$') - $before;
  kill_server();
  my $lost = 0;
  for my $load (@running) {
    eval { $load->{run}->finish };
    ++$lost if $load->{err} =~ /closed the connection|terminated abnormally|connection to server|aborted/;
    unlike($load->{err}, qr/wrong answer/, "no wrong answer before crash $round");
  }
  ++$interrupted if $lost == @running;
  $node->start;
  is($node->safe_psql('postgres', $duplicates), '0', "no duplicates after crash $round");
  is($node->safe_psql('postgres', $merged_twice), '0', "no merged relationship twice after crash $round");
  is($node->safe_psql('postgres', q{SELECT * FROM ruvector_graph_check('g') UNION ALL SELECT * FROM ruvector_graph_check('h')}), '', "the graphs fit together after crash $round");
  is($node->psql('postgres', "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT compare(a) FROM generate_series(1, 200, 13) a; COMMIT"), 0, "Cypher answers as SQL after crash $round");
  check_indexes("after crash $round");
}
cmp_ok($interrupted * 2, '>', $crash_rounds, "$interrupted of $crash_rounds crashes interrupted every client") if $crash_rounds > 0;
cmp_ok($work, '>', 100_000 * $crash_rounds, "clients were writing: $work bytes of WAL") if $crash_rounds > 0;
my $log = slurp_file($node->logfile);
unlike($log, qr/PANIC|TRAP:|terminated by signal 11|terminated by signal 6/, 'no crash of its own');
$node->stop;
done_testing();
