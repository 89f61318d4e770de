#include "core/index/hnsw/scan_features.h"

#include <algorithm>
#include <cmath>

namespace rv::index::hnsw {

std::array<float, 15> features(const Search& search) {
  std::array<float, 15> f{};
  const auto& batch = search.batch();
  const auto hops = static_cast<double>(search.stats().hops);
  const auto distances = static_cast<double>(search.stats().distances);
  f[10] = static_cast<float>(std::log1p(hops));
  f[11] = static_cast<float>(std::log1p(distances));
  f[12] = static_cast<float>(distances / (hops + 1));
  f[13] = static_cast<float>(std::log1p(static_cast<double>(batch.size())));
  if (batch.empty()) return f;
  const auto d = [&batch](std::size_t i) {
    return static_cast<double>(batch[std::min(i, batch.size()) - 1].distance);
  };
  const double scale = std::abs(d(10)) + std::abs(d(1)) + 1e-30;
  const std::size_t ten = std::min<std::size_t>(10, batch.size());
  double mean = 0;
  double squares = 0;
  for (std::size_t i = 1; i <= ten; ++i) mean += d(i) / static_cast<double>(ten);
  for (std::size_t i = 1; i <= ten; ++i)
    squares += (d(i) - mean) * (d(i) - mean) / static_cast<double>(ten);
  const double last = d(batch.size());
  // The frontier is empty when a small graph was seen whole.
  const double frontier =
      std::isfinite(search.frontier()) ? static_cast<double>(search.frontier()) : last;
  f[0] = static_cast<float>(std::log(std::abs(d(10)) + 1e-30));
  f[1] = static_cast<float>(d(1) / scale);
  f[2] = static_cast<float>(d(5) / scale);
  f[3] = static_cast<float>(d(10) / scale);
  f[4] = static_cast<float>(mean / scale);
  f[5] = static_cast<float>(std::sqrt(squares) / scale);
  f[6] = static_cast<float>(last / scale);
  f[7] = static_cast<float>(d((batch.size() + 1) / 2) / scale);
  f[8] = static_cast<float>(frontier / scale);
  f[9] = static_cast<float>((frontier - last) / scale);
  f[14] = static_cast<float>(last > d(1) ? (d(10) - d(1)) / (last - d(1)) : 1.0);
  return f;
}

}  // namespace rv::index::hnsw
