// The IndexAmRoutine of ruvector's access methods. They are alike: ordered by an operator, one key
// column, no uniqueness, no bitmap unless told; only the callbacks differ. This is the one place
// that knows how the struct changes between PostgreSQL versions.
#pragma once

#include "pg/base/guard.h"

extern "C" {
#include "access/amapi.h"
}

namespace rv::pg {

// Every callback is a C function that opens with boundary().
struct AmTraits {
  uint16 support_functions;
  ambuild_function build;
  ambuildempty_function build_empty;
  aminsert_function insert;
  ambulkdelete_function bulk_delete;
  amvacuumcleanup_function vacuum_cleanup;
  amcostestimate_function cost_estimate;
  amoptions_function options;
  ambuildphasename_function build_phase_name;
  ambeginscan_function begin_scan;
  amrescan_function rescan;
  amgettuple_function get_tuple;
  amgetbitmap_function get_bitmap = nullptr;
  amendscan_function end_scan;
  bool ordered = true;          // ORDER BY operator scans
  bool storage = false;         // the indexed type may differ from the column's
  bool parallel_build = true;   // PG 17+: told to the planner
  bool parallel_vacuum = true;  // ambulkdelete may run in a parallel worker
};

// palloc'd, as PostgreSQL up to 18 wants it.
Datum make_am_routine(const AmTraits& traits);

}  // namespace rv::pg
