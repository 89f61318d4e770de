// ruvector_bench: loads a data set, builds an index, measures recall, latency, processor time and
// sizes, and prints one JSON object. It speaks pgvector's SQL, so the same program measures both.
//
//   ruvector_bench --extension ruvector --rows 100000 --dim 768 --queries 20
//   ruvector_bench --extension vector --base base.fvecs.gz --query query.fvecs.gz --metric cosine
//     --index "hnsw (v vector_cosine_ops) WITH (m = 16)" --sweep hnsw.ef_search=40,64,100
//
// The server comes from libpq's environment (PGHOST, PGPORT, PGUSER, PGDATABASE). Everything is
// made in the schema ruvector_bench, which is dropped at the end (--keep: not).
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>

#include "client.h"
#include "data.h"
#include "report.h"

namespace rv::bench {
namespace {

struct Options {
  std::map<std::string, std::string> values = {{"extension", "ruvector"},
                                               {"rows", "10000"},
                                               {"dim", "768"},
                                               {"queries", "100"},
                                               {"metric", "l2"},
                                               {"k", "10"},
                                               {"repeat", "3"},
                                               {"set", ""},
                                               {"index", ""},
                                               {"sweep", ""},
                                               {"base", ""},
                                               {"query", ""},
                                               {"clients", "0"},
                                               {"inserts", "0"},
                                               {"keep", ""}};
  const std::string& text(const std::string& name) const { return values.at(name); }
  int number(const std::string& name) const { return std::stoi(values.at(name)); }
};

Options parse(int argc, char** argv) {
  Options o;
  for (int i = 1; i < argc; ++i) {
    const std::string name = std::string(argv[i]).substr(0, 2) == "--" ? argv[i] + 2 : "";
    if (o.values.count(name) == 0)
      throw std::runtime_error(std::string("unknown option ") + argv[i]);
    if (name == "keep") {
      o.values[name] = "yes";
    } else if (++i < argc) {
      o.values[name] = argv[i];
    } else {
      throw std::runtime_error("--" + name + " needs a value");
    }
  }
  return o;
}

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::vector<std::string> split(const std::string& s, char at) {
  std::vector<std::string> parts;
  for (std::size_t from = 0; from <= s.size();) {
    const std::size_t to = std::min(s.find(at, from), s.size());
    if (to > from) parts.push_back(s.substr(from, to - from));
    from = to + 1;
  }
  return parts;
}

struct Setup {
  Matrix base, queries;
  Metric metric;
  std::size_t k;
  std::vector<double> kth;  // distance of the k-th true neighbour
};

// A row counts as found when it is no farther than the k-th true neighbour, so ties are no errors.
double recall_of(const Setup& s, std::size_t q, const std::vector<std::size_t>& ids) {
  std::size_t found = 0;
  for (const std::size_t id : ids) {
    const double d = distance(s.metric, s.queries.row(q), s.base.row(id), s.base.dim);
    found += d <= s.kth[q] + 1e-6 * std::abs(s.kth[q]);
  }
  return static_cast<double>(std::min(found, s.k)) / static_cast<double>(s.k);
}

std::string measure(Client& c, const Setup& s, int repeat, const std::string& setting) {
  for (std::size_t q = 0; q < std::min<std::size_t>(s.queries.rows(), 5); ++q)
    c.query(s.queries.row(q), s.base.dim, static_cast<int>(s.k));  // warm up
  std::vector<double> latencies;
  double recall = 0, rows = 0;
  const double cpu = c.backend_cpu_seconds();
  for (int round = 0; round < repeat; ++round) {
    for (std::size_t q = 0; q < s.queries.rows(); ++q) {
      const auto answer = c.query(s.queries.row(q), s.base.dim, static_cast<int>(s.k));
      latencies.push_back(answer.seconds * 1e3);
      recall += recall_of(s, q, answer.ids);
      rows += static_cast<double>(answer.ids.size());
    }
  }
  const auto n = static_cast<double>(latencies.size());
  return Json()
      .field("setting", setting)
      .field("recall", recall / n)
      .field("rows", rows / n)
      .field("p50_ms", percentile(latencies, 50))
      .field("p90_ms", percentile(latencies, 90))
      .field("p99_ms", percentile(latencies, 99))
      .field("cpu_ms", cpu < 0 ? -1 : (c.backend_cpu_seconds() - cpu) * 1e3 / n)
      .text();
}

double queries_per_second(const Setup& s, const std::string& sql, const std::string& preset,
                          int clients) {
  std::vector<std::thread> threads;
  const double took = seconds_of([&] {
    for (int t = 0; t < clients; ++t)
      threads.emplace_back([&, t] {
        Client c("");
        c.run(preset);
        c.prepare(sql);
        for (std::size_t q = 0; q < s.queries.rows(); ++q)
          c.query(s.queries.row((q + static_cast<std::size_t>(t) * 7) % s.queries.rows()),
                  s.base.dim, static_cast<int>(s.k));
      });
    for (auto& t : threads) t.join();
  });
  return static_cast<double>(s.queries.rows()) * clients / took;
}

void run(const Options& o) {
  Setup s;
  s.metric = metric_of(o.text("metric"));
  for (const char* name : {"k", "rows", "dim", "queries", "repeat"})
    if (o.number(name) < 1)
      throw std::runtime_error(std::string("--") + name + " must be at least 1");
  s.k = static_cast<std::size_t>(o.number("k"));
  if (o.text("base").empty()) {
    const auto rows = static_cast<std::size_t>(o.number("rows"));
    const auto dim = static_cast<std::size_t>(o.number("dim"));
    const std::size_t centres = std::max<std::size_t>(1, rows / 100);
    s.base = make_clusters(rows, dim, 1, centres);
    s.queries = make_clusters(static_cast<std::size_t>(o.number("queries")), dim, 2, centres);
  } else {
    s.base = read_fvecs(o.text("base"));
    s.queries = read_fvecs(o.text("query"));
    const auto wanted = static_cast<std::size_t>(o.number("queries"));
    if (s.queries.rows() > wanted) s.queries.values.resize(wanted * s.queries.dim);
  }
  if (s.base.dim != s.queries.dim)
    throw std::runtime_error("base has " + std::to_string(s.base.dim) +
                             " dimensions, queries have " + std::to_string(s.queries.dim));
  s.kth = kth_distances(s.base, s.queries, s.k, s.metric);

  Client c("");
  c.run("SET client_min_messages = warning");
  c.run("CREATE EXTENSION IF NOT EXISTS " + o.text("extension"));
  c.run("CREATE SCHEMA ruvector_bench");  // fails when somebody has one: nothing of his is dropped
  c.run("CREATE TABLE ruvector_bench.t (id bigint PRIMARY KEY, v vector(" +
        std::to_string(s.base.dim) + "))");
  const double load = seconds_of([&] { c.load("ruvector_bench.t", s.base); });
  c.run("VACUUM ANALYZE ruvector_bench.t");
  std::string preset = "SET enable_seqscan = on";
  for (const auto& setting : split(o.text("set"), ';')) preset += "; SET " + setting;
  c.run(preset);
  Json out;
  out.field("extension", o.text("extension"))
      .field("version", c.value("SELECT extversion FROM pg_extension WHERE extname = '" +
                                o.text("extension") + "'"))
      .field("server", c.value("SHOW server_version"))
      .field("cpu", cpu_model())
      .field("cores", std::thread::hardware_concurrency())
      .field("set", o.text("set"))
      .field("metric", o.text("metric"))
      .field("rows", static_cast<double>(s.base.rows()))
      .field("dim", static_cast<double>(s.base.dim))
      .field("queries", static_cast<double>(s.queries.rows()))
      .field("k", static_cast<double>(s.k))
      .field("load_s", load)
      .field("table_bytes", std::stod(c.value("SELECT pg_table_size('ruvector_bench.t')")));
  if (!o.text("index").empty()) {
    out.field("index", o.text("index"));
    out.field("build_s", seconds_of([&] {
                c.run("CREATE INDEX bench_index ON ruvector_bench.t USING " + o.text("index"));
              }));
    out.field("index_bytes",
              std::stod(c.value("SELECT pg_relation_size('ruvector_bench.bench_index')")));
  }
  const std::string sql = std::string("SELECT id FROM ruvector_bench.t ORDER BY v ") +
                          operator_of(s.metric) + " $1::vector LIMIT $2::bigint";
  c.prepare(sql);
  std::vector<std::string> results;
  const auto sweep = split(o.text("sweep"), '=');
  if (sweep.size() == 2) {
    for (const auto& value : split(sweep[1], ',')) {
      c.run("SET " + sweep[0] + " = " + value);
      results.push_back(measure(c, s, o.number("repeat"), sweep[0] + "=" + value));
    }
  } else {
    results.push_back(measure(c, s, o.number("repeat"), ""));
  }
  out.raw("results", json_array(results));
  if (o.number("clients") > 0)
    out.field("clients", o.number("clients"))
        .field("qps", queries_per_second(s, sql, preset, o.number("clients")));
  if (o.number("inserts") > 0) {
    const int n = std::min<int>(o.number("inserts"), static_cast<int>(s.base.rows()));
    const double took = seconds_of([&] {
      for (int i = 0; i < n; ++i)
        c.run(
            "INSERT INTO ruvector_bench.t SELECT id + 1000000000, v FROM ruvector_bench.t WHERE id "
            "= " +
            std::to_string(i));
    });
    out.field("inserts_per_s", n / took);
    c.run("DELETE FROM ruvector_bench.t WHERE id % 10 < 3");
    out.field("vacuum_s", seconds_of([&] { c.run("VACUUM ruvector_bench.t"); }));
  }
  if (o.text("keep").empty()) c.run("DROP SCHEMA ruvector_bench CASCADE");
  std::printf("%s\n", out.text().c_str());
}

}  // namespace
}  // namespace rv::bench

int main(int argc, char** argv) {
  try {
    rv::bench::run(rv::bench::parse(argc, argv));
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "ruvector_bench: %s\n", e.what());
    return 1;
  }
}
