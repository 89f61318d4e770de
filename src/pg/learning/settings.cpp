// Settings of the learning feature.
#include "pg/base/guard.h"
#include "pg/learning/capture.h"
#include "pg/learning/models.h"
#include "pg/learning/shared_ring.h"
#include "pg/learning/worker.h"

extern "C" {
#include "utils/guc.h"
}

namespace rv::pg {
namespace {

int mode = static_cast<int>(learn::Mode::on);
double rate = 0.01;
double target = 0.95;
double latency_target = 0;
double sampled = 0.01;
double audited = 0.001;
int audit_budget = 60000;
int retention = 30;
int naptime = 60;
int least = 0;
int most = 0;

const config_enum_entry modes[] = {{"off", static_cast<int>(learn::Mode::off), false},
                                   {"observe", static_cast<int>(learn::Mode::observe), false},
                                   {"advise", static_cast<int>(learn::Mode::advise), false},
                                   {"on", static_cast<int>(learn::Mode::on), false},
                                   {nullptr, 0, false}};

// The server stores the new value after this; switch_watching() looks at it now.
void assign_mode(int value, void*) {
  mode = value;
  learn::switch_watching();
}
void assign_rate(double, void*) { learn::redraw_samples(); }

}  // namespace

learn::Mode learn::session_mode() { return static_cast<Mode>(mode); }
double learn::learning_rate() { return rate; }
double learn::recall_target() { return target; }
double learn::latency_target_ms() { return latency_target; }
double learn::sample_rate() { return sampled; }
double learn::audit_rate() { return audited; }
double learn::audit_budget_ms() { return audit_budget; }
int learn::trajectory_retention_days() { return retention; }
int learn::worker_naptime_s() { return naptime; }
int learn::least_effort() { return least; }
int learn::most_effort() { return most; }

void define_learning_settings() {
  DefineCustomEnumVariable("ruvector.learning", "What learning may do with this session's scans.",
                           "Indexes that learning was not enabled for are never touched.", &mode,
                           static_cast<int>(learn::Mode::on), modes, PGC_USERSET, 0, nullptr,
                           assign_mode, nullptr);
  DefineCustomRealVariable("ruvector.learning_rate",
                           "Step of the correction of the effort after each audited query.",
                           nullptr, &rate, 0.01, 0, 1, PGC_USERSET, 0, nullptr, nullptr, nullptr);
  DefineCustomRealVariable("ruvector.recall_target",
                           "Mean recall that tuning aims at when it is not told another.", nullptr,
                           &target, 0.95, 0.01, 0.9999, PGC_USERSET, 0, nullptr, nullptr, nullptr);
  DefineCustomRealVariable("ruvector.latency_target_ms",
                           "Median latency that tuning does not go beyond; 0: no bound.", nullptr,
                           &latency_target, 0, 0, 1e6, PGC_USERSET, 0, nullptr, nullptr, nullptr);
  DefineCustomRealVariable("ruvector.trajectory_sample_rate",
                           "Share of scans that are noted as trajectories.", nullptr, &sampled,
                           0.01, 0, 1, PGC_USERSET, 0, nullptr, assign_rate, nullptr);
  DefineCustomRealVariable("ruvector.audit_rate",
                           "Share of scans whose query is kept to be audited.", nullptr, &audited,
                           0.001, 0, 1, PGC_USERSET, 0, nullptr, assign_rate, nullptr);
  DefineCustomIntVariable("ruvector.audit_budget_ms",
                          "Time an hour that background audits of an index may take; 0: none.",
                          nullptr, &audit_budget, 60000, 0, 3600000, PGC_USERSET, GUC_UNIT_MS,
                          nullptr, nullptr, nullptr);
  DefineCustomIntVariable("ruvector.trajectory_retention",
                          "Days that trajectories and audits are kept; 0: for ever.", nullptr,
                          &retention, 30, 0, 36500, PGC_USERSET, 0, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("ruvector.ef_search_min", "Least effort that a model may choose; 0: any.",
                          nullptr, &least, 0, 0, 1000, PGC_USERSET, 0, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("ruvector.ef_search_max",
                          "Largest effort that a model may choose; 0: what it was tuned with.",
                          nullptr, &most, 0, 0, 32768, PGC_USERSET, 0, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("ruvector.worker_naptime", "Time between two rounds of the worker.",
                          nullptr, &naptime, 60, 1, 86400, PGC_SIGHUP, GUC_UNIT_S, nullptr, nullptr,
                          nullptr);
  if (process_shared_preload_libraries_in_progress) {
    learn::request_shared_ring();
    learn::register_worker();
  }
  learn::switch_watching();
}

}  // namespace rv::pg
