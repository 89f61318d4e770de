// One execution of a statement: parameters, names, clock, memory, subqueries.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/memory_budget.h"
#include "core/base/rng.h"
#include "core/base/scratch_file.h"
#include "core/graph/plan.h"

namespace rv::graph {

class SubqueryRunner;

// What the engine needs from its surroundings.
struct Environment {
  void (*check_interrupts)() = nullptr;  // called every few hundred rows; may throw
  // Pages of the store looked at so far, for PROFILE; nullptr: a store without pages.
  std::uint64_t (*pages)() = nullptr;
  // Does `pattern` (a regular expression) match all of `text`?
  bool (*matches)(std::string_view pattern, std::string_view text) = nullptr;
  std::int64_t now_seconds = 0;  // the transaction's start, since 1970-01-01T00:00:00Z
  std::int32_t now_nanoseconds = 0;
  std::string time_zone = "Z";  // of local times: an IANA name or an offset
  std::uint64_t seed = 0;       // of rand()
  std::size_t memory_limit = std::size_t{256} << 20;
  const char* memory_setting = "work_mem";
  // Where rows go that exceed the limit; empty: the query ends with an error instead.
  MakeScratchFile scratch_file;
};

// Of an operator, with those it reads from.
struct Profile {
  std::uint64_t rows = 0;
  std::uint64_t nanoseconds = 0;
  std::uint64_t pages = 0;
};

class Runtime {
 public:
  // Of this environment the memory's limit and its name are taken.
  Runtime(const Plan& plan, const Environment& environment);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // Begins an execution, which ends with rest() if it ends well. All three outlive it; the values
  // of the parameters as well.
  void start(GraphStore& store, const Environment& environment,
             std::span<const MapEntry> parameters);
  // Could start() with this environment be called once more?
  bool starts_again(const Environment& environment) const noexcept;
  void rest() noexcept;

  GraphStore& store() noexcept { return *store_; }
  const Plan& plan() const noexcept { return plan_; }
  const Environment& environment() const noexcept { return *environment_; }
  MemoryBudget* budget() noexcept { return &budget_; }
  Rng& random() noexcept { return random_; }
  int slots() const noexcept { return plan_.statement->slots; }

  // A name of the statement in this graph; kNoName while the graph does not have it.
  NameId name(int index);
  NameId intern(int index);
  NameId key(std::string_view name);  // by text, for dynamic access
  const Value& parameter(int index) const;
  // Values of comprehension variables.
  Value& local(int slot) { return locals_[static_cast<std::size_t>(slot)]; }
  SubqueryRunner& subquery(const Expr& e);

  // Something was written: names may exist now that did not.
  void wrote() noexcept { ++writes_; }
  // Changes whenever reads may see something else than before.
  std::uint64_t writes() const noexcept { return writes_; }
  void advance() {
    store_->advance();
    ++writes_;
  }
  void tick() {
    if (++ticks_ % 256 == 0 && environment_->check_interrupts != nullptr)
      environment_->check_interrupts();
  }
  // A seek of this plan node was not exact: what PlanNode::implied_by says is not so.
  void seek_was_inexact(const PlanNode& seek) { inexact_.push_back(&seek); }
  bool was_exact(const PlanNode& seek) const {
    for (const PlanNode* n : inexact_)
      if (n == &seek) return false;
    return true;
  }
  // Where in the query an error that is raised now belongs.
  std::uint32_t position = 0;
  bool profiling = false;
  std::vector<Profile> profile;

 private:
  const Plan& plan_;
  GraphStore* store_ = nullptr;
  const Environment* environment_ = nullptr;
  MemoryBudget budget_;
  Rng random_;
  std::vector<Value> parameters_;
  std::vector<bool> parameter_given_;
  struct CachedName {
    NameId id = kNoName;
    std::uint64_t seen = ~std::uint64_t{0};
  };
  std::vector<CachedName> names_;
  std::vector<Value> locals_;
  std::unordered_map<const Expr*, std::unique_ptr<SubqueryRunner>> subqueries_;
  std::vector<const PlanNode*> inexact_;
  std::uint64_t writes_ = 0;
  std::uint64_t ticks_ = 0;
};

}  // namespace rv::graph
