#include "core/graph/execution.h"

#include "core/graph/query_error.h"

namespace rv::graph {
namespace {

// Columns that the operators of a plan own, at most. Each has room for a batch of values.
std::size_t columns_of(const PlanNode& n) {
  std::size_t columns = n.live.size() + n.exprs.size() + n.keys.size() + n.aggregates.size();
  for (const auto& child : n.children) columns += columns_of(*child);
  return columns;
}

}  // namespace

void Execution::run(GraphStore& store, const Environment& environment,
                    std::span<const MapEntry> parameters, const BatchSink& rows,
                    std::vector<Profile>* profile) {
  const bool again = kept_ && runtime_->starts_again(environment);
  kept_ = false;
  if (!again) {
    tree_ = {};
    runtime_ = std::make_unique<Runtime>(plan_, environment);
  }
  Runtime& runtime = *runtime_;
  runtime.start(store, environment, parameters);
  runtime.profiling = profile != nullptr;
  if (profile != nullptr) runtime.profile.assign(static_cast<std::size_t>(plan_.nodes), {});
  try {
    if (!again) tree_ = make_operators(*plan_.root, runtime);
    tree_.root->open();
    while (Batch* b = tree_.root->next()) {
      if (b->rows > 0 && rows) rows(runtime, *b);
    }
  } catch (const Error& e) {
    throw locate(e, plan_.statement->text, runtime.position);
  }
  if (profile != nullptr) *profile = runtime.profile;
  kept_ = tree_.root->rest() && runtime.budget()->used() <= kMostKeptBytes &&
          (again || columns_of(*plan_.root) <= kMostKeptColumns);
  if (!kept_) tree_ = {};
  runtime.rest();
}

}  // namespace rv::graph
