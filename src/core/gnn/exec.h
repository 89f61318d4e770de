// How the arithmetic of this room runs: on which threads, within which memory, and how it is
// interrupted.
#pragma once

#include <cstddef>
#include <functional>

#include "core/base/memory_budget.h"
#include "core/parallel/worker_pool.h"

namespace rv::gnn {

class Exec {
 public:
  // `pool` null: this thread alone. `interrupt` runs on this thread every few milliseconds of work
  // and may throw, which abandons the work. `budget` null: no limit.
  explicit Exec(WorkerPool* pool = nullptr, void (*interrupt)() = nullptr,
                MemoryBudget* budget = nullptr) noexcept
      : pool_(pool), interrupt_(interrupt), budget_(budget) {}

  // body(begin, end) over [0, n) in pieces, perhaps at once on several threads; `cost` is about the
  // floating-point operations of one row. The pieces depend on n and cost only. As long as a body
  // writes only its own rows and sums in its own order, results do not depend on the threads.
  void for_rows(std::size_t n, std::size_t cost,
                const std::function<void(std::size_t, std::size_t)>& body) const;

  void check_interrupts() const {
    if (interrupt_ != nullptr) interrupt_();
  }
  MemoryBudget* budget() const noexcept { return budget_; }
  int threads() const noexcept { return pool_ == nullptr ? 1 : pool_->threads(); }

 private:
  WorkerPool* pool_;
  void (*interrupt_)();
  MemoryBudget* budget_;
};

// Bytes charged to a budget for as long as this object lives.
class Charge {
 public:
  Charge() = default;
  Charge(MemoryBudget* budget, std::size_t bytes) : budget_(budget), bytes_(bytes) {
    if (budget_ != nullptr) budget_->charge(bytes_);
  }
  Charge(Charge&& o) noexcept : budget_(o.budget_), bytes_(o.bytes_) { o.budget_ = nullptr; }
  Charge& operator=(Charge&& o) noexcept {
    if (this != &o) {
      release();
      budget_ = o.budget_;
      bytes_ = o.bytes_;
      o.budget_ = nullptr;
    }
    return *this;
  }
  ~Charge() { release(); }

 private:
  void release() noexcept {
    if (budget_ != nullptr) budget_->release(bytes_);
    budget_ = nullptr;
  }
  MemoryBudget* budget_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace rv::gnn
