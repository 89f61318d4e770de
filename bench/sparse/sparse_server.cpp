// Sparse search in a server: build, sizes, latency, processor time and recall of exact queries,
// beside a sequential scan. Any server with sparsevec: without ruvector_sparse (pgvector) only the
// scan is measured.
//   sparse_server CONNINFO [docs.copy[.xz] | -] [queries.copy[.xz] | -] [rows] [k] [queries]
// "-": generated. More rows than the file has are made from its own. Prints one JSON line. The
// table is sparse_bench.
#include <cstdlib>

#include "server.h"
#include "vectors.h"

using namespace rv;
using bench::Server;
using bench::Times;

namespace {

constexpr std::size_t kChunk = 10000;

int write_g(float value, char* out) {
  return std::snprintf(out, 24, "%.9g", static_cast<double>(value));
}

std::string text_of(const SparseBuffer& v) {
  std::string s(sparse_text_bound(static_cast<int>(v.indices.size())), '\0');
  s.resize(format_sparse(v.view(), s.data(), write_g));
  return s;
}

// Chunk by chunk: a million vectors need not be in memory at once.
void load(Server& server, const std::vector<SparseBuffer>& pool, std::size_t rows) {
  server.copy_begin("COPY sparse_bench FROM STDIN");
  for (std::size_t at = 0; at < rows;) {
    const std::size_t n = std::min(kChunk, rows - at);
    const auto made =
        rows <= pool.size() ? std::vector<SparseBuffer>{} : bench::vary(pool, n, 3 + at / kChunk);
    for (std::size_t i = 0; i < n; ++i, ++at)
      server.copy_line(std::to_string(at) + "\t" + text_of(made.empty() ? pool[at] : made[i]) +
                       "\n");
  }
  server.copy_end();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr,
                 "usage: sparse_server CONNINFO [docs | -] [queries | -] [rows] [k] [queries]\n");
    return 2;
  }
  try {
    const std::string docs_path = argc > 2 ? argv[2] : "-", query_path = argc > 3 ? argv[3] : "-";
    const std::size_t rows = argc > 4 ? std::strtoul(argv[4], nullptr, 10) : 20000;
    const std::string k = argc > 5 ? argv[5] : "10";
    const std::size_t count = argc > 6 ? std::strtoul(argv[6], nullptr, 10) : 200;
    const auto pool = docs_path == "-"
                          ? bench::make_zipf(std::min<std::size_t>(rows, 100000), 119, 1)
                          : bench::read_sparse(docs_path);
    std::vector<std::string> queries;
    for (const auto& q :
         query_path == "-" ? bench::make_zipf(count, 44, 2) : bench::read_sparse(query_path, count))
      queries.push_back(text_of(q));

    Server server(argv[1]);
    server.run("DROP TABLE IF EXISTS sparse_bench");
    server.run("CREATE TABLE sparse_bench (id bigint, v sparsevec(" + std::to_string(pool[0].dim) +
               "))");
    const double start = bench::now();
    load(server, pool, rows);
    const double load_s = bench::now() - start;
    server.run("VACUUM ANALYZE sparse_bench");
    server.run("SET max_parallel_workers_per_gather = 0");
    server.prepare("SELECT id FROM sparse_bench ORDER BY v <#> $1::sparsevec LIMIT " + k);

    Times scan, index;
    std::vector<std::vector<std::string>> truth;
    server.run("SET enable_indexscan = off");
    server.execute(queries[0]);  // warm
    for (std::size_t q = 0; q < std::min<std::size_t>(queries.size(), 20); ++q)
      truth.push_back(scan.measure(server, [&] { return server.execute(queries[q]); }));
    server.run("SET enable_indexscan = on");
    const std::string heap = server.run("SELECT pg_table_size('sparse_bench')")[0];
    if (server.run("SELECT 1 FROM pg_am WHERE amname = 'ruvector_sparse'").empty()) {
      std::printf("{\"rows\": %zu, \"load_s\": %.2f, \"heap_bytes\": %s, \"scan\": %s}\n", rows,
                  load_s, heap.c_str(), scan.json().c_str());
      return 0;
    }
    const bench::Work build = bench::timed(
        server, "CREATE INDEX sparse_bench_idx ON sparse_bench USING ruvector_sparse (v)");
    const std::string size = server.run("SELECT pg_relation_size('sparse_bench_idx')")[0];
    for (const auto& q : queries) server.execute(q);  // warm
    std::size_t hits = 0, wanted = 0;
    for (std::size_t q = 0; q < queries.size(); ++q) {
      auto found = index.measure(server, [&] { return server.execute(queries[q]); });
      if (q >= truth.size()) continue;
      wanted += truth[q].size();
      std::sort(found.begin(), found.end());
      for (const auto& id : truth[q]) hits += std::binary_search(found.begin(), found.end(), id);
    }
    const bench::Work insert = bench::timed(
        server, "INSERT INTO sparse_bench SELECT id + 1000000000, v FROM sparse_bench LIMIT 2000");
    server.run("DELETE FROM sparse_bench WHERE id >= 1000000000");
    const bench::Work vacuum = bench::timed(server, "VACUUM sparse_bench");
    std::printf(
        "{\"rows\": %zu, \"load_s\": %.2f, \"heap_bytes\": %s, \"index_bytes\": %s, \"build_s\": "
        "%.2f, \"build_cpu_s\": %.2f, \"build_workers\": %d, \"recall\": %.4f, \"index\": %s, "
        "\"scan\": %s, \"insert_us_per_row\": %.1f, \"vacuum_s\": %.2f}\n",
        rows, load_s, heap.c_str(), size.c_str(), build.seconds, build.cpu, build.workers,
        static_cast<double>(hits) / static_cast<double>(wanted), index.json().c_str(),
        scan.json().c_str(), insert.seconds * 1e6 / 2000, vacuum.seconds);
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "sparse_server: %s\n", e.what());
    return 1;
  }
}
