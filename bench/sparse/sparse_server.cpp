// Sparse search in a server: build, sizes, latency and recall of exact queries, beside a sequential
// scan. Any server with sparsevec: without ruvector_sparse (pgvector) only the scan is measured.
//   sparse_server CONNINFO [docs.copy[.xz] | -] [queries.copy[.xz] | -] [rows] [k] [queries]
// Prints one JSON line. The table is sparse_bench.
#include <libpq-fe.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "vectors.h"

using namespace rv;

namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

int write_g(float value, char* out) {
  return std::snprintf(out, 24, "%.9g", static_cast<double>(value));
}

std::string text_of(const SparseBuffer& v) {
  std::string s(sparse_text_bound(static_cast<int>(v.indices.size())), '\0');
  s.resize(format_sparse(v.view(), s.data(), write_g));
  return s;
}

class Server {
 public:
  explicit Server(const char* conninfo) : c_(PQconnectdb(conninfo)) {
    if (PQstatus(c_) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(c_));
  }
  ~Server() { PQfinish(c_); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // The first column of every row.
  std::vector<std::string> run(const std::string& sql,
                               const std::vector<std::string>& parameters = {}) {
    std::vector<const char*> values;
    for (const auto& p : parameters) values.push_back(p.c_str());
    PGresult* r = PQexecParams(c_, sql.c_str(), static_cast<int>(values.size()), nullptr,
                               values.data(), nullptr, nullptr, 0);
    const auto status = PQresultStatus(r);
    std::vector<std::string> out;
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
      const std::string message = sql + ": " + PQresultErrorMessage(r);
      PQclear(r);
      throw std::runtime_error(message);
    }
    for (int i = 0; i < PQntuples(r); ++i) out.emplace_back(PQgetvalue(r, i, 0));
    PQclear(r);
    return out;
  }
  void copy(const std::vector<SparseBuffer>& docs) {
    PQclear(PQexec(c_, "COPY sparse_bench FROM STDIN"));
    for (std::size_t i = 0; i < docs.size(); ++i) {
      const std::string line = std::to_string(i) + "\t" + text_of(docs[i]) + "\n";
      PQputCopyData(c_, line.data(), static_cast<int>(line.size()));
    }
    PQputCopyEnd(c_, nullptr);
    PGresult* r = PQgetResult(c_);
    const bool ok = PQresultStatus(r) == PGRES_COMMAND_OK;
    const std::string message = PQresultErrorMessage(r);
    PQclear(r);
    PQclear(PQgetResult(c_));
    if (!ok) throw std::runtime_error(message);
  }

 private:
  PGconn* c_;
};

struct Times {
  std::vector<double> ms;
  std::string text() {
    std::sort(ms.begin(), ms.end());
    char out[200];
    double sum = 0;
    for (const double t : ms) sum += t;
    std::snprintf(out, sizeof out, "{\"mean_ms\": %.3f, \"p50_ms\": %.3f, \"p95_ms\": %.3f}",
                  sum / static_cast<double>(ms.size()), ms[ms.size() / 2],
                  ms[ms.size() * 95 / 100]);
    return out;
  }
};

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
    auto docs = docs_path == "-" ? bench::make_zipf(rows, 119, 1) : bench::read_sparse(docs_path);
    const auto queries =
        query_path == "-" ? bench::make_zipf(count, 44, 2) : bench::read_sparse(query_path, count);
    if (docs.size() > rows) docs.resize(rows);
    if (docs.size() < rows) docs = bench::vary(docs, rows, 3);

    Server server(argv[1]);
    server.run("DROP TABLE IF EXISTS sparse_bench");
    server.run("CREATE TABLE sparse_bench (id bigint, v sparsevec(" + std::to_string(docs[0].dim) +
               "))");
    double start = now();
    server.copy(docs);
    const double load = now() - start;
    server.run("VACUUM ANALYZE sparse_bench");
    const std::string sql = "SELECT id FROM sparse_bench ORDER BY v <#> $1::sparsevec LIMIT " + k;

    Times scan, index;
    std::vector<std::vector<std::string>> truth;
    server.run("SET max_parallel_workers_per_gather = 0");
    server.run("SET enable_indexscan = off");
    for (std::size_t q = 0; q < std::min<std::size_t>(queries.size(), 20); ++q) {
      start = now();
      truth.push_back(server.run(sql, {text_of(queries[q])}));
      scan.ms.push_back((now() - start) * 1e3);
    }
    server.run("SET enable_indexscan = on");
    const std::string heap = server.run("SELECT pg_table_size('sparse_bench')")[0];
    if (server.run("SELECT FROM pg_am WHERE amname = 'ruvector_sparse'").empty()) {
      std::printf("{\"rows\": %zu, \"load_s\": %.2f, \"heap_bytes\": %s, \"scan\": %s}\n",
                  docs.size(), load, heap.c_str(), scan.text().c_str());
      return 0;
    }
    start = now();
    server.run("CREATE INDEX sparse_bench_idx ON sparse_bench USING ruvector_sparse (v)");
    const double build = now() - start;
    const std::string size = server.run("SELECT pg_relation_size('sparse_bench_idx')")[0];
    for (const auto& q : queries) server.run(sql, {text_of(q)});  // warm
    std::size_t hits = 0, wanted = 0;
    for (std::size_t q = 0; q < queries.size(); ++q) {
      const std::string text = text_of(queries[q]);
      start = now();
      auto found = server.run(sql, {text});
      index.ms.push_back((now() - start) * 1e3);
      if (q >= truth.size()) continue;
      wanted += truth[q].size();
      std::sort(found.begin(), found.end());
      for (const auto& id : truth[q]) hits += std::binary_search(found.begin(), found.end(), id);
    }
    start = now();
    server.run("INSERT INTO sparse_bench SELECT id + 1000000000, v FROM sparse_bench LIMIT 2000");
    const double insert = (now() - start) * 1e6 / 2000;
    start = now();
    server.run("DELETE FROM sparse_bench WHERE id >= 1000000000");
    server.run("VACUUM sparse_bench");
    const double vacuum = now() - start;
    std::printf(
        "{\"rows\": %zu, \"load_s\": %.2f, \"heap_bytes\": %s, \"index_bytes\": %s, \"build_s\": "
        "%.2f, \"recall\": %.4f, "
        "\"index\": %s, \"scan\": %s, \"insert_us_per_row\": %.1f, \"delete_and_vacuum_s\": "
        "%.2f}\n",
        docs.size(), load, heap.c_str(), size.c_str(), build,
        static_cast<double>(hits) / static_cast<double>(wanted), index.text().c_str(),
        scan.text().c_str(), insert, vacuum);
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "sparse_server: %s\n", e.what());
    return 1;
  }
}
