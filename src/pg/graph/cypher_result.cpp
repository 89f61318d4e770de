#include "pg/graph/cypher_result.h"

#include "core/graph/eval.h"
#include "core/graph/type_set.h"
#include "pg/graph/sql_value.h"

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/lsyscache.h"
}

namespace rv::pg {

using graph::Value;

namespace {

// Prepares the function's result as a tuplestore of `description`, which the caller knows where it
// expects it.
ReturnSetInfo* materialize(FunctionCallInfo fcinfo, TupleDesc description) {
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  const bool random = (result->allowedModes & SFRM_Materialize_Random) != 0;
  call([&] {
    const MemoryContext old = MemoryContextSwitchTo(result->econtext->ecxt_per_query_memory);
    result->returnMode = SFRM_Materialize;
    result->setResult = tuplestore_begin_heap(random, false, work_mem);
    result->setDesc = description == result->expectedDesc ? nullptr : description;
    MemoryContextSwitchTo(old);
  });
  return result;
}

void check_call(FunctionCallInfo fcinfo) {
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  if (result == nullptr || !IsA(result, ReturnSetInfo) ||
      (result->allowedModes & SFRM_Materialize) == 0)
    throw Error(ErrorCode::not_supported,
                "set-valued function called in context that cannot accept a set");
}

}  // namespace

JsonSetResult::JsonSetResult(FunctionCallInfo fcinfo) {
  check_call(fcinfo);
  auto* const result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  description_ = result->expectedDesc;
  if (description_ == nullptr || description_->natts != 1 ||
      TupleDescAttr(description_, 0)->atttypid != JSONOID)
    description_ = call([result] {
      MemoryContext old = MemoryContextSwitchTo(result->econtext->ecxt_per_query_memory);
      const TupleDesc d = CreateTemplateTupleDesc(1);
      TupleDescInitEntry(d, 1, "ruvector_cypher", JSONOID, -1, 0);
      MemoryContextSwitchTo(old);
      return d;
    });
  result_ = materialize(fcinfo, description_);
}

void JsonSetResult::put(std::string_view json) {
  ReturnSetInfo* result = result_;
  TupleDesc description = description_;
  call([&] {
    Datum value =
        PointerGetDatum(cstring_to_text_with_len(json.data(), static_cast<int>(json.size())));
    bool is_null = false;
    tuplestore_putvalues(result->setResult, description, &value, &is_null);
    pfree(DatumGetPointer(value));
  });
}

void JsonResult::batch(graph::Runtime& runtime, const graph::Batch& batch) {
  if (json_ == nullptr) json_ = std::make_unique<graph::JsonRows>(runtime);
  json_->write(batch, [this](std::string_view text) { put(text); });
}

void JsonResult::row(std::span<const Value> values) {
  std::string out;
  for (std::size_t i = 0; i < values.size(); ++i) {
    out += i == 0 ? '{' : ',';
    graph::write_json_string(out, names_[i]);
    out += ':';
    graph::append_json_scalar(out, values[i]);
  }
  put(out + "}");
}

RecordResult::RecordResult(FunctionCallInfo fcinfo) {
  check_call(fcinfo);
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  if (result->expectedDesc == nullptr)
    throw Error(ErrorCode::not_supported, "a column definition list is required", {},
                "Write FROM ruvector_cypher_rows(...) AS (name text, age int).");
  description_ = result->expectedDesc;
  result_ = materialize(fcinfo, description_);
  row_context_ = call([] {
    return AllocSetContextCreateInternal(CurrentMemoryContext, "cypher row",
                                         ALLOCSET_DEFAULT_SIZES);
  });
  values_.resize(static_cast<std::size_t>(description_->natts));
  nulls_ = std::make_unique<bool[]>(static_cast<std::size_t>(description_->natts));
}

void RecordResult::columns(const std::vector<std::string>& names) {
  if (static_cast<int>(names.size()) != description_->natts)
    throw Error(ErrorCode::type_mismatch, "the query returns " + std::to_string(names.size()) +
                                              " columns, the AS list has " +
                                              std::to_string(description_->natts));
}

Datum RecordResult::convert(const Value& v, int column, bool* is_null) {
  const Oid type = TupleDescAttr(description_, column)->atttypid;
  const std::int32_t typmod = TupleDescAttr(description_, column)->atttypmod;
  *is_null = v.is_null();
  if (v.is_null()) return static_cast<Datum>(0);
  using graph::Kind;
  const bool compound =
      v.is(Kind::node) || v.is(Kind::relationship) || v.is(Kind::path) || v.is(Kind::map);
  const bool json = type == JSONOID || type == JSONBOID;
  const bool text = type == TEXTOID || type == VARCHAROID;
  if (json || (text && (compound || v.is(Kind::list))) || (!compound && typmod != -1)) {
    std::string out;
    if (json || compound || v.is(Kind::list) || v.is(Kind::vector)) {
      if (json_ != nullptr) {
        json_->append(out, v);
      } else {
        graph::append_json_scalar(out, v);
      }
    } else {
      out = graph::to_text(v);
    }
    return call([&] {
      Oid input = InvalidOid;
      Oid parameter = InvalidOid;
      getTypeInputInfo(type, &input, &parameter);
      return OidInputFunctionCall(input, const_cast<char*>(out.c_str()), parameter, typmod);
    });
  }
  if (compound)
    throw Error(ErrorCode::type_mismatch,
                "column " + std::to_string(column + 1) + " is a " +
                    std::string(graph::kind_name(v.kind())) +
                    ", which the AS list must take as json, jsonb or text");
  return datum_of_value(v, type, is_null);
}

void RecordResult::put() {
  ReturnSetInfo* result = result_;
  call([&] {
    tuplestore_putvalues(result->setResult, description_, values_.data(), nulls_.get());
    MemoryContextReset(row_context_);
  });
}

void RecordResult::batch(graph::Runtime& runtime, const graph::Batch& batch) {
  if (json_ == nullptr) json_ = std::make_unique<graph::JsonRows>(runtime);
  json_->load(batch);
  const std::vector<int>& slots = runtime.plan().column_slots;
  for (std::uint32_t i = 0; i < batch.rows; ++i) {
    const MemoryContext old = MemoryContextSwitchTo(row_context_);
    for (std::size_t k = 0; k < slots.size(); ++k)
      values_[k] = convert(batch.at(slots[k], i), static_cast<int>(k), &nulls_[k]);
    MemoryContextSwitchTo(old);
    put();
  }
}

void RecordResult::row(std::span<const Value> values) {
  const MemoryContext old = MemoryContextSwitchTo(row_context_);
  for (std::size_t k = 0; k < values.size(); ++k)
    values_[k] = convert(values[k], static_cast<int>(k), &nulls_[k]);
  MemoryContextSwitchTo(old);
  put();
}

}  // namespace rv::pg
