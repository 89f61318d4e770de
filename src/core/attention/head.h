// One head of a composed type: its inputs, and the builders that turn a type into a Composition.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "core/attention/composition.h"
#include "core/attention/params.h"

namespace rv::attention {

struct Head {
  Matrix q, k, v;
  const Params& params;
  std::size_t index = 0, heads = 1;
  bool causal = false;
  long offset = 0;  // position of query 0 among the keys

  // Positions count from the first key.
  long position(std::size_t i) const noexcept { return static_cast<long>(i) + offset; }
  double default_scale() const {
    return params.number("scale", 1 / std::sqrt(static_cast<double>(q.cols)));
  }
};

// The parts. Each sets fields of the composition and may replace q, k.
void check_same_width(const Head& head);  // q.cols = k.cols, 22000
void set_score(const std::string& type, Head& head, Composition& c);
void set_bias(const std::string& type, const Head& head, Composition& c);
void set_mask(const std::string& type, Head& head, Composition& c);
void set_normaliser(const std::string& type, const Head& head, Composition& c);
void set_aggregation(const std::string& type, const Head& head, Composition& c);

// Rotary and extrapolatable position embeddings, applied to q and k.
void rotate(Head& head);
void rotate_xpos(Head& head);

// Types whose score lives in hyperbolic, spherical or product space.
bool is_curved(const std::string& type);
void set_curved_score(const std::string& type, Head& head, Composition& c);
void set_curved_aggregation(const std::string& type, const Head& head, Composition& c);

// Bucket of every row of x by random rotations (reformer), one vector a round.
std::vector<std::vector<std::size_t>> lsh_buckets(const Matrix& x, const Params& params);
// For every row of x the index of the centroid with the largest dot product, ties to the first.
std::vector<std::size_t> nearest_centroids(const Matrix& x, const Matrix& centroids);
// Spherical k-means with a fixed seed; rows of the result are normalised.
Matrix spherical_centroids(const Matrix& x, std::size_t k, std::uint64_t seed);

Composition compose(const std::string& type, Head head);

}  // namespace rv::attention
