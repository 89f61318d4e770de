#include <cstdlib>

#include "pg/base/guard.h"

extern "C" {
#include "mb/pg_wchar.h"
}

namespace rv::pg {

int sqlstate_of(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::internal:
      return ERRCODE_INTERNAL_ERROR;
    case ErrorCode::invalid_text:
      return ERRCODE_INVALID_TEXT_REPRESENTATION;
    case ErrorCode::out_of_range:
      return ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE;
    case ErrorCode::data_exception:
      return ERRCODE_DATA_EXCEPTION;
    case ErrorCode::invalid_argument:
      return ERRCODE_INVALID_PARAMETER_VALUE;
    case ErrorCode::null_not_allowed:
      return ERRCODE_NULL_VALUE_NOT_ALLOWED;
    case ErrorCode::protocol_violation:
      return ERRCODE_PROTOCOL_VIOLATION;
    case ErrorCode::limit_exceeded:
      return ERRCODE_PROGRAM_LIMIT_EXCEEDED;
    case ErrorCode::not_supported:
      return ERRCODE_FEATURE_NOT_SUPPORTED;
    case ErrorCode::syntax_error:
      return ERRCODE_SYNTAX_ERROR;
    case ErrorCode::undefined_object:
      return ERRCODE_UNDEFINED_OBJECT;
    case ErrorCode::duplicate_object:
      return ERRCODE_DUPLICATE_OBJECT;
    case ErrorCode::undefined_column:
      return ERRCODE_UNDEFINED_COLUMN;
    case ErrorCode::type_mismatch:
      return ERRCODE_DATATYPE_MISMATCH;
    case ErrorCode::constraint_violation:
      return ERRCODE_CHECK_VIOLATION;
    case ErrorCode::unique_violation:
      return ERRCODE_UNIQUE_VIOLATION;
    case ErrorCode::wrong_state:
      return ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE;
    case ErrorCode::division_by_zero:
      return ERRCODE_DIVISION_BY_ZERO;
    case ErrorCode::out_of_memory:
      return ERRCODE_OUT_OF_MEMORY;
    case ErrorCode::too_complex:
      return ERRCODE_STATEMENT_TOO_COMPLEX;
    case ErrorCode::corrupted_data:
      return ERRCODE_DATA_CORRUPTED;
    case ErrorCode::corrupted_index:
      return ERRCODE_INDEX_CORRUPTED;
  }
  return ERRCODE_INTERNAL_ERROR;
}

namespace detail {
namespace {

template <std::size_t N>
void copy_text(char (&to)[N], const char* from) noexcept {
  std::strncpy(to, from, N - 1);
  to[N - 1] = '\0';
}

// Cuts at a character boundary when copy_text() cut the text off.
template <std::size_t N>
void clip_to_characters(char (&text)[N]) {
  const std::size_t length = std::strlen(text);
  if (length < N - 1) return;
  text[pg_mbcliplen(text, static_cast<int>(length), static_cast<int>(length))] = '\0';
}

}  // namespace

void ErrorReport::set(int code, const char* text) noexcept {
  sqlstate = code;
  copy_text(message, text);
  long_message = std::strlen(text) < sizeof(message) ? nullptr : strdup(text);
  detail[0] = '\0';
  hint[0] = '\0';
}

void ErrorReport::set(const Error& error) noexcept {
  set(sqlstate_of(error.code()), error.what());
  copy_text(detail, error.detail().c_str());
  copy_text(hint, error.hint().c_str());
}

bool describe_current_exception(ErrorReport& report) noexcept {
  try {
    throw;
  } catch (const PgError&) {
    return false;
  } catch (const Error& e) {
    report.set(e);
  } catch (const std::bad_alloc&) {
    report.set(ERRCODE_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception& e) {
    report.set(ERRCODE_INTERNAL_ERROR, e.what());
  } catch (...) {
    report.set(ERRCODE_INTERNAL_ERROR, "unknown C++ exception");
  }
  return true;
}

void raise(ErrorReport& report) {
  clip_to_characters(report.message);
  clip_to_characters(report.detail);
  clip_to_characters(report.hint);
  char* const long_message = report.long_message;
  ereport(ERROR, (errcode(report.sqlstate),
                  errmsg_internal("%s", long_message != nullptr ? long_message : report.message),
                  (std::free(long_message), 0),
                  report.detail[0] != '\0' ? errdetail_internal("%s", report.detail) : 0,
                  report.hint[0] != '\0' ? errhint("%s", report.hint) : 0));
  pg_unreachable();
}

}  // namespace detail
}  // namespace rv::pg
