#include "pg/gnn/tables.h"

#include <algorithm>
#include <cmath>

#include "pg/base/row_stream.h"
#include "pg/gnn/feature_reader.h"

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"
}

namespace rv::pg {
namespace {

struct RawEdges {
  std::vector<gnn::Edge> edges;
  gnn::Charge charge;
};

std::string end_columns(const GraphSource& t) {
  return quoted_name(t.source) + ", " + quoted_name(t.target) +
         (t.weight.empty() ? std::string() : ", " + quoted_name(t.weight) + "::pg_catalog.float8");
}

// Rows the planner believes a relation to have; 0 when it does not know.
std::size_t expected_rows(Oid relation) {
  const double n = call([relation] {
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
    if (!HeapTupleIsValid(tuple)) return 0.0;
    const auto rows =
        static_cast<double>(reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->reltuples);
    ReleaseSysCache(tuple);
    return rows;
  });
  return n > 0 && n < 1e9 ? static_cast<std::size_t>(n * 1.01) + 1 : 0;
}

// Runs `step` of reading; when memory ends there, the error tells what the whole graph would take,
// as far as the planner knows its size.
template <class Step>
void with_need(const GraphSource& t, std::size_t columns, Step step) {
  std::string message;
  try {
    step();
    return;
  } catch (const Error& e) {
    if (e.code() != ErrorCode::out_of_memory) throw;
    message = e.what();
  }
  const std::size_t nodes = t.nodes == InvalidOid ? 0 : expected_rows(t.nodes);
  const std::size_t edges = t.edges == InvalidOid ? 0 : expected_rows(t.edges);
  const std::size_t bytes = nodes * (columns * sizeof(float) + 24) +
                            edges * (t.directed ? 1 : 2) * (sizeof(gnn::Edge) + 12);
  throw Error(ErrorCode::out_of_memory, message,
              bytes == 0 ? std::string()
                         : "Reading about " + std::to_string(nodes) + " nodes and " +
                               std::to_string(edges) + " edges takes about " +
                               std::to_string((bytes >> 20) + 1) + " MB, running a model over " +
                               "them more.",
              "Increase maintenance_work_mem. ruvector_gnn_estimate() tells the need of a model.");
}

// Reads (source, target[, weight]) rows. number(value, type, role) numbers an end.
template <class Number>
void read_edge_rows(const GraphSource& t, const std::string& query,
                    const std::vector<SqlValue>& parameters, Number number,
                    std::vector<gnn::Edge>& out, MemoryBudget& budget, gnn::Charge& charge,
                    std::size_t feature_columns = 0) {
  const Oid source_type = column_type(t.edges, t.source, "source_column");
  const Oid target_type = column_type(t.edges, t.target, "target_column");
  std::vector<gnn::Charge> charges;
  stream_rows(
      query, parameters, {.read_only = t.read_only}, [&](const Datum* v, const bool* nulls) {
        if (nulls[0] || nulls[1])
          throw Error(ErrorCode::null_not_allowed, "column \"" + (nulls[0] ? t.source : t.target) +
                                                       "\" of " + relation_name(t.edges) +
                                                       " must not be NULL");
        float weight = 1;
        if (!t.weight.empty()) {
          if (nulls[2])
            throw Error(
                ErrorCode::null_not_allowed,
                "column \"" + t.weight + "\" of " + relation_name(t.edges) + " must not be NULL");
          weight = static_cast<float>(DatumGetFloat8(v[2]));
          if (!std::isfinite(weight) || (weight < 0 && !t.signed_weights))
            throw Error(ErrorCode::data_exception,
                        "weights of " + relation_name(t.edges) + " must be " +
                            (t.signed_weights ? "finite" : "finite and not negative") + ", not " +
                            std::to_string(DatumGetFloat8(v[2])));
        }
        const std::uint32_t from = number(v[0], source_type, t.source);
        const std::uint32_t to = number(v[1], target_type, t.target);
        if (out.size() >= kNoNode - 1)
          throw Error(ErrorCode::limit_exceeded, "a graph may have at most 4294967294 edges");
        // The list, and the compressed rows made of it.
        constexpr std::size_t kStep = 65536;
        if (out.size() % kStep == 0)
          with_need(t, feature_columns,
                    [&] { charges.emplace_back(&budget, kStep * (sizeof(gnn::Edge) + 12)); });
        out.push_back({from, to, weight});
      });
  std::size_t total = charges.size() * 65536 * (sizeof(gnn::Edge) + 12);
  charges.clear();
  charge = gnn::Charge(&budget, total);
}

void check_end_types(const GraphSource& t, const IdMap& ids) {
  for (const auto& [column, argument] :
       {std::pair(t.source, "source_column"), std::pair(t.target, "target_column")}) {
    const Oid type = column_type(t.edges, column, argument);
    if (!ids.accepts(type))
      throw Error(ErrorCode::type_mismatch,
                  "column \"" + column + "\" of " + relation_name(t.edges) + " is of type " +
                      type_name_of(type) + ", node ids are " + type_name_of(ids.type()));
  }
}

void finish_graph(GraphData& data, std::vector<gnn::Edge> edges, const GraphSource& t) {
  data.graph = gnn::make_graph<float>(data.ids->size(), edges, t.weight.empty());
  edges = {};
  if (!t.directed) data.graph = gnn::make_undirected(data.graph);
}

}  // namespace

void unknown_end(const GraphSource& t, Datum id, Oid type, const std::string& column) {
  const char* shown = call([id, type] {
    Oid output;
    bool varlena;
    getTypeOutputInfo(type, &output, &varlena);
    return OidOutputFunctionCall(output, id);
  });
  throw Error(ErrorCode::data_exception,
              "column \"" + column + "\" of " + relation_name(t.edges) + " refers to node " +
                  shown + ", which is not in " + relation_name(t.nodes),
              {},
              "Add the node, delete the edge, or read edges through a view that leaves it out.");
}

std::string quoted_name(const std::string& name) {
  const char* s = name.c_str();
  return call([s] { return quote_identifier(s); });
}

std::string relation_name(Oid relation) {
  const char* name = call([relation]() -> const char* {
    const char* plain = get_rel_name(relation);
    if (plain == nullptr) return nullptr;
    return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)), plain);
  });
  if (name == nullptr)
    throw Error(ErrorCode::undefined_object,
                "relation with OID " + std::to_string(relation) + " does not exist");
  return name;
}

Oid column_type(Oid relation, const std::string& column, const char* argument) {
  const char* name = column.c_str();
  const Oid type = call([relation, name] {
    const AttrNumber n = get_attnum(relation, name);
    return n == InvalidAttrNumber ? InvalidOid : getBaseType(get_atttype(relation, n));
  });
  if (type == InvalidOid)
    throw Error(ErrorCode::undefined_column,
                "column \"" + column + "\" of " + relation_name(relation) + " does not exist", {},
                std::string("Name the column with ") + argument + " => '...'.");
  return type;
}

std::string equality_of(Oid type) {
  const Oid oper = call([type] { return lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr; });
  if (oper == InvalidOid)
    throw Error(ErrorCode::not_supported, "type " + type_name_of(type) + " has no equality");
  const char* schema = call([oper] {
    HeapTuple tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(oper));
    const Oid space = reinterpret_cast<Form_pg_operator>(GETSTRUCT(tuple))->oprnamespace;
    ReleaseSysCache(tuple);
    return quote_identifier(get_namespace_name(space));
  });
  const char* name = call([oper] { return get_opname(oper); });
  return std::string("OPERATOR(") + schema + "." + name + ")";
}

std::vector<std::uint64_t> GraphData::keys() const {
  std::vector<std::uint64_t> k(ids->size());
  for (std::size_t i = 0; i < k.size(); ++i) k[i] = ids->key(static_cast<std::uint32_t>(i));
  return k;
}

GraphData read_nodes(SqlSession&, const GraphSource& t, MemoryBudget& budget) {
  GraphData data;
  const Oid type = column_type(t.nodes, t.id, "id_column");
  data.ids = std::make_unique<IdMap>(type);
  std::string query = "SELECT " + quoted_name(t.id);
  std::unique_ptr<FeatureReader> reader;
  if (!t.feature.empty()) {
    reader = std::make_unique<FeatureReader>(t.nodes, t.feature, budget, expected_rows(t.nodes));
    query += ", " + reader->expression();
  }
  const std::size_t label_at = t.feature.empty() ? 1 : 2;
  if (!t.label.empty()) {
    column_type(t.nodes, t.label, "label");
    query += ", " + quoted_name(t.label) + "::pg_catalog.text";
  }
  if (!t.split.empty()) {
    column_type(t.nodes, t.split, "split");
    query += ", " + quoted_name(t.split) + "::pg_catalog.text";
  }
  query += " FROM " + relation_name(t.nodes);
  const auto text_at = [](Datum d) {
    const auto* v = call([d] { return PG_DETOAST_DATUM_PACKED(d); });
    return std::string(VARDATA_ANY(v), VARSIZE_ANY_EXHDR(v));
  };
  stream_rows(query, {}, {.read_only = t.read_only}, [&](const Datum* v, const bool* nulls) {
    if (nulls[0])
      throw Error(ErrorCode::null_not_allowed,
                  "column \"" + t.id + "\" of " + relation_name(t.nodes) + " must not be NULL");
    bool fresh = false;
    const std::uint32_t n = data.ids->add(v[0], type, &fresh);
    if (!fresh)
      throw Error(
          ErrorCode::unique_violation,
          "node " + data.ids->shown(n) + " appears more than once in " + relation_name(t.nodes));
    if (reader) with_need(t, reader->columns(), [&] { reader->add(v[1], nulls[1], *data.ids, n); });
    std::size_t at = label_at;
    if (!t.label.empty()) {
      data.has_label.push_back(!nulls[at]);
      data.labels.push_back(nulls[at] ? std::string() : text_at(v[at]));
      ++at;
    }
    if (!t.split.empty()) data.splits.push_back(nulls[at] ? std::string() : text_at(v[at]));
  });
  data.charge = gnn::Charge(&budget, data.ids->size() * 24);
  const auto order = data.ids->sort();
  if (reader) data.features = reader->take(order);
  if (!order.empty()) {
    std::vector<std::string> labels, splits;
    std::vector<bool> has_label;
    for (const std::uint32_t i : order) {
      if (!t.label.empty()) {
        labels.push_back(std::move(data.labels[i]));
        has_label.push_back(data.has_label[i]);
      }
      if (!t.split.empty()) splits.push_back(std::move(data.splits[i]));
    }
    data.labels = std::move(labels);
    data.has_label = std::move(has_label);
    data.splits = std::move(splits);
  }
  return data;
}

GraphData read_graph(SqlSession& session, const GraphSource& t, MemoryBudget& budget) {
  GraphData data;
  const std::string query = "SELECT " + end_columns(t) + " FROM " + relation_name(t.edges);
  std::vector<gnn::Edge> edges;
  if (t.nodes != InvalidOid) {
    data = read_nodes(session, t, budget);
    check_end_types(t, *data.ids);
    gnn::Charge charge;
    if (!t.weight.empty()) column_type(t.edges, t.weight, "weight_column");
    read_edge_rows(
        t, query, {},
        [&](Datum id, Oid type, const std::string& column) {
          const std::uint32_t n = data.ids->find(id, type);
          if (n == kNoNode) unknown_end(t, id, type, column);
          return n;
        },
        edges, budget, charge, data.features.columns());
    finish_graph(data, std::move(edges), t);
    return data;
  }
  const Oid type = column_type(t.edges, t.source, "source_column");
  data.ids = std::make_unique<IdMap>(type);
  check_end_types(t, *data.ids);
  if (!t.weight.empty()) column_type(t.edges, t.weight, "weight_column");
  read_edge_rows(
      t, query, {},
      [&](Datum id, Oid id_type, const std::string&) {
        bool fresh = false;
        return data.ids->add(id, id_type, &fresh);
      },
      edges, budget, data.charge);
  const auto order = data.ids->sort();
  if (!order.empty()) {
    std::vector<std::uint32_t> now(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) now[order[i]] = static_cast<std::uint32_t>(i);
    for (gnn::Edge& e : edges) e = {now[e.source], now[e.target], e.weight};
  }
  finish_graph(data, std::move(edges), t);
  return data;
}

std::vector<gnn::Edge> read_in_edges(SqlSession&, const GraphSource& t, IdMap& ids,
                                     std::uint32_t from, std::uint32_t end, MemoryBudget& budget) {
  std::vector<gnn::Edge> edges, reverse;
  if (from == end) return edges;
  check_end_types(t, ids);
  if (!t.weight.empty()) column_type(t.edges, t.weight, "weight_column");
  std::vector<std::uint32_t> wanted(end - from);
  for (std::uint32_t i = from; i < end; ++i) wanted[i - from] = i;
  const Oid array_type = call([&] { return get_array_type(ids.type()); });
  const SqlValue list{array_type, ids.array(wanted), false};
  const auto number = [&](Datum id, Oid type, const std::string&) {
    bool fresh = false;
    return ids.add(id, type, &fresh);
  };
  const std::string select =
      "SELECT " + end_columns(t) + " FROM " + relation_name(t.edges) + " WHERE ";
  const std::string any = " " + equality_of(ids.type()) + " ANY ($1)";
  gnn::Charge charge;
  read_edge_rows(t, select + quoted_name(t.target) + any, {list}, number, edges, budget, charge);
  if (t.directed) return edges;
  gnn::Charge reverse_charge;
  read_edge_rows(t, select + quoted_name(t.source) + any, {list}, number, reverse, budget,
                 reverse_charge);
  // An edge counts against its direction where the table has no such edge.
  const auto before = [](const gnn::Edge& a, const gnn::Edge& b) {
    return a.target != b.target ? a.target < b.target : a.source < b.source;
  };
  std::sort(edges.begin(), edges.end(), before);
  const std::size_t forward = edges.size();
  for (const gnn::Edge& e : reverse) {
    const gnn::Edge turned{e.target, e.source, e.weight};
    if (!std::binary_search(edges.begin(), edges.begin() + static_cast<std::ptrdiff_t>(forward),
                            turned, before))
      edges.push_back(turned);
  }
  return edges;
}

GraphData read_neighborhood(SqlSession& session, const GraphSource& t, Datum targets,
                            Oid target_type, std::size_t hops, bool degrees, MemoryBudget& budget) {
  const Oid type = column_type(t.nodes, t.id, "id_column");
  IdMap met(type);
  if (!met.accepts(target_type))
    throw Error(ErrorCode::type_mismatch, "node_ids are of type " + type_name_of(target_type) +
                                              ", column \"" + t.id + "\" of " +
                                              relation_name(t.nodes) + " is " + type_name_of(type));
  struct Elements {
    Datum* values;
    bool* nulls;
    int count;
  };
  const Elements list = call([&] {
    Elements e{};
    int16 length;
    bool by_value;
    char align;
    get_typlenbyvalalign(target_type, &length, &by_value, &align);
    deconstruct_array(DatumGetArrayTypeP(targets), target_type, length, by_value, align, &e.values,
                      &e.nulls, &e.count);
    return e;
  });
  for (int i = 0; i < list.count; ++i) {
    if (list.nulls[i]) throw Error(ErrorCode::null_not_allowed, "node_ids must not contain NULL");
    bool fresh = false;
    met.add(list.values[i], target_type, &fresh);
  }

  // Hop by hop against the edges; each node's in-edges are read once.
  std::vector<std::size_t> within{met.size()};
  std::vector<gnn::Edge> edges;
  std::uint32_t done = 0;
  std::size_t inside = 0;  // edges of the first `hops` hops
  for (std::size_t hop = 0; hop < hops + (degrees ? 1 : 0); ++hop) {
    const auto end = static_cast<std::uint32_t>(met.size());
    const auto found = read_in_edges(session, t, met, done, end, budget);
    edges.insert(edges.end(), found.begin(), found.end());
    done = end;
    if (hop < hops) {
      within.push_back(met.size());
      inside = edges.size();
    }
  }
  const std::size_t kept = within.back();

  GraphData data;
  data.ids = std::make_unique<IdMap>(type);
  // Numbers by distance, then id: sources of a row in order of id, as in the whole graph.
  std::vector<std::uint32_t> order(kept), now(met.size(), kNoNode);
  for (std::uint32_t i = 0; i < kept; ++i) order[i] = i;
  for (std::size_t h = 1; h < within.size(); ++h)
    std::sort(order.begin() + static_cast<std::ptrdiff_t>(within[h - 1]),
              order.begin() + static_cast<std::ptrdiff_t>(within[h]),
              [&](std::uint32_t a, std::uint32_t b) { return met.before(a, b); });
  for (std::uint32_t i = 0; i < kept; ++i) {
    now[order[i]] = i;
    bool fresh = false;
    data.ids->add(met.datum(order[i]), type, &fresh);
  }
  gnn::Graph<float>& g = data.graph;
  g.nodes = kept;
  g.within = within;
  g.in_weight.assign(kept, 0.0f);
  g.loop_weight.assign(kept, 0.0f);
  for (const gnn::Edge& e : edges) {
    if (now[e.target] == kNoNode) continue;
    g.in_weight[now[e.target]] += e.weight;
    if (e.source == e.target) g.loop_weight[now[e.target]] += e.weight;
  }
  edges.resize(inside);
  std::sort(edges.begin(), edges.end(), [&](const gnn::Edge& a, const gnn::Edge& b) {
    if (a.target != b.target) return now[a.target] < now[b.target];
    if (a.source != b.source) return met.before(a.source, b.source);
    return a.weight < b.weight;
  });
  g.in.rows = hops == 0 ? 0 : within[hops - 1];
  g.in.columns = kept;
  g.in.offset.assign(g.in.rows + 1, 0);
  for (const gnn::Edge& e : edges) {
    ++g.in.offset[now[e.target] + 1];
    g.in.index.push_back(now[e.source]);
    if (!t.weight.empty()) g.in.value.push_back(e.weight);
  }
  for (std::size_t i = 0; i < g.in.rows; ++i) g.in.offset[i + 1] += g.in.offset[i];

  // Features of everything met.
  std::vector<std::uint32_t> all(kept);
  for (std::uint32_t i = 0; i < kept; ++i) all[i] = i;
  const Oid array_type = call([type] { return get_array_type(type); });
  const SqlValue parameter{array_type, data.ids->array(all), false};
  std::vector<std::uint32_t> arrived;
  std::unique_ptr<FeatureReader> reader;
  std::string query = "SELECT " + quoted_name(t.id);
  if (!t.feature.empty()) {
    reader = std::make_unique<FeatureReader>(t.nodes, t.feature, budget);
    query += ", " + reader->expression();
  }
  query += " FROM " + relation_name(t.nodes) + " WHERE " + quoted_name(t.id) + " " +
           equality_of(type) + " ANY ($1)";
  std::vector<std::uint32_t> place(kept, kNoNode);
  stream_rows(
      query, {parameter}, {.read_only = t.read_only}, [&](const Datum* v, const bool* nulls) {
        const std::uint32_t n = data.ids->find(v[0], type);
        if (n == kNoNode) return;
        if (place[n] != kNoNode)
          throw Error(ErrorCode::unique_violation, "node " + data.ids->shown(n) +
                                                       " appears more than once in " +
                                                       relation_name(t.nodes));
        place[n] = static_cast<std::uint32_t>(arrived.size());
        arrived.push_back(n);
        if (reader)
          with_need(t, reader->columns(), [&] { reader->add(v[1], nulls[1], *data.ids, n); });
      });
  for (std::uint32_t i = 0; i < kept; ++i) {
    if (place[i] != kNoNode) continue;
    if (i < within[0])
      throw Error(ErrorCode::undefined_object,
                  "node " + data.ids->shown(i) + " is not in " + relation_name(t.nodes));
    unknown_end(t, data.ids->datum(i), type, t.source);
  }
  if (reader) data.features = reader->take(place);
  return data;
}

}  // namespace rv::pg
