// Settings of the learning feature.
#include "pg/base/guard.h"
#include "pg/learning/models.h"

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

const config_enum_entry modes[] = {{"off", static_cast<int>(learn::Mode::off), false},
                                   {"observe", static_cast<int>(learn::Mode::observe), false},
                                   {"advise", static_cast<int>(learn::Mode::advise), false},
                                   {"on", static_cast<int>(learn::Mode::on), false},
                                   {nullptr, 0, false}};

}  // namespace

learn::Mode learn::session_mode() { return static_cast<Mode>(mode); }
double learn::learning_rate() { return rate; }
double learn::recall_target() { return target; }
double learn::latency_target_ms() { return latency_target; }
double learn::sample_rate() { return sampled; }

void define_learning_settings() {
  DefineCustomEnumVariable("ruvector.learning", "What learning may do with this session's scans.",
                           "Indexes that learning was not enabled for are never touched.", &mode,
                           static_cast<int>(learn::Mode::on), modes, PGC_USERSET, 0, nullptr,
                           nullptr, nullptr);
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
                           "Share of scans that are noted for ruvector_learning_flush().", nullptr,
                           &sampled, 0.01, 0, 1, PGC_USERSET, 0, nullptr, nullptr, nullptr);
  learn::watch_scans();
}

}  // namespace rv::pg
