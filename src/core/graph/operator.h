// The running form of a PlanNode.
#pragma once

#include <memory>
#include <vector>

#include "core/graph/batch.h"
#include "core/graph/plan.h"
#include "core/graph/runtime.h"

namespace rv::graph {

// Pulls batches from its input and hands out its own. The values of a batch are valid until the
// next call of next() or open(); who keeps values longer copies them (copy_value()).
class Operator {
 public:
  Operator(Runtime& runtime, const PlanNode& plan) : runtime_(runtime), plan_(plan) {}
  virtual ~Operator() = default;
  Operator(const Operator&) = delete;
  Operator& operator=(const Operator&) = delete;
  static void* operator new(std::size_t bytes) { return take_block(bytes); }
  static void operator delete(void* block, std::size_t bytes) { return_block(block, bytes); }

  // Starts, or starts anew.
  virtual void open() = 0;
  // After a run that ended well: gives back what belongs to it, such as cursors, values and much
  // memory. True: open() may start another run, with another store and other parameters.
  virtual bool rest() noexcept { return false; }
  // The next batch, never empty, or null at the end.
  Batch* next();

 protected:
  virtual Batch* produce() = 0;

  Runtime& runtime_;
  const PlanNode& plan_;
};

// A leaf that hands out rows of the surrounding plan.
class ArgumentSource {
 public:
  virtual ~ArgumentSource() = default;
  // Rows [begin, end) of `batch`; must be called before open().
  virtual void set(const Batch* batch, std::uint32_t begin, std::uint32_t end) = 0;
};

// Operators of a plan, with the leaves that are its arguments.
struct OperatorTree {
  std::unique_ptr<Operator> root;
  std::vector<ArgumentSource*> arguments;
  void set(const Batch* batch, std::uint32_t begin, std::uint32_t end) {
    for (ArgumentSource* a : arguments) a->set(batch, begin, end);
  }
};
OperatorTree make_operators(const PlanNode& plan, Runtime& runtime);

}  // namespace rv::graph
