// Data sets of the macro bench: fvecs/ivecs files (also .gz) or generated clusters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace rv::bench {

struct Matrix {
  std::size_t dim = 0;
  std::vector<float> values;
  std::size_t rows() const { return dim == 0 ? 0 : values.size() / dim; }
  const float* row(std::size_t i) const { return values.data() + i * dim; }
};

// One row is an int32 length and that many float32. All rows must have the same length.
Matrix read_fvecs(const std::string& path);

// Unit vectors around `rows / 100` centres; the same for the same arguments on every machine.
// Different `stream`s give different vectors around the same centres.
Matrix make_clusters(std::size_t rows, std::size_t dim, std::uint64_t stream, std::size_t centres);

enum class Metric { l2, cosine, ip };
Metric metric_of(const std::string& name);
const char* operator_of(Metric m);
double distance(Metric m, const float* a, const float* b, std::size_t dim);

// The k-th smallest distance of every query, by exhaustive search on all cores.
std::vector<double> kth_distances(const Matrix& base, const Matrix& queries, std::size_t k,
                                  Metric m);

}  // namespace rv::bench
