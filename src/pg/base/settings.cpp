#include "pg/base/settings.h"

#include "core/simd/distance.h"
#include "pg/base/pg.h"
#include "pg/base/threads.h"

extern "C" {
#include "utils/guc.h"
}

namespace rv::pg {
namespace {

constexpr int kAuto = simd::kLevels;

int simd_setting = kAuto;

const config_enum_entry simd_options[] = {
    {"auto", kAuto, false},
    {"baseline", static_cast<int>(simd::Level::baseline), false},
    {"avx2", static_cast<int>(simd::Level::avx2), false},
    {"avx512", static_cast<int>(simd::Level::avx512), false},
    {"avx512vnni", static_cast<int>(simd::Level::avx512vnni), false},
    {nullptr, 0, false}};

// A level the CPU lacks is refused rather than silently lowered: a test that asks for AVX-512
// must not pass on AVX2.
bool check_simd(int* value, void**, GucSource) {
  if (*value == kAuto || static_cast<simd::Level>(*value) <= simd::cpu_level()) return true;
  GUC_check_errdetail("This machine supports levels up to \"%s\".",
                      simd::level_name(simd::cpu_level()));
  return false;
}

void assign_simd(int value, void*) {
  simd::select_level(value == kAuto ? simd::cpu_level() : static_cast<simd::Level>(value));
}

}  // namespace

void define_core_settings() {
  define_thread_settings();
  DefineCustomEnumVariable(
      "ruvector.simd", "Highest instruction set the distance kernels may use.",
      "\"auto\" takes the best this CPU has. Lower levels are for testing and comparison.",
      &simd_setting, kAuto, simd_options, PGC_USERSET, 0, check_simd, assign_simd, nullptr);
}

}  // namespace rv::pg
