// What CALL finds: algorithms, and the SQL functions that users registered.
#include "core/graph/algo/algorithm.h"
#include "pg/base/threads.h"
#include "pg/graph/algorithm_host.h"
#include "pg/graph/procedure.h"
#include "pg/graph/store.h"

namespace rv::pg {

void set_up_algorithm_host() {
  graph::AlgorithmHost& host = graph::algorithm_host();
  if (host.pool != nullptr) return;
  host.poll = [] { check_interrupts(); };
  host.pool = worker_pool;
  host.memory_limit = [] { return static_cast<std::size_t>(maintenance_work_mem) * 1024; };
  host.memory_setting = "maintenance_work_mem";
}

const graph::Procedure* PgStore::find_procedure(std::string_view name) {
  set_up_algorithm_host();
  if (const auto* p = graph::find_algorithm_procedure(name)) return p;
  for (const auto& p : procedures_)
    if (p->signature().name == name) return p.get();
  auto found = find_sql_procedure(type_schema(tables_.map_type), name);
  if (!found) return nullptr;
  return procedures_.emplace_back(std::move(found)).get();
}

}  // namespace rv::pg
