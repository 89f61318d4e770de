# Every page of an index of every kind is damaged in turn: scans, checks, inserts and vacuums give
# answers or errors that name the index and the block, never a crash or a loop without end.
# A part of all damages by default, RUVECTOR_DAMAGE_ALL=1 for all; RUVECTOR_DAMAGE_SEED makes others.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seed = $ENV{RUVECTOR_DAMAGE_SEED} || 1;
srand($seed);
my $node = PostgreSQL::Test::Cluster->new('damaged');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\nstatement_timeout = 60s\nmax_wal_size = 2GB\nrestart_after_crash = off\n");
$node->start;
$node->safe_psql('postgres', q{
  CREATE EXTENSION ruvector;
  CREATE TABLE base (id int, v vector(24), s sparsevec(400), body text);
  INSERT INTO base SELECT i, (SELECT array_agg(sin(i * 12.9898 + j * 78.233 + i % 7 * j)::real)::vector FROM generate_series(1, 24) j),
    ('{' || (1 + i % 20) || ':1,' || (21 + i % 37) || ':' || (1 + i % 5) || ',' || (100 + i * 7 % 300) || ':0.5}/400')::sparsevec,
    'word' || i % 20 || ' term' || i % 37 || ' common'
  FROM generate_series(1, 500) i;
});

my $wanted = $ENV{RUVECTOR_DAMAGE_METHODS} || '';
my %methods = (
  hnsw => ['USING hnsw (v vector_l2_ops) WITH (m = 4, ef_construction = 16)', 'v <-> (SELECT v FROM base WHERE id = 7)'],
  hnsw_pq => ['USING hnsw (v vector_l2_ops) WITH (m = 4, ef_construction = 16, quantization = pq)', 'v <-> (SELECT v FROM base WHERE id = 7)'],
  ivfflat => ['USING ivfflat (v vector_l2_ops) WITH (lists = 6)', 'v <-> (SELECT v FROM base WHERE id = 7)'],
  ruvector_sparse => ['USING ruvector_sparse (s sparsevec_ip_ops)', 's <#> (SELECT s FROM base WHERE id = 7)'],
  ruvector_bm25 => ['USING ruvector_bm25 (body) WITH (text_config = simple)', "body <@> 'word3 term9'"],
);
# What is done to the bytes of a page.
my %damages = (
  flips => sub { my ($page) = @_; for (1 .. 8) { my $at = int(rand(8192)); substr($page, $at, 1) = chr(ord(substr($page, $at, 1)) ^ (1 << int(rand(8)))) } $page },
  words => sub { my ($page) = @_; for (1 .. 6) { my $at = 24 + 4 * int(rand(200)); substr($page, $at, 4) = pack('V', (0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFFFFFE, int(rand(1000)))[int(rand(6))]) } $page },
  torn => sub { my ($page) = @_; substr($page, 0, 4096) . ("\0" x 4096) },
  ones => sub { my ($page) = @_; substr($page, 0, 24) . ("\xFF" x (8192 - 32)) . substr($page, 8184) },
  zeros => sub { my ($page) = @_; "\0" x 8192 },
  foreign => sub { my ($page, $other) = @_; $other },
);

# A table for each damage of each page: all of them stand in one server that starts once.
my (@cases, %file);
for my $method (grep { /$wanted/ } sort keys %methods) {
  $node->safe_psql('postgres', "CREATE INDEX probe ON base $methods{$method}[0]");
  my $pages = $node->safe_psql('postgres', "SELECT pg_relation_size('probe') / 8192");
  $node->safe_psql('postgres', 'DROP INDEX probe');
  my $sql = '';
  for my $block (0 .. $pages - 1) {
    for my $damage (sort keys %damages) {
      next if !$ENV{RUVECTOR_DAMAGE_ALL} && rand(4) > 1;
      my $name = "${method}_${block}_$damage";
      push @cases, { name => $name, method => $method, block => $block, damage => $damage };
      $sql .= "CREATE TABLE $name AS TABLE base;\nCREATE INDEX ${name}_i ON $name $methods{$method}[0];\n";
    }
  }
  $node->safe_psql('postgres', $sql);
}
$file{$_->{name}} = $node->data_dir . '/' . $node->safe_psql('postgres', "SELECT pg_relation_filepath('$_->{name}_i')") for @cases;
$node->stop;
for my $case (@cases) {
  open(my $f, '+<:raw', $file{$case->{name}}) or die "$file{$case->{name}}: $!";
  my @pages;
  { local $/ = \8192; @pages = <$f>; }
  my $other = $pages[($case->{block} + 1) % @pages];
  seek $f, 8192 * $case->{block}, 0;
  print $f $damages{$case->{damage}}->($pages[$case->{block}], $other);
  close $f;
}
$node->start;

my ($refused, $wrong, %seen) = (0, 0);
for my $case (@cases) {
  my ($name, $order) = ($case->{name}, $methods{$case->{method}}[1]);
  my ($out, $err) = ('', '');
  # Errors do not end the script: every statement meets the damage.
  my $rc = $node->psql('postgres', qq{
    SET enable_seqscan = off; SET enable_sort = off;
    SELECT count(*) FROM (SELECT 1 FROM $name ORDER BY $order LIMIT 10) x;
    SELECT count(*) FROM (SELECT 1 FROM $name ORDER BY $order) x;
    SELECT count(*) FROM ruvector_index_check('${name}_i', true);
    SELECT count(*) FROM ruvector_index_stats('${name}_i');
    INSERT INTO $name SELECT * FROM base WHERE id <= 30;
    UPDATE $name SET id = -id, v = v + v WHERE id BETWEEN 50 AND 60;
    DELETE FROM $name WHERE id % 3 = 0;
    VACUUM $name;
    INSERT INTO $name SELECT id + 1000, v + v, s, body FROM base WHERE id <= 100;
    SELECT count(*) FROM (SELECT 1 FROM $name ORDER BY $order) x;
  }, stdout => \$out, stderr => \$err, on_error_stop => 0, extra_params => ['-v', 'VERBOSITY=verbose']);
  if ($rc != 0) {
    $wrong++;
    diag("$name: psql ended with $rc: $err");
    last if !$node->poll_query_until('postgres', 'SELECT true');
  }
  for my $line (grep { /ERROR:|FATAL:|PANIC:/ } split /\n/, $err) {
    $refused++;
    next if $line =~ /ERROR:  XX00[12]: index "${name}_i" block \d+: / || $line =~ /ERROR:  XX001: invalid page in block \d+ of relation /;
    # Damaged bounds of scores show when the row is compared, which tells its place in the table only; those of
    # BM25 are compared by the executor.
    next if $line =~ /ERROR:  XX002: index "${name}_i" has a wrong bound for row \(/ && $case->{method} =~ /sparse/;
    next if $line =~ /ERROR:  XX000: index returned tuples in wrong order/ && $case->{method} =~ /bm25/;
    $wrong++;
    diag("$name: $line") if !$seen{$line}++ && keys %seen < 60;
  }
}
note(scalar(@cases) . " damaged pages, $refused errors");
is($wrong, 0, 'every error is one of a damaged index, and names the index and the block');
cmp_ok($refused, '>', @cases, 'damage is noticed');
is($node->safe_psql('postgres', 'SELECT count(*) FROM base'), '500', 'the server lives');
# REINDEX is the way out.
for my $case (grep { $_->{damage} eq 'ones' } @cases) {
  my $name = $case->{name};
  my $sound = $node->safe_psql('postgres', "REINDEX INDEX ${name}_i; SELECT count(*) FROM ruvector_index_check('${name}_i', true) WHERE severity = 'error'");
  is($sound, '0', "$name is sound after REINDEX") if $sound ne '0';
}
$node->stop;
unlike(slurp_file($node->logfile), qr/PANIC|TRAP|terminated by signal/, 'no crash');
done_testing();
