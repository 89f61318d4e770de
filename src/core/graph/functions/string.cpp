#include <algorithm>

#include "core/graph/functions/tables.h"
#include "core/graph/unicode.h"

namespace rv::graph {
namespace {

std::size_t length_argument(const Value& v, FunctionContext& c) {
  if (v.as_integer() < 0)
    raise_argument(std::string(c.name) + "() does not take negative numbers",
                   "ArgumentError: NumberOutOfRange");
  return static_cast<std::size_t>(v.as_integer());
}

Value left(Args a, FunctionContext& c) {
  const auto s = a[0].as_string();
  return Value::string(s.substr(0, unicode::offset(s, length_argument(a[1], c))));
}

Value right(Args a, FunctionContext& c) {
  const auto s = a[0].as_string();
  const std::size_t n = length_argument(a[1], c);
  const std::size_t all = unicode::count(s);
  return Value::string(n >= all ? s : s.substr(unicode::offset(s, all - n)));
}

Value substring(Args a, FunctionContext& c) {
  auto s = a[0].as_string();
  s = s.substr(unicode::offset(s, length_argument(a[1], c)));
  if (a.size() > 2) s = s.substr(0, unicode::offset(s, length_argument(a[2], c)));
  return Value::string(s);
}

// Characters of `set`, or white space, off the ends.
std::string_view strip(std::string_view s, std::string_view set, bool front, bool back) {
  const auto in_set = [&](std::size_t i) {
    if (set.empty()) return unicode::space_at(s, i);
    const std::size_t n = unicode::length_at(s, i);
    return set.find(s.substr(i, n)) != std::string_view::npos ? n : 0;
  };
  std::size_t begin = 0;
  while (front && begin < s.size() && in_set(begin) > 0) begin += in_set(begin);
  std::size_t end = s.size();
  if (back) {
    end = begin;
    for (std::size_t i = begin; i < s.size(); i += unicode::length_at(s, i))
      if (in_set(i) == 0) end = i + unicode::length_at(s, i);
  }
  return s.substr(begin, end - begin);
}

std::string_view set_of(Args a) { return a.size() > 1 ? a[1].as_string() : std::string_view(); }
Value trim(Args a, FunctionContext&) {
  return Value::string(strip(a[0].as_string(), set_of(a), true, true));
}
Value ltrim(Args a, FunctionContext&) {
  return Value::string(strip(a[0].as_string(), set_of(a), true, false));
}
Value rtrim(Args a, FunctionContext&) {
  return Value::string(strip(a[0].as_string(), set_of(a), false, true));
}

Value replace(Args a, FunctionContext& c) {
  const auto s = a[0].as_string();
  const auto what = a[1].as_string();
  const auto with = a[2].as_string();
  if (what.empty()) return a[0];
  std::string out;
  std::size_t at = 0;
  for (;;) {
    const std::size_t hit = s.find(what, at);
    if (hit == std::string_view::npos) break;
    out += s.substr(at, hit - at);
    out += with;
    at = hit + what.size();
  }
  out += s.substr(at);
  return make_string(c.arena, out);
}

Value split(Args a, FunctionContext& c) {
  const auto s = a[0].as_string();
  std::vector<std::string_view> separators;
  if (a[1].is(Kind::list)) {
    for (const Value& v : a[1].as_list()) {
      if (!v.is(Kind::string)) raise_type("split() expects STRING separators");
      separators.push_back(v.as_string());
    }
  } else {
    separators.push_back(a[1].as_string());
  }
  std::vector<Value> out;
  std::size_t start = 0;
  std::size_t at = 0;
  while (at < s.size()) {
    std::size_t cut = 0;
    bool hit = false;
    for (const auto sep : separators) {
      if (sep.empty() ? at > start : s.substr(at, sep.size()) == sep) {
        hit = true;
        cut = sep.size();
        break;
      }
    }
    if (!hit) {
      at += unicode::length_at(s, at);
      continue;
    }
    out.push_back(Value::string(s.substr(start, at - start)));
    at += cut;
    start = at;
    if (cut == 0) at += unicode::length_at(s, at);
  }
  out.push_back(Value::string(s.substr(start)));
  return make_list(c.arena, out);
}

Value to_lower(Args a, FunctionContext& c) {
  return make_string(c.arena, unicode::lower(a[0].as_string()));
}
Value to_upper(Args a, FunctionContext& c) {
  return make_string(c.arena, unicode::upper(a[0].as_string()));
}

Value char_length(Args a, FunctionContext&) {
  return Value::integer(static_cast<std::int64_t>(unicode::count(a[0].as_string())));
}

const FunctionInfo kStringFunctions[] = {
    {"left", 2, 2, kString, kInteger, kString, left},
    {"right", 2, 2, kString, kInteger, kString, right},
    {"substring", 2, 3, kString, kInteger, kString, substring},
    {"trim", 1, 2, kString, kString, kString, trim},
    {"btrim", 1, 2, kString, kString, kString, trim},
    {"lTrim", 1, 2, kString, kString, kString, ltrim},
    {"rTrim", 1, 2, kString, kString, kString, rtrim},
    {"replace", 3, 3, kString, kString, kString, replace},
    {"split", 2, 2, kString, kString | kList, kList, split},
    {"toLower", 1, 1, kString, 0, kString, to_lower},
    {"lower", 1, 1, kString, 0, kString, to_lower},
    {"toUpper", 1, 1, kString, 0, kString, to_upper},
    {"upper", 1, 1, kString, 0, kString, to_upper},
    {"char_length", 1, 1, kString, 0, kInteger, char_length},
    {"character_length", 1, 1, kString, 0, kInteger, char_length},
};

}  // namespace

std::span<const FunctionInfo> string_functions() { return kStringFunctions; }

}  // namespace rv::graph
