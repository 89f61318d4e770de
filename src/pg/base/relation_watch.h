// News about changed relations for everything a session keeps of them. PostgreSQL has room for ten
// callbacks of all modules of a server together and ends the session that wants one more, so the
// extension takes a single one and passes the news on.
#pragma once

#include <cstdint>

#include "pg/base/pg.h"

namespace rv::pg {

// From now on calls `changed` whenever PostgreSQL tells that a relation's definition or storage may
// have changed; InvalidOid: any relation. It may not fail and may not read the catalogue.
void watch_relations(void (*changed)(Oid relation) noexcept);

// How often there was such news. What was read while the number grew may be older than the news:
// keep only what was read between two equal numbers. Counts from the first watch_relations() on.
std::uint64_t relation_news() noexcept;

}  // namespace rv::pg
