#include "core/hyperbolic/embed_point.h"

#include <cmath>
#include <cstddef>
#include <string>

#include "core/base/error.h"
#include "core/geometry/lorentz.h"

namespace rv::hyperbolic {

Model model_of(std::string_view name) {
  if (name == "poincare") return Model::poincare;
  if (name == "lorentz" || name == "hyperboloid") return Model::lorentz;
  if (name == "klein") return Model::klein;
  throw Error(ErrorCode::invalid_argument,
              "unknown model of hyperbolic space \"" + std::string(name) + "\"", {},
              "Models are poincare, lorentz and klein.");
}

double distance(Model model, View a, View b, double c) {
  switch (model) {
    case Model::poincare:
      return geometry::poincare_distance(a, b, c);
    case Model::lorentz:
      return geometry::lorentz_distance(a, b, c);
    case Model::klein:
      return geometry::klein_distance(a, b, c);
  }
  throw Error(ErrorCode::internal, "model of hyperbolic space out of range");
}

Point project(Model model, View v, double c, double eps) {
  if (model == Model::lorentz) return geometry::lorentz_lift(v, c);
  return geometry::project_to_ball(v, c, eps);
}

Point to_poincare(View v, double c, std::string_view method, View centroid, double eps) {
  if (method == "scale") {
    Point out(v.begin(), v.end());
    const double factor = 1 / (std::sqrt(c) * (1 + std::sqrt(geometry::dot(v, v))));
    for (double& x : out) x *= factor;
    return geometry::project_to_ball(out, c, eps);
  }
  if (method == "exponential")
    return geometry::project_to_ball(geometry::exp_map_origin(v, c), c, eps);
  if (method == "centroid") {
    if (centroid.empty())
      throw Error(ErrorCode::invalid_argument, "method \"centroid\" needs a centroid", {},
                  "Pass the mean of the vectors, for example (SELECT avg(embedding) FROM items).");
    geometry::check_same_dim(v, centroid);
    Point shifted(v.begin(), v.end());
    for (std::size_t i = 0; i < shifted.size(); ++i) shifted[i] -= centroid[i];
    return geometry::project_to_ball(geometry::exp_map_origin(shifted, c), c, eps);
  }
  throw Error(ErrorCode::invalid_argument, "unknown method \"" + std::string(method) + "\"", {},
              "Methods are scale, exponential and centroid.");
}

double is_a_score(View child, View parent, double alpha, double c) {
  const double of_child = std::sqrt(geometry::dot(child, child));
  const double of_parent = std::sqrt(geometry::dot(parent, parent));
  return -(1 + alpha * std::sqrt(c) * std::fmax(0, of_parent - of_child)) *
         geometry::poincare_distance(child, parent, c);
}

}  // namespace rv::hyperbolic
