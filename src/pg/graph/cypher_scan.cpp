#include "pg/graph/cypher_scan.h"

#include "pg/graph/cypher.h"

extern "C" {
#include "catalog/objectaccess.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "nodes/extensible.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "parser/parsetree.h"
#include "pgstat.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

RV_EXPORT Datum rv_cypher(PG_FUNCTION_ARGS);
}

namespace rv::pg {
namespace {

constexpr int kArguments = 3;
constexpr const char* kName = "ruvector_cypher";

// Rows that are kept as they are; further ones go to a tuplestore, which may go to disk.
constexpr int kRowsAtHand = 64;
constexpr Size kBytesAtHand = 65536;

set_rel_pathlist_hook_type next_hook = nullptr;

// ---- planning

// Of a function in FROM: is it ruvector_cypher(), and nothing between it and us?
bool is_cypher(const FuncExpr* f) {
  if (!f->funcretset || f->funcresulttype != JSONOID || list_length(f->args) != kArguments)
    return false;
  HeapTuple t = SearchSysCache1(PROCOID, ObjectIdGetDatum(f->funcid));
  if (!HeapTupleIsValid(t)) return false;
  const auto* const proc = reinterpret_cast<Form_pg_proc>(GETSTRUCT(t));
  bool null;
  const Datum source = SysCacheGetAttr(PROCOID, t, Anum_pg_proc_prosrc, &null);
  bool is = proc->prolang == ClanguageId && proc->proisstrict && !null &&
            strcmp(TextDatumGetCString(source), "rv_cypher") == 0;
  ReleaseSysCache(t);
  if (!is) return false;
  FmgrInfo function;
  fmgr_info(f->funcid, &function);  // another one where it runs as its owner, or with settings
  return function.fn_addr == rv_cypher;
}

struct Uses {
  Index relation;
  CoerceViaIO* as_text = nullptr;
};

bool is_column(const Node* node, Index relation) {
  return IsA(node, Var) &&
         static_cast<Index>(reinterpret_cast<const Var*>(node)->varno) == relation;
}

// Notes conversions of the column to text; true when something else is done with it.
bool used_as_json(Node* node, void* context) {
  auto* const uses = static_cast<Uses*>(context);
  if (node == nullptr) return false;
  if (is_column(node, uses->relation)) return true;
  if (IsA(node, CoerceViaIO)) {
    auto* const coerced = reinterpret_cast<CoerceViaIO*>(node);
    if (coerced->resulttype == TEXTOID &&
        is_column(reinterpret_cast<Node*>(coerced->arg), uses->relation)) {
      uses->as_text = coerced;
      return false;
    }
  }
  return rv_walk_expression(node, used_as_json, context);
}

// Where the rows are only ever converted to text, they can be text from the start: json is kept as
// its text. Only for queries in which what the scan gives is what the query gives.
Expr* column_of(PlannerInfo* root, const RelOptInfo* rel, const List* clauses) {
  auto* const column = makeVar(static_cast<int>(rel->relid), 1, JSONOID, -1, InvalidOid, 0);
  const Query* const q = root->parse;
  if (clauses != NIL || q->hasAggs || q->hasWindowFuncs || q->hasTargetSRFs || q->groupClause ||
      q->groupingSets || q->havingQual || q->distinctClause || q->sortClause || q->setOperations ||
      bms_membership(root->all_baserels) != BMS_SINGLETON)
    return reinterpret_cast<Expr*>(column);
  Uses uses{rel->relid};
  if (!used_as_json(reinterpret_cast<Node*>(root->processed_tlist), &uses) &&
      uses.as_text != nullptr)
    return static_cast<Expr*>(copyObjectImpl(uses.as_text));
  return reinterpret_cast<Expr*>(column);
}

Node* create_state(CustomScan* scan);
const CustomScanMethods kScanMethods = {kName, create_state};

Plan* make_plan(PlannerInfo* root, RelOptInfo* rel, CustomPath* path, List* tlist, List* clauses,
                List*) {
  const RangeTblEntry* const rte = planner_rt_fetch(rel->relid, root);
  const auto* const function = static_cast<RangeTblFunction*>(linitial(rte->functions));
  auto* const scan = makeNode(CustomScan);
  scan->scan.plan.targetlist = tlist;
  scan->scan.plan.qual = extract_actual_clauses(clauses, false);
  scan->scan.scanrelid = 0;  // else a table would be opened
  scan->flags = path->flags;
  // All of the call, so that the plan goes when the function changes.
  scan->custom_exprs = list_make1(copyObjectImpl(function->funcexpr));
  scan->custom_scan_tlist =
      list_make1(makeTargetEntry(column_of(root, rel, clauses), 1, pstrdup("row"), false));
  scan->methods = &kScanMethods;
  return &scan->scan.plan;
}

const CustomPathMethods kPathMethods = {kName, make_plan, nullptr};

void offer_path(PlannerInfo* root, RelOptInfo* rel, Index rti, RangeTblEntry* rte) {
  if (next_hook != nullptr) next_hook(root, rel, rti, rte);
  if (rte->rtekind != RTE_FUNCTION || rte->funcordinality || list_length(rte->functions) != 1 ||
      rel->reloptkind != RELOPT_BASEREL || list_length(rel->pathlist) != 1)
    return;
  const auto* const function = static_cast<RangeTblFunction*>(linitial(rte->functions));
  const auto* const planned = static_cast<Path*>(linitial(rel->pathlist));
  if (!IsA(function->funcexpr, FuncExpr) || function->funccolnames != NIL ||
      planned->pathtype != T_FunctionScan ||
      !bms_is_empty(rel->attr_needed[-rel->min_attr]) ||  // the row as a whole
      !is_cypher(reinterpret_cast<FuncExpr*>(function->funcexpr)))
    return;
  auto* const path = makeNode(CustomPath);
  path->path = *planned;
  path->path.type = T_CustomPath;
  path->path.pathtype = T_CustomScan;
#ifdef CUSTOMPATH_SUPPORT_PROJECTION
  path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
#endif
  path->methods = &kPathMethods;
  rel->pathlist = list_make1(path);
}

// ---- execution

struct CypherScan {
  CustomScanState css;
  FmgrInfo function;
  NullableDatum arguments[kArguments];
  ExprState* computed[kArguments];  // null: the argument is known from the start
  bool ran;
  Datum rows[kRowsAtHand];  // as `more` in the query's memory
  int count;
  Size bytes;
  int next;
  Tuplestorestate* more;
  TupleTableSlot* slot_of_more;
};

CypherScan* state_of(CustomScanState* node) { return reinterpret_cast<CypherScan*>(node); }
CypherScan* state_of(ScanState* node) { return reinterpret_cast<CypherScan*>(node); }

// Inside call().
void keep(CypherScan* s, std::string_view json) {
  EState* const estate = s->css.ss.ps.state;
  MemoryContext old = MemoryContextSwitchTo(estate->es_query_cxt);
  Datum row = PointerGetDatum(cstring_to_text_with_len(json.data(), static_cast<int>(json.size())));
  if (s->more == nullptr && s->count < kRowsAtHand && s->bytes < kBytesAtHand) {
    s->rows[s->count++] = row;
    s->bytes += json.size();
  } else {
    const TupleDesc description = s->css.ss.ss_ScanTupleSlot->tts_tupleDescriptor;
    if (s->more == nullptr) s->more = tuplestore_begin_heap(false, false, work_mem);
    if (s->slot_of_more == nullptr)
      s->slot_of_more = ExecInitExtraTupleSlot(estate, description, &TTSOpsMinimalTuple);
    bool null = false;
    tuplestore_putvalues(s->more, description, &row, &null);
    pfree(DatumGetPointer(row));
  }
  MemoryContextSwitchTo(old);
}

class ScanResult final : public JsonResult {
 public:
  explicit ScanResult(CypherScan* scan) : scan_(scan) {}

 private:
  void put(std::string_view json) override {
    call([&] { keep(scan_, json); });
  }
  CypherScan* scan_;
};

void run(CypherScan* s) {
  ExprContext* const econtext = s->css.ss.ps.ps_ExprContext;
  LOCAL_FCINFO(fcinfo, kArguments);
  InitFunctionCallInfoData(*fcinfo, &s->function, kArguments, InvalidOid, nullptr, nullptr);
  MemoryContext old = MemoryContextSwitchTo(econtext->ecxt_per_tuple_memory);
  bool null = false;
  for (int i = 0; i < kArguments; ++i) {
    NullableDatum& argument = fcinfo->args[i];
    argument = s->arguments[i];
    if (ExprState* const computed = s->computed[i]; computed != nullptr)
      argument.value = ExecEvalExpr(computed, econtext, &argument.isnull);
    null = null || argument.isnull;
  }
  if (!null) {
    PgStat_FunctionCallUsage usage;
    pgstat_init_function_usage(fcinfo, &usage);
    boundary([s, fcinfo] {
      ScanResult result(s);
      run_cypher(fcinfo, result);
    });
    pgstat_end_function_usage(&usage, true);
  }
  MemoryContextSwitchTo(old);
  ResetExprContext(econtext);
  s->ran = true;
}

TupleTableSlot* next_row(ScanState* node) {
  CypherScan* const s = state_of(node);
  if (!s->ran) run(s);
  TupleTableSlot* const slot = ExecClearTuple(node->ss_ScanTupleSlot);
  if (s->next < s->count) {
    slot->tts_values[0] = s->rows[s->next++];
  } else {
    if (s->more == nullptr || !tuplestore_gettupleslot(s->more, true, false, s->slot_of_more))
      return slot;
    bool null;
    slot->tts_values[0] = slot_getattr(s->slot_of_more, 1, &null);
  }
  slot->tts_isnull[0] = false;
  return ExecStoreVirtualTuple(slot);
}

// A row of a function is not looked at again after it was locked: there is nothing to lock.
bool same_row(ScanState*, TupleTableSlot*) { return true; }

// What a constant, or a parameter whose value the caller has at hand, is: to compute it takes more
// than to look it up. False: it must be computed.
bool is_known(const Node* node, const ParamListInfo parameters, NullableDatum* value) {
  if (IsA(node, Const)) {
    const auto* const constant = reinterpret_cast<const Const*>(node);
    *value = {constant->constvalue, constant->constisnull};
    return true;
  }
  if (!IsA(node, Param) || parameters == nullptr || parameters->paramFetch != nullptr) return false;
  const auto* const param = reinterpret_cast<const Param*>(node);
  if (param->paramkind != PARAM_EXTERN || param->paramid < 1 ||
      param->paramid > parameters->numParams)
    return false;
  const ParamExternData& given = parameters->params[param->paramid - 1];
  *value = {given.value, given.isnull};
  return given.ptype == param->paramtype;
}

void begin_scan(CustomScanState* node, EState* estate, int) {
  CypherScan* const s = state_of(node);
  const auto* const scan = reinterpret_cast<CustomScan*>(node->ss.ps.plan);
  const auto* const f = static_cast<FuncExpr*>(linitial(scan->custom_exprs));
  const AclResult allowed = rv_function_aclcheck(f->funcid, GetUserId(), ACL_EXECUTE);
  if (allowed != ACLCHECK_OK) aclcheck_error(allowed, OBJECT_FUNCTION, get_func_name(f->funcid));
  InvokeFunctionExecuteHook(f->funcid);
  s->function.fn_oid = f->funcid;
  s->function.fn_nargs = kArguments;
  s->function.fn_strict = true;
  s->function.fn_stats = TRACK_FUNC_PL;  // counted when all functions are, as those in C are
  s->function.fn_mcxt = CurrentMemoryContext;
  for (int i = 0; i < kArguments; ++i) {
    auto* const argument = static_cast<Expr*>(list_nth(f->args, i));
    if (!is_known(reinterpret_cast<Node*>(argument), estate->es_param_list_info, &s->arguments[i]))
      s->computed[i] = ExecInitExpr(argument, &node->ss.ps);
  }
}

TupleTableSlot* scan(CustomScanState* node) { return ExecScan(&node->ss, next_row, same_row); }

void forget_rows(CypherScan* s) {
  for (int i = 0; i < s->count; ++i) pfree(DatumGetPointer(s->rows[i]));
  if (s->slot_of_more != nullptr) ExecClearTuple(s->slot_of_more);
  if (s->more != nullptr) tuplestore_end(s->more);
  s->more = nullptr;
  s->count = s->next = 0;
  s->bytes = 0;
  s->ran = false;
}

void end_scan(CustomScanState* node) {
  CypherScan* const s = state_of(node);
  if (s->more != nullptr) tuplestore_end(s->more);
  s->more = nullptr;
}

bool note_parameters(Node* node, void* context) {
  if (node == nullptr) return false;
  if (IsA(node, Param) && reinterpret_cast<Param*>(node)->paramkind == PARAM_EXEC) {
    auto** const found = static_cast<Bitmapset**>(context);
    *found = bms_add_member(*found, reinterpret_cast<Param*>(node)->paramid);
  }
  return rv_walk_expression(node, note_parameters, context);
}

// As PostgreSQL's scan of a function does: the query runs again only where its arguments depend on
// what changed. One that writes must not be repeated for less.
void rescan_scan(CustomScanState* node) {
  CypherScan* const s = state_of(node);
  ExecScanReScan(&node->ss);
  if (!s->ran) return;
  if (node->ss.ps.chgParam != nullptr) {
    const auto* const plan = reinterpret_cast<CustomScan*>(node->ss.ps.plan);
    Bitmapset* used = nullptr;
    (void)note_parameters(static_cast<Node*>(linitial(plan->custom_exprs)), &used);
    const bool changed = bms_overlap(used, node->ss.ps.chgParam);
    bms_free(used);
    if (changed) {
      forget_rows(s);
      return;
    }
  }
  s->next = 0;
  if (s->more != nullptr) tuplestore_rescan(s->more);
}

void explain_scan(CustomScanState* node, List* ancestors, ExplainState* es) {
  const auto* const plan = reinterpret_cast<CustomScan*>(node->ss.ps.plan);
  List* const context = set_deparse_context_plan(es->deparse_cxt, node->ss.ps.plan, ancestors);
  const bool prefix = es->verbose || list_length(es->rtable) > 1;
  ExplainPropertyText(
      "Function Call",
      deparse_expression(static_cast<Node*>(linitial(plan->custom_exprs)), context, prefix, false),
      es);
}

const CustomExecMethods kExecMethods = [] {
  CustomExecMethods m = {};
  m.CustomName = kName;
  m.BeginCustomScan = begin_scan;
  m.ExecCustomScan = scan;
  m.EndCustomScan = end_scan;
  m.ReScanCustomScan = rescan_scan;
  m.ExplainCustomScan = explain_scan;
  return m;
}();

Node* create_state(CustomScan*) {
  auto* const s = static_cast<CypherScan*>(palloc0(sizeof(CypherScan)));
  NodeSetTag(s, T_CustomScanState);
  s->css.methods = &kExecMethods;
  return reinterpret_cast<Node*>(s);
}

}  // namespace

void install_cypher_scan() {
  RegisterCustomScanMethods(&kScanMethods);
  next_hook = set_rel_pathlist_hook;
  set_rel_pathlist_hook = offer_path;
}

}  // namespace rv::pg
