#include "core/graph/query_error.h"

#include <algorithm>

namespace rv::graph {
namespace {

constexpr std::size_t kShown = 70;  // bytes of the line on either side of the place

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

std::string place(std::string_view query, std::size_t position) {
  position = std::min(position, query.size());
  const std::string_view before = query.substr(0, position);
  const std::size_t line = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  const std::size_t start = line == 0 ? 0 : before.rfind('\n') + 1;
  const std::size_t stop = std::min(query.find('\n', position), query.size());
  const std::size_t column = characters(query.substr(start, position - start));
  std::size_t from = position - start > kShown ? position - kShown : start;
  std::size_t to = stop - position > kShown ? position + kShown : stop;
  while (from > start && continues(query[from])) --from;
  while (to < stop && continues(query[to])) ++to;
  std::string out =
      " at line " + std::to_string(line + 1) + ", column " + std::to_string(column + 1) + ".\n";
  out += query.substr(from, to - from);
  out += '\n';
  out.append(characters(query.substr(from, position - from)), ' ');
  out += '^';
  return out;
}

}  // namespace

Error query_error(ErrorCode code, std::string_view query, std::size_t position,
                  const std::string& message, std::string_view name, const std::string& hint) {
  return {code, message, std::string(name) + place(query, position), hint};
}

Error locate(const Error& error, std::string_view query, std::size_t position) {
  const bool named = !error.detail().empty() && error.detail().find('\n') == std::string::npos;
  std::string detail = named ? error.detail() : std::string("Raised");
  if (!error.detail().empty() && !named) return error;
  if (!detail.empty() && detail.back() == '.') detail.pop_back();
  return {error.code(), error.what(), detail + place(query, position), error.hint()};
}

void raise(ErrorCode code, const std::string& message, std::string_view name) {
  throw Error(code, message, std::string(name));
}

void raise_type(const std::string& message, std::string_view name) {
  raise(ErrorCode::type_mismatch, message, name);
}

void raise_argument(const std::string& message, std::string_view name) {
  raise(ErrorCode::invalid_argument, message, name);
}

}  // namespace rv::graph
