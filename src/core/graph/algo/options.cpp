#include <algorithm>
#include <string>

#include "core/base/error.h"
#include "core/graph/algo/algorithm.h"

namespace rv::graph {
namespace {

[[noreturn]] void fail_type(std::string_view name, const char* expected) {
  throw Error(ErrorCode::invalid_argument,
              "option \"" + std::string(name) + "\" must be " + expected);
}

}  // namespace

AlgorithmHost& algorithm_host() {
  static auto* const host = new AlgorithmHost;
  return *host;
}

Options::Options(const Value& map) {
  if (map.is_null()) return;
  if (!map.is(Kind::map))
    throw Error(ErrorCode::invalid_argument, "options of an algorithm must be a map");
  entries_ = map.as_map();
  asked_.resize(entries_.size(), false);
}

const Value* Options::find(std::string_view name) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].key != name) continue;
    asked_[i] = true;
    return entries_[i].value.is_null() ? nullptr : &entries_[i].value;
  }
  return nullptr;
}

double Options::number(std::string_view name, double otherwise) {
  const Value* v = find(name);
  if (v == nullptr) return otherwise;
  if (!v->is_number()) fail_type(name, "a number");
  return v->as_double();
}

std::int64_t Options::integer(std::string_view name, std::int64_t otherwise, std::int64_t least,
                              std::int64_t most) {
  const Value* v = find(name);
  if (v == nullptr) return otherwise;
  if (!v->is(Kind::integer)) fail_type(name, "an integer");
  if (v->as_integer() < least || v->as_integer() > most)
    throw Error(ErrorCode::invalid_argument,
                "option \"" + std::string(name) + "\" must be between " + std::to_string(least) +
                    " and " + std::to_string(most) + ", not " + std::to_string(v->as_integer()));
  return v->as_integer();
}

bool Options::boolean(std::string_view name, bool otherwise) {
  const Value* v = find(name);
  if (v == nullptr) return otherwise;
  if (!v->is(Kind::boolean)) fail_type(name, "true or false");
  return v->as_boolean();
}

std::string_view Options::text(std::string_view name, std::string_view otherwise) {
  const Value* v = find(name);
  if (v == nullptr) return otherwise;
  if (!v->is(Kind::string)) fail_type(name, "a string");
  return v->as_string();
}

Value Options::any(std::string_view name) {
  const Value* v = find(name);
  return v == nullptr ? Value() : *v;
}

void Options::check() const {
  for (std::size_t i = 0; i < entries_.size(); ++i)
    if (!asked_[i])
      throw Error(ErrorCode::invalid_argument,
                  "unknown option \"" + std::string(entries_[i].key) + "\" of the algorithm");
}

Orientation orientation_option(Options& options, Orientation otherwise) {
  std::string text(options.text("orientation", ""));
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (text.empty()) return otherwise;
  if (text == "natural") return Orientation::natural;
  if (text == "reverse") return Orientation::reverse;
  if (text == "undirected") return Orientation::undirected;
  throw Error(ErrorCode::invalid_argument, "unknown orientation \"" + text + "\"", {},
              "Use natural, reverse or undirected.");
}

Csr oriented(Csr graph, Orientation orientation) {
  if (orientation == Orientation::reverse) return graph.reversed();
  if (orientation == Orientation::undirected) return graph.undirected(false);
  return graph;
}

void check_graph_memory(std::size_t nodes, std::size_t edges) {
  const AlgorithmHost& host = algorithm_host();
  if (host.memory_limit == nullptr) return;
  const std::size_t need = Csr::bytes_for(nodes, edges);
  if (need <= host.memory_limit()) return;
  throw Error(ErrorCode::out_of_memory,
              "memory required is " + std::to_string((need >> 20) + 1) + " MB for a graph of " +
                  std::to_string(edges) + " edges, " + host.memory_setting + " is " +
                  std::to_string(host.memory_limit() >> 20) + " MB",
              {}, std::string("Increase ") + host.memory_setting + ".");
}

}  // namespace rv::graph
