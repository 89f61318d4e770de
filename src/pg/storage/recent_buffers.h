// Where an index's blocks were last found in shared buffers. ReadRecentBuffer() checks the guess
// and pins in one step, without the lock and hash table of a buffer look-up: half its cost.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "pg/base/pg.h"

extern "C" {
#include "storage/bufmgr.h"
#include "utils/rel.h"
}

namespace rv::pg {

struct RecentBuffer {
  Buffer buffer = InvalidBuffer;  // InvalidBuffer: nothing is known
  std::uint16_t kind = 0;         // the page's kind, once it was checked
};
using RecentBuffers = std::vector<RecentBuffer>;

// Tables are kept for so many relations, and of so many blocks each.
inline constexpr std::size_t kRecentRelations = 8;
inline constexpr std::size_t kRecentBlocks = std::size_t{4} << 20;

// The backend's table for a relation's main fork: one entry a block, growing on demand.
std::shared_ptr<RecentBuffers> recent_buffers(Relation relation);
// The file is about to be filled anew.
void forget_recent_buffers(Relation relation);

}  // namespace rv::pg
