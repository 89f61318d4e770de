#include "core/graph/runtime.h"

#include <algorithm>

#include "core/graph/query_error.h"
#include "core/graph/subquery.h"

namespace rv::graph {

Runtime::Runtime(const Plan& plan, const Environment& environment)
    : plan_(plan),
      budget_(environment.memory_limit, environment.memory_setting),
      random_(environment.seed),
      names_(plan.statement->names.size()),
      locals_(static_cast<std::size_t>(plan.statement->slots)) {}

Runtime::~Runtime() = default;

void Runtime::start(GraphStore& store, const Environment& environment,
                    std::span<const MapEntry> parameters) {
  store_ = &store;
  environment_ = &environment;
  random_ = Rng(environment.seed);
  parameters_.clear();
  parameter_given_.clear();
  for (const auto& name : plan_.statement->parameters) {
    const auto at = std::find_if(parameters.begin(), parameters.end(),
                                 [&](const MapEntry& e) { return e.key == name; });
    parameters_.push_back(at == parameters.end() ? Value() : at->value);
    parameter_given_.push_back(at != parameters.end());
  }
}

bool Runtime::starts_again(const Environment& environment) const noexcept {
  return environment.memory_limit == budget_.limit() &&
         environment.memory_setting == std::string_view(budget_.name());
}

// Names may be others by then, of another transaction.
void Runtime::rest() noexcept {
  subqueries_.clear();
  inexact_.clear();
  std::fill(names_.begin(), names_.end(), CachedName());
  writes_ = ticks_ = 0;
  position = 0;
  store_ = nullptr;
  environment_ = nullptr;
}

NameId Runtime::name(int index) {
  CachedName& n = names_[static_cast<std::size_t>(index)];
  if (n.id == kNoName && n.seen != writes_) {
    const auto& name = plan_.statement->names[static_cast<std::size_t>(index)];
    n.id = store_->find_name(name.kind, name.text);
    n.seen = writes_;
  }
  return n.id;
}

NameId Runtime::intern(int index) {
  CachedName& n = names_[static_cast<std::size_t>(index)];
  if (n.id == kNoName) {
    const auto& name = plan_.statement->names[static_cast<std::size_t>(index)];
    n.id = store_->intern_name(name.kind, name.text);
  }
  return n.id;
}

NameId Runtime::key(std::string_view name) { return store_->find_name(NameKind::key, name); }

const Value& Runtime::parameter(int index) const {
  const auto i = static_cast<std::size_t>(index);
  if (!parameter_given_[i])
    raise(ErrorCode::undefined_object,
          "parameter $" + plan_.statement->parameters[i] + " is not given",
          "ParameterMissing: MissingParameter");
  return parameters_[i];
}

SubqueryRunner& Runtime::subquery(const Expr& e) {
  auto& runner = subqueries_[&e];
  if (runner == nullptr) {
    const auto at = std::find_if(plan_.subqueries.begin(), plan_.subqueries.end(),
                                 [&](const SubqueryPlan& s) { return s.expr == &e; });
    if (at == plan_.subqueries.end()) throw Error(ErrorCode::internal, "subquery was not planned");
    runner = std::make_unique<SubqueryRunner>(*this, *at);
  }
  return *runner;
}

}  // namespace rv::graph
