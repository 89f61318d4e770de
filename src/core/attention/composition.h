// The engine: attention as score -> bias -> mask -> normaliser -> aggregation.
//
// A Composition says what happens for one head; position encodings (rope, xpos), projections and
// normalised keys are applied to the queries and keys before they come here. run() evaluates it row
// by row: O(n) memory beyond the result, whatever the number of keys.
#pragma once

#include <functional>
#include <limits>
#include <utility>

#include "core/attention/matrix.h"

namespace rv::attention {

inline constexpr double kMasked = -std::numeric_limits<double>::infinity();

// Called about every millisecond of work on the calling thread; may throw to stop.
using Poll = std::function<void()>;

// Row i, keys [first, last): writes raw scores to out[0 .. last - first).
using ScoreRow =
    std::function<void(std::size_t i, std::size_t first, std::size_t last, double* out)>;
using Bias = std::function<double(std::size_t i, std::size_t j)>;
using Allowed = std::function<bool(std::size_t i, std::size_t j)>;
using KeyRange = std::function<std::pair<std::size_t, std::size_t>(std::size_t i)>;
// In place: scores (kMasked where not allowed) become weights. `first` is the key of row[0].
using Normalise = std::function<void(std::size_t i, std::size_t first, double* row, std::size_t n)>;
// Weights of keys [first, first + n) to one output row, which is zeroed.
using Aggregate = std::function<void(std::size_t i, std::size_t first, const double* weights,
                                     std::size_t n, double* out)>;

struct Composition {
  std::size_t queries = 0, keys = 0, out_cols = 0;

  // Scores: either scale * q.k of these, which the blockwise float32 path can take, or `score`.
  Matrix q, k;
  double scale = 1;
  ScoreRow score;

  Bias bias;            // optional
  Allowed allowed;      // optional
  KeyRange range;       // optional: allowed keys lie inside it
  Normalise normalise;  // empty: softmax
  bool whole = false;   // the normaliser works on the whole matrix (normalise_all)
  std::function<void(Matrix& scores)> normalise_all;

  Matrix v;             // values, for the weighted sum
  Aggregate aggregate;  // empty: weighted sum of v

  // Whether flash (softmax over scaled dot products, weighted sum) covers it.
  bool blockwise() const { return !score && !normalise && !whole && !aggregate; }
};

struct Evaluated {
  Matrix output;
  Matrix weights;  // queries x keys, when asked for
  Matrix scores;   // raw, kMasked where not allowed; when asked for
};

enum class Want : unsigned { output = 1, weights = 2, scores = 4 };
constexpr unsigned operator|(Want a, Want b) {
  return static_cast<unsigned>(a) | static_cast<unsigned>(b);
}

// Float64, any composition. `want` is a union of Want.
Evaluated run(const Composition& c, unsigned want, const Poll& poll);

}  // namespace rv::attention
