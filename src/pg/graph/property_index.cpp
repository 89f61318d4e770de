#include "pg/graph/property_index.h"

#include <unordered_map>

#include "pg/base/relation_watch.h"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/pg_am.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_statistic.h"
#include "nodes/primnodes.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

Datum rv_graph_has_label(PG_FUNCTION_ARGS);
}

namespace rv::pg {
namespace {

using Indexes = std::unordered_map<Oid, std::vector<PropertyIndex>>;
void forget(Oid table) noexcept;

// Watches the catalogue from its first use on.
Indexes& remembered() {
  static auto* const indexes = [] {
    auto* made = new Indexes;
    watch_relations(forget);
    return made;
  }();
  return *indexes;
}

// What is remembered of a table whose indexes changed; InvalidOid: of all. Called by PostgreSQL.
void forget(Oid table) noexcept {
  if (OidIsValid(table)) {
    remembered().erase(table);
  } else {
    remembered().clear();
  }
}

constexpr int kMaxKeys = 32;

// What call() can return of one index.
struct Found {
  bool usable;     // a property or vector index
  bool for_later;  // not for this snapshot yet: do not remember the list
  bool unique, vector;
  int32 label;
  int keys;
  const char* key[kMaxKeys];
  const char* name;
  const char* order_operator;
  int dimensions;
};

bool is_function(Node* node, const char* name) {
  if (node == nullptr || !IsA(node, FuncExpr)) return false;
  const char* n = get_func_name(reinterpret_cast<FuncExpr*>(node)->funcid);
  return n != nullptr && std::strcmp(n, name) == 0;
}

// The text constant that is the second argument, or nullptr.
const char* second_text(Node* node) {
  List* args = reinterpret_cast<FuncExpr*>(node)->args;
  if (list_length(args) < 2 || !IsA(lsecond(args), Const)) return nullptr;
  auto* c = static_cast<Const*>(lsecond(args));
  return c->constisnull ? nullptr : TextDatumGetCString(c->constvalue);
}

void read_index(Oid oid, Found* out) {
  Relation index = index_open(oid, AccessShareLock);
  Form_pg_index form = index->rd_index;
  List* expressions = RelationGetIndexExpressions(index);
  const bool candidate = form->indisvalid && form->indisready && form->indnkeyatts <= kMaxKeys &&
                         list_length(expressions) == form->indnkeyatts &&
                         name_of_predicate(RelationGetIndexPredicate(index), &out->label);
  if (candidate && form->indcheckxmin &&
      !TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data),
                             TransactionXmin)) {
    out->for_later = true;
  } else if (candidate) {
    out->usable = true;
    ListCell* cell;
    foreach (cell, expressions) {
      auto* node = static_cast<Node*>(lfirst(cell));
      // vector(768) is a function around the property's.
      while (node != nullptr && IsA(node, FuncExpr) &&
             !is_function(node, "ruvector_property_vector") &&
             !is_function(node, "ruvector_graph_sort_key") &&
             reinterpret_cast<FuncExpr*>(node)->args != NIL)
        node = static_cast<Node*>(linitial(reinterpret_cast<FuncExpr*>(node)->args));
      const bool sort_key = is_function(node, "ruvector_graph_sort_key");
      const bool vector = is_function(node, "ruvector_property_vector");
      if ((!sort_key && !vector) || (sort_key && index->rd_rel->relam != BTREE_AM_OID) ||
          (vector && form->indnkeyatts != 1)) {
        out->usable = false;
        break;
      }
      out->vector = vector;
      out->key[out->keys++] = second_text(node);
      if (out->key[out->keys - 1] == nullptr) out->usable = false;
    }
    out->unique = form->indisunique;
    out->name = pstrdup(RelationGetRelationName(index));
    if (out->usable && out->vector) {
      out->dimensions = TupleDescAttr(index->rd_att, 0)->atttypmod;
      const Oid order = get_opfamily_member(index->rd_opfamily[0], index->rd_opcintype[0],
                                            index->rd_opcintype[0], 1);
      out->order_operator = OidIsValid(order) ? get_opname(order) : nullptr;
      if (out->order_operator == nullptr) out->usable = false;
    }
  }
  index_close(index, NoLock);
}

}  // namespace

static_assert(kNodeLabels == kEdgeType);  // one column, whichever the table

bool name_of_predicate(List* predicate, int32* name) {
  if (list_length(predicate) != 1) return false;
  auto* const node = static_cast<Node*>(linitial(predicate));
  List* args = NIL;
  if (IsA(node, FuncExpr)) {
    FmgrInfo function;
    fmgr_info(reinterpret_cast<FuncExpr*>(node)->funcid, &function);
    if (function.fn_addr != rv_graph_has_label) return false;
    args = reinterpret_cast<FuncExpr*>(node)->args;
  } else if (IsA(node, OpExpr) && reinterpret_cast<OpExpr*>(node)->opfuncid == F_INT4EQ) {
    args = reinterpret_cast<OpExpr*>(node)->args;
  }
  if (list_length(args) != 2 || !IsA(linitial(args), Var) || !IsA(lsecond(args), Const))
    return false;
  const auto* const constant = static_cast<Const*>(lsecond(args));
  if (static_cast<Var*>(linitial(args))->varattno != kNodeLabels || constant->constisnull)
    return false;
  *name = DatumGetInt32(constant->constvalue);
  return true;
}

const std::vector<PropertyIndex>& property_indexes(const GraphTables& tables,
                                                   bool on_relationships) {
  const Oid table = on_relationships ? tables.edge : tables.node;
  static thread_local std::vector<PropertyIndex> unsettled;
  if (const auto it = remembered().find(table); it != remembered().end()) return it->second;
  const std::uint64_t before = relation_news();
  struct Listed {
    Found* rows;
    Oid* oids;
    int count;
  };
  const Listed found = call([table] {
    Relation rel = table_open(table, AccessShareLock);
    List* oids = RelationGetIndexList(rel);
    Listed out{static_cast<Found*>(palloc0(sizeof(Found) * Size(list_length(oids) + 1))),
               static_cast<Oid*>(palloc(sizeof(Oid) * Size(list_length(oids) + 1))), 0};
    ListCell* cell;
    foreach (cell, oids) {
      out.oids[out.count] = lfirst_oid(cell);
      read_index(lfirst_oid(cell), &out.rows[out.count++]);
    }
    table_close(rel, NoLock);
    return out;
  });
  std::vector<PropertyIndex> indexes;
  bool settled = relation_news() == before;
  for (int i = 0; i < found.count; ++i) {
    const Found& f = found.rows[i];
    settled = settled && !f.for_later;
    if (!f.usable) continue;
    PropertyIndex x;
    x.index = found.oids[i];
    x.on_relationships = on_relationships;
    x.unique = f.unique;
    x.vector = f.vector;
    x.label = f.label;
    x.keys.assign(f.key, f.key + f.keys);
    x.name = f.name;
    if (f.vector) x.order_operator = f.order_operator;
    x.dimensions = f.vector ? f.dimensions : -1;
    indexes.push_back(std::move(x));
  }
  auto& to = settled ? remembered()[table] : unsettled;
  to = std::move(indexes);
  return to;
}

std::shared_ptr<const std::vector<PropertyIndex>> ordered_indexes(const GraphTables& tables) {
  struct Known {
    Oid table = InvalidOid;
    std::uint64_t news = 0;
    std::shared_ptr<const std::vector<PropertyIndex>> indexes;
  };
  static auto* const slots = new Known[16];
  Known& known = slots[tables.node % 16];
  if (known.table == tables.node && known.news == relation_news()) return known.indexes;
  const std::uint64_t before = relation_news();
  auto indexes = std::make_shared<std::vector<PropertyIndex>>();
  for (const bool on_relationships : {false, true})
    for (const auto& x : property_indexes(tables, on_relationships))
      if (!x.vector) indexes->push_back(x);
  // A list that is not remembered holds an index that is not for this snapshot yet.
  if (remembered().count(tables.node) == 0 || remembered().count(tables.edge) == 0) return indexes;
  known = {tables.node, before, indexes};
  return indexes;
}

double distinct_keys(const PropertyIndex& index, double indexed) {
  return call([&index, indexed] {
    Relation rel = index_open(index.index, AccessShareLock);
    // Before the first ANALYZE, or after much was loaded since, the table's size knows better.
    const double rows = std::fmax(1.0, std::fmax(indexed, rel->rd_rel->reltuples));
    double product = 1;
    bool known = true;
    for (std::size_t i = 0; i < index.keys.size(); ++i) {
      HeapTuple t = SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(index.index),
                                    Int16GetDatum(static_cast<int16>(i + 1)), BoolGetDatum(false));
      known = known && HeapTupleIsValid(t);
      if (!HeapTupleIsValid(t)) break;
      const double d = reinterpret_cast<Form_pg_statistic>(GETSTRUCT(t))->stadistinct;
      product *= d < 0 ? -d * rows : d;
      ReleaseSysCache(t);
    }
    index_close(rel, NoLock);
    if (index.unique) return rows;
    // Without statistics: an index is made for what tells rows apart.
    return std::fmax(1.0, known ? std::fmin(product, rows) : rows / 10);
  });
}

}  // namespace rv::pg
