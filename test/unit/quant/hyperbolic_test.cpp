// The code of points of hyperbolic space: order and error bounds against float64 geometry.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "core/geometry/lorentz.h"
#include "core/geometry/surrogate.h"
#include "core/quant/codec.h"

namespace rv::quant {
namespace {

std::unique_ptr<Codec> codec(int dim) {
  CodecSpec spec;
  spec.kind = CodecKind::none;
  spec.metric = Metric::hyperbolic;
  spec.dim = dim;
  return train_codec(spec, nullptr, 0);
}

// float32 points of the Lorentz model up to `radius` from the origin.
std::vector<std::vector<float>> random_points(std::size_t count, double radius) {
  Rng rng(9);
  std::vector<std::vector<float>> points;
  for (std::size_t i = 0; i < count; ++i) {
    geometry::Point v(4);
    for (double& x : v) x = rng.normal();
    const double norm = std::sqrt(geometry::dot(v, v)), length = radius * rng.uniform();
    for (double& x : v) x *= std::sinh(length) / norm;
    std::vector<float> space(v.begin(), v.end());
    const geometry::Point p =
        geometry::lorentz_lift(geometry::Point(space.begin(), space.end()), 1);
    points.emplace_back(p.begin(), p.end());
    for (std::size_t t = 0; t < 4; ++t) points.back()[t + 1] = space[t];
  }
  return points;
}

TEST(HyperbolicCodec, EstimatesStayWithinTheirBoundsUpToTheBoundary) {
  for (const double radius : {1.0, 5.0, 10.0, 14.0}) {
    const auto points = random_points(60, radius);
    const auto c = codec(5);
    std::vector<std::vector<float>> codes;
    for (const auto& p : points) {
      codes.emplace_back(5);
      geometry::lorentz_code(p.data(), 5, codes.back().data());
    }
    const auto query = c->query();
    for (std::size_t q = 0; q < points.size(); ++q) {
      query->set(codes[q].data());
      for (std::size_t i = 0; i < points.size(); ++i) {
        const auto* code = reinterpret_cast<const std::byte*>(codes[i].data());
        float distance, error;
        query->distances(&code, 1, &distance, &error);
        const double exact = geometry::lorentz_surrogate(points[q].data(), points[i].data(), 5);
        EXPECT_LE(std::fabs(exact - double{distance}), double{error}) << radius;
        EXPECT_NEAR(2 * std::asinh(std::sqrt(exact)),
                    geometry::lorentz_distance(points[q].data(), points[i].data(), 5, 1), 1e-9);
      }
    }
  }
}

TEST(HyperbolicCodec, LinksAreChosenByDistanceAndLevel) {
  const auto points = random_points(20, 6);
  const auto c = codec(5);
  const auto query = c->query();
  for (std::size_t q = 0; q < points.size(); ++q)
    for (std::size_t i = 0; i < points.size(); ++i) {
      std::vector<float> a(5), b(5);
      geometry::lorentz_code(points[q].data(), 5, a.data());
      geometry::lorentz_code(points[i].data(), 5, b.data());
      const auto* code = reinterpret_cast<const std::byte*>(b.data());
      float distance, error;
      query->set_link(a.data());
      query->distances(&code, 1, &distance, &error);
      const double half = geometry::lorentz_distance(points[q].data(), points[i].data(), 5, 1) / 2;
      const double levels = std::fabs(std::log(double{a[0]} / double{b[0]})) / 2;
      EXPECT_NEAR(distance, std::sqrt(half + levels), 1e-2);
      query->set_code(reinterpret_cast<const std::byte*>(a.data()));
      float again;
      query->distances(&code, 1, &again, &error);
      EXPECT_EQ(distance, again);
    }
}

TEST(HyperbolicCodec, SurvivesBeingSavedAndRefusesOtherKinds) {
  const auto c = codec(3);
  auto model = c->save();
  const auto again = Codec::load(model);
  EXPECT_EQ(again->metric(), Metric::hyperbolic);
  EXPECT_EQ(again->dim(), 3);
  EXPECT_EQ(again->code_bytes(), 12u);
  CodecSpec spec;
  spec.metric = Metric::hyperbolic;
  spec.dim = 3;
  spec.kind = CodecKind::sq8;
  EXPECT_THROW(train_codec(spec, nullptr, 0), Error);
  model.push_back(std::byte{0});
  EXPECT_THROW(Codec::load(model), Error);
}

// A leaf, its sibling, their parent and a concept near the centre.
TEST(HyperbolicCodec, ApproachPutsSiblingsBeforeWhatIsNearToEverything) {
  const float points[4][2] = {{0.98f, 0.0f}, {0.978f, 0.06f}, {0.90f, 0.02f}, {0.05f, 0.3f}};
  float codes[4][3];
  const std::byte* pointers[4];
  for (int i = 0; i < 4; ++i) {
    geometry::ball_code(points[i], 2, codes[i]);
    pointers[i] = reinterpret_cast<const std::byte*>(codes[i]);
  }
  const auto c = codec(3);
  const auto query = c->query();
  float distance[4], error[4];
  query->set(codes[0]);
  query->distances(pointers, 4, distance, error);
  EXPECT_GT(distance[1], distance[2]) << "the parent is nearer than the sibling";
  EXPECT_TRUE(query->approach(true));
  query->distances(pointers, 4, distance, error);
  EXPECT_EQ(distance[0], 0);
  EXPECT_LT(distance[1], distance[2]);
  EXPECT_LT(distance[2], distance[3]);
  // Measuring again, and links never by this form.
  float again[4];
  query->approach(false);
  query->distances(pointers, 4, again, error);
  EXPECT_GT(again[1], again[2]);
  query->set_link(codes[0]);
  EXPECT_FALSE(query->approach(true));
  const auto flat = train_codec({CodecKind::none, Metric::l2, 3}, nullptr, 0)->query();
  EXPECT_FALSE(flat->approach(true));
}

TEST(HyperbolicCodec, PointsOutsideAreRefused) {
  const float on[] = {1, 0}, off[] = {1, 1};
  float out[3];
  EXPECT_THROW(geometry::ball_code(on, 2, out), Error);
  EXPECT_THROW(geometry::lorentz_code(off, 2, out), Error);
  const float in[] = {0.5f, 0};
  geometry::ball_code(in, 2, out);
  EXPECT_EQ(out[0], 0.75f);
  EXPECT_EQ(out[1], 0.5f);
}

}  // namespace
}  // namespace rv::quant
