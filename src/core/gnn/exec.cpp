#include "core/gnn/exec.h"

#include <algorithm>

namespace rv::gnn {
namespace {

constexpr std::size_t kGrainCost = 200'000;     // below this a task is not worth a thread
constexpr std::size_t kSliceCost = 20'000'000;  // work between two looks at the interrupt flag

}  // namespace

void Exec::for_rows(std::size_t n, std::size_t cost,
                    const std::function<void(std::size_t, std::size_t)>& body) const {
  cost = std::max<std::size_t>(cost, 1);
  // Multiples of 12: the rows of the widest tile of a product.
  const std::size_t grain =
      std::max<std::size_t>(kGrainCost / cost / 12 * 12, cost > 50'000 ? 1 : 12);
  const std::size_t slice = std::max(kSliceCost / cost / grain, std::size_t{8}) * grain;
  for (std::size_t begin = 0; begin < n; begin += slice) {
    const std::size_t rows = std::min(slice, n - begin);
    if (pool_ == nullptr || rows <= grain) {
      for (std::size_t i = 0; i < rows; i += grain)
        body(begin + i, begin + std::min(i + grain, rows));
    } else {
      pool_->for_each_chunk(rows, grain, nullptr,
                            [&](std::size_t b, std::size_t e) { body(begin + b, begin + e); });
    }
    check_interrupts();
  }
}

}  // namespace rv::gnn
