#include <algorithm>
#include <limits>

#include "pg/ivf/callbacks.h"
#include "pg/ivf/options.h"
#include "pg/storage/buffer_store.h"

extern "C" {
#include "access/relation.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "utils/selfuncs.h"
#include "utils/spccache.h"
}

namespace rv::pg::ivf {
namespace {

struct Shape {
  index::ivf::Meta meta;
  std::uint32_t probes;
};

Shape shape_of(Oid index_oid) {
  // The planner holds a lock already.
  Relation index = call([index_oid] { return index_open(index_oid, NoLock); });
  BufferStore store(index, BufferStore::Mode::logged);
  Shape shape{index::ivf::read_meta(store), 0};
  shape.probes = scan_settings(index, shape.meta.lists).probes;
  call([index] { index_close(index, NoLock); });
  return shape;
}

// Of an element in the table, at least: 4 for vector, 2 for halfvec. Codes no larger than the bits
// are those of bit strings.
constexpr double kBytes = 2;
// Estimating a distance from a code takes a fraction of what an operator does.
constexpr double kCodeCost = 0.5;

}  // namespace

void cost_estimate(PlannerInfo* root, IndexPath* path, double loop_count, Cost* startup,
                   Cost* total, Selectivity* selectivity, double* correlation, double* pages) {
  boundary([&] {
    // Of no use without an order.
    if (path->indexorderbys == NIL) {
      call([&] {
        *startup = *total = std::numeric_limits<double>::infinity();
        *selectivity = 0;
        *correlation = 0;
        *pages = 0;
        rv_disable_path(path);
      });
      return;
    }
    const Shape shape = shape_of(path->indexinfo->indexoid);
    call([&] {
      GenericCosts costs = {};
      genericcostestimate(root, path, loop_count, &costs);
      double random_page, sequential_page;
      get_tablespace_page_costs(path->indexinfo->reltablespace, &random_page, &sequential_page);
      const double lists = shape.meta.lists, probes = shape.probes;
      // Where vectors are out of line, the cost of reading the table leaves them out. To be
      // compared with that, the index's pages must shrink as the table's do.
      const double bytes = shape.meta.code_bytes <= (shape.meta.dim + 31) / 32 * 4 ? 0.125 : kBytes;
      const double raw_pages = path->indexinfo->tuples * shape.meta.dim * bytes / BLCKSZ;
      const double heap_pages = std::max<double>(path->indexinfo->rel->pages, 1);
      const double scale = std::min(1.0, heap_pages / std::max(raw_pages, 1.0));
      const double fixed_pages = scale * index::ivf::pages_of_choice(shape.meta);
      const double list_pages =
          scale * std::max<double>(path->indexinfo->pages - double(shape.meta.entries), 0.0);
      // Centres are compared one by one; a list is found by a jump, its pages are neighbours.
      const double begin = fixed_pages * sequential_page + lists * cpu_operator_cost;
      const auto read = [&](double n) {
        const double share = n / lists;
        return std::min(n, list_pages * share) * (random_page - sequential_page) +
               list_pages * share * sequential_page +
               path->indexinfo->tuples * share * kCodeCost * cpu_operator_cost;
      };
      // Everything that decides about the first row is paid before it.
      *startup = begin + read(probes);
      *total = begin + read(lists) + path->indexinfo->tuples * cpu_index_tuple_cost;
      *selectivity = costs.indexSelectivity;
      *correlation = costs.indexCorrelation;
      *pages = costs.numIndexPages;
    });
  });
}

}  // namespace rv::pg::ivf
