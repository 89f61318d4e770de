// Rows of a query in batches, for results larger than memory should hold at once. Needs an open
// SqlSession; runs with the caller's snapshot and rights, read-only. Interrupts are taken between
// batches.
#pragma once

#include <functional>
#include <string>

#include "pg/base/spi.h"

extern "C" {
#include "utils/portal.h"
}

namespace rv::pg {

class SqlCursor {
 public:
  explicit SqlCursor(const std::string& query, long batch = 256);
  ~SqlCursor() = default;  // the portal ends with the session or the transaction
  SqlCursor(const SqlCursor&) = delete;
  SqlCursor& operator=(const SqlCursor&) = delete;

  int columns() const noexcept { return description_->natts; }
  Oid column_type(int column) const;  // domains: the base type
  // The next row, valid until the next call; false at the end.
  bool next();
  Datum value(int column, bool* null) const;
  // The value in the type's text form, which must not be NULL (22004 names the column).
  std::string text(int column) const;
  void close();

 private:
  Portal portal_;
  TupleDesc description_;
  long batch_;
  SPITupleTable* table_ = nullptr;
  std::size_t count_ = 0, at_ = 0;
};

// "column" and schema-qualified table, quoted.
std::string quoted_name(const char* name);
std::string quoted_relation(Oid relation);

}  // namespace rv::pg
