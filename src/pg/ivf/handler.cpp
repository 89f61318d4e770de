// The access method ivfflat: its table of callbacks, and pgvector's support functions.
#include "pg/am/am_routine.h"
#include "pg/ivf/callbacks.h"
#include "pg/ivf/options.h"

using namespace rv::pg;

namespace {

bytea* options(Datum reloptions, bool validate) {
  return boundary([&] { return ivf::parse_options(reloptions, validate); });
}

char* phase_name(int64 phase) {
  switch (phase) {
    case ivf::kPhaseInitialize:
      return const_cast<char*>("initializing");
    case ivf::kPhaseKMeans:
      return const_cast<char*>("performing k-means");
    case ivf::kPhaseAssign:
      return const_cast<char*>("assigning tuples");
    case ivf::kPhaseLoad:
      return const_cast<char*>("loading tuples");
    default:
      return nullptr;
  }
}

// What pgvector's support functions return: the most dimensions an index may have.
struct TypeInfo {
  int max_dimensions;
};
constexpr TypeInfo halfvec_info = {16000}, bit_info = {64000};

}  // namespace

RV_FUNCTION(rv_ivfflat_handler)
{
  AmTraits traits{};
  traits.support_functions = 5;
  traits.build = ivf::build;
  traits.build_empty = ivf::build_empty;
  traits.insert = ivf::insert;
  traits.bulk_delete = ivf::bulk_delete;
  traits.vacuum_cleanup = ivf::vacuum_cleanup;
  traits.cost_estimate = ivf::cost_estimate;
  traits.options = options;
  traits.build_phase_name = phase_name;
  traits.begin_scan = ivf::begin_scan;
  traits.rescan = ivf::rescan;
  traits.get_tuple = ivf::get_tuple;
  traits.end_scan = ivf::end_scan;
  return make_am_routine(traits);
}

RV_FUNCTION(rv_ivfflat_halfvec_support)
{ return PointerGetDatum(&halfvec_info); }

RV_FUNCTION(rv_ivfflat_bit_support)
{ return PointerGetDatum(&bit_info); }
