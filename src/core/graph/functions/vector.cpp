// float32 vectors. A list of numbers stands for a vector wherever one is expected.
#include <cmath>

#include "core/graph/functions/tables.h"
#include "core/simd/distance.h"

namespace rv::graph {
namespace {

std::span<const float> floats(const Value& v, FunctionContext& c) {
  if (v.is(Kind::vector)) return v.as_vector();
  if (!v.is(Kind::list))
    raise_type(std::string(c.name) + "() expects vectors or lists of numbers, found " +
               std::string(kind_name(v.kind())));
  const auto items = v.as_list();
  auto* out = c.arena.array<float>(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!items[i].is_number())
      raise_type(std::string(c.name) + "() expects vectors or lists of numbers, found " +
                 std::string(kind_name(items[i].kind())));
    out[i] = static_cast<float>(items[i].as_double());
    if (!std::isfinite(out[i]))
      raise(ErrorCode::data_exception, "NaN and infinity cannot be in a vector",
            "ArgumentError: NumberOutOfRange");
  }
  return {out, items.size()};
}

Value make_vector(Args a, FunctionContext& c) {
  if (a[0].is(Kind::vector)) return a[0];
  return Value::vector(floats(a[0], c));
}

struct Pair {
  std::span<const float> a, b;
};

Pair pair_of(Args args, FunctionContext& c) {
  const Pair p{floats(args[0], c), floats(args[1], c)};
  if (p.a.size() != p.b.size())
    raise(ErrorCode::data_exception,
          "different vector dimensions " + std::to_string(p.a.size()) + " and " +
              std::to_string(p.b.size()),
          "ArgumentError: InvalidArgumentValue");
  return p;
}

double cosine(const Pair& p) {
  const auto s = simd::kernels().cosine_sums(p.a.data(), p.b.data(), p.a.size());
  const double similarity = static_cast<double>(s.dot) / std::sqrt(static_cast<double>(s.norm_a) *
                                                                   static_cast<double>(s.norm_b));
  return std::isnan(similarity) ? similarity : std::min(1.0, std::max(-1.0, similarity));
}

// Cosine similarity; null for a zero vector, which has no direction.
Value similarity(Args args, FunctionContext& c) {
  const double s = cosine(pair_of(args, c));
  return std::isnan(s) ? Value::null() : Value::floating(s);
}

Value distance(Args args, FunctionContext& c) {
  const Pair p = pair_of(args, c);
  const std::string_view metric =
      args.size() > 2 && args[2].is(Kind::string) ? args[2].as_string() : std::string_view("l2");
  const auto& k = simd::kernels();
  const std::size_t n = p.a.size();
  if (metric == "l2" || metric == "euclidean")
    return Value::floating(std::sqrt(static_cast<double>(k.l2_squared(p.a.data(), p.b.data(), n))));
  if (metric == "cosine") {
    const double s = cosine(p);
    return std::isnan(s) ? Value::null() : Value::floating(1.0 - s);
  }
  if (metric == "ip" || metric == "inner_product")
    return Value::floating(-static_cast<double>(k.inner_product(p.a.data(), p.b.data(), n)));
  if (metric == "l1" || metric == "manhattan")
    return Value::floating(static_cast<double>(k.l1(p.a.data(), p.b.data(), n)));
  raise_argument("unknown metric " + std::string(metric) + ": expected l2, cosine, ip or l1");
}

constexpr TypeSet kFloats = kVector | kList;

const FunctionInfo kFunctions[] = {
    {"vector", 1, 1, kFloats, 0, kVector, make_vector},
    {"ruvector.similarity", 2, 2, kFloats, kFloats, kFloating | kNullType, similarity},
    {"ruvector.distance", 2, 3, kFloats, kFloats | kString, kFloating | kNullType, distance},
};

}  // namespace

std::span<const FunctionInfo> vector_functions() { return kFunctions; }

}  // namespace rv::graph
