// k-means: Lloyd's iterations by matrix products, seeded by k-means++ (Arthur and Vassilvitskii,
// SODA 2007; several seeds a round when there are many centres).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/cluster/nearest.h"
#include "core/parallel/work.h"

namespace rv::cluster {

struct KMeansOptions {
  std::size_t centres = 1;
  Measure measure = Measure::euclidean;
  std::uint64_t seed = 42;
  int iterations = 12;      // at most
  double tolerance = 1e-3;  // fewer when one lowers the error by less than this share
  // Vectors of the front, a fair sample of all, to begin with: iterations are spent on them first,
  // and as many again on all. Cheaper, with many vectors, than as many iterations on all as it
  // takes to come as close. 0: none.
  std::size_t warm_up = 0;
  Search search = Search::exact;
  bool balance = false;  // break up clusters that are far larger than the average
};

// Centres of `count` vectors of dim floats (for directions: unit vectors, and so are the centres).
// Equal input, options and seed give equal centres on any number of threads. With fewer vectors
// than centres the rest of the centres lie near random vectors of the sample; with none, at random.
std::vector<float> kmeans(const float* x, std::size_t count, std::size_t dim,
                          const KMeansOptions& options, const Work& work = Work());

// Bytes that kmeans() allocates, at most.
std::size_t kmeans_bytes(std::size_t count, std::size_t dim, std::size_t centres) noexcept;

}  // namespace rv::cluster
