// Arguments and results that the functions of this room share.
#pragma once

#include <string>

#include "core/gnn/exec.h"
#include "pg/gnn/tables.h"

namespace rv::pg {

// Checked getters; `name` is the argument's SQL name. A NULL where a value is needed is 22004.
void need(FunctionCallInfo fcinfo, int n, const char* name);
std::string text_value(FunctionCallInfo fcinfo, int n, const char* name);
std::string name_value(FunctionCallInfo fcinfo, int n, const char* name);
std::string optional_name(FunctionCallInfo fcinfo, int n);  // NULL: empty
Oid relation_value(FunctionCallInfo fcinfo, int n, const char* name);
std::int64_t int_value(FunctionCallInfo fcinfo, int n, const char* name, std::int64_t least,
                       std::int64_t most);
double real_value(FunctionCallInfo fcinfo, int n, const char* name, double least, double most);
bool bool_value(FunctionCallInfo fcinfo, int n, const char* name);
std::uint64_t seed_value(FunctionCallInfo fcinfo, int n);
std::vector<int> int_array(FunctionCallInfo fcinfo, int n, const char* name);  // NULL: empty

// source_column, target_column, weight_column, directed from argument `first` on; tables.edges is
// set. Where the defaults src_id and dst_id are not there, src and dst or source and target serve.
void edge_columns(FunctionCallInfo fcinfo, int first, GraphSource& tables);
// The same after id_column.
void graph_columns(FunctionCallInfo fcinfo, int first, GraphSource& tables);

// Threads, interrupts and maintenance_work_mem.
class Workspace {
 public:
  Workspace();
  MemoryBudget& budget() noexcept { return budget_; }
  const gnn::Exec& exec() const noexcept { return exec_; }
  // 53200 with the numbers when a run that needs `bytes` more would not fit.
  void require(std::size_t bytes, const char* what) const;

 private:
  MemoryBudget budget_;
  gnn::Exec exec_;
};

// The rows a set-returning function gives.
class Results {
 public:
  // `ids` are those that node columns will show; their type must suit the declared one of column
  // `id_column`, otherwise 42804 with a hint that names `argument`.
  Results(FunctionCallInfo fcinfo, int id_column, Oid id_type, const char* argument);
  explicit Results(FunctionCallInfo fcinfo);

  Datum id(const IdMap& ids, std::uint32_t n) const;
  void add(const Datum* values, const bool* nulls = nullptr);
  // A vector datum whose buffer is used again for the next row.
  Datum vector(const float* x, std::size_t n);

 private:
  ReturnSetInfo* result_;
  Oid declared_ = InvalidOid;
  void* buffer_ = nullptr;
  std::size_t buffer_columns_ = 0;
};

// The element type of the array argument n (resolved from the call).
Oid array_element_type(FunctionCallInfo fcinfo, int n);

}  // namespace rv::pg
