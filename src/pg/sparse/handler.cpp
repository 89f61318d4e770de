// The access methods ruvector_sparse and ruvector_bm25: one engine, two tables of callbacks.
#include "pg/sparse/callbacks.h"
#include "pg/sparse/options.h"

namespace rv::pg {
namespace {

AmTraits traits_of(uint16 support_functions, amoptions_function options) {
  AmTraits t{};
  t.support_functions = support_functions;
  t.build = sparse_build;
  t.build_empty = sparse_build_empty;
  t.insert = sparse_insert;
  t.bulk_delete = sparse_bulk_delete;
  t.vacuum_cleanup = sparse_vacuum_cleanup;
  t.cost_estimate = sparse_cost;
  t.options = options;
  t.build_phase_name = sparse_build_phase;
  t.begin_scan = sparse_begin_scan;
  t.rescan = sparse_rescan;
  t.get_tuple = sparse_get_tuple;
  t.end_scan = sparse_end_scan;
  // Finding the dead rows is a look at the document maps. A VACUUM that has workers is in parallel
  // mode to its end and cannot make the file smaller.
  t.parallel_vacuum = false;
  return t;
}

}  // namespace
}  // namespace rv::pg

RV_FUNCTION(rv_sparse_handler)
{ return rv::pg::make_am_routine(rv::pg::traits_of(2, rv::pg::sparse_reloptions)); }

RV_FUNCTION(rv_bm25_handler)
{ return rv::pg::make_am_routine(rv::pg::traits_of(0, rv::pg::bm25_reloptions)); }
