#include "pg/attention/arguments.h"

#include <algorithm>

#include "pg/attention/json_params.h"
#include "pg/attention/models.h"

extern "C" {
#include "utils/snapmgr.h"
}

namespace rv::pg {

// Lives in fn_extra as long as the call site.
class CallCache {
 public:
  explicit CallCache(MemoryContext context)
      : readers{ToastReader(context), ToastReader(context), ToastReader(context),
                ToastReader(context)} {}
  ToastReader readers[4];
  bool valid = false;
  std::string type, params;
  bool stored = false;  // the type comes from a table: good for this snapshot only
  CommandId command = 0;
  uint64 completed = 0;
  Prepared prepared;
};

namespace {

CallCache& cache_of(FunctionCallInfo fcinfo) {
  FmgrInfo* const info = fcinfo->flinfo;
  if (info->fn_extra == nullptr)
    info->fn_extra = make_owned_by<CallCache>(info->fn_mcxt, info->fn_mcxt);
  return *static_cast<CallCache*>(info->fn_extra);
}

void check_vector(const varlena* v) {
  const auto* dense = reinterpret_cast<const DenseVarlena<Vector>*>(v);
  const std::size_t size = VARSIZE(v);
  if (size < offsetof(DenseVarlena<Vector>, x) || dense->dim < 1 ||
      size !=
          offsetof(DenseVarlena<Vector>, x) + sizeof(float) * static_cast<std::size_t>(dense->dim))
    throw Error(ErrorCode::corrupted_data, "vector value of " + std::to_string(size) +
                                               " bytes does not have the dimensions it claims");
}

}  // namespace

std::span<const float> vector_elements(Datum vector, ToastReader& reader) {
  const auto* v = reinterpret_cast<const varlena*>(DatumGetPointer(vector));
  if (VARATT_IS_EXTERNAL_ONDISK(v))
    v = reader.read(v);
  else if (!VARATT_IS_4B_U(v))
    v = call([v] { return pg_detoast_datum(const_cast<varlena*>(v)); });
  check_vector(v);
  const auto* dense = reinterpret_cast<const DenseVarlena<Vector>*>(v);
  return {dense->x, static_cast<std::size_t>(dense->dim)};
}

VectorArray vector_array_argument(FunctionCallInfo fcinfo, int n, const char* what) {
  const Datum d = PG_GETARG_DATUM(n);
  const VectorArray array = call([d, what] {
    ArrayType* a = DatumGetArrayTypeP(d);
    if (ARR_NDIM(a) > 1)
      ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION), errmsg("%s must be a 1-D array", what)));
    if (ARR_HASNULL(a) && array_contains_nulls(a))
      ereport(ERROR,
              (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not contain nulls", what)));
    Datum* elements;
    int count;
    deconstruct_array(a, ARR_ELEMTYPE(a), -1, false, TYPALIGN_INT, &elements, nullptr, &count);
    for (int i = 0; i < count; ++i) elements[i] = PointerGetDatum(PG_DETOAST_DATUM(elements[i]));
    return VectorArray{reinterpret_cast<varlena**>(elements), static_cast<std::size_t>(count), 0};
  });
  if (array.count == 0)
    throw Error(ErrorCode::invalid_argument, std::string(what) + " must not be empty");
  VectorArray out = array;
  for (std::size_t i = 0; i < array.count; ++i) {
    check_vector(array.items[i]);
    const auto dim = static_cast<std::size_t>(
        reinterpret_cast<const DenseVarlena<Vector>*>(array.items[i])->dim);
    if (i == 0) out.dim = dim;
    if (dim != out.dim)
      check_same_dim(static_cast<int>(out.dim), static_cast<int>(dim), Vector::kName);
  }
  return out;
}

attention::Matrix matrix_of(const VectorArray& rows) {
  attention::Matrix m(rows.count, rows.dim);
  for (std::size_t i = 0; i < rows.count; ++i) std::copy_n(rows[i].data(), rows.dim, m.row(i));
  return m;
}

attention::Matrix matrix_of(std::span<const float> row) {
  return {1, row.size(), {row.begin(), row.end()}};
}

Oid vector_type_of_array_argument(FunctionCallInfo fcinfo, int n) {
  return call([fcinfo, n] { return ARR_ELEMTYPE(PG_GETARG_ARRAYTYPE_P(n)); });
}

Prepared prepare(FunctionCallInfo fcinfo, const std::string& type, Datum params, bool has_params,
                 bool* stored) {
  Prepared p;
  if (has_params) read_params(params, p.params);
  std::string name = type;
  if (attention::find_type(name) == nullptr) {
    const std::string model = load_attention_model(fcinfo, name, p.params);
    if (stored != nullptr) *stored = !model.empty();
    if (!model.empty()) name = model;
  }
  const attention::TypeInfo& info = attention::resolve(name, p.params);
  attention::check_parameters(info, p.params);
  p.type = info.name;
  return p;
}

const Prepared& prepared_argument(FunctionCallInfo fcinfo, int n, int m) {
  CallCache& cache = cache_of(fcinfo);
  const std::string_view type =
      PG_ARGISNULL(n) ? default_attention_type() : text_argument(fcinfo, n);
  const bool has_params = m >= 0 && !PG_ARGISNULL(m);
  const std::string_view params = has_params ? text_argument(fcinfo, m) : std::string_view();
  const Snapshot snapshot = GetActiveSnapshot();
  if (cache.valid && cache.type == type && cache.params == params &&
      (!cache.stored ||
       (cache.command == snapshot->curcid && cache.completed == snapshot->snapXactCompletionCount)))
    return cache.prepared;
  cache.valid = false;
  cache.type = type;
  cache.params = params;
  cache.command = snapshot->curcid;
  cache.completed = snapshot->snapXactCompletionCount;
  cache.stored = false;
  cache.prepared = prepare(fcinfo, cache.type, has_params ? PG_GETARG_DATUM(m) : Datum(0),
                           has_params, &cache.stored);
  cache.valid = true;
  return cache.prepared;
}

ToastReader& toast_reader(FunctionCallInfo fcinfo, int n) { return cache_of(fcinfo).readers[n]; }

}  // namespace rv::pg
