// Poincare training: gradients against differences, determinism, recovery of a tree.
#include "core/hyperbolic/train.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/base/error.h"
#include "core/geometry/poincare.h"
#include "core/hyperbolic/embed_point.h"
#include "core/hyperbolic/mean_state.h"

namespace rv::hyperbolic {
namespace {

// The transitive closure of a binary tree with nodes 1 .. n, as 0 .. n - 1.
std::vector<Edge> tree(std::uint32_t n) {
  std::vector<Edge> edges;
  for (std::uint32_t i = 2; i <= n; ++i)
    for (std::uint32_t up = i / 2; up >= 1; up /= 2) edges.push_back({i - 1, up - 1});
  return edges;
}

std::vector<double> all_points(const PoincareTrainer& t, std::size_t nodes) {
  return {t.point(0), t.point(0) + nodes * t.dim()};
}

TEST(PoincareTraining, RecoversATree) {
  TrainOptions o;
  o.dim = 5;
  o.epochs = 200;
  o.learning_rate = 0.2;
  o.negatives = 10;
  PoincareTrainer trainer(127, tree(127), o);
  EXPECT_TRUE(trainer.run(nullptr, never_stop));
  PoincareEvaluator evaluator(5, all_points(trainer, 127), tree(127), {});
  const Reconstruction r = evaluator.run(nullptr, never_stop);
  EXPECT_TRUE(r.finished);
  EXPECT_GT(r.mean_average_precision, 0.85);
  EXPECT_LT(r.mean_rank, 2);
}

TEST(PoincareTraining, GivesTheSameForAnyNumberOfThreadsAndAfterStops) {
  TrainOptions o;
  o.dim = 12;
  o.epochs = 4;
  o.negatives = 100;
  o.batch = 64;
  PoincareTrainer alone(63, tree(63), o), together(63, tree(63), o), halting(63, tree(63), o);
  alone.run(nullptr, never_stop);
  WorkerPool pool(3);
  together.run(&pool, never_stop);
  static int calls = 0;
  int rounds = 0;
  while (!halting.run(nullptr, []() noexcept { return ++calls % 3 == 0; })) ++rounds;
  EXPECT_GT(rounds, 2);
  EXPECT_EQ(all_points(alone, 63), all_points(together, 63));
  EXPECT_EQ(all_points(alone, 63), all_points(halting, 63));
}

TEST(PoincareTraining, OneStepFollowsTheGradientOfTheLoss) {
  // Two nodes besides the edge's own: negatives can only be node 2.
  TrainOptions o;
  o.dim = 2;
  o.epochs = 1;
  o.burn_in = 0;
  o.negatives = 1;
  o.learning_rate = 1e-4;
  const auto train = [&](double rate) {
    TrainOptions with = o;
    with.learning_rate = rate;
    PoincareTrainer t(3, {{0, 1}}, with);
    t.run(nullptr, never_stop);
    return all_points(t, 3);
  };
  const auto start = train(1e-300), moved = train(1e-6);
  const auto loss = [](const std::vector<double>& p) {
    const auto d = [&](std::size_t a, std::size_t b) {
      return geometry::poincare_distance(geometry::View(p).subspan(2 * a, 2),
                                         geometry::View(p).subspan(2 * b, 2), 1);
    };
    return d(0, 1) + std::log(std::exp(-d(0, 1)) + std::exp(-d(0, 2)));
  };
  for (std::size_t i = 0; i < 6; ++i) {
    auto up = start, down = start;
    up[i] += 1e-7;
    down[i] -= 1e-7;
    const double gradient = (loss(up) - loss(down)) / 2e-7;
    const std::size_t node = i / 2;
    const double rest = 1 - geometry::dot(geometry::View(start).subspan(2 * node, 2),
                                          geometry::View(start).subspan(2 * node, 2));
    EXPECT_NEAR((start[i] - moved[i]) / 1e-6, gradient * rest * rest / 4, 1e-4) << i;
  }
}

TEST(PoincareTraining, RanksCountTheNodesInBetween) {
  // On a line: child 0 at the origin, its parent third nearest.
  const std::vector<double> points{0, 0.1, -0.2, 0.3, 0.6};
  PoincareEvaluator one(1, points, {{0, 3}}, {});
  const Reconstruction r = one.run(nullptr, never_stop);
  EXPECT_DOUBLE_EQ(r.mean_rank, 3);
  EXPECT_DOUBLE_EQ(r.mean_average_precision, 1.0 / 3);
  PoincareEvaluator two(1, points, {{0, 1}, {0, 3}, {0, 0}, {0, 3}}, {});
  const Reconstruction s = two.run(nullptr, never_stop);
  EXPECT_DOUBLE_EQ(s.mean_rank, 1.5);
  EXPECT_DOUBLE_EQ(s.mean_average_precision, (1 + 2.0 / 3) / 2);
  EXPECT_THROW(PoincareEvaluator(1, {0, 1.5}, {{0, 1}}, {}), Error);
  EXPECT_THROW(PoincareTrainer(2, {{0, 0}}, {}), Error);
}

TEST(Hyperbolic, PointsOfAnyVectorLieInTheBall) {
  const std::vector<double> v{300, -400};
  for (const char* method : {"scale", "exponential"}) {
    const auto p = to_poincare(v, 2, method, {}, 1e-5);
    EXPECT_LT(2 * geometry::dot(p, p), 1);
    EXPECT_NEAR(p[1] / p[0], -4.0 / 3, 1e-9);
  }
  EXPECT_EQ(model_of("hyperboloid"), Model::lorentz);
  EXPECT_EQ(project(Model::lorentz, v, 1, 1e-5).size(), 3u);
  EXPECT_GT(is_a_score(std::vector<double>{0.5}, std::vector<double>{0.1}, 1000, 1),
            is_a_score(std::vector<double>{0.1}, std::vector<double>{0.5}, 1000, 1));
}

TEST(Hyperbolic, MeanStatesTravelAndMerge) {
  MeanState a(Keep::points, 1), b(Keep::points, 1);
  a.add(std::vector<double>{0.1, 0.2}, 1, 1);
  b.add(std::vector<double>{-0.3, 0.5}, 2, 1);
  MeanState c = MeanState::from_numbers(b.numbers());
  a.merge(c);
  EXPECT_EQ(a.rows(), 2u);
  MeanState whole(Keep::points, 1);
  whole.add(std::vector<double>{0.1, 0.2}, 1, 1);
  whole.add(std::vector<double>{-0.3, 0.5}, 2, 1);
  EXPECT_EQ(a.midpoint(), whole.midpoint());
  EXPECT_EQ(a.frechet(never_stop).point, whole.frechet(never_stop).point);
  EXPECT_THROW(a.add(std::vector<double>{0.1, 0.2}, 1, 2), Error);
  EXPECT_THROW(MeanState::from_numbers(std::vector<double>{1, 1, 5, 3}), Error);
}

}  // namespace
}  // namespace rv::hyperbolic
