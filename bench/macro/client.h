// A libpq client with prepared statements and binary vectors.
#pragma once

#include <libpq-fe.h>

#include <map>
#include <string>
#include <vector>

#include "data.h"

namespace rv::bench {

enum class VectorType { vector, halfvec };

class Client {
 public:
  explicit Client(const std::string& conninfo);
  ~Client() { PQfinish(connection_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Errors carry the SQLSTATE and the statement.
  void run(const std::string& sql);
  std::string value(const std::string& sql);                // first column of the first row
  std::vector<std::string> column(const std::string& sql);  // first column of every row

  // Binary COPY of (id bigint, v TYPE, attributes...); ids count from 0.
  void load(const std::string& table, VectorType type, const Matrix& rows,
            const std::vector<Column>& attributes);

  // Statement parameters, ready to send, in PostgreSQL's binary form (text for attributes).
  class Parameters {
   public:
    Parameters& vector(VectorType type, const float* v, std::size_t dim);
    Parameters& bigint(std::int64_t x);
    Parameters& text(const std::string& x);

   private:
    friend class Client;
    std::vector<std::string> values_;
    std::vector<int> formats_;
  };
  void prepare(const std::string& name, const std::string& sql);
  // Ids of the first column (bigint; none for a command), and the seconds it took.
  struct Answer {
    std::vector<std::size_t> ids;
    double seconds;
  };
  Answer execute(const std::string& name, const Parameters& parameters);
  // Result of an EXPLAIN of a statement with parameters, one string.
  std::string explain(const std::string& sql, const Parameters& parameters);

  int backend_pid() const { return PQbackendPID(connection_); }

 private:
  [[noreturn]] void fail(PGresult* result, const std::string& what) const;
  PGconn* connection_;
};

std::string quote_identifier(const std::string& name);

}  // namespace rv::bench
