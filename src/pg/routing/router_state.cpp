#include "pg/routing/router_state.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "core/base/no_destructor.h"
#include "core/text/embed.h"
#include "pg/base/datum.h"
#include "pg/base/relation_watch.h"
#include "pg/base/signal_trigger.h"
#include "pg/routing/state_loader.h"
#include "pg/types/dense_datum.h"

extern "C" {
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/xid8.h"
}

namespace rv::pg::route {
namespace {

struct StateKey {
  Oid schema, user;
  std::string router;
  bool operator<(const StateKey& o) const {
    return std::tie(schema, user, router) < std::tie(o.schema, o.user, o.router);
  }
};
struct Cached {
  RouterState state;
  std::uint64_t used = 0;
};
constexpr std::size_t kMostStates = 8;

struct Cache {
  std::map<StateKey, Cached> states;
  std::uint64_t clock = 0;
  Oid schema = InvalidOid;  // that the relations below lie in
  Oid agents = InvalidOid, circuits = InvalidOid, outcomes = InvalidOid;
  // What the callbacks saw. They only set flags: they run inside PostgreSQL's cache machinery.
  bool agents_changed = false, circuits_changed = false, outcomes_changed = false;
  // This transaction's own rows were read: gone from the states when it aborts.
  bool own_rows = false;
  bool registered = false;
};
Cache& cache() {
  static NoDestructor<Cache> c;
  return *c;
}

void on_relcache_change(Oid relation) noexcept {
  Cache& c = cache();
  if (relation == InvalidOid || relation == c.agents) c.agents_changed = true;
  if (relation == InvalidOid || relation == c.circuits) c.circuits_changed = true;
  if (relation == InvalidOid || relation == c.outcomes) c.outcomes_changed = true;
}

void forget_own_rows() {
  Cache& c = cache();
  if (!c.own_rows) return;
  c.own_rows = false;
  c.agents_changed = true;
}
void on_transaction_end(XactEvent event, void*) {
  if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PARALLEL_ABORT) forget_own_rows();
  if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE) cache().own_rows = false;
}
void on_subtransaction_end(SubXactEvent event, SubTransactionId, SubTransactionId, void*) {
  if (event == SUBXACT_EVENT_ABORT_SUB) forget_own_rows();
}

void prepare_cache(Oid schema) {
  Cache& c = cache();
  if (!c.registered) {
    watch_relations(on_relcache_change);
    call([] {
      RegisterXactCallback(on_transaction_end, nullptr);
      RegisterSubXactCallback(on_subtransaction_end, nullptr);
    });
    c.registered = true;
  }
  if (c.schema != schema || c.agents == InvalidOid) {
    c.schema = schema;
    c.agents = relation_in_schema(schema, "ruvector_route_signal_agents");
    c.circuits = relation_in_schema(schema, "ruvector_route_signal_circuits");
    c.outcomes = relation_in_schema(schema, "ruvector_route_signal_outcomes");
    c.agents_changed = true;
  }
}

}  // namespace

std::vector<float> vector_components(Datum d) {
  const auto* v =
      call([d] { return reinterpret_cast<DenseVarlena<Vector>*>(PG_DETOAST_DATUM(d)); });
  return {v->x, v->x + v->dim};
}

SqlValue sql_vector(SqlSession& sql, const std::vector<float>& x) {
  const Oid schema = sql.schema();
  const Oid type = call([schema] {
    return GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("vector"),
                           ObjectIdGetDatum(schema));
  });
  if (x.empty()) return sql_null(type);
  auto* v = make_dense<Vector>(static_cast<int>(x.size()));
  std::copy(x.begin(), x.end(), v->x);
  return {type, PointerGetDatum(v), false};
}

std::vector<float> embed_request(SqlSession& sql, const Settings& settings,
                                 const std::string& request, bool read_only) {
  if (settings.embedder.empty()) {
    std::vector<float> x(128);
    rv::text::embed(request, {}, x.data(), x.size());
    return x;
  }
  const SqlRows rows =
      sql.run_once("SELECT " + settings.embedder + "($1)", {sql_text(request)}, read_only);
  bool null = true;
  const Datum d = rows.size() > 0 ? rows.datum(0, 0, &null) : Datum(0);
  if (null)
    throw Error(ErrorCode::null_not_allowed, "embedder " + settings.embedder + " returned NULL");
  return vector_components(d);
}

int RouterState::find(const std::string& agent) const noexcept {
  for (std::size_t i = 0; i < agents.size(); ++i)
    if (agents[i].name == agent) return static_cast<int>(i);
  return -1;
}

namespace {

Quality quality_of(const routing::Estimate& e) {
  return {e.mean, std::sqrt(std::max(0.0, e.mean * (1 - e.mean)) / (e.weight + 1))};
}

double cosine(const std::vector<float>& a, const std::vector<float>& b) {
  double dot = 0;
  double aa = 0;
  double bb = 0;
  for (std::size_t d = 0; d < a.size(); ++d) {
    dot += static_cast<double>(a[d]) * static_cast<double>(b[d]);
    aa += static_cast<double>(a[d]) * static_cast<double>(a[d]);
    bb += static_cast<double>(b[d]) * static_cast<double>(b[d]);
  }
  return aa > 0 && bb > 0 ? dot / std::sqrt(aa * bb) : 0;
}

}  // namespace

std::vector<Quality> RouterState::quality(const std::vector<float>& x, std::string& used) const {
  if (!model || settings.method == "knn" || settings.method == "linear" || model->dim != x.size() ||
      model->kind == routing::ModelKind::knn)
    return from_outcomes(x, used);
  // An agent the model does not know is judged by its outcomes.
  std::vector<Quality> q = from_outcomes(x, used);
  used = std::string(routing::model_kind_name(model->kind)) + " version " +
         std::to_string(model->version);
  std::vector<float> p;
  if (model->fastgrnn) p = model->fastgrnn->probabilities(x.data(), 1, 1, nullptr);
  for (std::size_t i = 0; i < model->position.size(); ++i) {
    const int at = model->position[i];
    if (at < 0) continue;
    q[static_cast<std::size_t>(at)].mean =
        model->linear ? model->linear->predict(x, i) : static_cast<double>(p[i]);
  }
  return q;
}

std::vector<Quality> RouterState::from_outcomes(const std::vector<float>& x,
                                                std::string& used) const {
  std::vector<Quality> q(agents.size());
  std::vector<routing::Estimate> base(agents.size());
  const bool only_means = model && model->kind != routing::ModelKind::knn &&
                          settings.method != "knn" && settings.method != "linear" &&
                          model->dim == x.size();
  for (std::size_t i = 0; i < agents.size(); ++i) {
    const double n = agents[i].prior_outcomes + totals_[i].second;
    const double mean = (agents[i].prior_outcomes * agents[i].quality_prior + totals_[i].first) / n;
    base[i] = {mean, n};
    q[i] = quality_of(base[i]);
  }
  used = "prior and means";
  if (only_means) return q;
  if (settings.method == "linear") {
    const auto found = arms_.find(x.size());
    if (found == arms_.end()) return q;
    used = "linear";
    for (std::size_t i = 0; i < agents.size(); ++i) {
      // The arm learned what the prior and mean leave over.
      const auto& arm = found->second[i];
      const double sd = 0.3 * std::sqrt(arm.variance(x));
      q[i] = {std::clamp(agents[i].quality_prior + arm.mean(x), 0.0, 1.0), sd};
    }
    return q;
  }
  const auto found = knn_.find(x.size());
  if (found != knn_.end()) {
    used = "knn";
    std::vector<routing::Estimate> e(agents.size());
    found->second->estimate(x, base, e);
    base = e;
  }
  // An agent's profile is one more outcome, of quality 1, at its own place.
  for (std::size_t i = 0; i < agents.size(); ++i) {
    const double s = agents[i].profile.size() == x.size() ? cosine(x, agents[i].profile) : 0;
    if (s > 0) {
      const double w = s * s * s * s;
      base[i].mean = (base[i].mean + w) / (1 + w);
    }
    q[i] = quality_of(base[i]);
  }
  return q;
}

RouterState& state_of(SqlSession& sql, const std::string& router, bool read_only) {
  prepare_cache(sql.schema());
  Cache& c = cache();
  const StateKey key{sql.schema(), GetUserId(), router};
  auto found = c.states.find(key);
  if (found == c.states.end()) {
    if (c.states.size() >= kMostStates)
      c.states.erase(std::min_element(
          c.states.begin(), c.states.end(),
          [](const auto& a, const auto& b) { return a.second.used < b.second.used; }));
    found = c.states.try_emplace(key).first;
  }
  for (auto& [k, cached] : c.states) {
    cached.state.agents_stale_ |= c.agents_changed;
    cached.state.circuits_stale_ |= c.circuits_changed;
    cached.state.outcomes_stale_ |= c.outcomes_changed;
  }
  c.agents_changed = c.circuits_changed = c.outcomes_changed = false;
  found->second.used = ++c.clock;
  RouterState& s = found->second.state;
  StateLoader load{sql, s, router, read_only};
  const auto read_outcomes = [&](bool from_start) {
    load.outcomes(from_start);
    c.own_rows |= load.own_rows;
  };
  // A flag falls only after its part was read: an error leaves it raised.
  if (s.agents_stale_) {
    s.circuits_stale_ = s.outcomes_stale_ = true;
    load.settings();
    load.agents();
    load.model();
    read_outcomes(true);
    s.agents_stale_ = s.outcomes_stale_ = false;
  }
  if (s.circuits_stale_) {
    load.circuits();
    s.circuits_stale_ = false;
  }
  if (s.outcomes_stale_) {
    s.agents_stale_ = true;  // when reading fails half-way, all is read anew
    read_outcomes(false);
    s.agents_stale_ = s.outcomes_stale_ = false;
  }
  return s;
}

}  // namespace rv::pg::route

// Tells sessions that the relation named by the trigger's argument changed.
RV_FUNCTION(rv_route_signal)
{
  return rv::pg::call([fcinfo] {
    if (!CALLED_AS_TRIGGER(fcinfo)) elog(ERROR, "ruvector_route_signal must be a trigger");
    const auto* data = reinterpret_cast<TriggerData*>(fcinfo->context);
    if (data->tg_trigger->tgnargs != 1) elog(ERROR, "ruvector_route_signal needs an argument");
    return rv::pg::signal_by_trigger(data, data->tg_trigger->tgargs[0]);
  });
}

// BEFORE ROW trigger: the row is written by this transaction of this cluster.
RV_FUNCTION(rv_route_stamp)
{
  return rv::pg::call([fcinfo]() -> Datum {
    if (!CALLED_AS_TRIGGER(fcinfo)) elog(ERROR, "ruvector_route_stamp must be a trigger");
    const auto* data = reinterpret_cast<TriggerData*>(fcinfo->context);
    HeapTuple row =
        TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newtuple : data->tg_trigtuple;
    int column = SPI_fnumber(RelationGetDescr(data->tg_relation), "written_by");
    if (column <= 0) elog(ERROR, "table has no column written_by");
    Datum value = FullTransactionIdGetDatum(GetTopFullTransactionId());
    bool null = false;
    return PointerGetDatum(heap_modify_tuple_by_cols(row, RelationGetDescr(data->tg_relation), 1,
                                                     &column, &value, &null));
  });
}
