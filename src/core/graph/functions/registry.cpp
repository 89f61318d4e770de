#include <algorithm>
#include <unordered_map>
#include <vector>

#include "core/graph/functions/tables.h"

namespace rv::graph {
namespace {

std::string lower_ascii(std::string_view s) {
  std::string out(s);
  for (char& c : out) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return out;
}

const std::vector<const FunctionInfo*>& registry() {
  static const auto* all = [] {
    auto* v = new std::vector<const FunctionInfo*>();
    for (const auto table :
         {aggregate_functions(), graph_functions(), list_functions(), string_functions(),
          conversion_functions(), math_functions(), temporal_functions(), spatial_functions(),
          vector_functions(), vector_path_functions()})
      for (const FunctionInfo& f : table) v->push_back(&f);
    return v;
  }();
  return *all;
}

const FunctionInfo kAggregates[] = {
    {"count", 1, 1, kAnyType, kAnyType, kInteger, nullptr, false, Aggregate::count},
    {"sum", 1, 1, kNumber | kDuration, 0, kNumber | kDuration, nullptr, false, Aggregate::sum},
    {"avg", 1, 1, kNumber | kDuration, 0, kFloating | kDuration | kNullType, nullptr, false,
     Aggregate::avg},
    {"min", 1, 1, kAnyType, 0, kAnyType, nullptr, false, Aggregate::min},
    {"max", 1, 1, kAnyType, 0, kAnyType, nullptr, false, Aggregate::max},
    {"collect", 1, 1, kAnyType, 0, kList, nullptr, false, Aggregate::collect},
    {"stDev", 1, 1, kNumber, 0, kFloating, nullptr, false, Aggregate::stdev},
    {"stDevP", 1, 1, kNumber, 0, kFloating, nullptr, false, Aggregate::stdevp},
    {"percentileCont", 2, 2, kNumber, kNumber, kFloating | kNullType, nullptr, false,
     Aggregate::percentile_cont},
    {"percentileDisc", 2, 2, kNumber, kNumber, kNumber | kNullType, nullptr, false,
     Aggregate::percentile_disc},
};

}  // namespace

std::span<const FunctionInfo> aggregate_functions() { return kAggregates; }

std::span<const FunctionInfo* const> all_functions() { return registry(); }

const FunctionInfo* find_function(std::string_view name) {
  static const auto* by_name = [] {
    auto* m = new std::unordered_map<std::string, const FunctionInfo*>();
    for (const FunctionInfo* f : registry()) m->emplace(lower_ascii(f->name), f);
    return m;
  }();
  const auto at = by_name->find(lower_ascii(name));
  return at == by_name->end() ? nullptr : at->second;
}

}  // namespace rv::graph
