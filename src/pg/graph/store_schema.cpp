// Cypher's commands on the schema, done as DDL on the graph's tables: indexes are btree or vector
// indexes over expressions, constraints are unique indexes and CHECK constraints.
#include <algorithm>
#include <cctype>

#include "core/graph/map/property_schema.h"
#include "pg/graph/rule.h"
#include "pg/graph/store.h"

extern "C" {
#include "utils/lsyscache.h"
}

namespace rv::pg {

using graph::Kind;
using graph::SchemaCommand;
using graph::Value;

namespace {

using What = SchemaCommand::What;
using Constraint = SchemaCommand::Constraint;

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// A value of OPTIONS by its name, looked for one level deep too (Neo4j's indexConfig).
std::optional<Value> option(const Value& options, std::string_view name) {
  if (!options.is(Kind::map)) return std::nullopt;
  for (const auto& e : options.as_map()) {
    std::string key = lower(std::string(e.key));
    if (key.starts_with("vector.")) key = key.substr(7);
    if (key == name) return e.value;
    if (e.value.is(Kind::map))
      if (const auto inner = option(e.value, name)) return inner;
  }
  return std::nullopt;
}

std::optional<std::int64_t> integer_option(const Value& options, std::string_view name) {
  const auto v = option(options, name);
  if (!v) return std::nullopt;
  if (!v->is(Kind::integer))
    throw Error(ErrorCode::invalid_argument,
                "option \"" + std::string(name) + "\" of the index must be an integer");
  return v->as_integer();
}

// Conditions that a row belongs to the label or type, or does not.
struct Membership {
  std::string is, is_not;
};
Membership membership(const std::string& extension, bool on_relationships, int32 id) {
  const std::string n = std::to_string(id);
  if (on_relationships) return {"type = " + n, "type <> " + n};
  const std::string has = extension + ".ruvector_graph_has_label(labels, " + n + ")";
  return {has, "NOT " + has};
}

std::string sort_keys(const std::string& extension, const std::vector<std::string>& keys) {
  std::string out;
  for (const auto& k : keys)
    out += (out.empty() ? "" : ", ") + extension + ".ruvector_graph_sort_key(properties, " +
           literal(k) + ")";
  return out;
}

std::string vector_index_sql(const std::string& extension, const std::string& table,
                             const SchemaCommand& c, const std::string& name,
                             const std::string& where) {
  if (c.keys.size() != 1)
    throw Error(ErrorCode::invalid_argument,
                "a vector index has one property, not " + std::to_string(c.keys.size()));
  const auto dimensions = integer_option(c.options, "dimensions");
  if (!dimensions || *dimensions < 1 || *dimensions > 16000)
    throw Error(ErrorCode::invalid_argument,
                "a vector index needs its number of dimensions, 1 to 16000", {},
                "For example OPTIONS {dimensions: 768, metric: 'cosine'}.");
  auto metric = option(c.options, "metric");
  if (!metric) metric = option(c.options, "similarity_function");
  const std::string m =
      metric && metric->is(Kind::string) ? lower(std::string(metric->as_string())) : "cosine";
  const char* opclass = m == "cosine"                                     ? "vector_cosine_ops"
                        : m == "l2" || m == "euclidean"                   ? "vector_l2_ops"
                        : m == "ip" || m == "inner_product" || m == "dot" ? "vector_ip_ops"
                        : m == "l1"                                       ? "vector_l1_ops"
                                                                          : nullptr;
  if (opclass == nullptr)
    throw Error(ErrorCode::invalid_argument, "unknown metric \"" + m + "\" of a vector index", {},
                "Use cosine, l2, ip or l1.");
  const auto method = option(c.options, "method");
  const std::string am =
      method && method->is(Kind::string) ? lower(std::string(method->as_string())) : "hnsw";
  std::string with;
  for (const char* name_of : {"m", "ef_construction", "lists"})
    if (const auto v = integer_option(c.options, name_of))
      with += (with.empty() ? "" : ", ") + std::string(name_of) + " = " + std::to_string(*v);
  return "CREATE INDEX " + quoted(name) + " ON " + table + " USING " + quoted(am) + " ((" +
         extension + ".ruvector_property_vector(properties, " + literal(c.keys[0]) +
         ")::" + extension + ".vector(" + std::to_string(*dimensions) + ")) " + extension + "." +
         opclass + ")" + (with.empty() ? "" : " WITH (" + with + ")") + " WHERE " + where;
}

}  // namespace

// `name`, or one made of label and keys that no relation of the schema has.
std::string PgStore::free_name(const SchemaCommand& c, const char* suffix) {
  if (!c.name.empty()) return c.name;
  std::string base = lower(c.label);
  for (const auto& k : c.keys) base += "_" + lower(k);
  base = base.substr(0, 48) + suffix;
  for (int i = 0;; ++i) {
    std::string name = i == 0 ? base : base + std::to_string(i);
    const char* n = name.c_str();
    if (!call([&] { return OidIsValid(get_relname_relid(n, tables_.schema)); })) return name;
  }
}

void PgStore::create_schema_object(const SchemaCommand& c) {
  const bool constraint = c.what == What::create_constraint;
  const bool vector = c.what == What::create_vector_index;
  const bool unique =
      constraint && (c.constraint == Constraint::unique || c.constraint == Constraint::node_key);
  if (c.keys.empty() || c.keys.size() > 16)
    throw Error(ErrorCode::invalid_argument, "an index or constraint has 1 to 16 properties, not " +
                                                 std::to_string(c.keys.size()));
  const int32 id = make_graph_name(tables_, c.on_relationships, c.label);
  // An equal one, or one of the same name, is there already?
  const char* what = constraint ? "constraint" : "index";
  std::string existing;
  if (!constraint || unique) {
    for (const auto& x : property_indexes(tables_, c.on_relationships))
      if ((x.label == id && x.keys == c.keys && x.vector == vector && x.unique == unique) ||
          x.name == c.name)
        existing = x.name;
  }
  if (constraint && !unique) {
    for (const auto& r : property_rules(tables_))
      if (r.name == c.name || (r.on_relationships == c.on_relationships && r.label == id &&
                               r.keys.size() == 1 && r.keys[0].key == c.keys[0] &&
                               r.keys[0].type.empty() == (c.constraint == Constraint::not_null)))
        existing = r.name;
  }
  if (!existing.empty()) {
    if (c.if_not_exists) return;
    throw Error(ErrorCode::duplicate_object,
                std::string("an equivalent ") + what + " already exists: \"" + existing + "\"");
  }
  const std::string extension = type_schema(tables_.map_type);
  const std::string table = qualified(graph_name_, c.on_relationships ? "edge" : "node");
  const Membership rows = membership(extension, c.on_relationships, id);
  const std::string name = free_name(c, unique ? "_unique" : constraint ? "_rule" : "_index");
  std::string sql;
  if (vector) {
    sql = vector_index_sql(extension, table, c, name, rows.is);
  } else if (!constraint || unique) {
    sql = std::string("CREATE ") + (unique ? "UNIQUE " : "") + "INDEX " + quoted(name) + " ON " +
          table + " (" + sort_keys(extension, c.keys) + ") WHERE " + rows.is;
  }
  if (constraint && c.constraint != Constraint::unique) {
    std::string condition;
    for (const auto& k : c.keys) {
      condition += condition.empty() ? "" : " AND ";
      condition += c.constraint == Constraint::of_type
                       ? extension + ".ruvector_graph_property_conforms(properties, " + literal(k) +
                             ", " +
                             literal(declared_type_name(graph::parse_declared_type(c.type))) + ")"
                       : extension + ".cypher_map_exists(properties, " + literal(k) + ")";
    }
    sql += (sql.empty() ? "" : "; ") + ("ALTER TABLE " + table) + " ADD CONSTRAINT " +
           quoted(name) + " CHECK (" + rows.is_not + " OR (" + condition + "))";
  }
  release_tables();
  run_sql(sql);
}

void PgStore::drop_schema_object(const SchemaCommand& c) {
  std::string sql;
  const bool constraint = c.what == What::drop_constraint;
  for (const bool on_relationships : {false, true})
    for (const auto& x : property_indexes(tables_, on_relationships))
      if (x.name == c.name && x.unique == constraint)
        sql += "DROP INDEX " + qualified(graph_name_, x.name) + ";";
  for (const auto& r : property_rules(tables_))
    if (constraint && r.name == c.name)
      sql += "ALTER TABLE " + qualified(graph_name_, r.on_relationships ? "edge" : "node") +
             " DROP CONSTRAINT " + quoted(r.name) + ";";
  if (sql.empty()) {
    if (c.if_exists) return;
    throw Error(ErrorCode::undefined_object, std::string(constraint ? "constraint" : "index") +
                                                 " \"" + c.name + "\" does not exist");
  }
  release_tables();
  run_sql(sql);
}

void PgStore::show_schema(bool constraints, graph::Arena& arena, graph::RowSink& rows) {
  struct Line {
    std::string name, type;
    bool on_relationships;
    int32 label;
    std::vector<std::string> keys;
    Value last;
  };
  std::vector<Line> lines;
  const auto rules = property_rules(tables_);
  for (const bool on_relationships : {false, true})
    for (const auto& x : property_indexes(tables_, on_relationships)) {
      if (constraints && !x.unique) continue;
      const bool key = std::any_of(rules.begin(), rules.end(),
                                   [&x](const PropertyRule& r) { return r.name == x.name; });
      const char* type = !constraints ? (x.vector ? "VECTOR" : "RANGE")
                         : key        ? "NODE_KEY"
                                      : "UNIQUENESS";
      lines.push_back({x.name, type, on_relationships, x.label, x.keys,
                       constraints ? Value::null() : Value::boolean(x.unique)});
    }
  if (constraints)
    for (const auto& r : rules) {
      if (std::any_of(lines.begin(), lines.end(), [&r](const Line& l) { return l.name == r.name; }))
        continue;
      Line line{r.name, "PROPERTY_EXISTENCE", r.on_relationships, r.label, {}, Value::null()};
      for (const auto& k : r.keys) {
        line.keys.push_back(k.key);
        if (k.type.empty()) continue;
        line.type = "PROPERTY_TYPE";
        line.last = Value::string(arena.copy(std::string_view(k.type)));
      }
      lines.push_back(std::move(line));
    }
  std::sort(lines.begin(), lines.end(),
            [](const Line& a, const Line& b) { return a.name < b.name; });
  const auto text = [&arena](std::string_view s) { return Value::string(arena.copy(s)); };
  for (const auto& l : lines) {
    auto* labels = arena.array<Value>(1);
    labels[0] = text(names_.name(l.on_relationships, l.label));
    auto* keys = arena.array<Value>(l.keys.size());
    for (std::size_t i = 0; i < l.keys.size(); ++i) keys[i] = text(l.keys[i]);
    const Value row[] = {text(l.name),
                         text(l.type),
                         text(l.on_relationships ? "RELATIONSHIP" : "NODE"),
                         Value::list({labels, 1}),
                         Value::list({keys, l.keys.size()}),
                         l.last};
    rows.row(row);
  }
}

void PgStore::schema_command(const SchemaCommand& command, graph::Arena& arena,
                             graph::RowSink& rows) {
  switch (command.what) {
    case What::create_index:
    case What::create_vector_index:
    case What::create_constraint:
      return create_schema_object(command);
    case What::drop_index:
    case What::drop_constraint:
      return drop_schema_object(command);
    case What::show_indexes:
    case What::show_constraints:
      return show_schema(command.what == What::show_constraints, arena, rows);
  }
}

}  // namespace rv::pg
