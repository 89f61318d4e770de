#include "pg/am/table_sample.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/base/rng.h"

extern "C" {
#include "access/tableam.h"
#include "utils/sampling.h"
}

namespace rv::pg {
namespace {

constexpr BlockNumber kBlocksToEstimate = 64;
constexpr std::uint64_t kSeed = 42;

// Calls `callback` for the rows of `blocks` random blocks, in the table's order. The number of
// blocks that were read.
BlockNumber scan_blocks(Relation heap, Relation index, IndexInfo* info, BlockNumber blocks,
                        IndexBuildCallback callback, void* state) {
  BlockSamplerData sampler;
  const BlockNumber all = call([heap] { return RelationGetNumberOfBlocks(heap); });
  BlockSampler_Init(&sampler, all, static_cast<int>(std::min(blocks, all)), kSeed);
  BlockNumber read = 0;
  while (BlockSampler_HasMore(&sampler)) {
    const BlockNumber block = BlockSampler_Next(&sampler);
    call([&] {
      table_index_build_range_scan(heap, index, info, false, true, false, block, 1, callback, state,
                                   nullptr);
    });
    check_interrupts();
    ++read;
  }
  return read;
}

void count_row(Relation, ItemPointer, Datum*, bool* nulls, bool, void* state) {
  if (!nulls[0]) ++*static_cast<double*>(state);
}

void count_any_row(Relation, ItemPointer, Datum*, bool*, bool, void* state) {
  ++*static_cast<double*>(state);
}

// Reservoir sampling (Vitter, TOMS 1985, algorithm R): every row has the same chance.
struct Reservoir {
  IndexedVectors* vectors;
  std::size_t wanted;
  std::vector<float> rows;
  std::size_t kept = 0;
  std::uint64_t seen = 0;
  Rng rng{kSeed};

  void add(Datum value) {
    const auto dim = static_cast<std::size_t>(vectors->dim());
    std::size_t place = kept;
    if (kept == wanted) {
      place = rng.below(++seen);
      if (place >= wanted) return;
    }
    const float* x = vectors->floats(value);
    if (x == nullptr) return;
    if (place == kept) {
      rows.insert(rows.end(), x, x + dim);
      ++kept;
      ++seen;
    } else {
      std::memcpy(&rows[place * dim], x, dim * sizeof(float));
    }
  }
};

void sample_row(Relation, ItemPointer, Datum* values, bool* nulls, bool, void* state) {
  if (nulls[0]) return;
  boundary([&] { static_cast<Reservoir*>(state)->add(values[0]); });
}

}  // namespace

double estimate_rows(Relation heap, Relation index, IndexInfo* info, bool with_nulls) {
  double rows = 0;
  const BlockNumber read = scan_blocks(heap, index, info, kBlocksToEstimate,
                                       with_nulls ? count_any_row : count_row, &rows);
  if (read == 0) return 0;
  const BlockNumber all = call([heap] { return RelationGetNumberOfBlocks(heap); });
  return rows * all / read;
}

std::vector<float> sample_vectors(Relation heap, Relation index, IndexInfo* info,
                                  IndexedVectors* vectors, std::size_t wanted, double rows) {
  Reservoir reservoir{vectors, wanted, {}};
  if (wanted == 0) return {};
  reservoir.rows.reserve(
      static_cast<std::size_t>(std::min(static_cast<double>(wanted), rows + 1000)) *
      static_cast<std::size_t>(vectors->dim()));
  const BlockNumber all = call([heap] { return RelationGetNumberOfBlocks(heap); });
  // A quarter more than needed, for what is dead or NULL in the blocks that are drawn.
  const double share = rows > 0 ? 1.25 * static_cast<double>(wanted) / rows : 1.0;
  const double blocks = std::ceil(std::min(1.0, share) * all);
  scan_blocks(heap, index, info, static_cast<BlockNumber>(std::max(blocks, 1.0)), sample_row,
              &reservoir);
  return std::move(reservoir.rows);
}

}  // namespace rv::pg
