#include "core/index/ivf/centres.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/simd/distance.h"

namespace rv::index::ivf {
namespace {

// Squared L2 distance, or minus the inner product.
float exact_distance(const Description& index, const float* x, const float* centre) noexcept {
  return index.measure() == cluster::Measure::euclidean
             ? simd::kernels().l2_squared(x, centre, index.dim())
             : -simd::kernels().inner_product(x, centre, index.dim());
}

}  // namespace

CentreDistances::CentreDistances(const Description& index) : index_(index) {
  if (index.centre_codec != nullptr) query_ = index.centre_codec->query();
}

void CentreDistances::measure(PageStore& store, const float* x, float* distance, float* error) {
  const std::size_t lists = index_.lists();
  if (query_ != nullptr) {
    query_->set(x);
    by_codes(store, distance, error);
  } else {
    by_centres(store, x, distance);
    std::fill_n(error, lists, 0.0f);
  }
  // Damage, or products that overflow: such a list comes last, and sorting needs an order.
  for (std::size_t i = 0; i < lists; ++i) {
    if (std::isnan(distance[i])) distance[i] = std::numeric_limits<float>::max();
    if (std::isnan(error[i])) error[i] = std::numeric_limits<float>::infinity();
  }
}

void CentreDistances::by_codes(PageStore& store, float* distance, float* error) {
  const std::size_t bytes = index_.meta.centre_code_bytes;
  const std::size_t per_page = centre_codes_per_page(store.content_bytes(), bytes);
  codes_.resize(per_page);
  Block block = index_.meta.centre_codes;
  for (std::size_t first = 0; first < index_.lists(); first += per_page, ++block) {
    const std::byte* page = store.pin(block, kCentreCodePage);
    const std::size_t n = std::min<std::size_t>(per_page, index_.lists() - first);
    for (std::size_t i = 0; i < n; ++i) codes_[i] = page + i * bytes;
    query_->distances(codes_.data(), static_cast<int>(n), distance + first, error + first);
  }
}

void CentreDistances::by_centres(PageStore& store, const float* x, float* distance) {
  const std::size_t dim = index_.dim();
  const CentreLayout layout = centre_layout(store.content_bytes(), dim);
  const bool euclidean = index_.measure() == cluster::Measure::euclidean;
  const auto kernel = euclidean ? simd::kernels().l2_squared : simd::kernels().inner_product;
  const std::size_t rows = std::max<std::size_t>(layout.rows_per_page, 1);
  Block block = index_.meta.centres;
  for (std::size_t first = 0; first < index_.lists(); first += rows) {
    const std::size_t n = std::min<std::size_t>(rows, index_.lists() - first);
    std::fill_n(distance + first, n, 0.0f);
    for (std::size_t at = 0; at < dim; at += layout.floats_per_page, ++block) {
      const auto* page = reinterpret_cast<const float*>(store.pin(block, kCentrePage));
      const std::size_t length = std::min(layout.floats_per_page, dim - at);
      for (std::size_t i = 0; i < n; ++i)
        distance[first + i] += kernel(x + at, page + i * dim, length);
    }
  }
  if (!euclidean)
    for (std::size_t i = 0; i < index_.lists(); ++i) distance[i] = -distance[i];
}

bool code_fits_centre(PageStore& store, const Description& index, std::uint32_t i,
                      const float* centre) {
  if (index.centre_codec == nullptr) return true;
  const std::size_t bytes = index.meta.centre_code_bytes;
  const std::size_t per_page = centre_codes_per_page(store.content_bytes(), bytes);
  const auto block = static_cast<Block>(index.meta.centre_codes + i / per_page);
  const std::byte* code = store.pin(block, kCentreCodePage) + i % per_page * bytes;
  const auto query = index.centre_codec->query();
  query->set(centre);
  float distance, error;
  query->distances(&code, 1, &distance, &error);
  const float exact = exact_distance(index, centre, centre);
  // The bound of errors is one of 95 %.
  return std::abs(distance - exact) <= 6 * error + 1e-5f * std::abs(exact);
}

// Codes leave a few centres that may be the nearest; those are compared themselves.
std::uint32_t nearest_list(PageStore& store, const Description& index, const float* x) {
  const std::size_t lists = index.lists();
  std::vector<float> distance(lists), error(lists);
  CentreDistances(index).measure(store, x, distance.data(), error.data());
  float least = std::numeric_limits<float>::infinity();
  for (std::size_t i = 0; i < lists; ++i) least = std::min(least, distance[i] + error[i]);
  std::vector<float> centre(index.dim());
  std::uint32_t best = 0;
  float nearest = std::numeric_limits<float>::infinity();
  for (std::uint32_t i = 0; i < lists; ++i) {
    if (!(distance[i] - error[i] <= least)) continue;
    float d = distance[i];
    if (index.centre_codec != nullptr) {
      read_centre(store, index, i, centre.data());
      d = exact_distance(index, x, centre.data());
    }
    if (d < nearest) {
      nearest = d;
      best = i;
    }
  }
  return best;
}

}  // namespace rv::index::ivf
