#include "pg/learning/models.h"

#include <unordered_map>

#include "core/base/no_destructor.h"
#include "pg/base/guard.h"
#include "pg/base/relation_watch.h"
#include "pg/base/signal_trigger.h"
#include "pg/learning/capture.h"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
}

namespace rv::pg::learn {
namespace {

struct Entry {
  Mode mode = Mode::off;
  IndexRates rates;
  std::optional<learning::EffortModel> model;
};

struct State {
  std::unordered_map<Oid, Entry> entries;
  bool stale = false;
  bool registered = false;
  Oid signal = InvalidOid;
  std::optional<Forced> forced;
  ScanFeatures features{};
  bool has_features = false;
  int features_effort = 0;
  float margin = 0;
  std::optional<learning::Steering> steering;  // of the scan that is under way
};
State& state() {
  static NoDestructor<State> s;
  return *s;
}

void on_change(Oid relation) noexcept {
  State& s = state();
  if (relation == InvalidOid || relation == s.signal) s.stale = true;
}

// Reads the index's row of a small table as the catalogs are read: no SQL runs inside an index
// scan, and nobody needs a right to it. The columns tbl, index_name and `wanted` are found by name.
struct Found {
  bool found = false;
  Datum value = 0;
};
Found read_row(Oid relation, Oid table, const char* index_name, const char* wanted,
               const char* only_if) {
  return call([&] {
    Found f;
    Relation rel = table_open(relation, AccessShareLock);
    TupleDesc desc = RelationGetDescr(rel);
    AttrNumber tbl = InvalidAttrNumber, name = InvalidAttrNumber, value = InvalidAttrNumber,
               condition = InvalidAttrNumber;
    for (int i = 0; i < desc->natts; ++i) {
      Form_pg_attribute a = TupleDescAttr(desc, i);
      if (a->attisdropped) continue;
      if (strcmp(NameStr(a->attname), "tbl") == 0) tbl = a->attnum;
      if (strcmp(NameStr(a->attname), "index_name") == 0) name = a->attnum;
      if (strcmp(NameStr(a->attname), wanted) == 0) value = a->attnum;
      if (only_if != nullptr && strcmp(NameStr(a->attname), only_if) == 0) condition = a->attnum;
    }
    if (tbl != InvalidAttrNumber && name != InvalidAttrNumber && value != InvalidAttrNumber) {
      ScanKeyData key;
      ScanKeyInit(&key, tbl, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(table));
      Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
      SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, snapshot, 1, &key);
      for (HeapTuple row = systable_getnext(scan); HeapTupleIsValid(row);
           row = systable_getnext(scan)) {
        bool null = false;
        const Datum n = heap_getattr(row, name, desc, &null);
        if (null || strcmp(NameStr(*DatumGetName(n)), index_name) != 0) continue;
        if (condition != InvalidAttrNumber &&
            (!DatumGetBool(heap_getattr(row, condition, desc, &null)) || null))
          continue;
        const Datum v = heap_getattr(row, value, desc, &null);
        if (null) continue;
        f.found = true;
        // Copied before the row is let go.
        Form_pg_attribute a = TupleDescAttr(desc, value - 1);
        f.value = a->attlen == -1 ? PointerGetDatum(PG_DETOAST_DATUM_COPY(v))
                                  : datumCopy(v, a->attbyval, a->attlen);
        break;
      }
      systable_endscan(scan);
      UnregisterSnapshot(snapshot);
    }
    table_close(rel, AccessShareLock);
    return f;
  });
}

Entry load(Relation index) {
  Entry e;
  struct Tables {
    Oid config, model, signal, table;
    const char* name;
  };
  const Tables t = call([index] {
    // The extension's schema is that of the access method's handler.
    const Oid schema = get_func_namespace(index->rd_amhandler);
    return Tables{get_relname_relid("ruvector_learning_config", schema),
                  get_relname_relid("ruvector_search_model", schema),
                  get_relname_relid("ruvector_learning_signal", schema), index->rd_index->indrelid,
                  RelationGetRelationName(index)};
  });
  state().signal = t.signal;
  if (t.config == InvalidOid || t.model == InvalidOid) return e;
  const Found mode = read_row(t.config, t.table, t.name, "mode", nullptr);
  if (!mode.found) return e;
  const auto* text = reinterpret_cast<const varlena*>(DatumGetPointer(mode.value));
  const std::string name(VARDATA_ANY(text), static_cast<std::size_t>(VARSIZE_ANY_EXHDR(text)));
  for (const Mode m : {Mode::observe, Mode::advise, Mode::on})
    if (name == mode_name(m)) e.mode = m;
  if (e.mode == Mode::off) return e;
  const Found sample = read_row(t.config, t.table, t.name, "sample_rate", nullptr);
  if (sample.found) e.rates.sample = DatumGetFloat8(sample.value);
  const Found audit = read_row(t.config, t.table, t.name, "audit_rate", nullptr);
  if (audit.found) e.rates.audit = DatumGetFloat8(audit.value);
  if (e.mode != Mode::on) return e;
  const Found model = read_row(t.model, t.table, t.name, "params", "active");
  if (!model.found) return e;
  const auto* array = reinterpret_cast<const ArrayType*>(DatumGetPointer(model.value));
  if (ARR_ELEMTYPE(array) != FLOAT8OID || ARR_NDIM(array) != 1 || ARR_HASNULL(array)) return e;
  try {
    e.model = learning::EffortModel::restore({reinterpret_cast<const double*>(ARR_DATA_PTR(array)),
                                              static_cast<std::size_t>(ARR_DIMS(array)[0])});
  } catch (const Error&) {
    // A damaged model must not stop searches; ruvector_learning_status() names it.
  }
  return e;
}

const Entry& entry_of(Relation index) {
  State& s = state();
  if (!s.registered) {
    watch_relations(on_change);
    s.registered = true;
  }
  if (s.stale) {
    s.entries.clear();
    s.stale = false;
  }
  const Oid id = RelationGetRelid(index);
  const auto found = s.entries.find(id);
  if (found != s.entries.end()) return found->second;
  return s.entries.emplace(id, load(index)).first->second;
}

int first_effort(Relation index, int configured) {
  State& s = state();
  s.has_features = false;
  s.steering.reset();
  if (s.forced) return s.forced->first;
  if (session_mode() == Mode::off) return 0;
  const Entry& e = entry_of(index);
  if (e.mode == Mode::off) return 0;
  scan_begins(RelationGetRelid(index));
  if (e.mode != Mode::on || session_mode() != Mode::on || !e.model) return 0;
  return std::min({kFirstEf, configured, e.model->learned ? kFirstEf : e.model->safe});
}

int next_effort(Relation index, const ScanFeatures& features, float margin, int effort,
                int configured) {
  State& s = state();
  const bool begins = !s.has_features;
  if (begins) {
    s.features = features;
    s.features_effort = effort;
  }
  s.has_features = true;
  s.margin = margin;
  if (s.forced) return s.forced->total;
  if (begins) {
    const Entry& e = entry_of(index);
    if (!e.model) return configured;
    s.steering.emplace(*e.model, features);
  }
  if (!s.steering) return effort;
  int next = s.steering->next(effort, static_cast<double>(margin));
  if (most_effort() > 0) next = std::min(next, most_effort());
  return std::max(next, least_effort());
}

const ScanAdvisor advisor = {first_effort, next_effort};

}  // namespace

const char* mode_name(Mode m) noexcept {
  static constexpr const char* kNames[] = {"off", "observe", "advise", "on"};
  return kNames[static_cast<int>(m)];
}

void force_effort(std::optional<Forced> forced) {
  state().forced = forced;
  switch_watching();
}
bool effort_is_forced() noexcept { return state().forced.has_value(); }
const ScanFeatures& last_features() { return state().features; }
float last_margin() { return state().margin; }
const ScanFeatures* scan_features() noexcept {
  return state().has_features ? &state().features : nullptr;
}

int features_effort() noexcept { return state().features_effort; }

bool is_watched(Oid index) noexcept {
  const auto found = state().entries.find(index);
  return found != state().entries.end() && found->second.mode != Mode::off;
}

IndexRates rates_of(Oid index) noexcept {
  const auto found = state().entries.find(index);
  return found == state().entries.end() ? IndexRates{} : found->second.rates;
}

void switch_watching() {
  const bool on = session_mode() != Mode::off || effort_is_forced();
  advise_scans(on ? &advisor : nullptr);
  watch_scans(on);
}

}  // namespace rv::pg::learn

// Trigger of the configuration and the models: sessions read them again.
RV_FUNCTION(rv_learning_changed)
{
  return rv::pg::call([fcinfo] {
    if (!CALLED_AS_TRIGGER(fcinfo)) elog(ERROR, "ruvector_learning_changed must be a trigger");
    return rv::pg::signal_by_trigger(reinterpret_cast<TriggerData*>(fcinfo->context),
                                     "ruvector_learning_signal");
  });
}
