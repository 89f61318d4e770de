#include "core/hyperbolic/train.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/base/rng.h"

namespace rv::hyperbolic {
namespace {

bool before(const Edge& a, const Edge& b) noexcept {
  return a.child != b.child ? a.child < b.child : a.parent < b.parent;
}

double squared_norm(const double* x, std::size_t n) noexcept {
  double s = 0;
  for (std::size_t i = 0; i < n; ++i) s += x[i] * x[i];
  return s;
}

double squared_difference(const double* x, const double* y, std::size_t n) noexcept {
  double s = 0;
  for (std::size_t i = 0; i < n; ++i) s += (x[i] - y[i]) * (x[i] - y[i]);
  return s;
}

}  // namespace

void tidy_edges(std::vector<Edge>& edges) {
  std::erase_if(edges, [](const Edge& e) { return e.child == e.parent; });
  std::sort(edges.begin(), edges.end(), before);
  edges.erase(std::unique(edges.begin(), edges.end(),
                          [](const Edge& a, const Edge& b) {
                            return a.child == b.child && a.parent == b.parent;
                          }),
              edges.end());
}

PoincareTrainer::PoincareTrainer(std::size_t nodes, std::vector<Edge> edges,
                                 const TrainOptions& options)
    : options_(options),
      nodes_(nodes),
      dim_(options.dim),
      row_(static_cast<std::size_t>(options.negatives) + 2),
      edges_(std::move(edges)) {
  tidy_edges(edges_);
  if (edges_.empty())
    throw Error(ErrorCode::invalid_argument, "there are no edges between different nodes");
  first_neighbour_.assign(nodes_ + 1, 0);
  for (const Edge& e : edges_) {
    neighbours_.push_back(e.parent);
    ++first_neighbour_[e.child + 1];
  }
  for (std::size_t i = 0; i < nodes_; ++i) first_neighbour_[i + 1] += first_neighbour_[i];
  Rng rng(mix64(options_.seed));
  points_.resize(nodes_ * dim_);
  for (double& x : points_) x = (2 * rng.uniform() - 1) * 1e-3;
  for (std::size_t i = 0; i < nodes_; ++i) rest_.push_back(1 - squared_norm(point(i), dim_));
  for (std::size_t i = 0; i < edges_.size(); ++i) order_.push_back(static_cast<std::uint32_t>(i));
  const std::size_t batch = std::max<std::size_t>(1, options_.batch);
  gradient_.resize(batch * row_ * dim_);
  touched_.resize(batch * row_);
  losses_.resize(batch);
  scratch_.resize(batch * 2 * row_);
}

std::size_t PoincareTrainer::bytes(std::size_t nodes, std::size_t edges, std::size_t dim) noexcept {
  return nodes * (dim + 1) * sizeof(double) + (nodes + edges) * sizeof(std::uint32_t) +
         edges * (sizeof(Edge) + sizeof(std::uint32_t));
}

bool PoincareTrainer::is_neighbour(std::uint32_t child, std::uint32_t node) const noexcept {
  const auto begin = neighbours_.begin() + first_neighbour_[child];
  const auto end = neighbours_.begin() + first_neighbour_[child + 1];
  return std::binary_search(begin, end, node);
}

void PoincareTrainer::shuffle() {
  Rng rng(mix64(options_.seed ^ mix64(static_cast<std::uint64_t>(epoch_) + 1)));
  for (std::size_t i = order_.size(); i > 1; --i) std::swap(order_[i - 1], order_[rng.below(i)]);
}

// touched[0] is the child, [1] its parent, then the negatives; one Riemannian gradient each. A
// negative that could not be drawn repeats the child and has no gradient.
void PoincareTrainer::gradients_of(std::size_t position, double* gradient, std::uint32_t* touched,
                                   double* scratch, double* loss) const {
  const Edge edge = edges_[order_[position]];
  Rng rng(mix64(options_.seed + 0x5bd1e995ULL * static_cast<std::uint64_t>(epoch_)) ^
          mix64(position + 1));
  touched[0] = edge.child;
  touched[1] = edge.parent;
  for (std::size_t t = 2; t < row_; ++t) {
    touched[t] = edge.child;
    for (int attempt = 0; attempt < 8; ++attempt) {
      const auto node = static_cast<std::uint32_t>(rng.below(nodes_));
      if (node == edge.child || is_neighbour(edge.child, node)) continue;
      touched[t] = node;
      break;
    }
  }
  const double* u = point(edge.child);
  const double alpha = rest_[edge.child];
  // exp(-d) = 1 / (g + sqrt(g^2 - 1)) with cosh d = g: neither log nor exp is needed.
  double* const inverse = scratch;
  double* const root = scratch + row_;
  double sum = 0;
  for (std::size_t t = 1; t < row_; ++t) {
    const double* x = point(touched[t]);
    const double g = 1 + 2 * squared_difference(u, x, dim_) / (alpha * rest_[touched[t]]);
    root[t] = std::sqrt(std::max(0.0, g * g - 1));
    inverse[t] = touched[t] == edge.child ? 0 : 1 / (g + root[t]);
    sum += inverse[t];
  }
  *loss = -std::log(inverse[1] / sum);
  double* of_child = gradient;
  std::fill_n(of_child, dim_, 0.0);
  const double uu = 1 - alpha;
  for (std::size_t t = 1; t < row_; ++t) {
    double* out = gradient + t * dim_;
    const double weight = (t == 1 ? 1.0 : 0.0) - inverse[t] / sum;  // dL / dd
    if (touched[t] == edge.child || root[t] < 1e-12) {
      std::fill_n(out, dim_, 0.0);
      continue;
    }
    const double* x = point(touched[t]);
    const double beta = rest_[touched[t]], xx = 1 - beta;
    double ux = 0;
    for (std::size_t i = 0; i < dim_; ++i) ux += u[i] * x[i];
    // d d(u, x) / du = 4 / (beta root) ((|x|^2 - 2 <u, x> + 1) / alpha^2 u - x / alpha), and the
    // other way round; the Riemannian gradient is that times (1 - |.|^2)^2 / 4.
    const double for_u = weight / (beta * root[t]), for_x = weight / (alpha * root[t]);
    const double a = for_u * (xx - 2 * ux + 1), b = for_u * alpha;
    const double p = for_x * (uu - 2 * ux + 1), q = for_x * beta;
    for (std::size_t i = 0; i < dim_; ++i) {
      of_child[i] += a * u[i] - b * x[i];
      out[i] = p * x[i] - q * u[i];
    }
  }
}

void PoincareTrainer::apply(const double* gradient, const std::uint32_t* touched, double rate) {
  for (std::size_t t = 0; t < row_; ++t) {
    if (t > 1 && touched[t] == touched[0]) continue;
    double* x = points_.data() + touched[t] * dim_;
    for (std::size_t i = 0; i < dim_; ++i) x[i] -= rate * gradient[t * dim_ + i];
    double norm = std::sqrt(squared_norm(x, dim_));
    if (norm > 1 - options_.eps) {
      const double factor = (1 - options_.eps) / norm;
      for (std::size_t i = 0; i < dim_; ++i) x[i] *= factor;
      norm = 1 - options_.eps;
    }
    rest_[touched[t]] = 1 - norm * norm;
  }
}

bool PoincareTrainer::run(WorkerPool* pool, StopProbe stop) {
  for (; epoch_ < options_.epochs; ++epoch_) {
    if (!begun_) {
      begun_ = true;
      shuffle();
      loss_ = 0;
    }
    const double rate = options_.learning_rate * (epoch_ < options_.burn_in ? 0.1 : 1.0);
    while (at_ < edges_.size()) {
      if (stop()) return false;
      const std::size_t count = std::min(losses_.size(), edges_.size() - at_);
      const auto some = [&](std::size_t first, std::size_t last) {
        for (std::size_t e = first; e < last; ++e)
          gradients_of(at_ + e, gradient_.data() + e * row_ * dim_, touched_.data() + e * row_,
                       scratch_.data() + 2 * e * row_, &losses_[e]);
      };
      // Small batches cost less than handing them out.
      if (pool != nullptr && count * row_ * dim_ >= 65536)
        pool->for_each_chunk(count, std::max<std::size_t>(1, count / 4), never_stop, some);
      else
        some(0, count);
      for (std::size_t e = 0; e < count; ++e) {
        apply(gradient_.data() + e * row_ * dim_, touched_.data() + e * row_, rate);
        loss_ += losses_[e];
      }
      at_ += count;
    }
    last_loss_ = loss_ / static_cast<double>(edges_.size());
    at_ = 0;
    begun_ = false;
  }
  return true;
}

}  // namespace rv::hyperbolic
