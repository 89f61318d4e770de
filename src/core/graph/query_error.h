// Errors that know where in the query they are.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace rv::graph {

// `name` is the openCypher name of the error, "SyntaxError: UndefinedVariable"; it opens the
// detail, followed by line, column (from 1, in characters) and the line with a caret below.
Error query_error(ErrorCode code, std::string_view query, std::size_t position,
                  const std::string& message, std::string_view name, const std::string& hint = {});

// The same error with the place added to its detail, which so far holds the name alone.
Error locate(const Error& error, std::string_view query, std::size_t position);

// An error of evaluation. Who knows the place adds it with locate().
[[noreturn]] void raise(ErrorCode code, const std::string& message, std::string_view name);
[[noreturn]] void raise_type(const std::string& message,
                             std::string_view name = "TypeError: InvalidArgumentType");
[[noreturn]] void raise_argument(const std::string& message,
                                 std::string_view name = "ArgumentError: InvalidArgumentValue");

}  // namespace rv::graph
