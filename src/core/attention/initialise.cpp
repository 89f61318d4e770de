#include "core/attention/initialise.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "core/base/error.h"
#include "core/base/rng.h"

namespace rv::attention {
namespace {

struct Maker {
  Params& params;
  Rng rng;

  // The last two sizes are fan-out and fan-in.
  void add(const char* name, std::vector<std::size_t> shape) {
    if (params.has(name)) return;
    Tensor t{shape, {}};
    std::size_t size = 1;
    for (const std::size_t n : shape) size *= n;
    const std::size_t in = shape.back(), out = shape.size() > 1 ? shape[shape.size() - 2] : 1;
    const double limit = std::sqrt(6.0 / static_cast<double>(in + out));
    t.data.resize(size);
    // Weights are stored as float32: what is used before storing equals what is read back.
    for (double& x : t.data) x = static_cast<float>((2 * rng.uniform() - 1) * limit);
    params.set(name, std::move(t));
  }
};

struct Sizes {
  std::size_t dim, hidden, head_dim, experts, seeds, rows, memory;
};

void heads(Maker& m, const Sizes& s, std::size_t query_heads, std::size_t kv_heads) {
  if (s.dim % query_heads != 0)
    throw Error(ErrorCode::invalid_argument, std::to_string(s.dim) +
                                                 " dimensions cannot be split into " +
                                                 std::to_string(query_heads) + " heads");
  const std::size_t kv = s.dim / query_heads * kv_heads;
  m.add("W_q", {s.dim, s.dim});
  m.add("W_k", {kv, s.dim});
  m.add("W_v", {kv, s.dim});
  m.add("W_o", {s.dim, s.dim});
}

using Make = std::function<void(Maker&, const Sizes&)>;

const std::map<std::string, Make>& makers() {
  static const auto* table = new std::map<std::string, Make>{
      {"multi_head",
       [](Maker& m, const Sizes& s) {
         const std::size_t h = m.params.count("num_heads", 8);
         heads(m, s, h, h);
       }},
      {"multi_query",
       [](Maker& m, const Sizes& s) { heads(m, s, m.params.count("num_heads", 8), 1); }},
      {"grouped_query",
       [](Maker& m, const Sizes& s) {
         heads(m, s, m.params.count("num_heads", 8), m.params.count("num_kv_heads", 2));
       }},
      {"bilinear",
       [](Maker& m, const Sizes& s) {
         m.add("W", {s.dim, s.dim});
       }},
      {"additive",
       [](Maker& m, const Sizes& s) {
         m.add("W", {s.hidden, s.dim});
         m.add("U", {s.hidden, s.dim});
         m.add("v", {s.hidden});
       }},
      {"target",
       [](Maker& m, const Sizes& s) {
         m.add("W_1", {s.hidden, 4 * s.dim});
         m.add("w_2", {s.hidden});
       }},
      {"moe",
       [](Maker& m, const Sizes& s) {
         m.add("W_g", {s.experts, s.dim});
         m.add("W_q", {s.experts, s.head_dim, s.dim});
         m.add("W_o", {s.experts, s.dim, s.head_dim});
         m.add("W_k", {s.head_dim, s.dim});
         m.add("W_v", {s.head_dim, s.dim});
       }},
      {"pma",
       [](Maker& m, const Sizes& s) {
         m.add("seeds", {s.seeds, s.dim});
         const std::size_t h = m.params.count("num_heads", 4);
         heads(m, s, h, h);
       }},
      {"hierarchical",
       [](Maker& m, const Sizes& s) {
         m.add("W_w", {s.hidden, s.dim});
         m.add("u_w", {s.hidden});
         m.add("W_s", {s.hidden, s.dim});
         m.add("u_s", {s.hidden});
       }},
      {"self_attentive_pooling",
       [](Maker& m, const Sizes& s) {
         m.add("W_1", {s.hidden, s.dim});
         m.add("W_2", {s.rows, s.hidden});
       }},
      {"external",
       [](Maker& m, const Sizes& s) {
         m.add("M_k", {s.memory, s.dim});
         m.add("M_v", {s.memory, s.dim});
       }},
  };
  return *table;
}

}  // namespace

void initialise(const TypeInfo& type, Params& params, std::uint64_t seed) {
  const auto make = makers().find(type.name);
  if (make == makers().end())
    throw Error(ErrorCode::invalid_argument,
                std::string("attention type \"") + type.name + "\" has no initial weights", {},
                "Give its arrays as weights.");
  if (!params.has("dim"))
    throw Error(ErrorCode::invalid_argument, "parameter \"dim\" is missing", {},
                "Initial weights need the dimensions of the vectors, for example {\"dim\": 256}.");
  Sizes s{};
  s.dim = params.count("dim", 1);
  s.hidden = params.count("hidden", s.dim);
  s.experts = params.count("num_experts", 8);
  s.head_dim = params.count("head_dim", std::max<std::size_t>(1, s.dim / 4));
  s.seeds = params.count("num_seeds", 1);
  s.rows = params.count("rows", 1);
  s.memory = params.count("memory", 64);
  if (s.dim > 16000 || s.hidden > 16000 || s.experts > 10000 || s.seeds > 10000 || s.rows > 10000 ||
      s.memory > 100000 || s.dim * std::max(s.hidden, s.dim) > 100000000)
    throw Error(ErrorCode::limit_exceeded, "initial weights would be too large");
  for (const char* size :
       {"dim", "hidden", "num_experts", "head_dim", "num_seeds", "rows", "memory"})
    params.erase(size);
  Maker maker{params, Rng(mix64(seed))};
  make->second(maker, s);
}

}  // namespace rv::attention
