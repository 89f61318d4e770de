// amcostestimate.
#include <algorithm>

#include "pg/sparse/callbacks.h"

extern "C" {
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "utils/float.h"
#include "utils/index_selfuncs.h"
#include "utils/selfuncs.h"
}

namespace rv::pg {
namespace {

// A query reads the lists of its terms and nothing else. Measured on learned sparse vectors and on
// texts: about two postings for every row, and a third of the pages.
constexpr double kPostingsPerRow = 2.0;
constexpr double kShareOfPages = 0.3;
// A posting costs about a fiftieth of an operator call.
constexpr double kPostingCost = 0.02;

}  // namespace

void sparse_cost(PlannerInfo* root, IndexPath* path, double loops, Cost* startup, Cost* total,
                 Selectivity* selectivity, double* correlation, double* pages) {
  boundary([&] {
    *selectivity = 1;
    *correlation = 0;
    *pages = path->indexinfo->pages;
    if (path->indexorderbys == NIL) {
      // Every row in no order: never better than reading the table.
      *startup = *total = get_float8_infinity();
      rv_disable_path(path);
      return;
    }
    call([&] {
      GenericCosts costs{};
      costs.numIndexTuples = path->indexinfo->tuples;
      genericcostestimate(root, path, loops, &costs);
      const double rows = std::max(path->indexinfo->tuples, 1.0);
      *startup = kShareOfPages * path->indexinfo->pages * seq_page_cost +
                 kPostingsPerRow * rows * kPostingCost * cpu_operator_cost;
      // Best first: what comes later costs one queue step a row.
      *total = *startup + rows * cpu_index_tuple_cost;
    });
  });
}

}  // namespace rv::pg
