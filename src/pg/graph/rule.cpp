#include "pg/graph/rule.h"

#include "pg/base/datum.h"

extern "C" {
#include "access/table.h"
#include "nodes/primnodes.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
}

namespace rv::pg {
namespace {

constexpr int kMaxKeys = 32;

struct Found {
  const char* name;
  int32 label;
  int keys;
  const char* key[kMaxKeys];
  const char* type[kMaxKeys];
};

const char* text_constant(Node* node) {
  if (!IsA(node, Const) || reinterpret_cast<Const*>(node)->constisnull) return nullptr;
  return TextDatumGetCString(reinterpret_cast<Const*>(node)->constvalue);
}

bool int_constant(Node* node, int32* out) {
  if (!IsA(node, Const) || reinterpret_cast<Const*>(node)->constisnull) return false;
  *out = DatumGetInt32(reinterpret_cast<Const*>(node)->constvalue);
  return true;
}

// "NOT has_label(labels, id)" or "type <> id".
bool read_exemption(Node* node, bool on_relationships, int32* label) {
  if (on_relationships) {
    if (!IsA(node, OpExpr)) return false;
    auto* op = reinterpret_cast<OpExpr*>(node);
    return get_opcode(op->opno) == F_INT4NE &&
           int_constant(static_cast<Node*>(lsecond(op->args)), label);
  }
  if (!IsA(node, BoolExpr) || reinterpret_cast<BoolExpr*>(node)->boolop != NOT_EXPR) return false;
  Node* inner = static_cast<Node*>(linitial(reinterpret_cast<BoolExpr*>(node)->args));
  if (!IsA(inner, FuncExpr)) return false;
  auto* f = reinterpret_cast<FuncExpr*>(inner);
  const char* name = get_func_name(f->funcid);
  return name != nullptr && std::strcmp(name, "ruvector_graph_has_label") == 0 &&
         int_constant(static_cast<Node*>(lsecond(f->args)), label);
}

// ruvector_graph_property_conforms(properties, key, type) or cypher_map_exists(properties, key).
bool read_condition(Node* node, Found* out) {
  if (!IsA(node, FuncExpr) || out->keys == kMaxKeys) return false;
  auto* f = reinterpret_cast<FuncExpr*>(node);
  const char* name = get_func_name(f->funcid);
  if (name == nullptr) return false;
  const bool typed = std::strcmp(name, "ruvector_graph_property_conforms") == 0;
  if (!typed && std::strcmp(name, "cypher_map_exists") != 0) return false;
  out->key[out->keys] = text_constant(static_cast<Node*>(lsecond(f->args)));
  out->type[out->keys] = typed ? text_constant(static_cast<Node*>(lthird(f->args))) : "";
  return out->key[out->keys] != nullptr && out->type[out->keys++] != nullptr;
}

bool read_rule(const ConstrCheck& check, bool on_relationships, Found* out) {
  *out = Found{};
  out->name = pstrdup(check.ccname);
  auto* node = static_cast<Node*>(stringToNode(check.ccbin));
  if (!IsA(node, BoolExpr) || reinterpret_cast<BoolExpr*>(node)->boolop != OR_EXPR) return false;
  List* arms = reinterpret_cast<BoolExpr*>(node)->args;
  if (list_length(arms) != 2 ||
      !read_exemption(static_cast<Node*>(linitial(arms)), on_relationships, &out->label))
    return false;
  Node* condition = static_cast<Node*>(lsecond(arms));
  if (!IsA(condition, BoolExpr)) return read_condition(condition, out);
  if (reinterpret_cast<BoolExpr*>(condition)->boolop != AND_EXPR) return false;
  ListCell* cell;
  foreach (cell, reinterpret_cast<BoolExpr*>(condition)->args)
    if (!read_condition(static_cast<Node*>(lfirst(cell)), out)) return false;
  return true;
}

struct Listed {
  Found* rules;
  int count;
};

}  // namespace

std::vector<PropertyRule> property_rules(const GraphTables& tables) {
  std::vector<PropertyRule> out;
  for (const bool on_relationships : {false, true}) {
    const Oid table = on_relationships ? tables.edge : tables.node;
    const Listed listed = call([table, on_relationships] {
      Relation rel = table_open(table, AccessShareLock);
      const TupleConstr* constraints = rel->rd_att->constr;
      const int n = constraints != nullptr ? constraints->num_check : 0;
      Listed l{static_cast<Found*>(palloc0(sizeof(Found) * Size(n + 1))), 0};
      for (int i = 0; i < n; ++i)
        if (read_rule(constraints->check[i], on_relationships, &l.rules[l.count])) ++l.count;
      table_close(rel, NoLock);
      return l;
    });
    for (int i = 0; i < listed.count; ++i) {
      const Found& f = listed.rules[i];
      PropertyRule rule;
      rule.name = f.name;
      rule.on_relationships = on_relationships;
      rule.label = f.label;
      for (int k = 0; k < f.keys; ++k) rule.keys.push_back({f.key[k], f.type[k]});
      out.push_back(std::move(rule));
    }
  }
  return out;
}

}  // namespace rv::pg
