#include "pg/gnn/registry.h"

#include <bit>

#include "core/base/binary_reader.h"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/jsonb.h"
}

namespace rv::pg {
namespace {

[[noreturn]] void no_such_model(const std::string& name) {
  throw Error(ErrorCode::undefined_object, "model \"" + name + "\" does not exist", {},
              "SELECT name FROM ruvector_gnn_models shows the models you can use; "
              "ruvector_gnn_create() makes one.");
}

// Numbers are stored little-endian: the same bytes on every machine.
float from_stored(const std::byte* p) {
  std::uint32_t raw;
  std::memcpy(&raw, p, sizeof raw);
  if constexpr (std::endian::native == std::endian::big) raw = __builtin_bswap32(raw);
  return std::bit_cast<float>(raw);
}
void to_stored(float value, std::byte* p) {
  auto raw = std::bit_cast<std::uint32_t>(value);
  if constexpr (std::endian::native == std::endian::big) raw = __builtin_bswap32(raw);
  std::memcpy(p, &raw, sizeof raw);
}

}  // namespace

std::vector<gnn::LayerSpec> parse_layers(SqlSession& session, Datum jsonb, std::size_t in_dim) {
  const bool is_array = call([jsonb] {
    Jsonb* j = DatumGetJsonbP(jsonb);
    return JB_ROOT_IS_ARRAY(j) && !JB_ROOT_IS_SCALAR(j) && JB_ROOT_COUNT(j) > 0;
  });
  if (!is_array)
    throw Error(
        ErrorCode::invalid_argument, "layers must be a JSON array of objects", {},
        R"(For example [{"type": "gcn", "out": 16, "activation": "relu"}, {"type": "gcn", "out": 7}].)");
  const SqlRows rows = session.run(
      "SELECT e.n, pg_catalog.jsonb_typeof(e.value), a.key, a.value, "
      "pg_catalog.jsonb_typeof(e.value "
      "OPERATOR(pg_catalog.->) a.key) "
      "FROM pg_catalog.jsonb_array_elements($1) WITH ORDINALITY e(value, n) "
      "LEFT JOIN LATERAL pg_catalog.jsonb_each_text(CASE WHEN pg_catalog.jsonb_typeof(e.value) "
      "OPERATOR(pg_catalog.=) 'object' THEN e.value END) a ON true ORDER BY e.n",
      {{JSONBOID, jsonb, false}}, true);
  std::vector<gnn::LayerSpec> layers;
  std::size_t columns = in_dim;
  for (std::size_t i = 0; i < rows.size();) {
    const std::int64_t n = rows.integer(i, 0);
    if (rows.text(i, 1) != "object")
      throw Error(ErrorCode::invalid_argument,
                  "layer " + std::to_string(n) + " must be a JSON object");
    gnn::Attributes attributes;
    for (; i < rows.size() && rows.integer(i, 0) == n; ++i)
      if (!rows.is_null(i, 2) && rows.text(i, 4) != "null")
        attributes.emplace_back(rows.text(i, 2), rows.text(i, 3));
    layers.push_back(gnn::parse_layer(attributes, columns, static_cast<std::size_t>(n)));
    columns = layers.back().width();
  }
  return layers;
}

StoredModel load_model(SqlSession& session, const std::string& name, int version, bool weights,
                       bool read_only) {
  const SqlRows found = session.run(
      "SELECT m.layers, m.in_dim::pg_catalog.int8, m.seed, m.version::pg_catalog.int8 FROM "
      "@.ruvector_gnn_models m WHERE m.name OPERATOR(pg_catalog.=) $1",
      {sql_text(name)}, read_only);
  if (found.size() == 0) no_such_model(name);
  StoredModel stored;
  stored.name = name;
  stored.seed = static_cast<std::uint64_t>(found.integer(0, 2));
  stored.version = version < 0 ? static_cast<int>(found.integer(0, 3)) : version;
  bool null = false;
  stored.layers = parse_layers(session, found.datum(0, 0, &null),
                               static_cast<std::size_t>(found.integer(0, 1)));
  stored.model = std::make_unique<gnn::Model<float>>(stored.layers, stored.seed);

  const SqlRows about = session.run(
      "SELECT c.class FROM @.ruvector_gnn_versions v LEFT JOIN LATERAL "
      "pg_catalog.unnest(v.classes) WITH ORDINALITY c(class, n) ON true "
      "WHERE v.model OPERATOR(pg_catalog.=) $1 AND v.version OPERATOR(pg_catalog.=) "
      "$2::pg_catalog.int4 ORDER BY c.n",
      {sql_text(name), sql_int(stored.version)}, read_only);
  if (about.size() == 0)
    throw Error(ErrorCode::undefined_object,
                "model \"" + name + "\" has no version " + std::to_string(stored.version));
  for (std::size_t i = 0; i < about.size(); ++i)
    if (!about.is_null(i, 0)) stored.classes.push_back(about.text(i, 0));
  if (!weights) return stored;

  for (std::size_t l = 0; l < stored.layers.size(); ++l)
    for (gnn::Parameter<float>& p : stored.model->layers()[l].parameters()) {
      const SqlRows row = session.run(
          "SELECT w.data FROM @.ruvector_gnn_weights w WHERE w.model OPERATOR(pg_catalog.=) $1 AND "
          "w.version OPERATOR(pg_catalog.=) $2::pg_catalog.int4 AND w.layer OPERATOR(pg_catalog.=) "
          "$3::pg_catalog.int4 AND w.parameter OPERATOR(pg_catalog.=) $4 AND w.rows "
          "OPERATOR(pg_catalog.=) $5::pg_catalog.int4 AND w.columns OPERATOR(pg_catalog.=) "
          "$6::pg_catalog.int4",
          {sql_text(name), sql_int(stored.version), sql_int(static_cast<std::int64_t>(l) + 1),
           sql_text(p.name), sql_int(static_cast<std::int64_t>(p.value.rows())),
           sql_int(static_cast<std::int64_t>(p.value.columns()))},
          read_only);
      const bytea* data = nullptr;
      if (row.size() == 1) {
        const Datum d = row.datum(0, 0, &null);
        data = call([d] { return DatumGetByteaPP(d); });
      }
      if (data == nullptr || VARSIZE_ANY_EXHDR(data) != p.value.size() * sizeof(float))
        throw Error(ErrorCode::corrupted_data,
                    "model \"" + name + "\" version " + std::to_string(stored.version) +
                        ": parameter \"" + p.name + "\" of layer " + std::to_string(l + 1) +
                        " is missing or has another shape than the layer needs");
      const auto* bytes = reinterpret_cast<const std::byte*>(VARDATA_ANY(data));
      for (std::size_t i = 0; i < p.value.size(); ++i)
        p.value.data()[i] = from_stored(bytes + i * sizeof(float));
    }
  return stored;
}

void save_weights(SqlSession& session, const std::string& name, int version,
                  const gnn::Model<float>& model) {
  for (std::size_t l = 0; l < model.layers().size(); ++l)
    for (const gnn::Parameter<float>& p : model.layers()[l].parameters()) {
      std::vector<std::byte> bytes(p.value.size() * sizeof(float));
      for (std::size_t i = 0; i < p.value.size(); ++i)
        to_stored(p.value.data()[i], bytes.data() + i * sizeof(float));
      session.run(
          "INSERT INTO @.ruvector_gnn_weights (model, version, layer, parameter, rows, columns, "
          "data) "
          "VALUES ($1, $2, $3, $4, $5, $6, $7)",
          {sql_text(name), sql_int(version), sql_int(static_cast<std::int64_t>(l) + 1),
           sql_text(p.name), sql_int(static_cast<std::int64_t>(p.value.rows())),
           sql_int(static_cast<std::int64_t>(p.value.columns())),
           sql_bytes(bytes.data(), bytes.size())});
    }
}

int lock_for_change(SqlSession& session, const std::string& name) {
  const SqlRows exists =
      session.run("SELECT 1 FROM @.ruvector_gnn_models m WHERE m.name OPERATOR(pg_catalog.=) $1",
                  {sql_text(name)});
  if (exists.size() == 0) no_such_model(name);
  // The row security policy lets an UPDATE see only what the caller owns.
  const SqlRows row = session.run(
      "UPDATE @.ruvector_gnn_models m SET updated = pg_catalog.now() WHERE m.name "
      "OPERATOR(pg_catalog.=) $1 RETURNING 1",
      {sql_text(name)});
  if (row.affected() == 0)
    throw Error(ErrorCode::wrong_state, "model \"" + name + "\" belongs to another role", {},
                "Its owner can change it; you can use it, or create one of your own.");
  // After the lock: a version that another transaction has just added counts.
  const SqlRows last = session.run(
      "SELECT pg_catalog.max(v.version)::pg_catalog.int8 FROM @.ruvector_gnn_versions v WHERE "
      "v.model OPERATOR(pg_catalog.=) $1",
      {sql_text(name)});
  return static_cast<int>(last.integer(0, 0, -1)) + 1;
}

}  // namespace rv::pg
