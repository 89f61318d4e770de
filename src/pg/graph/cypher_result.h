// Where the rows of ruvector_cypher() and ruvector_cypher_rows() go.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/graph/json.h"
#include "core/graph/procedure.h"
#include "pg/base/datum.h"

extern "C" {
#include "funcapi.h"
#include "utils/tuplestore.h"
}

namespace rv::pg {

// Takes the rows of a query.
class CypherResult {
 public:
  virtual ~CypherResult() = default;
  // Once, before the first row.
  virtual void columns(const std::vector<std::string>& names) = 0;
  virtual void batch(graph::Runtime& runtime, const graph::Batch& batch) = 0;
  // No batch comes any more: what was made with their runtime goes.
  void end() noexcept { json_.reset(); }
  // A row that is not of a batch: EXPLAIN, SHOW.
  virtual void row(std::span<const graph::Value> values) = 0;

 protected:
  std::unique_ptr<graph::JsonRows> json_;  // from the first batch on
};

// One json object a row.
class JsonResult : public CypherResult {
 public:
  void columns(const std::vector<std::string>& names) override { names_ = names; }
  void batch(graph::Runtime& runtime, const graph::Batch& batch) override;
  void row(std::span<const graph::Value> values) override;

 private:
  virtual void put(std::string_view json) = 0;
  std::vector<std::string> names_;
};

// The same as the result of a set-returning function in materialize mode.
class JsonSetResult final : public JsonResult {
 public:
  explicit JsonSetResult(FunctionCallInfo fcinfo);

 private:
  void put(std::string_view json) override;
  ReturnSetInfo* result_;
  TupleDesc description_;
};

// A record of the types in the AS list, in the same mode.
class RecordResult final : public CypherResult {
 public:
  explicit RecordResult(FunctionCallInfo fcinfo);
  void columns(const std::vector<std::string>& names) override;
  void batch(graph::Runtime& runtime, const graph::Batch& batch) override;
  void row(std::span<const graph::Value> values) override;

 private:
  Datum convert(const graph::Value& v, int column, bool* is_null);
  void put();
  ReturnSetInfo* result_;
  MemoryContext row_context_;
  TupleDesc description_;
  std::vector<Datum> values_;
  std::unique_ptr<bool[]> nulls_;
};

}  // namespace rv::pg
