// A libpq client with prepared statements and binary vectors.
#pragma once

#include <libpq-fe.h>

#include <string>
#include <vector>

#include "data.h"

namespace rv::bench {

class Client {
 public:
  explicit Client(const std::string& conninfo);
  ~Client() { PQfinish(connection_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Errors carry the SQLSTATE.
  void run(const std::string& sql);
  std::string value(const std::string& sql);
  void load(const std::string& table, const Matrix& rows);  // binary COPY of (id bigint, v vector)
  void prepare(const std::string& sql);                     // $1: the query vector, $2: k
  // Ids (from 0) and seconds of one prepared query.
  struct Answer {
    std::vector<std::size_t> ids;
    double seconds;
  };
  Answer query(const float* v, std::size_t dim, int k);
  // Seconds on a processor that the backend has used so far; negative when /proc does not tell.
  double backend_cpu_seconds() const;

 private:
  [[noreturn]] void fail(PGresult* result, const std::string& what) const;
  PGconn* connection_;
};

}  // namespace rv::bench
