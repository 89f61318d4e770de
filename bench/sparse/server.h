// A connection that is measured: wall-clock time of each query, and processor time of the backend.
#pragma once

#include <libpq-fe.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include "../macro/process.h"

namespace rv::bench {

inline double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
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
    return first_column(sql, PQexecParams(c_, sql.c_str(), static_cast<int>(values.size()), nullptr,
                                          values.data(), nullptr, nullptr, 0));
  }
  void prepare(const std::string& sql) {
    first_column(sql, PQprepare(c_, "q", sql.c_str(), 0, nullptr));
  }
  // The prepared query, whose parameters are the given ones.
  std::vector<std::string> execute(const std::string& parameter) {
    const char* value = parameter.c_str();
    return first_column("prepared query", PQexecPrepared(c_, "q", 1, &value, nullptr, nullptr, 0));
  }
  void copy_begin(const std::string& sql) { PQclear(PQexec(c_, sql.c_str())); }
  void copy_line(const std::string& line) {
    PQputCopyData(c_, line.data(), static_cast<int>(line.size()));
  }
  void copy_end() {
    PQputCopyEnd(c_, nullptr);
    first_column("COPY", PQgetResult(c_));
    PQclear(PQgetResult(c_));
  }
  int pid() const { return PQbackendPID(c_); }

 private:
  static std::vector<std::string> first_column(const std::string& sql, PGresult* r) {
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

  PGconn* c_;
};

// Times of the queries of one kind.
class Times {
 public:
  template <class Query>
  auto measure(const Server& server, Query query) {
    const double cpu = cpu_seconds(server.pid()), start = now();
    auto result = query();
    wall_.push_back((now() - start) * 1e3);
    cpu_.push_back((cpu_seconds(server.pid()) - cpu) * 1e3);
    return result;
  }
  std::string json() {
    char out[240];
    std::snprintf(out, sizeof out,
                  "{\"mean_ms\": %.3f, \"p50_ms\": %.3f, \"p95_ms\": %.3f, \"cpu_mean_ms\": %.3f, "
                  "\"cpu_p50_ms\": %.3f}",
                  mean(wall_), at(wall_, 50), at(wall_, 95), mean(cpu_), at(cpu_, 50));
    return out;
  }

 private:
  static double mean(const std::vector<double>& v) {
    double sum = 0;
    for (const double x : v) sum += x;
    return v.empty() ? 0 : sum / static_cast<double>(v.size());
  }
  static double at(std::vector<double>& v, std::size_t percent) {
    if (v.empty()) return 0;
    std::sort(v.begin(), v.end());
    return v[v.size() * percent / 100];
  }
  std::vector<double> wall_, cpu_;
};

// A command's wall-clock time, and the processor time of its backend and parallel workers.
struct Work {
  double seconds, cpu;
  int workers;
};
inline Work timed(Server& server, const std::string& sql) {
  BackendWatch watch(server.pid());
  const double start = now();
  server.run(sql);
  const double seconds = now() - start;
  const double cpu = watch.stop();
  return {seconds, cpu, watch.workers()};
}

}  // namespace rv::bench
