// Several columns of a row at once, into variables.
#pragma once

#include <string>

#include "pg/base/spi.h"

namespace rv::pg {

inline void read_column(const SqlRows& r, std::size_t row, int column, std::string& out) {
  if (!r.is_null(row, column)) out = r.text(row, column);
}
inline void read_column(const SqlRows& r, std::size_t row, int column, double& out) {
  out = r.real(row, column, out);
}
inline void read_column(const SqlRows& r, std::size_t row, int column, std::int64_t& out) {
  out = r.integer(row, column, out);
}
inline void read_column(const SqlRows& r, std::size_t row, int column, int& out) {
  out = static_cast<int>(r.integer(row, column, out));
}
inline void read_column(const SqlRows& r, std::size_t row, int column, bool& out) {
  if (!r.is_null(row, column)) out = r.boolean(row, column);
}

// Columns from `first` on, in the order of the variables; NULL leaves a variable as it is. Whole
// numbers are bigint columns; a TimestampTz is a timestamptz one.
template <class... T>
void read_columns(const SqlRows& r, std::size_t row, int first, T&... out) {
  int column = first;
  (read_column(r, row, column++, out), ...);
}

}  // namespace rv::pg
