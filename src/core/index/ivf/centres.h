// The lists that lie near a vector: by the centres' codes where there are some, else by the
// centres.
#pragma once

#include <memory>
#include <vector>

#include "core/index/ivf/index.h"

namespace rv::index::ivf {

class CentreDistances {
 public:
  explicit CentreDistances(const Description& index);

  // distance[i] of x to every centre: about the squared L2 distance, or minus the inner product.
  // With codes the true one is seldom farther from it than error[i]; else error[i] is 0. Never NaN.
  void measure(PageStore& store, const float* x, float* distance, float* error);

 private:
  void by_codes(PageStore& store, float* distance, float* error);
  void by_centres(PageStore& store, const float* x, float* distance);

  const Description& index_;
  std::unique_ptr<quant::CodeQuery> query_;  // null: there are no codes
  std::vector<const std::byte*> codes_;      // of a page
};

// Whether the code of centre i is that of its centre, within the error of codes. True without
// codes.
bool code_fits_centre(PageStore& store, const Description& index, std::uint32_t i,
                      const float* centre);

// The list that a vector belongs to: that of the nearest centre.
std::uint32_t nearest_list(PageStore& store, const Description& index, const float* x);

}  // namespace rv::index::ivf
