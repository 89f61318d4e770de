// Scores and aggregations in hyperbolic space, on the sphere and in products of spaces.
#include "core/attention/head.h"

#include <algorithm>
#include "core/base/error.h"
#include "core/geometry/lorentz.h"
#include "core/geometry/mean.h"

namespace rv::attention {
namespace {

using geometry::View;

double curvature(const Head& head) {
  return geometry::positive_c(head.params.number("curvature", -1));
}

View part(const Matrix& m, std::size_t row, std::size_t first, std::size_t count) {
  return {m.row(row) + first, count};
}

// Sizes of the parts a row is made of.
std::vector<std::size_t> parts(const Head& head, std::size_t count, std::size_t width) {
  const auto given = head.params.need_vector("dims", count);
  std::vector<std::size_t> out;
  std::size_t sum = 0;
  for (const double x : given) {
    if (!(x >= 0) || x > 16000 || x != std::floor(x))
      throw Error(ErrorCode::invalid_argument, "parameter \"dims\" must hold whole numbers");
    out.push_back(static_cast<std::size_t>(x));
    sum += out.back();
  }
  if (sum != width)
    throw Error(ErrorCode::data_exception, "parameter \"dims\" sums to " + std::to_string(sum) +
                                               ", the vectors have " + std::to_string(width) +
                                               " dimensions");
  return out;
}

void poincare(const Head& head, Composition& c) {
  const double k = curvature(head);
  const double beta = head.params.number("beta", 1), gamma = head.params.number("gamma", 0);
  c.score = [q = head.q, keys = head.k, k, beta, gamma](std::size_t i, std::size_t first,
                                                        std::size_t last, double* out) {
    for (std::size_t j = first; j < last; ++j)
      out[j - first] =
          -beta * geometry::poincare_distance(q.row_view(i), keys.row_view(j), k) - gamma;
  };
}

// Rows are the space-like coordinates; the squared Lorentz distance is -2/c - 2 <q, k>_L.
void lorentz(const Head& head, Composition& c) {
  const double k = curvature(head), root = std::sqrt(static_cast<double>(head.q.cols));
  c.score = [q = head.q, keys = head.k, k, root](std::size_t i, std::size_t first, std::size_t last,
                                                 double* out) {
    const View a = q.row_view(i);
    const double a0 = std::sqrt(1 / k + geometry::dot(a, a));
    for (std::size_t j = first; j < last; ++j) {
      const View b = keys.row_view(j);
      const double b0 = std::sqrt(1 / k + geometry::dot(b, b));
      out[j - first] = -(-2 / k - 2 * (geometry::dot(a, b) - a0 * b0)) / root;
    }
  };
}

void mixed(const Head& head, Composition& c) {
  const double k = curvature(head);
  const auto dims = parts(head, 3, head.q.cols);
  auto weights = head.params.vector_or_empty("weights", 3);
  weights.resize(3, 1.0);
  c.score = [q = head.q, keys = head.k, k, dims, weights](std::size_t i, std::size_t first,
                                                          std::size_t last, double* out) {
    const std::size_t e = dims[0], h = dims[1], s = dims[2];
    for (std::size_t j = first; j < last; ++j) {
      double flat = 0;
      for (std::size_t t = 0; t < e; ++t) flat += std::pow(q.at(i, t) - keys.at(j, t), 2);
      const double curved = geometry::poincare_distance(part(q, i, e, h), part(keys, j, e, h), k);
      const double cosine = geometry::dot(part(q, i, e + h, s), part(keys, j, e + h, s));
      const double round = std::acos(std::fmin(1, std::fmax(-1, cosine)));
      out[j - first] =
          -(weights[0] * flat + weights[1] * curved * curved + weights[2] * round * round);
    }
  };
}

// Euclidean and hyperbolic parts given side by side (dims), or one vector for both: then its
// hyperbolic side is exp_0 of it, which lies in the ball whatever it is.
void dual(const Head& head, Composition& c) {
  const double k = curvature(head);
  const double flat = head.params.number("euclidean_weight", 0.5);
  const double curved = head.params.number("hyperbolic_weight", 0.5);
  const double temperature = head.params.positive("temperature", 1);
  Matrix q = head.q, keys = head.k, qh, kh;
  if (head.params.has("dims")) {
    const auto dims = parts(head, 2, q.cols);
    qh = columns(head.q, dims[0], dims[1]);
    kh = columns(head.k, dims[0], dims[1]);
    q = columns(head.q, 0, dims[0]);
    keys = columns(head.k, 0, dims[0]);
  } else {
    const auto into_ball = [k](Matrix m) {
      for (std::size_t i = 0; i < m.rows; ++i) {
        const auto p =
            geometry::project_to_ball(geometry::exp_map_origin(m.row_view(i), k), k, 1e-9);
        std::copy(p.begin(), p.end(), m.row(i));
      }
      return m;
    };
    qh = into_ball(q);
    kh = into_ball(keys);
  }
  const double scale = 1 / std::sqrt(static_cast<double>(q.cols));
  c.score = [=](std::size_t i, std::size_t first, std::size_t last, double* out) {
    for (std::size_t j = first; j < last; ++j)
      out[j - first] = (flat * scale * dot(q.row(i), keys.row(j), q.cols) -
                        curved * geometry::poincare_distance(qh.row_view(i), kh.row_view(j), k)) /
                       temperature;
  };
}

void busemann(const Head& head, Composition& c) {
  const double k = curvature(head);
  c.score = [q = head.q, keys = head.k, k](std::size_t i, std::size_t first, std::size_t last,
                                           double* out) {
    for (std::size_t j = first; j < last; ++j)
      out[j - first] = -geometry::busemann(keys.row_view(j), q.row_view(i), k);
  };
}

void midpoint_into(const Matrix& v, std::size_t first_col, std::size_t cols, double k,
                   std::size_t first, const double* w, std::size_t n, double* out) {
  geometry::Midpoint middle;
  for (std::size_t j = 0; j < n; ++j)
    if (w[j] > 0) middle.add(part(v, first + j, first_col, cols), w[j], k);
  if (middle.empty()) return;
  const auto point = middle.result(k);
  std::copy(point.begin(), point.end(), out + first_col);
}

}  // namespace

bool is_curved(const std::string& type) {
  return type == "poincare" || type == "lorentz" || type == "mixed_curvature" ||
         type == "dual_space" || type == "busemann";
}

void set_curved_score(const std::string& type, Head& head, Composition& c) {
  check_same_width(head);
  if (type == "poincare") poincare(head, c);
  if (type == "lorentz") lorentz(head, c);
  if (type == "mixed_curvature") mixed(head, c);
  if (type == "dual_space") dual(head, c);
  if (type == "busemann") busemann(head, c);
}

void set_curved_aggregation(const std::string& type, const Head& head, Composition& c) {
  if (type == "dual_space") return;
  const double k = curvature(head);
  if (type == "lorentz") {
    c.out_cols = head.v.cols + 1;
    c.aggregate = [v = head.v, k](std::size_t, std::size_t first, const double* w, std::size_t n,
                                  double* out) {
      for (std::size_t j = 0; j < n; ++j) {
        const auto x = geometry::lorentz_lift(v.row_view(first + j), k);
        add_scaled(out, w[j], x.data(), x.size());
      }
      const View m(out, v.cols + 1);
      const double norm = std::sqrt(std::fabs(geometry::minkowski_dot(m, m)) * k);
      for (std::size_t t = 0; t <= v.cols && norm > 0; ++t) out[t] /= norm;
    };
  } else if (type == "mixed_curvature") {
    c.aggregate = [v = head.v, k, dims = parts(head, 3, head.v.cols)](
                      std::size_t, std::size_t first, const double* w, std::size_t n, double* out) {
      const std::size_t e = dims[0], h = dims[1], s = dims[2];
      for (std::size_t j = 0; j < n; ++j) {
        add_scaled(out, w[j], v.row(first + j), e);
        add_scaled(out + e + h, w[j], v.row(first + j) + e + h, s);
      }
      midpoint_into(v, e, h, k, first, w, n, out);
      const double norm = std::sqrt(dot(out + e + h, out + e + h, s));
      for (std::size_t t = 0; t < s && norm > 0; ++t) out[e + h + t] /= norm;
    };
  } else {
    c.aggregate = [v = head.v, k](std::size_t, std::size_t first, const double* w, std::size_t n,
                                  double* out) {
      midpoint_into(v, 0, v.cols, k, first, w, n, out);
    };
  }
}

}  // namespace rv::attention
