// The measuring phases: queries, throughput, inserts, deletes and VACUUM.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "core/base/rng.h"
#include "experiment.h"
#include "plan.h"
#include "process.h"

namespace rv::bench {
namespace {

double load_average() {
  double load = -1;
  return getloadavg(&load, 1) == 1 ? load : -1;
}

std::string literal(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + "'";
}

void latencies(Json& out, const std::vector<double>& seconds) {
  double sum = 0;
  for (const double s : seconds) sum += s;
  out.field("p50_ms", 1e3 * percentile(seconds, 50))
      .field("p90_ms", 1e3 * percentile(seconds, 90))
      .field("p99_ms", 1e3 * percentile(seconds, 99))
      .field("mean_ms", 1e3 * sum / static_cast<double>(seconds.size()));
}

}  // namespace

Client::Parameters Experiment::parameters(std::size_t query) const {
  Client::Parameters p;
  p.vector(type_, queries_.row(query), queries_.dim);
  if (!query_attribute_.empty()) p.text(query_attribute_[query]);
  return p;
}

std::string Experiment::explain_arguments(std::size_t query) const {
  std::string vector = "[";
  char number[32];
  for (std::size_t i = 0; i < queries_.dim; ++i) {
    std::snprintf(number, sizeof number, i == 0 ? "%.9g" : ",%.9g",
                  static_cast<double>(queries_.row(query)[i]));
    vector += number;
  }
  std::string arguments = "'" + vector + "]'";
  if (!query_attribute_.empty()) arguments += ", " + literal(query_attribute_[query]);
  return arguments;
}

std::string Experiment::explain(std::size_t query) {
  std::string plan;
  for (const auto& line :
       client_.column("EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, SUMMARY OFF) EXECUTE q(" +
                      explain_arguments(query) + ")"))
    plan += line + "\n";
  return plan;
}

std::string Experiment::sweep() {
  std::vector<std::string> results;
  const std::string& sweep = o_.text("sweep");
  if (!o_.given("sweep")) {
    client_.prepare("q", sql_);
    results.push_back(measure(""));
    return json_array(results);
  }
  const auto at = sweep.find('=');
  if (at == std::string::npos) throw std::runtime_error("--sweep is NAME=VALUE,VALUE,...");
  for (const auto& value : split(sweep.substr(at + 1), ',')) {
    const std::string setting = sweep.substr(0, at) + " = " + value;
    client_.run("SET " + setting);
    client_.prepare("q", sql_);
    results.push_back(measure(setting));
  }
  return json_array(results);
}

std::string Experiment::measure(const std::string& setting) {
  const std::size_t n = queries_.rows();
  for (std::size_t q = 0; q < std::min<std::size_t>(n, 10); ++q)
    client_.execute("q", parameters(q));  // warm up; the plan settles
  const std::string plan = explain(0);
  const auto indexes = indexes_in(plan);
  const bool used = std::find(indexes.begin(), indexes.end(), "bench_index") != indexes.end();
  if (o_.given("index") && !used && !o_.given("allow-scan"))
    scans_.push_back((setting.empty() ? "" : "with " + setting + ":\n") + plan);

  const std::size_t rounds = o_.number("repeat");
  std::vector<double> seconds;
  double recall = 0, rows = 0;
  std::size_t few = 0;
  std::vector<Client::Parameters> all;
  for (std::size_t q = 0; q < n; ++q) all.push_back(parameters(q));
  const double load = load_average();
  BackendWatch watch(client_.backend_pid());
  for (std::size_t round = 0; round < rounds; ++round)
    for (std::size_t q = 0; q < n; ++q) {
      const auto answer = client_.execute("q", all[q]);
      seconds.push_back(answer.seconds);
      if (round > 0) continue;
      recall += recall_of(truth_, base_, queries_, metric_, q, answer.ids);
      rows += static_cast<double>(answer.ids.size());
      few += answer.ids.size() < truth_.count[q];
    }
  const double cpu = watch.stop();
  Json out;
  out.field("setting", setting)
      .field("recall", recall / static_cast<double>(n))
      .field("rows", rows / static_cast<double>(n))
      .field("queries_with_too_few_rows", static_cast<double>(few));
  latencies(out, seconds);
  out.field("cpu_ms", 1e3 * cpu / static_cast<double>(n * rounds))
      .field("buffers", buffers_in(plan))
      .field("index_used", used ? 1.0 : 0.0)
      .field("load_average", load);
  Json qps;
  for (const auto& clients : split(o_.text("clients"), ','))
    qps.field(clients, queries_per_second(std::stoi(clients), setting));
  if (o_.given("clients")) out.raw("qps", qps.text());
  std::fprintf(stderr, "%s\n", out.text().c_str());
  return out.text();
}

double Experiment::queries_per_second(int clients, const std::string& setting) const {
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::exception_ptr failure;
  std::vector<std::unique_ptr<Client>> connections;
  for (int t = 0; t < clients; ++t) {
    connections.push_back(std::make_unique<Client>(o_.text("connect")));
    connections.back()->run(preset_);
    if (!setting.empty()) connections.back()->run("SET " + setting);
    connections.back()->prepare("q", sql_);
    connections.back()->execute("q", parameters(0));
  }
  const std::size_t n = queries_.rows(), each = n * o_.number("repeat");
  const double took = seconds_of([&] {
    for (int t = 0; t < clients; ++t)
      threads.emplace_back([&, t] {
        try {
          for (std::size_t i = 0; i < each; ++i)
            connections[static_cast<std::size_t>(t)]->execute(
                "q", parameters((i + static_cast<std::size_t>(t) * 7) % n));
        } catch (...) {
          const std::lock_guard lock(mutex);
          failure = std::current_exception();
        }
      });
    for (auto& thread : threads) thread.join();
  });
  if (failure) std::rethrow_exception(failure);
  return static_cast<double>(each) * clients / took;
}

double Experiment::wal_position() {
  return std::stod(
      client_.value("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8"));
}

// New vectors near existing ones: equal ones would measure how an index handles duplicates.
std::string Experiment::insert_rows(bool one_transaction, std::int64_t first_id) {
  const std::size_t n = o_.number("inserts");
  Rng rng(static_cast<std::uint64_t>(first_id));
  std::vector<Client::Parameters> rows;
  std::vector<float> v(base_.dim);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t from = rng.below(base_.rows());
    double squares = 0;
    for (std::size_t d = 0; d < v.size(); ++d) squares += base_.row(from)[d] * base_.row(from)[d];
    const double step = 0.3 * std::sqrt(squares / static_cast<double>(v.size()));
    for (std::size_t d = 0; d < v.size(); ++d)
      v[d] = base_.row(from)[d] + static_cast<float>(step * rng.normal());
    auto& p = rows.emplace_back();
    p.bigint(first_id + static_cast<std::int64_t>(i)).vector(type_, v.data(), v.size());
    for (const auto& a : attributes_) p.text(a.values[from]);
  }
  std::string sql = "INSERT INTO " + table_ + " VALUES ($1::bigint, $2::" + column_type_;
  for (std::size_t i = 0; i < attributes_.size(); ++i)
    sql += ", $" + std::to_string(i + 3) + "::" + attributes_[i].sql_type();
  client_.prepare("i", sql + ")");
  std::vector<double> seconds;
  const double wal = wal_position();
  BackendWatch watch(client_.backend_pid());
  const double took = seconds_of([&] {
    if (one_transaction) client_.run("BEGIN");
    for (const auto& p : rows) seconds.push_back(client_.execute("i", p).seconds);
    if (one_transaction) client_.run("COMMIT");
  });
  Json out;
  out.field("rows_per_s", static_cast<double>(n) / took);
  latencies(out, seconds);
  out.field("cpu_ms", 1e3 * watch.stop() / static_cast<double>(n))
      .field("wal_bytes_per_row", (wal_position() - wal) / static_cast<double>(n));
  return out.text();
}

void Experiment::inserts(Json& out) {
  constexpr std::int64_t kFirst = 1'000'000'000, kSecond = 2'000'000'000;
  out.raw("insert_one_transaction", insert_rows(true, kFirst));
  out.raw("insert_autocommit", insert_rows(false, kSecond));
  client_.run("DELETE FROM " + table_ + " WHERE id >= " + std::to_string(kFirst));
  client_.run("VACUUM " + table_);
}

void Experiment::deletes(Json& out) {
  const std::string gone = "id % 100 < " + o_.text("delete");
  client_.run("DELETE FROM " + table_ + " WHERE " + gone);
  truth_ = search_truth(base_, queries_, k_, metric_, candidates("true"));
  out.field("deleted_percent", static_cast<double>(o_.number("delete")));
  out.raw("results_after_delete", sweep());
  const double wal = wal_position();
  BackendWatch watch(client_.backend_pid());
  const double seconds =
      seconds_of([&] { client_.run("VACUUM (INDEX_CLEANUP ON, PARALLEL 0) " + table_); });
  out.field("vacuum_s", seconds)
      .field("vacuum_cpu_s", watch.stop())
      .field("vacuum_wal_bytes", wal_position() - wal);
  if (o_.given("index"))
    out.field("index_bytes_after_vacuum",
              std::stod(client_.value("SELECT pg_relation_size('" +
                                      quote_identifier(o_.text("schema")) + ".bench_index')")));
  out.raw("results_after_vacuum", sweep());
}

}  // namespace rv::bench
