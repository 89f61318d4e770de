#include "pg/am/indexed_vectors.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "core/base/rng.h"
#include "core/geometry/surrogate.h"
#include "core/simd/distance.h"
#include "core/types/bits.h"
#include "core/types/dense.h"
#include "core/types/sparse.h"

extern "C" {
#include "access/genam.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/syscache.h"
#include "utils/varbit.h"
}

namespace rv::pg {
namespace {

constexpr int kDistanceProc = 1, kNormProc = 2;
constexpr int kMaxBits = 64000;

struct KnownFunction {
  const char* symbol;
  ElementType type;
  DistanceKind distance;
};
constexpr KnownFunction kKnown[] = {
    {"rv_vector_l2_squared_distance", ElementType::vector, DistanceKind::l2},
    {"rv_vector_negative_inner_product", ElementType::vector, DistanceKind::inner_product},
    {"rv_vector_l1_distance", ElementType::vector, DistanceKind::l1},
    {"rv_poincare_distance", ElementType::vector, DistanceKind::poincare},
    {"rv_lorentz_distance", ElementType::vector, DistanceKind::lorentz},
    {"rv_halfvec_l2_squared_distance", ElementType::halfvec, DistanceKind::l2},
    {"rv_halfvec_negative_inner_product", ElementType::halfvec, DistanceKind::inner_product},
    {"rv_halfvec_l1_distance", ElementType::halfvec, DistanceKind::l1},
    {"rv_sparsevec_l2_squared_distance", ElementType::sparsevec, DistanceKind::l2},
    {"rv_sparsevec_negative_inner_product", ElementType::sparsevec, DistanceKind::inner_product},
    {"rv_sparsevec_l1_distance", ElementType::sparsevec, DistanceKind::l1},
    {"rv_hamming_distance", ElementType::bit, DistanceKind::hamming},
    {"rv_jaccard_distance", ElementType::bit, DistanceKind::jaccard},
};

int most_dimensions(ElementType type) noexcept {
  switch (type) {
    case ElementType::bit:
      return kMaxBits;
    case ElementType::sparsevec:
      return kMaxSparseDim;
    default:
      return kMaxDim;
  }
}

// Where entry i of a sparse vector goes in the sketch, and its sign; four places for each.
void add_to_sketch(std::int32_t i, float value, float* out) noexcept {
  std::uint64_t h = mix64(static_cast<std::uint64_t>(i) + 1);
  for (int k = 0; k < 4; ++k) {
    const auto place = static_cast<std::size_t>(h & (IndexedVectors::kSketchDim - 1));
    out[place] += ((h >> 15) & 1) != 0 ? -0.5f * value : 0.5f * value;
    h >>= 16;
  }
}

struct BitsView {
  int bits;
  const std::uint8_t* data;
};

}  // namespace

VectorOpclass vector_opclass(Relation index) {
  struct Found {
    char symbol[NAMEDATALEN * 2];
    bool norm;
  };
  const Found found = call([index] {
    Found f{};
    const RegProcedure distance = index_getprocid(index, 1, kDistanceProc);
    f.norm = OidIsValid(index_getprocid(index, 1, kNormProc));
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(distance));
    if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for function %u", distance);
    bool null;
    const Datum source = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &null);
    if (!null) strlcpy(f.symbol, TextDatumGetCString(source), sizeof f.symbol);
    ReleaseSysCache(tuple);
    return f;
  });
  for (const KnownFunction& k : kKnown)
    if (std::strcmp(found.symbol, k.symbol) == 0) {
      const bool cosine = k.distance == DistanceKind::inner_product && found.norm;
      return {k.type, cosine ? DistanceKind::cosine : k.distance};
    }
  throw Error(ErrorCode::not_supported,
              std::string("distance function \"") + found.symbol +
                  "\" of the operator class is not one that an index can use");
}

IndexedVectors::IndexedVectors(Relation index, const char* am_name, MemoryContext context)
    : opclass_(vector_opclass(index)), reader_(context) {
  const Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(index), 0);
  if (attribute->atttypid == VARBITOID)
    throw Error(ErrorCode::not_supported,
                std::string("type not supported for ") + am_name + " index");
  column_dim_ = attribute->atttypmod;
  if (column_dim_ < 1) throw Error(ErrorCode::invalid_argument, "column does not have dimensions");
  const int most = most_dimensions(opclass_.type);
  if (column_dim_ > most)
    throw Error(ErrorCode::limit_exceeded, "column cannot have more than " + std::to_string(most) +
                                               " dimensions for " + am_name + " index");
  if (opclass_.distance == DistanceKind::lorentz && column_dim_ < 2)
    throw Error(ErrorCode::invalid_argument,
                "a point of the Lorentz model has at least 2 coordinates, not 1");
  dim_ = sketched() ? kSketchDim : column_dim_;
  if (opclass_.distance == DistanceKind::poincare) ++dim_;
  floats_.resize(static_cast<std::size_t>(dim_));
  query_floats_.resize(static_cast<std::size_t>(dim_));
}

quant::Metric IndexedVectors::metric() const noexcept {
  switch (opclass_.distance) {
    case DistanceKind::inner_product:
      return quant::Metric::inner_product;
    case DistanceKind::cosine:
      return quant::Metric::cosine;
    case DistanceKind::l1:
      // The sketch keeps L2 distances only; it is good enough to navigate by.
      return sketched() ? quant::Metric::l2 : quant::Metric::l1;
    case DistanceKind::poincare:
    case DistanceKind::lorentz:
      return quant::Metric::hyperbolic;
    case DistanceKind::jaccard:
      // Of 0/1 vectors: nearness by angle orders them as overlap does.
      return quant::Metric::cosine;
    default:
      return quant::Metric::l2;
  }
}

bool IndexedVectors::rerank_all() const noexcept {
  return sketched() || opclass_.distance == DistanceKind::jaccard;
}

void IndexedVectors::check_dim(int dim) const {
  if (dim == column_dim_) return;
  if (opclass_.type == ElementType::bit)
    throw Error(ErrorCode::data_exception, "different bit lengths " + std::to_string(column_dim_) +
                                               " and " + std::to_string(dim));
  const char* names[] = {"vector", "halfvec", "bit", "sparsevec"};
  check_same_dim(column_dim_, dim, names[static_cast<int>(opclass_.type)]);
}

IndexedVectors::Bytes IndexedVectors::bytes(Datum value) {
  const auto* v = reinterpret_cast<const varlena*>(DatumGetPointer(value));
  if (VARATT_IS_4B_U(v))
    return {reinterpret_cast<const std::byte*>(VARDATA_4B(v)), VARSIZE_4B(v) - VARHDRSZ};
  if (VARATT_IS_1B(v) && !VARATT_IS_1B_E(v)) {
    unpacked_.resize(VARSIZE_1B(v) - VARHDRSZ_SHORT);
    std::memcpy(unpacked_.data(), VARDATA_1B(v), unpacked_.size());
    return {unpacked_.data(), unpacked_.size()};
  }
  const varlena* flat = reader_.read(v);
  return {reinterpret_cast<const std::byte*>(VARDATA(flat)), VARSIZE(flat) - VARHDRSZ};
}

namespace {

template <class E>
const E* dense_elements(const std::byte* data, std::size_t size, int* dim) {
  std::int16_t d = 0;
  if (size >= 4) std::memcpy(&d, data, sizeof d);
  if (d < 1 || size != 4 + sizeof(E) * static_cast<std::size_t>(d))
    throw Error(ErrorCode::corrupted_data, "stored vector of " + std::to_string(size) +
                                               " bytes does not have the " + std::to_string(d) +
                                               " dimensions it claims");
  *dim = d;
  return reinterpret_cast<const E*>(data + 4);
}

BitsView bits_of(const std::byte* data, std::size_t size) {
  std::int32_t bits = -1;
  if (size >= 4) std::memcpy(&bits, data, sizeof bits);
  if (bits < 0 || size < 4 + (static_cast<std::size_t>(bits) + 7) / 8)
    throw Error(ErrorCode::corrupted_data, "stored bit string is shorter than it claims");
  return {bits, reinterpret_cast<const std::uint8_t*>(data + 4)};
}

}  // namespace

bool IndexedVectors::to_floats(Bytes value, float* out) {
  switch (opclass_.type) {
    case ElementType::vector: {
      int dim;
      const float* x = dense_elements<float>(value.data, value.size, &dim);
      check_dim(dim);
      if (hyperbolic()) {
        const auto n = static_cast<std::size_t>(dim);
        if (opclass_.distance == DistanceKind::poincare)
          geometry::ball_code(x, n, out);
        else
          geometry::lorentz_code(x, n, out);
        return true;
      }
      std::memcpy(out, x, sizeof(float) * static_cast<std::size_t>(dim));
      break;
    }
    case ElementType::halfvec: {
      int dim;
      const auto* x = dense_elements<std::uint16_t>(value.data, value.size, &dim);
      check_dim(dim);
      simd::kernels().half_to_float(x, out, static_cast<std::size_t>(dim));
      break;
    }
    case ElementType::bit: {
      const BitsView v = bits_of(value.data, value.size);
      check_dim(v.bits);
      bool any = false;
      for (int i = 0; i < v.bits; ++i) {
        const bool set = (v.data[i / 8] >> (7 - i % 8) & 1) != 0;
        any |= set;
        out[i] = set ? 1.0f : 0.0f;
      }
      // By angle the empty set has no place: it goes to where the fullest one would.
      if (!any && opclass_.distance == DistanceKind::jaccard)
        for (int i = 0; i < v.bits; ++i) out[i] = 1.0f;
      return true;
    }
    case ElementType::sparsevec: {
      const SparseView v = view_sparse({value.data, value.size});
      check_dim(v.dim);
      std::memset(out, 0, sizeof(float) * kSketchDim);
      for (std::int32_t i = 0; i < v.nnz; ++i) add_to_sketch(v.indices[i], v.values[i], out);
      if (opclass_.distance != DistanceKind::cosine) return true;
      return v.nnz > 0;
    }
  }
  if (opclass_.distance != DistanceKind::cosine) return true;
  for (int i = 0; i < dim_; ++i)
    if (out[i] != 0) return true;
  return false;
}

const float* IndexedVectors::floats(Datum value) {
  return to_floats(bytes(value), floats_.data()) ? floats_.data() : nullptr;
}

void IndexedVectors::set_query(Datum value) {
  const Bytes b = bytes(value);
  query_bytes_.assign(b.data, b.data + b.size);
  if (!to_floats({query_bytes_.data(), query_bytes_.size()}, query_floats_.data())) {
    // The cosine distance to zero is NaN for every row: any order is right.
    query_floats_[0] = 1;
  }
}

double IndexedVectors::distance(Datum value) {
  const Bytes b = bytes(value);
  double d = 0;
  switch (opclass_.type) {
    case ElementType::vector:
    case ElementType::halfvec: {
      int dim, query_dim;
      const auto measure = [&](auto tag) {
        using T = decltype(tag);
        using E = typename T::Element;
        const E* x = dense_elements<E>(b.data, b.size, &dim);
        const E* q = dense_elements<E>(query_bytes_.data(), query_bytes_.size(), &query_dim);
        check_dim(dim);
        switch (opclass_.distance) {
          case DistanceKind::l2:
            return l2_squared<T>(q, x, dim);
          case DistanceKind::inner_product:
            return -inner_product<T>(q, x, dim);
          case DistanceKind::cosine:
            return cosine_distance<T>(q, x, dim);
          default:
            return l1_distance<T>(q, x, dim);
        }
      };
      if (hyperbolic()) {
        const float* x = dense_elements<float>(b.data, b.size, &dim);
        const float* q =
            dense_elements<float>(query_bytes_.data(), query_bytes_.size(), &query_dim);
        check_dim(dim);
        const auto n = static_cast<std::size_t>(dim);
        d = opclass_.distance == DistanceKind::poincare ? geometry::poincare_surrogate(q, x, n)
                                                        : geometry::lorentz_surrogate(q, x, n);
        break;
      }
      d = opclass_.type == ElementType::vector ? measure(Vector{}) : measure(Halfvec{});
      break;
    }
    case ElementType::bit: {
      const BitsView x = bits_of(b.data, b.size);
      const BitsView q = bits_of(query_bytes_.data(), query_bytes_.size());
      check_dim(x.bits);
      const auto n = (static_cast<std::size_t>(x.bits) + 7) / 8;
      if (opclass_.distance == DistanceKind::hamming) {
        d = static_cast<double>(simd::kernels().hamming(q.data, x.data, n));
      } else {
        const auto o = simd::kernels().overlap(q.data, x.data, n);
        d = o.both == 0 ? 1.0 : 1 - static_cast<double>(o.both) / static_cast<double>(o.either);
      }
      break;
    }
    case ElementType::sparsevec: {
      const SparseView x = view_sparse({b.data, b.size});
      const SparseView q = view_sparse({query_bytes_.data(), query_bytes_.size()});
      check_dim(x.dim);
      switch (opclass_.distance) {
        case DistanceKind::l2:
          d = sparse_l2_squared(q, x);
          break;
        case DistanceKind::inner_product:
          d = -sparse_inner_product(q, x);
          break;
        case DistanceKind::cosine:
          d = sparse_cosine_distance(q, x);
          break;
        default:
          d = sparse_l1_distance(q, x);
      }
      break;
    }
  }
  return d == d ? d : std::numeric_limits<double>::infinity();
}

}  // namespace rv::pg
