#include "core/sparse/vector_document.h"

#include <algorithm>
#include <cmath>

namespace rv::sparse {
namespace {

// Beyond these the float32 arithmetic of the distance functions overflows, or loses so many digits
// that no bound can be given: such rows are always compared.
constexpr float kLargest = 1e15f;
constexpr double kLeastSquares = 1e-30, kMostSquares = 1e30;

struct Shape {
  bool zero, irregular;
  double norm;
};

Shape shape_of(Scoring scoring, const SparseView& v) {
  Shape s{false, false, 0};
  double squares = 0;
  for (int i = 0; i < v.nnz; ++i) {
    if (!(std::fabs(v.values[i]) <= kLargest)) s.irregular = true;
    squares += static_cast<double>(v.values[i]) * v.values[i];
  }
  s.norm = std::sqrt(squares);
  if (scoring != Scoring::cosine) return s;
  s.zero = v.nnz == 0;
  if (!s.zero && !(squares >= kLeastSquares && squares <= kMostSquares)) s.irregular = true;
  return s;
}

}  // namespace

// The magnitude below which entries are left out.
float VectorDocument::least_kept(const SparseView& v) {
  magnitudes_.clear();
  double left = 0;
  for (int i = 0; i < v.nnz; ++i) {
    magnitudes_.push_back(std::fabs(v.values[i]));
    left += magnitudes_.back();
  }
  left *= pruning_;
  std::sort(magnitudes_.begin(), magnitudes_.end());
  for (const float m : magnitudes_) {
    left -= m;
    if (left < 0) return m;
  }
  return 0;
}

void VectorDocument::fill(const SparseView& v, Document& out) {
  const Shape s = shape_of(scoring_, v);
  out.row.kind = s.zero ? RowKind::undefined : s.irregular ? RowKind::irregular : RowKind::plain;
  out.length = 0;
  out.terms.clear();
  keys_.clear();
  if (out.row.kind != RowKind::plain) return;
  keys_.reserve(static_cast<std::size_t>(v.nnz));
  out.terms.reserve(static_cast<std::size_t>(v.nnz));
  const float least = pruning_ > 0 ? least_kept(v) : 0;
  for (int i = 0; i < v.nnz; ++i) {
    float w = v.values[i];
    if (std::fabs(w) < least) continue;
    if (scoring_ == Scoring::cosine) w = static_cast<float>(w / s.norm);
    keys_.emplace_back(static_cast<std::uint32_t>(v.indices[i]));
    out.terms.push_back({keys_.back().view(), value_of(w)});
  }
}

Query vector_query(Scoring scoring, const SparseView& v) {
  const Shape s = shape_of(scoring, v);
  Query q;
  q.undefined = s.zero;
  q.irregular = s.irregular;
  if (s.zero || s.irregular) return q;
  for (int i = 0; i < v.nnz; ++i)
    q.terms.push_back({std::string(IndexKey(static_cast<std::uint32_t>(v.indices[i])).view()),
                       scoring == Scoring::cosine ? v.values[i] / s.norm : v.values[i], 0});
  return q;
}

}  // namespace rv::sparse
