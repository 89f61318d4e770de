// SQL from C++. A session is open as long as its object; results are read through typed getters
// and must not outlive it.
//
// Statements name the extension's own tables as "@.table": the schema that the extension lies in
// now is put there, quoted. Values always travel as parameters.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "pg/base/guard.h"

extern "C" {
#include "executor/spi.h"
}

namespace rv::pg {

// The schema of the function that was called: for functions of the extension, the extension's.
Oid schema_of_function(FunctionCallInfo fcinfo);

struct SqlValue {
  Oid type = InvalidOid;
  Datum datum = 0;
  bool null = true;
};
SqlValue sql_text(std::string_view s);
SqlValue sql_name(const std::string& s);
SqlValue sql_int(std::int64_t v);  // bigint
SqlValue sql_real(double v);       // double precision; NaN becomes NULL
SqlValue sql_bool(bool v);
SqlValue sql_json(const std::string& s);  // jsonb
SqlValue sql_text_array(const std::vector<std::string>& v);
SqlValue sql_real_array(const std::vector<double>& v);  // real[]
SqlValue sql_bytes(const void* bytes, std::size_t size);
SqlValue sql_null(Oid type);

class SqlSession;

// Rows of a query. Columns count from 0.
class SqlRows {
 public:
  std::size_t size() const noexcept { return count_; }
  std::uint64_t affected() const noexcept { return affected_; }
  bool is_null(std::size_t row, int column) const;
  Datum datum(std::size_t row, int column, bool* null) const;
  std::string text(std::size_t row, int column) const;  // in the type's text form; NULL: empty
  double real(std::size_t row, int column, double if_null = 0) const;  // double precision
  std::int64_t integer(std::size_t row, int column, std::int64_t if_null = 0) const;  // bigint
  bool boolean(std::size_t row, int column) const;                                    // NULL: false

 private:
  friend class SqlSession;
  SPITupleTable* table_ = nullptr;
  std::size_t count_ = 0;
  std::uint64_t affected_ = 0;
};

class SqlSession {
 public:
  explicit SqlSession(Oid schema);
  ~SqlSession();
  SqlSession(const SqlSession&) = delete;
  SqlSession& operator=(const SqlSession&) = delete;

  // Runs one statement whose plan is kept for the life of the backend (statement: a literal).
  // read_only uses the caller's snapshot and refuses writes.
  SqlRows run(const char* statement, std::initializer_list<SqlValue> values = {},
              bool read_only = false, long limit = 0);
  // The same without keeping the plan, for statements put together at run time.
  SqlRows run_once(const std::string& statement, const std::vector<SqlValue>& values = {},
                   bool read_only = false, long limit = 0);

  Oid schema() const noexcept { return schema_; }
  // A name in the extension's schema, quoted and qualified.
  std::string qualified(const char* name) const;

 private:
  SqlRows finish(int code) const;
  std::string expand(std::string_view statement) const;

  Oid schema_;
  std::string prefix_;
  int exceptions_;
};

// Relation of that name in the schema; InvalidOid when there is none.
Oid relation_in_schema(Oid schema, const char* name);

}  // namespace rv::pg
