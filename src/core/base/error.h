// Errors of the pure C++ core. The pg floor maps them to SQLSTATEs (pg/base/guard.cpp).
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace rv {

// What went wrong, in SQLSTATE terms. sqlstate_of() in src/pg/base is the only mapping.
enum class ErrorCode : unsigned char {
  internal,              // XX000  a bug in ruvector
  invalid_text,          // 22P02  malformed literal
  out_of_range,          // 22003  number does not fit
  data_exception,        // 22000  dimensions differ, NaN, malformed binary value
  invalid_argument,      // 22023  a parameter outside its documented range
  null_not_allowed,      // 22004
  limit_exceeded,        // 54000  more dimensions, elements ... than the format holds
  not_supported,         // 0A000
  syntax_error,          // 42601  Cypher and other query text
  undefined_object,      // 42704
  duplicate_object,      // 42710
  undefined_column,      // 42703
  type_mismatch,         // 42804
  constraint_violation,  // 23514
  unique_violation,      // 23505
  wrong_state,           // 55000  object exists but cannot be used this way now
  division_by_zero,      // 22012
  out_of_memory,         // 53200  also: over work_mem or maintenance_work_mem
  too_complex,           // 54001  nesting deeper than the limit
  protocol_violation,    // 08P01  a binary message ends early
  corrupted_data,        // XX001
  corrupted_index,       // XX002
};

// The core's one exception. `message` follows PostgreSQL's style: lower case, no full stop,
// names the offending value and the limit. `detail` and `hint` are full sentences or empty.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message, std::string detail = {}, std::string hint = {})
      : std::runtime_error(message),
        code_(code),
        detail_(std::move(detail)),
        hint_(std::move(hint)) {}
  ErrorCode code() const noexcept { return code_; }
  const std::string& detail() const noexcept { return detail_; }
  const std::string& hint() const noexcept { return hint_; }

 private:
  ErrorCode code_;
  std::string detail_;
  std::string hint_;
};

}  // namespace rv
