#include "pg/graph/ddl.h"

#include "core/graph/map/property_schema.h"
#include "pg/graph/catalog.h"

using namespace rv::graph;

namespace rv::pg {
namespace {

// Replaces $S by the graph's schema and $X by the extension's.
std::string expand(std::string_view text, const std::string& schema, const std::string& extension) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '$' && i + 1 < text.size() && (text[i + 1] == 'S' || text[i + 1] == 'X')) {
      out += text[++i] == 'S' ? schema : extension;
    } else {
      out += text[i];
    }
  }
  return out;
}

constexpr std::string_view kTables = R"(
CREATE SCHEMA $S;
CREATE TABLE $S.name (
  id integer CONSTRAINT name_pkey PRIMARY KEY,
  kind "char" NOT NULL CHECK (kind IN ('l', 't')),
  name text COLLATE "C" NOT NULL CHECK (name <> ''),
  CONSTRAINT name_by_name UNIQUE (kind, name)) USING heap;
CREATE SEQUENCE $S.name_id_seq AS integer OWNED BY $S.name.id;
CREATE TABLE $S.node (
  id bigint CONSTRAINT node_pkey PRIMARY KEY,
  labels integer[] NOT NULL,
  properties $X.cypher_map NOT NULL) USING heap;
CREATE SEQUENCE $S.node_id_seq MINVALUE 0 START 0 MAXVALUE 281474976710655 CACHE 32 OWNED BY $S.node.id;
CREATE TABLE $S.node_label (
  label integer, node bigint,
  CONSTRAINT node_label_pkey PRIMARY KEY (label, node)) USING heap;
CREATE TABLE $S.edge (
  id bigint CONSTRAINT edge_pkey PRIMARY KEY,
  type integer NOT NULL,
  source bigint NOT NULL,
  target bigint NOT NULL,
  properties $X.cypher_map NOT NULL) USING heap;
CREATE INDEX edge_out ON $S.edge (source, type, target, id);
CREATE INDEX edge_in ON $S.edge (target, type, source, id);
CREATE SEQUENCE $S.edge_id_seq MINVALUE 0 START 0 MAXVALUE 281474976710655 CACHE 32 OWNED BY $S.edge.id;
ALTER TABLE $S.node ALTER COLUMN properties SET STATISTICS 0;
ALTER TABLE $S.edge ALTER COLUMN properties SET STATISTICS 0;
CREATE VIEW $S.nodes AS
  SELECT n.id, ARRAY(SELECT m.name COLLATE "default" FROM $S.name m WHERE m.id = ANY (n.labels) ORDER BY m.name) AS labels,
    n.properties FROM $S.node n;
CREATE VIEW $S.relationships AS
  SELECT e.id, m.name COLLATE "default" AS type, e.source, e.target, e.properties
    FROM $S.edge e JOIN $S.name m ON m.id = e.type;
COMMENT ON SCHEMA $S IS 'property graph';
)";

// The SQL expression that gives a declared property its SQL type.
std::string column_expression(const std::string& extension, std::string_view key,
                              const DeclaredType& type) {
  const std::string k = literal(key);
  std::string text = "(p.properties OPERATOR(" + extension + ".->>) " + k + ")";
  switch (type.type) {
    case PropertyType::integer:
      return text + "::bigint";
    case PropertyType::floating:
      return text + "::double precision";
    case PropertyType::boolean:
      return text + "::boolean";
    case PropertyType::date:
      return text + "::date";
    case PropertyType::local_time:
      return text + "::time";
    case PropertyType::time:
      return text + "::timetz";
    case PropertyType::local_datetime:
      return text + "::timestamp";
    case PropertyType::datetime:  // without the name of the zone, which the offset makes needless
      return "pg_catalog.split_part(" + text + ", '[', 1)::timestamptz";
    case PropertyType::duration:
      return text + "::interval";
    case PropertyType::vector: {
      const std::string size =
          type.dimensions > 0 ? "(" + std::to_string(type.dimensions) + ")" : "";
      return extension + ".ruvector_property_vector(p.properties, " + k + ")::" + extension +
             ".vector" + size;
    }
    case PropertyType::string:
      return text;
    default:
      return "(p.properties OPERATOR(" + extension + ".->) " + k + ")";
  }
}

}  // namespace

std::string create_graph_sql(std::string_view graph, const std::string& extension) {
  return expand(kTables, quoted(graph), extension);
}

std::string declare_sql(std::string_view graph, const std::string& extension, bool is_type,
                        std::string_view name, int id, const MapView& properties, bool taken) {
  const std::string table = qualified(graph, is_type ? "edge" : "node");
  std::string columns;
  std::string out;
  for (const auto& e : properties.sorted_by_key()) {
    if (e.value.type() != PropertyType::string)
      throw Error(ErrorCode::invalid_argument,
                  "the type of property \"" + std::string(e.key) + "\" must be a string", {},
                  "For example {\"name\": \"text not null\", \"age\": \"integer\"}.");
    const DeclaredType type = parse_declared_type(e.value.string());
    const std::string declared = declared_type_name(type) + (type.not_null ? " not null" : "");
    const std::string belongs =
        is_type
            ? "type <> " + std::to_string(id)
            : "NOT " + extension + ".ruvector_graph_has_label(labels, " + std::to_string(id) + ")";
    std::string constraint(name);
    constraint += '.';
    constraint += e.key;
    out.append("ALTER TABLE ").append(table).append(" ADD CONSTRAINT ").append(quoted(constraint));
    out.append(" CHECK (").append(belongs).append(" OR ").append(extension);
    out.append(".ruvector_graph_property_conforms(properties, ").append(literal(e.key));
    out.append(", ").append(literal(declared)).append("));\n");
    const bool builtin = e.key == "id" || e.key == "properties" ||
                         (is_type && (e.key == "source" || e.key == "target"));
    columns += ", " + column_expression(extension, e.key, type) + " AS " +
               quoted(builtin ? "property_" + std::string(e.key) : std::string(e.key));
  }
  const std::string view = qualified(graph, (!taken    ? ""
                                             : is_type ? "type_"
                                                       : "label_") +
                                                std::string(name));
  out += "CREATE VIEW " + view + " AS SELECT p.id";
  if (is_type) {
    out += ", p.source, p.target" + columns + ", p.properties FROM " + table +
           " p WHERE p.type = " + std::to_string(id) + ";\n";
  } else {
    out += columns + ", p.properties FROM " + qualified(graph, "node_label") + " l JOIN " + table +
           " p ON p.id = l.node WHERE l.label = " + std::to_string(id) + ";\n";
  }
  return out;
}

}  // namespace rv::pg
