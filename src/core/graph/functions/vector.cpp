// float32 vectors. A list of numbers stands for a vector wherever one is expected.
#include <cmath>

#include "core/graph/functions/tables.h"
#include "core/graph/functions/vector_distance.h"
#include "core/simd/distance.h"

namespace rv::graph {

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

VectorMetric vector_metric(std::string_view name) {
  if (name == "l2" || name == "euclidean") return VectorMetric::l2;
  if (name == "cosine") return VectorMetric::cosine;
  if (name == "ip" || name == "inner_product") return VectorMetric::ip;
  if (name == "l1" || name == "manhattan") return VectorMetric::l1;
  raise_argument("unknown metric " + std::string(name) + ": expected l2, cosine, ip or l1");
}

std::optional<double> vector_distance(std::span<const float> a, std::span<const float> b,
                                      VectorMetric metric) {
  if (a.size() != b.size())
    raise(ErrorCode::data_exception,
          "different vector dimensions " + std::to_string(a.size()) + " and " +
              std::to_string(b.size()),
          "ArgumentError: InvalidArgumentValue");
  const auto& k = simd::kernels();
  const std::size_t n = a.size();
  switch (metric) {
    case VectorMetric::l2:
      return std::sqrt(static_cast<double>(k.l2_squared(a.data(), b.data(), n)));
    case VectorMetric::ip:
      return -static_cast<double>(k.inner_product(a.data(), b.data(), n));
    case VectorMetric::l1:
      return static_cast<double>(k.l1(a.data(), b.data(), n));
    case VectorMetric::cosine:
      break;
  }
  const auto s = k.cosine_sums(a.data(), b.data(), n);
  const double similarity = static_cast<double>(s.dot) / std::sqrt(static_cast<double>(s.norm_a) *
                                                                   static_cast<double>(s.norm_b));
  if (std::isnan(similarity)) return std::nullopt;
  return 1.0 - std::min(1.0, std::max(-1.0, similarity));
}

namespace {

Value make_vector(Args a, FunctionContext& c) {
  if (a[0].is(Kind::vector)) return a[0];
  return Value::vector(floats(a[0], c));
}

// Cosine similarity; null for a zero vector, which has no direction.
Value similarity(Args args, FunctionContext& c) {
  const auto d = vector_distance(floats(args[0], c), floats(args[1], c), VectorMetric::cosine);
  return d ? Value::floating(1.0 - *d) : Value::null();
}

Value metric_distance(Args args, FunctionContext& c) {
  const auto metric = args.size() > 2 && args[2].is(Kind::string)
                          ? vector_metric(args[2].as_string())
                          : VectorMetric::l2;
  const auto d = vector_distance(floats(args[0], c), floats(args[1], c), metric);
  return d ? Value::floating(*d) : Value::null();
}

constexpr TypeSet kFloats = kVector | kList;

const FunctionInfo kVectorFunctions[] = {
    {"vector", 1, 1, kFloats, 0, kVector, make_vector},
    {"ruvector.similarity", 2, 2, kFloats, kFloats, kFloating | kNullType, similarity},
    {"ruvector.distance", 2, 3, kFloats, kFloats | kString, kFloating | kNullType, metric_distance},
};

}  // namespace

std::span<const FunctionInfo> vector_functions() { return kVectorFunctions; }

}  // namespace rv::graph
