// amcostestimate: when an ordered scan pays.
//
// Units are the planner's. One step of a search compares codes that are almost always cached, so it
// is charged as CPU work; a row that is returned was re-ranked, which costs a heap visit of its own
// besides the one that the executor pays for. The start is cheap and the rows are not: so LIMIT
// queries and cursors take the index, and selective filters, whose LIMIT reaches deep into the
// order, do not.
#include <algorithm>
#include <cmath>
#include <limits>

#include "pg/hnsw/hnsw.h"
#include "pg/hnsw/options.h"

extern "C" {
#include "access/genam.h"
#include "nodes/pathnodes.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
}

using namespace rv;
using namespace rv::pg;

void rv_hnsw_cost_estimate(PlannerInfo*, IndexPath* path, double loop_count, Cost* startup,
                           Cost* total, Selectivity* selectivity, double* correlation,
                           double* pages) {
  boundary([&] {
    *selectivity = 1;
    *correlation = 0;
    *pages = path->indexinfo->pages;
    if (path->indexorderbys == NIL) {
      // An index without an order to follow has nothing to offer.
      *startup = *total = std::numeric_limits<double>::infinity();
      rv_disable_path(path);
      return;
    }
    struct Settings {
      int m, ef;
    };
    const Settings s = call([path] {
      Relation index = index_open(path->indexinfo->indexoid, NoLock);
      const Settings out{hnsw::option_m(index), hnsw::ef_search(index)};
      index_close(index, NoLock);
      return out;
    });
    const double rows = std::max(path->indexinfo->tuples, 1.0);
    const double levels = std::floor(std::log(rows) / std::log(static_cast<double>(s.m)));
    // Nodes compared: about 2 m for every step of the descent, and 0.6 of 2 m for each of the
    // ef nodes that are expanded, most of the others having been seen.
    const double compared =
        std::min(rows, levels * 2 * s.m + 0.6 * 2 * s.m * std::min<double>(s.ef, rows));
    const double per_comparison = 2 * cpu_operator_cost;
    const double per_row = cpu_index_tuple_cost + cpu_tuple_cost + 10 * cpu_operator_cost;
    *startup = compared * per_comparison + std::min(rows, 13.0) * per_row;
    *total = *startup + rows * (per_row + per_comparison * 0.6 * 2 * s.m);
    (void)loop_count;
  });
}
