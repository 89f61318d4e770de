#include "pg/gnn/arguments.h"

#include <cmath>

#include "core/simd/distance.h"
#include "pg/base/threads.h"
#include "pg/types/dense_datum.h"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
}

namespace rv::pg {

void need(FunctionCallInfo fcinfo, int n, const char* name) {
  if (fcinfo->args[n].isnull)
    throw Error(ErrorCode::null_not_allowed, std::string(name) + " must not be NULL");
}

std::string text_value(FunctionCallInfo fcinfo, int n, const char* name) {
  need(fcinfo, n, name);
  return std::string(text_argument(fcinfo, n));
}

std::string name_value(FunctionCallInfo fcinfo, int n, const char* name) {
  need(fcinfo, n, name);
  return NameStr(*DatumGetName(fcinfo->args[n].value));
}

std::string optional_name(FunctionCallInfo fcinfo, int n) {
  return fcinfo->args[n].isnull ? std::string() : name_value(fcinfo, n, "");
}

Oid relation_value(FunctionCallInfo fcinfo, int n, const char* name) {
  need(fcinfo, n, name);
  return DatumGetObjectId(fcinfo->args[n].value);
}

std::int64_t int_value(FunctionCallInfo fcinfo, int n, const char* name, std::int64_t least,
                       std::int64_t most) {
  need(fcinfo, n, name);
  const std::int64_t v = DatumGetInt32(fcinfo->args[n].value);
  if (v < least || v > most)
    throw Error(ErrorCode::invalid_argument,
                std::string(name) + " must be between " + std::to_string(least) + " and " +
                    std::to_string(most) + ", not " + std::to_string(v));
  return v;
}

double real_value(FunctionCallInfo fcinfo, int n, const char* name, double least, double most) {
  need(fcinfo, n, name);
  const double v = DatumGetFloat8(fcinfo->args[n].value);
  if (!(v >= least && v <= most)) {
    char text[160];
    std::snprintf(text, sizeof text, "%s must be between %g and %g, not %g", name, least, most, v);
    throw Error(ErrorCode::invalid_argument, text);
  }
  return v;
}

bool bool_value(FunctionCallInfo fcinfo, int n, const char* name) {
  need(fcinfo, n, name);
  return DatumGetBool(fcinfo->args[n].value);
}

std::uint64_t seed_value(FunctionCallInfo fcinfo, int n) {
  need(fcinfo, n, "seed");
  return static_cast<std::uint64_t>(DatumGetInt64(fcinfo->args[n].value));
}

std::vector<int> int_array(FunctionCallInfo fcinfo, int n, const char* name) {
  std::vector<int> out;
  if (fcinfo->args[n].isnull) return out;
  struct Ints {
    const int32* x;
    int count;
    bool nulls;
  };
  const Datum d = fcinfo->args[n].value;
  const Ints a = call([d] {
    ArrayType* array = DatumGetArrayTypeP(d);
    return Ints{reinterpret_cast<const int32*>(ARR_DATA_PTR(array)),
                ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)),
                ARR_HASNULL(array) && array_contains_nulls(array)};
  });
  if (a.nulls)
    throw Error(ErrorCode::null_not_allowed, std::string(name) + " must not contain NULL");
  out.assign(a.x, a.x + a.count);
  return out;
}

namespace {

// The column that was named; where that is the default and not there, what else is customary: the
// views of a graph's relationship types call their ends source and target.
std::string end_column(FunctionCallInfo fcinfo, int n, const char* argument, Oid edges,
                       std::initializer_list<const char*> customary) {
  std::string name = name_value(fcinfo, n, argument);
  if (name != *customary.begin() || edges == InvalidOid) return name;
  for (const char* candidate : customary)
    if (call([=] { return get_attnum(edges, candidate); }) != InvalidAttrNumber) return candidate;
  return name;
}

}  // namespace

void edge_columns(FunctionCallInfo fcinfo, int first, GraphSource& t) {
  t.source = end_column(fcinfo, first, "source_column", t.edges, {"src_id", "src", "source"});
  t.target = end_column(fcinfo, first + 1, "target_column", t.edges, {"dst_id", "dst", "target"});
  t.weight = optional_name(fcinfo, first + 2);
  t.directed = bool_value(fcinfo, first + 3, "directed");
}

void graph_columns(FunctionCallInfo fcinfo, int first, GraphSource& t) {
  t.id = name_value(fcinfo, first, "id_column");
  edge_columns(fcinfo, first + 1, t);
}

Workspace::Workspace()
    : budget_(static_cast<std::size_t>(maintenance_work_mem) * 1024, "maintenance_work_mem"),
      exec_(
          worker_pool(), [] { check_interrupts(); }, &budget_) {}

void Workspace::require(std::size_t bytes, const char* what) const {
  const std::size_t used = budget_.used();
  if (bytes <= budget_.limit() - std::min(used, budget_.limit())) return;
  const auto megabytes = [](std::size_t b) { return std::to_string((b >> 20) + 1) + " MB"; };
  throw Error(ErrorCode::out_of_memory,
              std::string(what) + " needs about " + megabytes(bytes) + " beside the " +
                  megabytes(used) + " of the graph, maintenance_work_mem is " +
                  megabytes(budget_.limit()),
              {},
              "Increase maintenance_work_mem, or train with batch_size and fanout. "
              "ruvector_gnn_estimate() tells the need beforehand.");
}

Results::Results(FunctionCallInfo fcinfo) {
  call([fcinfo] { rv_init_materialized_srf(fcinfo); });
  result_ = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
}

Results::Results(FunctionCallInfo fcinfo, int id_column, Oid id_type, const char* argument)
    : Results(fcinfo) {
  const Oid column = TupleDescAttr(result_->setDesc, id_column)->atttypid;
  declared_ = call([column] { return getBaseType(column); });  // a domain's values are its type's
  const auto is_integer = [](Oid t) { return t == INT2OID || t == INT4OID || t == INT8OID; };
  const auto is_text = [](Oid t) { return t == TEXTOID || t == VARCHAROID; };
  if (declared_ == id_type || (is_integer(declared_) && is_integer(id_type)) ||
      (is_text(declared_) && is_text(id_type)))
    return;
  const bool array = call([id_type] { return get_element_type(id_type) != InvalidOid; });
  throw Error(
      ErrorCode::type_mismatch,
      "node ids are of type " + type_name_of(id_type) + ", the call expects " +
          type_name_of(declared_),
      {},
      array ? "Arrays cannot be ids in a result: read the tables through views that give text."
            : std::string("Pass ") + argument + " => NULL::" + type_name_of(id_type) +
                  (std::string(argument) == "id_type" ? "." : "[]."));
}

Datum Results::id(const IdMap& ids, std::uint32_t n) const {
  const Datum d = ids.datum(n);
  if (declared_ == ids.type() || declared_ == TEXTOID || declared_ == VARCHAROID) return d;
  const std::int64_t v = ids.type() == INT2OID   ? DatumGetInt16(d)
                         : ids.type() == INT4OID ? DatumGetInt32(d)
                                                 : DatumGetInt64(d);
  if (declared_ == INT8OID) return Int64GetDatum(v);
  const std::int64_t most = declared_ == INT2OID ? PG_INT16_MAX : PG_INT32_MAX;
  if (v > most || v < -most - 1)
    throw Error(ErrorCode::out_of_range,
                "node id " + std::to_string(v) + " does not fit into " + type_name_of(declared_));
  return declared_ == INT2OID ? Int16GetDatum(static_cast<int16>(v))
                              : Int32GetDatum(static_cast<int32>(v));
}

void Results::add(const Datum* values, const bool* nulls) {
  static constexpr bool kNoNulls[16] = {};
  const bool* flags = nulls != nullptr ? nulls : kNoNulls;
  ReturnSetInfo* r = result_;
  call([&] {
    tuplestore_putvalues(r->setResult, r->setDesc, const_cast<Datum*>(values),
                         const_cast<bool*>(flags));
  });
}

Datum Results::vector(const float* x, std::size_t n) {
  if (buffer_ == nullptr || buffer_columns_ != n) {
    buffer_ = make_dense<Vector>(static_cast<int>(n));
    buffer_columns_ = n;
  }
  auto* v = static_cast<DenseVarlena<Vector>*>(buffer_);
  std::copy_n(x, n, v->x);
  // A finite sum of squares says it of all; otherwise one by one.
  if (unlikely(!std::isfinite(simd::kernels().inner_product(x, x, n))))
    for (std::size_t i = 0; i < n; ++i)
      if (!std::isfinite(x[i]))
        throw Error(ErrorCode::out_of_range, "a result is not finite",
                    "Features or weights are so large that float4 overflows.");
  return PointerGetDatum(v);
}

Oid array_element_type(FunctionCallInfo fcinfo, int n) {
  FmgrInfo* info = fcinfo->flinfo;
  const Oid element = call([info, n] {
    const Oid type = get_element_type(get_fn_expr_argtype(info, n));
    return type == InvalidOid ? type : getBaseType(type);
  });
  if (element == InvalidOid)
    throw Error(ErrorCode::type_mismatch, "could not determine the type of the array's elements");
  return element;
}

}  // namespace rv::pg
