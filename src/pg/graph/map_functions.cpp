// Input, output, operators and casts of cypher_map.
#include <algorithm>

#include "core/base/binary_reader.h"
#include "core/graph/map/property_text.h"
#include "core/graph/map/sort_key.h"
#include "pg/graph/map_datum.h"
#include "pg/types/dense_datum.h"

extern "C" {
#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
}

using namespace rv;
using namespace rv::pg;
using namespace rv::graph;

namespace {

MapView map_argument(FunctionCallInfo fcinfo, int n) {
  return MapView(map_bytes(PG_GETARG_DATUM(n)));
}

Datum cstring_datum(const std::string& s) {
  return call([&s] { return CStringGetDatum(pstrdup(s.c_str())); });
}

Datum jsonb_datum(const std::string& json) {
  const char* text = json.c_str();
  return call([text] { return DirectFunctionCall1(jsonb_in, CStringGetDatum(text)); });
}

std::optional<PropertyView> property_argument(FunctionCallInfo fcinfo) {
  return map_argument(fcinfo, 0).find(PropertyKey(text_argument(fcinfo, 1)));
}

int compare_bytes(FunctionCallInfo fcinfo) {
  const auto a = map_bytes(PG_GETARG_DATUM(0));
  const auto b = map_bytes(PG_GETARG_DATUM(1));
  const int c = std::memcmp(a.data(), b.data(), std::min(a.size(), b.size()));
  if (c != 0) return c < 0 ? -1 : 1;
  return a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
}

}  // namespace

RV_FUNCTION(rv_cypher_map_in)
{
  std::string out;
  parse_map(cstring_argument(fcinfo, 0), out);
  return bytes_datum(out);
}

RV_FUNCTION(rv_cypher_map_out)
{
  std::string out;
  append_text(out, map_argument(fcinfo, 0));
  return cstring_datum(out);
}

// The wire form is the stored form behind a version byte.
RV_FUNCTION(rv_cypher_map_recv)
{
  auto* message = reinterpret_cast<StringInfo>(PG_GETARG_POINTER(0));
  struct Received {
    int version;
    const char* data;
    int size;
  };
  const Received r = call([message] {
    const int version = pq_getmsgbyte(message);
    const int size = message->len - message->cursor;
    return Received{version, pq_getmsgbytes(message, size), size};
  });
  if (r.version != 1)
    throw Error(ErrorCode::protocol_violation,
                "cypher_map message of unknown version " + std::to_string(r.version));
  const std::string_view bytes(r.data, static_cast<std::size_t>(r.size));
  try {
    const MapView map(std::as_bytes(std::span(bytes)));
    map.check();
    std::vector<std::string_view> texts;
    const auto collect = [&texts](const PropertyView& v, const auto& self) -> void {
      if (v.type() == PropertyType::string) texts.push_back(v.string());
      if (v.type() == PropertyType::datetime) texts.push_back(v.datetime().zone);
      if (v.type() == PropertyType::list)
        v.for_each_item([&self](const PropertyView& item) { self(item, self); });
    };
    for (std::size_t i = 0; i < map.size(); ++i) {
      texts.push_back(map.entry(i).key);
      collect(map.entry(i).value, collect);
    }
    for (const auto t : texts)
      call([t] { pg_verifymbstr(t.data(), static_cast<int>(t.size()), false); });
  } catch (const Error& e) {
    throw Error(ErrorCode::data_exception,
                std::string("malformed cypher_map message: ") + e.what());
  }
  return bytes_datum(bytes);
}

RV_FUNCTION(rv_cypher_map_send)
{
  const auto bytes = map_bytes(PG_GETARG_DATUM(0));
  return call([&bytes] {
    StringInfoData out;
    pq_begintypsend(&out);
    pq_sendbyte(&out, 1);
    pq_sendbytes(&out, reinterpret_cast<const char*>(bytes.data()), static_cast<int>(bytes.size()));
    return PointerGetDatum(pq_endtypsend(&out));
  });
}

RV_FUNCTION(rv_cypher_map_to_jsonb)
{
  std::string json;
  append_json(json, map_argument(fcinfo, 0));
  return jsonb_datum(json);
}

RV_FUNCTION(rv_jsonb_to_cypher_map)
{
  const Datum d = PG_GETARG_DATUM(0);
  const char* text = call([d] {
    Jsonb* j = DatumGetJsonbP(d);
    if (!JB_ROOT_IS_OBJECT(j))
      ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
                      errmsg("only a JSON object can be cast to type cypher_map")));
    return JsonbToCString(nullptr, &j->root, static_cast<int>(VARSIZE(j)));
  });
  std::string out;
  parse_map(text, out);
  return bytes_datum(out);
}

RV_FUNCTION(rv_cypher_map_get)
{
  const auto value = property_argument(fcinfo);
  if (!value) PG_RETURN_NULL();
  std::string json;
  append_json(json, *value);
  return jsonb_datum(json);
}

RV_FUNCTION(rv_cypher_map_get_text)
{
  const auto value = property_argument(fcinfo);
  if (!value) PG_RETURN_NULL();
  return text_datum(plain_text(*value));
}

RV_FUNCTION(rv_cypher_map_exists)
{ PG_RETURN_BOOL(property_argument(fcinfo).has_value()); }

RV_FUNCTION(rv_cypher_map_type)
{
  const auto value = property_argument(fcinfo);
  if (!value) PG_RETURN_NULL();
  return text_datum(property_type_name(value->type()));
}

// The vector under a key; also a list of numbers. NULL when the key is missing or holds something
// else, so that an index over it can be built over any data.
RV_FUNCTION(rv_cypher_map_vector)
{
  const auto value = property_argument(fcinfo);
  if (!value) PG_RETURN_NULL();
  std::vector<float> x;
  if (value->type() == PropertyType::vector) {
    x.resize(value->vector_size());
    value->copy_vector(x.data());
  } else if (value->type() == PropertyType::list) {
    bool numbers = true;
    value->for_each_item([&](const PropertyView& item) {
      if (item.type() == PropertyType::integer) {
        x.push_back(static_cast<float>(item.integer()));
      } else if (item.type() == PropertyType::floating) {
        x.push_back(static_cast<float>(item.floating()));
      } else {
        numbers = false;
      }
    });
    if (!numbers) PG_RETURN_NULL();
  }
  if (x.empty() || x.size() > static_cast<std::size_t>(kMaxDim)) PG_RETURN_NULL();
  for (const float e : x)
    if (!std::isfinite(e)) PG_RETURN_NULL();
  auto* out = make_dense<Vector>(static_cast<int>(x.size()));
  std::copy(x.begin(), x.end(), out->x);
  return PointerGetDatum(out);
}

// The order-preserving key of a property, NULL when it is missing: what property indexes hold.
RV_FUNCTION(rv_graph_sort_key)
{
  const auto value = property_argument(fcinfo);
  if (!value) PG_RETURN_NULL();
  std::string key;
  append_sort_key(key, *value);
  return bytes_datum(key);
}

// Whether a label is among a node's, for the predicates of partial indexes.
RV_FUNCTION(rv_graph_has_label)
{
  const Datum d = PG_GETARG_DATUM(0);
  auto* labels = call([d] { return DatumGetArrayTypeP(d); });
  const int n = ARR_NDIM(labels) == 1 && !ARR_HASNULL(labels) ? ARR_DIMS(labels)[0] : 0;
  const auto* ids = reinterpret_cast<const int32*>(ARR_DATA_PTR(labels));
  PG_RETURN_BOOL(std::find(ids, ids + n, PG_GETARG_INT32(1)) != ids + n);
}

RV_FUNCTION(rv_cypher_map_eq)
{ PG_RETURN_BOOL(compare_bytes(fcinfo) == 0); }
RV_FUNCTION(rv_cypher_map_ne)
{ PG_RETURN_BOOL(compare_bytes(fcinfo) != 0); }
RV_FUNCTION(rv_cypher_map_hash)
{
  const auto bytes = map_bytes(PG_GETARG_DATUM(0));
  return call([&bytes] {
    return hash_any(reinterpret_cast<const unsigned char*>(bytes.data()),
                    static_cast<int>(bytes.size()));
  });
}
