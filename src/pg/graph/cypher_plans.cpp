#include "pg/graph/cypher_plans.h"

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "pg/base/relation_watch.h"

namespace rv::pg {
namespace {

constexpr std::size_t kPlans = 128;
constexpr std::size_t kLongestQuery = 65536;  // longer texts are not worth the memory
constexpr std::size_t kExecutions = 8;

struct Entry {
  std::shared_ptr<const graph::Plan> plan;
  std::uint64_t news;  // relation_news() when it was made
};

// Never destroyed: exit() in a backend runs the destructors of statics.
std::unordered_map<std::string, Entry>& plans() {
  static auto* map = new std::unordered_map<std::string, Entry>();
  return *map;
}

struct KeptExecution {
  std::shared_ptr<const graph::Plan> plan;
  std::unique_ptr<graph::Execution> execution;  // of that plan
};

std::array<KeptExecution, kExecutions>& kept_executions() {
  static auto* kept = new std::array<KeptExecution, kExecutions>();
  return *kept;
}

// A plan with calls points to procedures of the store it was made with.
bool calls_procedures(const graph::PlanNode& n) {
  if (n.op == graph::Op::procedure) return true;
  for (const auto& child : n.children)
    if (calls_procedures(*child)) return true;
  return false;
}

bool can_be_kept(const graph::Plan& plan) {
  if (plan.root == nullptr || calls_procedures(*plan.root)) return false;
  for (const auto& sub : plan.subqueries)
    if (calls_procedures(*sub.plan)) return false;
  return true;
}

}  // namespace

std::shared_ptr<const graph::Plan> cypher_plan(std::string_view graph, std::string_view query,
                                               graph::GraphStore& store) {
  // The same query again: it is looked at before the others.
  static std::string last_key;
  static Entry last;
  if (last.plan != nullptr && last.news == relation_news() &&
      last_key.size() == graph.size() + 1 + query.size() && last_key.starts_with(graph) &&
      last_key[graph.size()] == '\0' && last_key.ends_with(query))
    return last.plan;
  std::string key(graph);
  key += '\0';
  key += query;
  const auto known = plans().find(key);
  if (known != plans().end()) {
    if (known->second.news == relation_news()) {
      last_key = std::move(key);
      last = known->second;
      return last.plan;
    }
    plans().erase(known);
  }
  // The store watches the catalogue (names.h).
  const std::uint64_t before = relation_news();
  std::shared_ptr<const graph::Plan> plan = graph::make_plan(query, store);
  if (query.size() > kLongestQuery || !can_be_kept(*plan)) return plan;
  if (plans().size() >= kPlans) plans().erase(plans().begin());
  plans().emplace(std::move(key), Entry{plan, before});
  return plan;
}

std::unique_ptr<graph::Execution> take_execution(const std::shared_ptr<const graph::Plan>& plan) {
  for (KeptExecution& k : kept_executions())
    if (k.plan == plan && k.execution != nullptr) return std::move(k.execution);
  return std::make_unique<graph::Execution>(*plan);
}

void keep_execution(const std::shared_ptr<const graph::Plan>& plan,
                    std::unique_ptr<graph::Execution> execution) {
  static std::size_t next = 0;
  // A plan that nobody else has is in no list of plans: it will not come again.
  if (!execution->can_be_kept() || plan.use_count() == 1) return;
  KeptExecution* place = nullptr;
  for (KeptExecution& k : kept_executions())
    if (k.plan == plan || (place == nullptr && k.execution == nullptr)) place = &k;
  if (place == nullptr) place = &kept_executions()[next++ % kExecutions];
  place->execution = std::move(execution);  // the one before refers to the plan before
  place->plan = plan;
}

}  // namespace rv::pg
