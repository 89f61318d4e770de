// Whether a table stays as it was: what a session keeps of its rows is good while nothing changed.
//
// The visibility map tells. A page whose bit is set holds rows that everybody sees and nothing
// else; a change clears the bit, and only VACUUM sets it again, with a WAL record that becomes the
// LSN of the map's page. So when all bits are set now, and were when the rows were read, and the
// LSNs are the same, the rows are the same, for every snapshot.
#pragma once

#include <cstdint>

#include "pg/base/guard.h"

extern "C" {
#include "utils/rel.h"
#include "utils/snapshot.h"
}

namespace rv::pg {

struct QuietState {
  bool quiet = false;  // false: some page is not visible to all, or it cannot be told
  std::uint32_t blocks = 0;
  std::uint64_t map = 0;  // sum of the LSNs of the map's pages, each of which only grows
  bool operator==(const QuietState&) const = default;
};

// May what the visibility map tells of the table be relied on for this snapshot?
bool has_telling_map(Relation table, Snapshot snapshot);
// The sum of the LSNs of the map's pages for so many blocks of the table. May ereport: inside
// call().
std::uint64_t map_lsn(Relation table, BlockNumber blocks);

// As it is now, for a snapshot taken before. May ereport: inside call().
QuietState quiet_state(Oid table, Snapshot snapshot);

}  // namespace rv::pg
