// column <@> 'words' becomes column <@> bm25query('words', index) while the query is planned: the
// index scan and every other use of the operator then speak of the same index.
#include "pg/sparse/bm25_query.h"
#include "pg/sparse/callbacks.h"
#include "pg/sparse/statistics.h"

#include "pg/base/datum.h"

extern "C" {
#include "access/genam.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "parser/parse_func.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
}

namespace rv::pg {
namespace {

struct FoundIndex {
  Oid index, family, type;
  int count;
};

// The key expression of an index, its Vars numbered as those of `varno`.
Node* key_expression(Relation index, Index varno) {
  List* expressions = RelationGetIndexExpressions(index);
  if (expressions == NIL) return nullptr;
  auto* node = static_cast<Node*>(copyObjectImpl(linitial(expressions)));
  if (varno != 1) ChangeVarNodes(node, 1, static_cast<int>(varno), 0);
  return node;
}

// PostgreSQL code from here on: runs inside call(), without C++ objects.
FoundIndex find_index(PlannerInfo* root, Node* left) {
  FoundIndex found{InvalidOid, InvalidOid, InvalidOid, 0};
  if (left != nullptr && IsA(left, RelabelType))
    left = reinterpret_cast<Node*>(reinterpret_cast<RelabelType*>(left)->arg);
  Relids relids = pull_varnos(root, left);
  int varno;
  if (!bms_get_singleton_member(relids, &varno) || varno > list_length(root->parse->rtable))
    return found;
  const RangeTblEntry* rte = rt_fetch(varno, root->parse->rtable);
  if (rte->rtekind != RTE_RELATION) return found;
  Relation table = table_open(rte->relid, AccessShareLock);
  ListCell* cell;
  foreach (cell, RelationGetIndexList(table)) {
    Relation index = index_open(lfirst_oid(cell), AccessShareLock);
    if (is_bm25_index(index) && index->rd_index->indisvalid &&
        RelationGetIndexPredicate(index) == NIL) {
      const AttrNumber column = index->rd_index->indkey.values[0];
      bool same;
      if (column != 0) {
        const auto* var = IsA(left, Var) ? reinterpret_cast<Var*>(left) : nullptr;
        same = var != nullptr && var->varlevelsup == 0 && var->varattno == column;
      } else {
        same = equal(left, key_expression(index, static_cast<Index>(varno)));
      }
      if (same) {
        found.index = RelationGetRelid(index);
        found.family = index->rd_opfamily[0];
        found.type = index->rd_opcintype[0];
        ++found.count;
      }
    }
    index_close(index, AccessShareLock);
  }
  table_close(table, AccessShareLock);
  return found;
}

Node* text_query(const Const* c, Oid type, Oid index) {
  const text* t = DatumGetTextPP(c->constvalue);
  const Size size = kBm25QueryHeader + VARSIZE_ANY_EXHDR(t);
  auto* q = static_cast<Bm25QueryData*>(palloc0(size));
  SET_VARSIZE(q, size);
  q->index = index;
  q->kind = QueryKind::words;
  memcpy(q->data, VARDATA_ANY(t), VARSIZE_ANY_EXHDR(t));
  return reinterpret_cast<Node*>(
      makeConst(type, -1, InvalidOid, -1, PointerGetDatum(q), false, false));
}

Node* index_constant(Oid index) {
  return reinterpret_cast<Node*>(
      makeConst(REGCLASSOID, -1, InvalidOid, sizeof(Oid), ObjectIdGetDatum(index), false, true));
}

// The right operand with the index in it; null when it is to stay as it is.
Node* query_with_index(Node* right, Oid schema, Oid type, Oid index) {
  auto* c = IsA(right, Const) ? reinterpret_cast<Const*>(right) : nullptr;
  if (exprType(right) == TEXTOID) {
    if (c != nullptr)
      return c->constisnull ? reinterpret_cast<Node*>(makeNullConst(type, -1, InvalidOid))
                            : text_query(c, type, index);
    const Oid types[2] = {TEXTOID, REGCLASSOID};
    List* name =
        list_make2(makeString(get_namespace_name(schema)), makeString(pstrdup("bm25query")));
    const Oid function = LookupFuncName(name, 2, types, true);
    if (!OidIsValid(function)) return nullptr;
    return reinterpret_cast<Node*>(makeFuncExpr(function, type,
                                                list_make2(right, index_constant(index)),
                                                InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL));
  }
  if (exprType(right) != type) return nullptr;
  if (c != nullptr && !c->constisnull) {
    const auto* old = reinterpret_cast<const Bm25QueryData*>(PG_DETOAST_DATUM(c->constvalue));
    if (OidIsValid(old->index)) return nullptr;
    auto* q = static_cast<Bm25QueryData*>(palloc(VARSIZE(old)));
    memcpy(q, old, VARSIZE(old));
    q->index = index;
    return reinterpret_cast<Node*>(
        makeConst(type, -1, InvalidOid, -1, PointerGetDatum(q), false, false));
  }
  if (!IsA(right, FuncExpr)) return nullptr;
  // bm25query(something, NULL)
  const auto* f = reinterpret_cast<FuncExpr*>(right);
  if (list_length(f->args) != 2 || get_func_namespace(f->funcid) != schema) return nullptr;
  auto* second = static_cast<Node*>(lsecond(f->args));
  if (!IsA(second, Const) || !reinterpret_cast<Const*>(second)->constisnull) return nullptr;
  return reinterpret_cast<Node*>(makeFuncExpr(f->funcid, type,
                                              list_make2(linitial(f->args), index_constant(index)),
                                              InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL));
}

Node* with_index(const FuncExpr* f, const FoundIndex& found) {
  const Oid schema = get_func_namespace(f->funcid);
  const Oid type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, PointerGetDatum("bm25query"),
                                   ObjectIdGetDatum(schema));
  const Oid op = get_opfamily_member(found.family, found.type, type, 1);
  if (!OidIsValid(type) || !OidIsValid(op)) return nullptr;
  Node* query = query_with_index(static_cast<Node*>(lsecond(f->args)), schema, type, found.index);
  if (query == nullptr) return nullptr;
  auto* result = reinterpret_cast<OpExpr*>(
      make_opclause(op, FLOAT8OID, false, static_cast<Expr*>(linitial(f->args)),
                    reinterpret_cast<Expr*>(query), InvalidOid, f->inputcollid));
  set_opfuncid(result);
  return reinterpret_cast<Node*>(result);
}

}  // namespace
}  // namespace rv::pg

RV_FUNCTION(rv_bm25_support)
{
  return rv::pg::call([fcinfo] {
    auto* node = reinterpret_cast<Node*>(PG_GETARG_POINTER(0));
    Node* result = nullptr;
    if (IsA(node, SupportRequestSimplify)) {
      const auto* request = reinterpret_cast<SupportRequestSimplify*>(node);
      if (request->root != nullptr && list_length(request->fcall->args) == 2) {
        const auto found =
            rv::pg::find_index(request->root, static_cast<Node*>(linitial(request->fcall->args)));
        if (found.count == 1) result = rv::pg::with_index(request->fcall, found);
      }
    }
    return PointerGetDatum(result);
  });
}
