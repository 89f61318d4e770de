#include "pg/am/am_routine.h"

extern "C" {
#include "commands/vacuum.h"
#include "nodes/makefuncs.h"
}

namespace rv::pg {
namespace {

// Operator classes are this extension's own; the catalogue's integrity is tested, not validated at
// run time.
bool validate_opclass(Oid) { return true; }

}  // namespace

Datum make_am_routine(const AmTraits& traits) {
  return call([&traits] {
    IndexAmRoutine* r = makeNode(IndexAmRoutine);
    r->amstrategies = 0;
    r->amsupport = traits.support_functions;
    r->amcanorderbyop = traits.ordered;
    r->amoptionalkey = true;
    r->amstorage = traits.storage;
    r->amparallelvacuumoptions =
        traits.parallel_vacuum ? VACUUM_OPTION_PARALLEL_BULKDEL : VACUUM_OPTION_NO_PARALLEL;
    r->amkeytype = InvalidOid;
    rv_set_can_build_parallel(r, traits.parallel_build);
    r->ambuild = traits.build;
    r->ambuildempty = traits.build_empty;
    r->aminsert = traits.insert;
    r->ambulkdelete = traits.bulk_delete;
    r->amvacuumcleanup = traits.vacuum_cleanup;
    r->amcostestimate = traits.cost_estimate;
    r->amoptions = traits.options;
    r->ambuildphasename = traits.build_phase_name;
    r->amvalidate = validate_opclass;
    r->ambeginscan = traits.begin_scan;
    r->amrescan = traits.rescan;
    r->amgettuple = traits.get_tuple;
    r->amgetbitmap = traits.get_bitmap;
    r->amendscan = traits.end_scan;
    return PointerGetDatum(r);
  });
}

}  // namespace rv::pg
