// BM25 in a server: build beside tokenising alone, sizes, latency and processor time of queries,
// over texts of about 150 words with Zipf-like frequencies.
//   bm25_server CONNINFO [rows] [queries]
// Prints one JSON line. The table is bm25_bench.
#include <cmath>
#include <cstdlib>

#include "core/base/rng.h"
#include "server.h"

using namespace rv;

namespace {

constexpr double kFirst = 35, kWords = 30000;  // ranks

// Words by Zipf's law, without the most frequent ones, which a configuration drops as stop words: a
// query of nine words meets about as many postings as one of the SciFact collection (87,000 for
// 100,000 texts). Made of letters: a word with digits is another token to the parser.
std::string words(Rng& rng, int n) {
  std::string text;
  for (int i = 0; i < n; ++i) {
    auto id = static_cast<unsigned>(kFirst * std::pow(kWords / kFirst, rng.uniform()));
    if (i > 0) text += ' ';
    for (; id > 0; id /= 20) text += "bcdfghjklmnpqrtvwxza"[id % 20];
    text += 'o';
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: bm25_server CONNINFO [rows] [queries]\n");
    return 2;
  }
  try {
    const std::size_t rows = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 100000;
    const std::size_t count = argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 300;
    bench::Server server(argv[1]);
    server.run("DROP TABLE IF EXISTS bm25_bench");
    server.run("CREATE TABLE bm25_bench (id bigint, body text)");
    Rng rng(5);
    server.copy_begin("COPY bm25_bench FROM STDIN");
    for (std::size_t i = 0; i < rows; ++i)
      server.copy_line(std::to_string(i) + "\t" +
                       words(rng, 100 + static_cast<int>(rng.below(101))) + "\n");
    server.copy_end();
    server.run("VACUUM ANALYZE bm25_bench");
    server.run("SET max_parallel_workers_per_gather = 0");
    const bench::Work tokenising =
        bench::timed(server, "SELECT count(to_tsvector('english', body)) FROM bm25_bench");
    const bench::Work build = bench::timed(
        server,
        "CREATE INDEX bm25_bench_idx ON bm25_bench USING ruvector_bm25 (body) WITH (text_config = "
        "'english')");
    std::vector<std::string> queries;
    for (std::size_t i = 0; i < count; ++i) queries.push_back(words(rng, 9));
    server.prepare("SELECT id FROM bm25_bench ORDER BY body <@> $1 LIMIT 10");
    bench::Times times;
    for (const auto& q : queries) server.execute(q);  // warm
    for (const auto& q : queries) times.measure(server, [&] { return server.execute(q); });
    std::printf(
        "{\"rows\": %zu, \"heap_bytes\": %s, \"index_bytes\": %s, \"tokenising_cpu_s\": %.2f, "
        "\"build_s\": %.2f, \"build_cpu_s\": %.2f, \"build_workers\": %d, \"index\": %s}\n",
        rows, server.run("SELECT pg_table_size('bm25_bench')")[0].c_str(),
        server.run("SELECT pg_relation_size('bm25_bench_idx')")[0].c_str(), tokenising.cpu,
        build.seconds, build.cpu, build.workers, times.json().c_str());
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bm25_server: %s\n", e.what());
    return 1;
  }
}
