// ruvector_train_router(), _route_calibrate(), _route_evaluate(), _optimize_budget().
#include <algorithm>
#include <array>
#include <numeric>

#include "core/base/memory_budget.h"
#include "core/routing/calibration.h"
#include "core/routing/evaluation.h"
#include "core/routing/fastgrnn_codec.h"
#include "core/routing/fastgrnn_train.h"
#include "core/routing/selection.h"
#include "pg/base/datum.h"
#include "pg/base/json_options.h"
#include "pg/routing/plan.h"
#include "pg/routing/training_data.h"

extern "C" {
#include "catalog/pg_type.h"
#include "funcapi.h"
}

using namespace rv;
using namespace rv::pg;
using namespace rv::pg::route;
using routing::ModelKind;

namespace {

// Runs core work that stops for interrupts; what was not a cancel begins again.
template <class F>
auto restarting(F&& work) {
  for (;;) {
    try {
      return work();
    } catch (const routing::Stopped&) {
      check_interrupts();
    }
  }
}

// Weights of a model of that kind trained on every row; none for knn.
std::vector<std::byte> train_all(ModelKind kind, const TrainingData& d,
                                 const routing::ModelOptions& o) {
  std::vector<std::uint32_t> rows(d.set.size());
  std::iota(rows.begin(), rows.end(), 0U);
  if (kind == ModelKind::ridge) return routing::train_ridge(d.set, rows, o.lambda).encode();
  if (kind == ModelKind::mf) {
    return restarting([&] {
      bool complete = true;
      const auto q =
          routing::train_matrix_factorisation(d.set, rows, o.mf, interrupt_pending, complete);
      if (!complete) throw routing::Stopped{};
      return q.encode();
    });
  }
  if (kind == ModelKind::fastgrnn) {
    auto trainer = routing::quality_trainer(d.set, rows, d.prior, o);
    while (!trainer.run(interrupt_pending)) check_interrupts();
    return routing::encode(trainer.model());
  }
  return {};
}

std::vector<double> lower_bounds(ModelKind kind, const TrainingData& d) {
  std::vector<double> weight(d.set.size() * d.set.agents);
  std::vector<double> bound = restarting([&] {
    return routing::cross_predict(kind, d.set, 5, d.prior, {}, interrupt_pending, weight);
  });
  for (std::size_t i = 0; i < bound.size(); ++i)
    bound[i] = std::max(
        0.0, bound[i] - std::sqrt(std::max(0.0, bound[i] * (1 - bound[i])) / (weight[i] + 1)));
  return bound;
}

}  // namespace

RV_FUNCTION(rv_train_router)
{
  const std::string router(text_argument(fcinfo, 0));
  const std::string method(text_argument(fcinfo, 1));
  JsonOptions o(PG_GETARG_DATUM(2), false);
  routing::ModelOptions options;
  options.lambda = o.number("lambda", options.lambda, 1e-9, 1e9);
  options.k = static_cast<std::size_t>(o.integer("k", 100, 1, 10000));
  options.mf.rank = static_cast<std::size_t>(o.integer("rank", 16, 1, 1024));
  options.mf.epochs = o.integer("epochs", options.mf.epochs, 1, 10000);
  options.fastgrnn_hidden = o.integer("hidden", options.fastgrnn_hidden, 1, 4096);
  options.fastgrnn_epochs = options.mf.epochs;
  const bool promote = o.boolean("promote", false);
  o.finish();
  ModelKind best = ModelKind::knn;
  int version = 0;
  std::string metrics;
  {
    SqlSession sql(schema_of_function(fcinfo));
    const TrainingData d = read_training_data(sql, 20, false);
    std::vector<ModelKind> kinds = {ModelKind::knn, ModelKind::ridge, ModelKind::mf,
                                    ModelKind::fastgrnn};
    if (method != "auto") kinds = {routing::model_kind_of(method)};
    double least = std::numeric_limits<double>::infinity();
    std::string errors;
    for (const ModelKind kind : kinds) {
      const double e = restarting([&] {
        return routing::progressive_error(kind, d.set, 4, d.prior, options, interrupt_pending);
      });
      errors += (errors.empty() ? "\"" : ", \"") + std::string(routing::model_kind_name(kind)) +
                "\": " + json_number(e);
      if (e < least || kinds.size() == 1) {
        least = e;
        best = kind;
      }
    }
    const std::vector<std::byte> weights = train_all(best, d, options);
    metrics = "{\"requests\": " + std::to_string(d.set.size()) + ", \"progressive_mse\": {" +
              errors + "}}";
    // Two sessions that train at once get two numbers.
    sql.run("SELECT pg_advisory_xact_lock(x'727631'::int, hashtext($1))", {sql_text(router)});
    if (promote)
      sql.run("UPDATE @.ruvector_router_model SET active = false WHERE router = $1 AND active",
              {sql_text(router)});
    const SqlRows r = sql.run(
        "INSERT INTO @.ruvector_router_model (router, version, kind, agents, dim, weights, "
        "metrics, "
        "active) SELECT $1, coalesce(max(version), 0) + 1, $2, $3, $4::integer, $5, $6, $7 "
        "FROM @.ruvector_router_model WHERE router = $1 RETURNING version::bigint",
        {sql_text(router), sql_text(routing::model_kind_name(best)), sql_text_array(d.agents),
         sql_int(static_cast<std::int64_t>(d.set.dim)),
         weights.empty() ? sql_null(BYTEAOID) : sql_bytes(weights.data(), weights.size()),
         sql_json(metrics), sql_bool(promote)});
    version = static_cast<int>(r.integer(0, 0));
  }
  return record_datum<4>(fcinfo, {Int32GetDatum(version), text_datum(model_kind_name(best)),
                                  sql_json(metrics).datum, BoolGetDatum(promote)});
}

RV_FUNCTION(rv_route_calibrate)
{
  if (PG_ARGISNULL(0)) throw Error(ErrorCode::null_not_allowed, "router must not be NULL");
  const std::string router(text_argument(fcinfo, 0));
  const bool by_share = !PG_ARGISNULL(2);
  if (by_share == !PG_ARGISNULL(1))
    throw Error(ErrorCode::invalid_argument, "give either target_quality or max_strong_share");
  const double wanted = by_share ? PG_GETARG_FLOAT8(2) : PG_GETARG_FLOAT8(1);
  if (!(wanted >= 0 && wanted <= (by_share ? 1 : 2)))
    throw Error(ErrorCode::invalid_argument, by_share ? "max_strong_share must be between 0 and 1"
                                                      : "target_quality must be between 0 and 2");
  const bool apply = PG_ARGISNULL(3) || PG_GETARG_BOOL(3);
  routing::Calibration c;
  {
    SqlSession sql(schema_of_function(fcinfo));
    const TrainingData d = read_training_data(sql, 50, true);
    const std::vector<double> bound = lower_bounds(kind_in_use(sql, router), d);
    c = routing::calibrate_tau(d.set, bound, by_share ? -1 : wanted, wanted);
    if (apply)
      sql.run(
          "INSERT INTO @.ruvector_router AS r (name, tau) VALUES ($1, $2) ON CONFLICT (name) DO "
          "UPDATE "
          "SET tau = excluded.tau",
          {sql_text(router), sql_real(c.point.tau)});
  }
  const double relative = c.best_quality > 0 ? c.point.quality / c.best_quality : 0;
  return record_datum<8>(
      fcinfo,
      {Float8GetDatum(c.point.tau), Float8GetDatum(c.point.quality), Float8GetDatum(relative),
       Float8GetDatum(c.held_out), Float8GetDatum(c.point.cost), Float8GetDatum(c.best_cost),
       Float8GetDatum(c.point.strong_share), Int32GetDatum(static_cast<int>(c.rows))});
}

RV_FUNCTION(rv_route_evaluate)
{
  const std::string router(text_argument(fcinfo, 0));
  const std::string policy_name(text_argument(fcinfo, 1));
  const std::string estimator(text_argument(fcinfo, 2));
  if (estimator != "ips" && estimator != "snips" && estimator != "dr")
    throw Error(ErrorCode::invalid_argument, "unknown estimator \"" + estimator + "\"", {},
                "Use ips, snips or dr.");
  const double clip = PG_GETARG_FLOAT8(3);
  if (!(clip >= 0)) throw Error(ErrorCode::invalid_argument, "clip must be 0 or more");
  std::string fixed;  // "agent:name": always that agent
  routing::Policy policy;
  if (policy_name.starts_with("agent:"))
    fixed = policy_name.substr(6);
  else
    policy.objective = routing::objective_of(policy_name);
  std::vector<routing::Logged> log;
  double logged_value = 0;
  {
    SqlSession sql(schema_of_function(fcinfo));
    const TrainingData d = read_training_data(sql, 20, false);
    if (!fixed.empty() && std::find(d.agents.begin(), d.agents.end(), fixed) == d.agents.end())
      throw Error(ErrorCode::undefined_object, "agent \"" + fixed + "\" does not exist");
    const ModelKind kind = kind_in_use(sql, router);
    std::vector<double> weight(d.set.size() * d.set.agents);
    const std::vector<double> mean = restarting([&] {
      return routing::cross_predict(kind, d.set, 5, d.prior, {}, interrupt_pending, weight);
    });
    const RouterState& state = state_of(sql, router, true);
    policy.tau = state.settings.tau;
    policy.cost_weight = state.settings.cost_weight;
    policy.latency_weight = state.settings.latency_weight;
    const SqlRows r = sql.run(
        "SELECT l.id, l.chosen, l.propensity, l.candidates, l.candidate_cost, o.quality "
        "FROM @.ruvector_route_log l JOIN LATERAL (SELECT o.quality FROM @.ruvector_route_outcome "
        "o "
        "WHERE o.decision_id = l.id AND o.attempt = 1 AND o.agent = l.chosen AND o.quality IS NOT "
        "NULL "
        "ORDER BY o.id DESC LIMIT 1) o ON true "
        "WHERE l.router = $1 AND l.propensity > 0 AND l.propensity <= 1 ORDER BY l.id",
        {sql_text(router)}, true);
    Rng rng(0);
    std::size_t row = 0;
    for (std::size_t i = 0; i < r.size(); ++i) {
      if ((i & 1023) == 0) check_interrupts();
      const std::int64_t id = r.integer(i, 0);
      while (row < d.decision.size() && d.decision[row] < id) ++row;
      if (row == d.decision.size() || d.decision[row] != id) continue;
      bool null = true;
      const std::vector<std::string> names = text_array(r.datum(i, 3, &null));
      std::vector<routing::Candidate> candidates;
      std::vector<std::size_t> agent;
      std::size_t chosen = d.agents.size();
      for (const std::string& name : names) {
        const auto at = std::find(d.agents.begin(), d.agents.end(), name);
        if (at == d.agents.end()) continue;
        const auto a = static_cast<std::size_t>(at - d.agents.begin());
        const std::size_t cell = row * d.set.agents + a;
        routing::Candidate c;
        c.quality = mean[cell];
        c.quality_lower = std::max(
            0.0, mean[cell] -
                     std::sqrt(std::max(0.0, mean[cell] * (1 - mean[cell])) / (weight[cell] + 1)));
        c.cost = d.set.cost[cell];
        const int in_state = state.find(name);
        if (in_state >= 0) {
          c.latency_ms = state.agents[static_cast<std::size_t>(in_state)].expected_latency();
          c.latency_p95_ms = state.agents[static_cast<std::size_t>(in_state)].p95_latency();
        }
        if (name == r.text(i, 1)) chosen = candidates.size();
        candidates.push_back(c);
        agent.push_back(a);
      }
      if (chosen >= candidates.size()) continue;
      std::size_t target = 0;
      if (fixed.empty()) {
        target = routing::choose(candidates, policy, rng).chosen;
      } else {
        while (target < agent.size() && d.agents[agent[target]] != fixed) ++target;
        if (target == agent.size()) continue;  // it was not eligible
      }
      routing::Logged l;
      l.reward = r.real(i, 5);
      l.propensity = r.real(i, 2);
      l.target_probability = target == chosen ? 1 : 0;
      l.model_chosen = candidates[chosen].quality;
      l.model_target = candidates[target].quality;
      log.push_back(l);
      logged_value += l.reward;
    }
  }
  if (log.empty())
    throw Error(ErrorCode::wrong_state, "no logged decision with a propensity and an outcome", {},
                "Decisions of ruvector_route() become usable when ruvector_route_feedback() says "
                "what came of them.");
  const routing::PolicyValue v = routing::evaluate_policy(log, clip);
  const double value = estimator == "ips" ? v.ips : estimator == "snips" ? v.snips : v.dr;
  return record_datum<8>(fcinfo,
                         {Float8GetDatum(value), Float8GetDatum(v.ips), Float8GetDatum(v.snips),
                          Float8GetDatum(v.dr), Float8GetDatum(v.dr_low), Float8GetDatum(v.dr_high),
                          Float8GetDatum(logged_value / static_cast<double>(log.size())),
                          Int32GetDatum(static_cast<int>(v.n))},
                         {false, false, std::isnan(v.snips), false, false, false, false, false});
}

// The weight of cost with which 'balanced' spends at most the given mean cost a request.
RV_FUNCTION(rv_optimize_budget)
{
  const double budget = PG_GETARG_FLOAT8(0);
  const double requests = PG_GETARG_FLOAT8(1);
  if (!(budget >= 0) || !(requests > 0))
    throw Error(ErrorCode::invalid_argument,
                "budget must be 0 or more and the number of requests above 0");
  const std::string router(text_argument(fcinfo, 2));
  const double most = budget / requests;
  double best_weight = 0;
  double best_quality = -1;
  double best_cost = 0;
  double least_cost = std::numeric_limits<double>::infinity();
  std::string shares = "{";
  {
    SqlSession sql(schema_of_function(fcinfo));
    const TrainingData d = read_training_data(sql, 50, true);
    const ModelKind kind = kind_in_use(sql, router);
    const std::vector<double> mean = restarting(
        [&] { return routing::cross_predict(kind, d.set, 5, d.prior, {}, interrupt_pending); });
    std::vector<double> best_shares(d.set.agents);
    for (int step = -40; step <= 60; ++step) {
      check_interrupts();
      const double weight = step == -40 ? 0 : std::pow(10.0, step / 20.0);
      double cost = 0;
      double quality = 0;
      std::vector<double> share(d.set.agents);
      for (std::size_t row = 0; row < d.set.size(); ++row) {
        const double* c = d.set.cost.data() + row * d.set.agents;
        const double dearest = std::max(1e-300, *std::max_element(c, c + d.set.agents));
        std::size_t chosen = 0;
        double top = -1e300;
        for (std::size_t a = 0; a < d.set.agents; ++a) {
          const double v = mean[row * d.set.agents + a] - weight * c[a] / dearest;
          if (v > top) {
            top = v;
            chosen = a;
          }
        }
        cost += c[chosen];
        quality += static_cast<double>(d.set.q(row, chosen));
        share[chosen] += 1;
      }
      const auto n = static_cast<double>(d.set.size());
      least_cost = std::min(least_cost, cost / n);
      if (cost / n > most || quality / n <= best_quality) continue;
      best_weight = weight;
      best_quality = quality / n;
      best_cost = cost / n;
      for (std::size_t a = 0; a < share.size(); ++a) best_shares[a] = share[a] / n;
    }
    for (std::size_t a = 0; a < best_shares.size(); ++a)
      if (best_shares[a] > 0)
        shares += (shares.size() > 1 ? ", " : "") + json_quoted(d.agents[a]) + ": " +
                  json_number(best_shares[a]);
  }
  if (best_quality < 0)
    throw Error(ErrorCode::limit_exceeded, "budget of " + json_number(most) +
                                               " a request is less than the least, " +
                                               json_number(least_cost));
  return record_datum<5>(
      fcinfo, {Float8GetDatum(best_weight), Float8GetDatum(best_quality), Float8GetDatum(best_cost),
               Float8GetDatum(best_cost * requests), sql_json(shares + "}").datum});
}
