// Functions of lists and of any value.
#include <algorithm>

#include "core/graph/functions/range.h"
#include "core/graph/functions/tables.h"
#include "core/graph/unicode.h"

namespace rv::graph {
namespace {

Value coalesce(Args a, FunctionContext&) {
  for (const Value& v : a)
    if (!v.is_null()) return v;
  return Value::null();
}

Value exists(Args a, FunctionContext&) { return Value::boolean(!a[0].is_null()); }

Value null_if(Args a, FunctionContext&) {
  return equals(a[0], a[1]) == Truth::yes ? Value::null() : a[0];
}

Value head(Args a, FunctionContext&) {
  const auto items = a[0].as_list();
  return items.empty() ? Value::null() : items.front();
}

Value last(Args a, FunctionContext&) {
  const auto items = a[0].as_list();
  return items.empty() ? Value::null() : items.back();
}

Value tail(Args a, FunctionContext&) {
  const auto items = a[0].as_list();
  return Value::list(items.empty() ? items : items.subspan(1));
}

Value size(Args a, FunctionContext&) {
  if (a[0].is(Kind::string))
    return Value::integer(static_cast<std::int64_t>(unicode::count(a[0].as_string())));
  if (a[0].is(Kind::vector))
    return Value::integer(static_cast<std::int64_t>(a[0].as_vector().size()));
  return Value::integer(static_cast<std::int64_t>(a[0].as_list().size()));
}

Value is_empty(Args a, FunctionContext&) {
  if (a[0].is(Kind::string)) return Value::boolean(a[0].as_string().empty());
  if (a[0].is(Kind::map)) return Value::boolean(a[0].as_map().empty());
  return Value::boolean(a[0].as_list().empty());
}

Value reverse(Args a, FunctionContext& c) {
  if (a[0].is(Kind::list)) {
    std::vector<Value> items(a[0].as_list().begin(), a[0].as_list().end());
    std::reverse(items.begin(), items.end());
    return make_list(c.arena, items);
  }
  const std::string_view s = a[0].as_string();
  std::string out;
  out.reserve(s.size());
  std::vector<std::size_t> starts;
  for (std::size_t i = 0; i < s.size(); i += unicode::length_at(s, i)) starts.push_back(i);
  for (auto it = starts.rbegin(); it != starts.rend(); ++it)
    out += s.substr(*it, unicode::length_at(s, *it));
  return make_string(c.arena, out);
}

Value range(Args a, FunctionContext& c) {
  const IntegerRange r = integer_range(a);
  if (r.empty) return Value::list({});
  if (r.steps >= 100'000'000)
    throw Error(ErrorCode::limit_exceeded, "range() of more than 100000000 elements");
  const auto n = static_cast<std::size_t>(r.steps) + 1;
  auto* items = c.arena.array<Value>(n);
  for (std::size_t i = 0; i < n; ++i) new (items + i) Value(r.at(i));
  return Value::list({items, n});
}

Value value_type(Args a, FunctionContext& c) {
  return make_string(c.arena, kind_name(a[0].kind()));
}

constexpr TypeSet kListOrString = kList | kString;

const FunctionInfo kListFunctions[] = {
    {"coalesce", 1, -1, kAnyType, kAnyType, kAnyType, coalesce, false, Aggregate::none, true},
    {"exists", 1, 1, kAnyType, 0, kBoolean, exists, false},
    {"nullIf", 2, 2, kAnyType, kAnyType, kAnyType, null_if, false},
    {"head", 1, 1, kList, 0, kAnyType, head},
    {"last", 1, 1, kList, 0, kAnyType, last},
    {"tail", 1, 1, kList, 0, kList, tail},
    {"size", 1, 1, kListOrString | kVector, 0, kInteger, size},
    {"isEmpty", 1, 1, kListOrString | kMap, 0, kBoolean, is_empty},
    {"reverse", 1, 1, kListOrString, 0, kListOrString, reverse},
    {"range", 2, 3, kAnyType, kAnyType, kList, range},
    {"valueType", 1, 1, kAnyType, 0, kString, value_type, false},
};

}  // namespace

IntegerRange integer_range(std::span<const Value> args) {
  for (const Value& v : args)
    if (!v.is(Kind::integer))
      raise_argument("range() expects INTEGER, not " + std::string(kind_name(v.kind())),
                     "ArgumentError: InvalidArgumentType");
  IntegerRange out;
  out.first = args[0].as_integer();
  const std::int64_t to = args[1].as_integer();
  out.step = args.size() > 2 ? args[2].as_integer() : 1;
  if (out.step == 0)
    raise_argument("the step of range() must not be 0", "ArgumentError: NumberOutOfRange");
  out.empty = out.step > 0 ? out.first > to : out.first < to;
  if (out.empty) return out;
  const auto first = static_cast<std::uint64_t>(out.first);
  const auto last = static_cast<std::uint64_t>(to);
  const auto step = static_cast<std::uint64_t>(out.step);
  out.steps = out.step > 0 ? (last - first) / step : (first - last) / (0 - step);
  return out;
}

std::span<const FunctionInfo> list_functions() { return kListFunctions; }

}  // namespace rv::graph
