// Quantised vectors: what a code is, and how distances are estimated from codes alone.
//
// Indexes navigate over codes and look at full vectors only to put the last few candidates into
// their exact order. A codec turns a float vector into code_bytes() bytes. Each codec is immutable
// once trained; its model (rotation seed, centroid, codebooks) is saved with the index.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace rv::quant {

// The quantity that a search minimises:
//   l2             squared Euclidean distance
//   inner_product  minus the inner product
//   cosine         1 - cosine similarity; vectors are normalised when they are encoded, zero
//                  vectors are refused by the caller
//   l1             sum of absolute differences
//   hyperbolic     sinh^2(d / 2) of the geodesic distance d; vectors are (1 - |p|^2, p) with p in
//   the
//                  Poincare ball
enum class Metric : std::uint8_t { l2 = 0, inner_product = 1, cosine = 2, l1 = 3, hyperbolic = 4 };

enum class CodecKind : std::uint8_t {
  none = 0,    // the vector itself, float32 or binary16
  sq8 = 1,     // 8 bits a dimension, linear
  rabitq = 2,  // random rotation, 1 to 8 bits a dimension (Gao et al., SIGMOD 2024 and 2025)
  binary = 3,  // the sign of every dimension
  pq = 4       // product quantisation (Jegou et al., PAMI 2011)
};

// A vector that codes are compared with. Holds scratch memory: one for each thread, used again and
// again.
class CodeQuery {
 public:
  virtual ~CodeQuery() = default;
  // Aims at a query: distances() then estimates the metric.
  virtual void set(const float* q) = 0;
  // Aims at a vector that is to become a neighbour of others: distances() then estimates the link
  // distance, which graphs and clusters are built with. It is the metric itself (cosine:
  // twice that, |a - b|^2 of the normalised vectors), except for inner_product, where nearness to
  // itself would not be: there it is the squared L2 distance, after the reduction of maximum inner
  // product to nearest neighbour (an extra component evens out the norms; Bachrach et al., RecSys
  // 2014) where norms differ.
  virtual void set_link(const float* x) = 0;
  // The same for a vector that is known by its code only.
  virtual void set_code(const std::byte* code) = 0;
  // After set(): whether distances() shall lead to the vicinity of the query instead of measuring.
  // Graphs go there first where nearness alone leads astray; false: this metric has no such form.
  virtual bool approach(bool /*on*/) { return false; }
  // For n codes: the estimated distance and a bound of its error that holds with a probability of
  // about 95 % (0 for a codec that is exact): the true distance is seldom below distance - error.
  virtual void distances(const std::byte* const* codes, int n, float* distance, float* error) = 0;
};

class Codec {
 public:
  virtual ~Codec() = default;
  virtual CodecKind kind() const noexcept = 0;
  virtual Metric metric() const noexcept = 0;
  virtual int dim() const noexcept = 0;
  // Bytes of a code, a multiple of 4; codes are aligned to 4.
  virtual std::size_t code_bytes() const noexcept = 0;
  // `x` has dim() finite floats. Thread-safe.
  virtual void encode(const float* x, std::byte* code) const = 0;
  // An approximation of the encoded vector (for cosine: of the normalised one). Thread-safe.
  virtual void decode(const std::byte* code, float* x) const = 0;
  // The codec must outlive the query.
  virtual std::unique_ptr<CodeQuery> query() const = 0;

  // Codecs whose link distance is a scaled integer product have expanded_dim() > 0, a multiple of
  // 64: then link distance(a, b) = a.norm + b.norm - a.scale * b.scale * dot(a.x, b.x). Matrix
  // kernels build on it.
  struct Expanded {
    float norm;
    float scale;
  };
  virtual int expanded_dim() const noexcept { return 0; }
  virtual Expanded expand(const std::byte*, std::int8_t*) const { return {0, 0}; }

  // The model as bytes, and back (Codec::load). load() checks everything it reads: bytes from a
  // damaged page give Error(corrupted_index), never undefined behaviour.
  virtual std::vector<std::byte> save() const = 0;
  static std::unique_ptr<Codec> load(std::span<const std::byte> model);
};

// What to train. `bits` is for rabitq (1..8); `subspaces` and `bits` (4 or 8) for pq; 0 takes the
// default for the dimension.
struct CodecSpec {
  CodecKind kind = CodecKind::rabitq;
  Metric metric = Metric::l2;
  int dim = 0;
  int bits = 0;
  int subspaces = 0;
  bool half = false;  // none: keep binary16
  std::uint64_t seed = 42;
};

// Trains on `count` vectors of dim floats, row by row. Deterministic. Each kind has its file.
std::unique_ptr<Codec> train_codec(const CodecSpec& spec, const float* sample, std::size_t count);

// What an index keeps when nothing is asked. Below 16 dimensions a whole vector is no longer than
// its code, and exact.
CodecKind default_kind(Metric metric, int dim) noexcept;
// Bits a dimension for rabitq when nothing is asked: fewer dimensions need more bits each.
int default_rabitq_bits(int dim) noexcept;

}  // namespace rv::quant
