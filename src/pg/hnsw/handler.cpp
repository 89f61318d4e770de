// CREATE ACCESS METHOD hnsw: the table of callbacks.
#include "pg/am/am_routine.h"
#include "pg/hnsw/hnsw.h"
#include "pg/hnsw/options.h"

using namespace rv::pg;

AmTraits hnsw::traits() {
  AmTraits traits{};
  traits.support_functions = 3;
  traits.build = rv_hnsw_build;
  traits.build_empty = rv_hnsw_build_empty;
  traits.insert = rv_hnsw_insert;
  traits.bulk_delete = rv_hnsw_bulk_delete;
  traits.vacuum_cleanup = rv_hnsw_vacuum_cleanup;
  traits.cost_estimate = rv_hnsw_cost_estimate;
  traits.options = rv_hnsw_options;
  traits.build_phase_name = rv_hnsw_phase_name;
  traits.begin_scan = rv_hnsw_begin_scan;
  traits.rescan = rv_hnsw_rescan;
  traits.get_tuple = rv_hnsw_get_tuple;
  traits.end_scan = rv_hnsw_end_scan;
  return traits;
}

RV_FUNCTION(rv_hnsw_handler)
{ return make_am_routine(hnsw::traits()); }

bytea* rv_hnsw_options(Datum reloptions, bool validate) {
  return boundary([&] { return hnsw::parse_options(reloptions, validate); });
}
