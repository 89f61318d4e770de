#include "data.h"

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "core/base/rng.h"
#include "core/parallel/worker_pool.h"
#include "core/simd/distance.h"
#include "core/types/dense.h"

namespace rv::bench {

Matrix read_fvecs(const std::string& path) {
  gzFile file = gzopen(path.c_str(), "rb");  // reads plain files as well
  if (file == nullptr) throw std::runtime_error("cannot open " + path);
  Matrix m;
  std::int32_t dim = 0;
  std::vector<float> row;
  for (;;) {
    const int got = gzread(file, &dim, sizeof dim);
    if (got == 0) break;
    if (got != static_cast<int>(sizeof dim))
      throw std::runtime_error(path + ": damaged or ends in the middle of a row");
    if (dim < 1 || dim > kMaxDim || (m.dim != 0 && m.dim != static_cast<std::size_t>(dim)))
      throw std::runtime_error(path + ": row of " + std::to_string(dim) + " dimensions");
    m.dim = static_cast<std::size_t>(dim);
    row.resize(m.dim);
    const int bytes = static_cast<int>(m.dim * sizeof(float));
    if (gzread(file, row.data(), static_cast<unsigned>(bytes)) != bytes)
      throw std::runtime_error(path + ": ends in the middle of a row");
    m.values.insert(m.values.end(), row.begin(), row.end());
  }
  gzclose(file);
  if (m.dim == 0) throw std::runtime_error(path + ": no rows");
  return m;
}

Matrix make_clusters(std::size_t rows, std::size_t dim, std::uint64_t stream, std::size_t centres) {
  Matrix m;
  m.dim = dim;
  m.values.resize(rows * dim);
  std::vector<float> centre(centres * dim);
  Rng centre_rng(42);
  for (auto& x : centre) x = static_cast<float>(centre_rng.normal());
  Rng rng(mix64(stream));
  for (std::size_t i = 0; i < rows; ++i) {
    const float* c = &centre[rng.below(centres) * dim];
    float* x = &m.values[i * dim];
    double squares = 0;
    for (std::size_t d = 0; d < dim; ++d) {
      x[d] = c[d] + 0.7f * static_cast<float>(rng.normal());
      squares += static_cast<double>(x[d]) * x[d];
    }
    for (std::size_t d = 0; d < dim; ++d) x[d] = static_cast<float>(x[d] / std::sqrt(squares));
  }
  return m;
}

Metric metric_of(const std::string& name) {
  if (name == "l2") return Metric::l2;
  if (name == "cosine") return Metric::cosine;
  if (name == "ip") return Metric::ip;
  throw std::runtime_error("unknown metric " + name + " (l2, cosine, ip)");
}

const char* operator_of(Metric m) {
  return m == Metric::l2 ? "<->" : m == Metric::cosine ? "<=>" : "<#>";
}

double distance(Metric m, const float* a, const float* b, std::size_t dim) {
  const auto n = static_cast<int>(dim);
  switch (m) {
    case Metric::l2:
      return std::sqrt(l2_squared<Vector>(a, b, n));
    case Metric::cosine:
      return cosine_distance<Vector>(a, b, n);
    case Metric::ip:
      break;
  }
  return -inner_product<Vector>(a, b, n);
}

std::vector<double> kth_distances(const Matrix& base, const Matrix& queries, std::size_t k,
                                  Metric m) {
  std::vector<double> kth(queries.rows());
  simd::kernels();
  WorkerPool pool(2);
  pool.for_each_chunk(queries.rows(), 1, nullptr, [&](std::size_t from, std::size_t to) {
    std::vector<double> all(base.rows());
    for (std::size_t q = from; q < to; ++q) {
      for (std::size_t i = 0; i < all.size(); ++i)
        all[i] = distance(m, queries.row(q), base.row(i), base.dim);
      const auto at = all.begin() + static_cast<std::ptrdiff_t>(std::min(k, all.size()) - 1);
      std::nth_element(all.begin(), at, all.end());
      kth[q] = *at;
    }
  });
  return kth;
}

}  // namespace rv::bench
