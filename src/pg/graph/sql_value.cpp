#include "pg/graph/sql_value.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/graph/map/property_codec.h"
#include "core/graph/map/property_text.h"
#include "pg/graph/map_datum.h"
#include "pg/types/dense_datum.h"

extern "C" {
#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "utils/array.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
}

namespace rv::pg {

using graph::Arena;
using graph::Kind;
using graph::Value;

namespace {

constexpr std::int64_t kMicros = 1'000'000;
// Days and seconds from 1970 to PostgreSQL's epoch of 2000.
constexpr std::int64_t kEpochDays = POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE;
constexpr std::int64_t kEpochSeconds = kEpochDays * 86'400;

// Types of this extension by name: their oids differ from database to database.
enum class Own { no, vector, halfvec, cypher_map };
Own own_type(Oid type) {
  if (type < FirstNormalObjectId) return Own::no;
  return call([type] {
    HeapTuple t = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
    if (!HeapTupleIsValid(t)) return Own::no;
    const char* name = NameStr(reinterpret_cast<Form_pg_type>(GETSTRUCT(t))->typname);
    const Own own = std::strcmp(name, "vector") == 0       ? Own::vector
                    : std::strcmp(name, "halfvec") == 0    ? Own::halfvec
                    : std::strcmp(name, "cypher_map") == 0 ? Own::cypher_map
                                                           : Own::no;
    ReleaseSysCache(t);
    return own;
  });
}

std::string_view output_text(Datum d, Oid type) {
  return call([d, type]() -> const char* {
    Oid output;
    bool varlena_type;
    getTypeOutputInfo(type, &output, &varlena_type);
    return OidOutputFunctionCall(output, d);
  });
}

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

Value timestamp_value(std::int64_t micros, bool zoned, Arena& arena) {
  if (TIMESTAMP_NOT_FINITE(micros))
    throw Error(ErrorCode::out_of_range, "an infinite timestamp has no counterpart in Cypher");
  const std::int64_t seconds = floor_div(micros, kMicros);
  const auto nanos = static_cast<std::int32_t>((micros - seconds * kMicros) * 1000);
  if (!zoned) return Value::local_datetime(seconds + kEpochSeconds, nanos);
  return Value::datetime(
      arena.make<graph::ZonedDateTime>(seconds + kEpochSeconds, nanos, 0, std::string_view()));
}

Value array_value(Datum d, Arena& arena) {
  struct Elements {
    Datum* values;
    bool* nulls;
    int count;
    Oid type;
  };
  const Elements e = call([d] {
    ArrayType* array = DatumGetArrayTypeP(d);
    if (ARR_NDIM(array) > 1)
      ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
                      errmsg("an array of %d dimensions cannot be a property", ARR_NDIM(array))));
    int16 length;
    bool by_value;
    char align;
    Elements out;
    out.type = ARR_ELEMTYPE(array);
    get_typlenbyvalalign(out.type, &length, &by_value, &align);
    deconstruct_array(array, out.type, length, by_value, align, &out.values, &out.nulls,
                      &out.count);
    return out;
  });
  auto* items = arena.array<Value>(static_cast<std::size_t>(e.count));
  for (int i = 0; i < e.count; ++i)
    items[i] = value_of_datum(e.values[i], e.nulls[i], e.type, arena);
  return Value::list({items, static_cast<std::size_t>(e.count)});
}

Value json_value(const JsonbValue* v, Arena& arena);

Value json_container(JsonbContainer* container, Arena& arena) {
  const bool object = JsonContainerIsObject(container);
  const auto n = static_cast<std::size_t>(JsonContainerSize(container));
  auto* items = object ? nullptr : arena.array<Value>(n);
  auto* entries = object ? arena.array<graph::MapEntry>(n) : nullptr;
  JsonbIterator* it = call([container] { return JsonbIteratorInit(container); });
  std::size_t i = 0;
  for (;;) {
    JsonbValue v;
    const JsonbIteratorToken token = call([&] { return JsonbIteratorNext(&it, &v, true); });
    if (token == WJB_DONE) break;
    if (token == WJB_KEY)
      entries[i].key = arena.copy(
          std::string_view(v.val.string.val, static_cast<std::size_t>(v.val.string.len)));
    if (token == WJB_VALUE) entries[i++].value = json_value(&v, arena);
    if (token == WJB_ELEM) items[i++] = json_value(&v, arena);
  }
  if (!object) return Value::list({items, i});
  // jsonb sorts keys by length first.
  std::sort(entries, entries + i,
            [](const graph::MapEntry& a, const graph::MapEntry& b) { return a.key < b.key; });
  return Value::map({entries, i});
}

Value json_value(const JsonbValue* v, Arena& arena) {
  switch (v->type) {
    case jbvNull:
      return Value::null();
    case jbvBool:
      return Value::boolean(v->val.boolean);
    case jbvString:
      return Value::string(arena.copy(
          std::string_view(v->val.string.val, static_cast<std::size_t>(v->val.string.len))));
    case jbvNumeric: {
      const std::string text(output_text(NumericGetDatum(v->val.numeric), NUMERICOID));
      if (text.find_first_of(".eE") == std::string::npos) {
        errno = 0;
        char* end = nullptr;
        const long long x = std::strtoll(text.c_str(), &end, 10);
        if (errno == 0 && *end == '\0') return Value::integer(x);
      }
      return Value::floating(std::strtod(text.c_str(), nullptr));
    }
    default:
      return json_container(v->val.binary.data, arena);
  }
}

}  // namespace

Value value_of_datum(Datum d, bool is_null, Oid type, Arena& arena) {
  if (is_null) return Value::null();
  switch (type) {
    case BOOLOID:
      return Value::boolean(DatumGetBool(d));
    case INT2OID:
      return Value::integer(DatumGetInt16(d));
    case INT4OID:
      return Value::integer(DatumGetInt32(d));
    case INT8OID:
      return Value::integer(DatumGetInt64(d));
    case FLOAT4OID:
      return Value::floating(static_cast<double>(DatumGetFloat4(d)));
    case FLOAT8OID:
      return Value::floating(DatumGetFloat8(d));
    case NUMERICOID: {
      JsonbValue v;
      v.type = jbvNumeric;
      v.val.numeric = call([d] { return DatumGetNumeric(d); });
      return json_value(&v, arena);
    }
    case TEXTOID:
    case VARCHAROID:
    case BPCHAROID: {
      const auto bytes = map_bytes(d);
      return Value::string(
          arena.copy(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size())));
    }
    case DATEOID:
      if (DATE_NOT_FINITE(DatumGetDateADT(d)))
        throw Error(ErrorCode::out_of_range, "an infinite date has no counterpart in Cypher");
      return Value::date(DatumGetDateADT(d) + kEpochDays);
    case TIMEOID:
      return Value::local_time(DatumGetTimeADT(d) * 1000);
    case TIMETZOID: {
      const TimeTzADT* t = DatumGetTimeTzADTP(d);
      return Value::time(t->time * 1000, -t->zone);
    }
    case TIMESTAMPOID:
    case TIMESTAMPTZOID:
      return timestamp_value(DatumGetTimestamp(d), type == TIMESTAMPTZOID, arena);
    case INTERVALOID: {
      const Interval* v = DatumGetIntervalP(d);
      const std::int64_t seconds = floor_div(v->time, kMicros);
      return Value::duration(arena.make<graph::Duration>(
          std::int64_t{v->month}, std::int64_t{v->day}, seconds,
          static_cast<std::int32_t>((v->time - seconds * kMicros) * 1000)));
    }
    case JSONBOID: {
      Jsonb* j = call([d] { return DatumGetJsonbP(d); });
      if (!JB_ROOT_IS_SCALAR(j)) return json_container(&j->root, arena);
      const Value scalar = json_container(&j->root, arena);
      return scalar.as_list().empty() ? Value() : scalar.as_list()[0];
    }
    case JSONOID: {
      const Datum jsonb = call([d, type] {
        Oid output;
        bool varlena_type;
        getTypeOutputInfo(type, &output, &varlena_type);
        return DirectFunctionCall1(jsonb_in, CStringGetDatum(OidOutputFunctionCall(output, d)));
      });
      return value_of_datum(jsonb, false, JSONBOID, arena);
    }
    default:
      break;
  }
  switch (own_type(type)) {
    case Own::vector: {
      const auto bytes = map_bytes(d);
      if (bytes.size() < 4) throw Error(ErrorCode::corrupted_data, "vector value is too short");
      const std::size_t n = (bytes.size() - 4) / sizeof(float);
      auto* x = arena.array<float>(n);
      std::memcpy(x, bytes.data() + 4, n * sizeof(float));
      return Value::vector({x, n});
    }
    case Own::halfvec: {
      const auto bytes = map_bytes(d);
      if (bytes.size() < 4) throw Error(ErrorCode::corrupted_data, "halfvec value is too short");
      const std::size_t n = (bytes.size() - 4) / sizeof(std::uint16_t);
      auto* x = arena.array<float>(n);
      for (std::size_t i = 0; i < n; ++i) {
        std::uint16_t h;
        std::memcpy(&h, bytes.data() + 4 + i * sizeof h, sizeof h);
        x[i] = to_float(h);
      }
      return Value::vector({x, n});
    }
    case Own::cypher_map: {
      const graph::MapView map(map_bytes(d));
      const auto sorted = map.sorted_by_key();
      auto* entries = arena.array<graph::MapEntry>(sorted.size());
      for (std::size_t i = 0; i < sorted.size(); ++i)
        entries[i] = {arena.copy(sorted[i].key), to_value(sorted[i].value, arena)};
      return Value::map({entries, sorted.size()});
    }
    case Own::no:
      break;
  }
  const Oid base = call([type] { return getBaseType(type); });
  if (base != type) return value_of_datum(d, false, base, arena);
  if (call([type] { return OidIsValid(get_element_type(type)); })) return array_value(d, arena);
  return Value::string(arena.copy(output_text(d, type)));
}

namespace {

void append_value_json(std::string& out, const Value& v) {
  if (v.is(Kind::list)) {
    out += '[';
    for (std::size_t i = 0; i < v.as_list().size(); ++i) {
      if (i > 0) out += ", ";
      append_value_json(out, v.as_list()[i]);
    }
    out += ']';
  } else if (v.is(Kind::map)) {
    out += '{';
    bool first = true;
    for (const auto& e : v.as_map()) {
      if (!first) out += ", ";
      first = false;
      graph::append_quoted_json(out, e.key);
      out += ": ";
      append_value_json(out, e.value);
    }
    out += '}';
  } else if (v.is(Kind::node)) {
    out += std::to_string(v.as_node());
  } else if (v.is(Kind::relationship)) {
    out += std::to_string(v.as_relationship().id);
  } else {
    std::string encoded;
    graph::encode_value(encoded, v);
    append_json(out, graph::PropertyView::decode(std::as_bytes(std::span(encoded))));
  }
}

}  // namespace

Datum datum_of_value(const Value& v, Oid type, bool* is_null) {
  *is_null = v.is_null();
  if (v.is_null()) return Datum(0);
  if (type == BOOLOID && v.is(Kind::boolean)) return BoolGetDatum(v.as_boolean());
  if (type == INT8OID) {
    if (v.is(Kind::integer)) return Int64GetDatum(v.as_integer());
    if (v.is(Kind::node)) return Int64GetDatum(v.as_node());
    if (v.is(Kind::relationship)) return Int64GetDatum(v.as_relationship().id);
  }
  if (type == FLOAT8OID && v.is_number()) return Float8GetDatum(v.as_double());
  if (type == TEXTOID && v.is(Kind::string)) return text_datum(v.as_string());
  if (type == INT8ARRAYOID && v.is(Kind::list)) {
    const auto items = v.as_list();
    auto* ids =
        call([&] { return static_cast<Datum*>(palloc(sizeof(Datum) * (items.size() + 1))); });
    for (std::size_t i = 0; i < items.size(); ++i) {
      bool null;
      ids[i] = datum_of_value(items[i], INT8OID, &null);
    }
    const int n = static_cast<int>(items.size());
    return call([ids, n] {
      return PointerGetDatum(construct_array(ids, n, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
    });
  }
  if (v.is(Kind::vector) && own_type(type) == Own::vector) {
    const auto x = v.as_vector();
    check_dim(static_cast<int>(x.size()), kMaxDim, "vector");
    auto* out = make_dense<Vector>(static_cast<int>(x.size()));
    std::copy(x.begin(), x.end(), out->x);
    return PointerGetDatum(out);
  }
  // Everything else by the type's own input function.
  std::string text;
  if (v.is(Kind::list) || v.is(Kind::map) || type == JSONBOID || type == JSONOID) {
    append_value_json(text, v);
  } else {
    std::string encoded;
    graph::encode_value(encoded, v);
    text = plain_text(graph::PropertyView::decode(std::as_bytes(std::span(encoded))));
    if (v.is(Kind::datetime)) text = text.substr(0, text.find('['));
  }
  const char* literal_text = text.c_str();
  return call([type, literal_text] {
    Oid input;
    Oid parameter;
    getTypeInputInfo(type, &input, &parameter);
    return OidInputFunctionCall(input, pstrdup(literal_text), parameter, -1);
  });
}

}  // namespace rv::pg
