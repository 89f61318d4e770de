// Triggers that tell sessions to read something again: at commit, an invalidation of a relation
// that holds no rows. For rows and BEFORE, because only such triggers fire when logical replication
// applies changes (ENABLE ALWAYS), and nothing is queued for them; and for TRUNCATE.
#pragma once

#include "pg/base/pg.h"

extern "C" {
#include "commands/trigger.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
}

namespace rv::pg {

// Inside call(). The relation of that name lies in the schema of the trigger's table. Returns what
// the trigger must.
inline Datum signal_by_trigger(const TriggerData* data, const char* relation) {
  const Oid signal = get_relname_relid(relation, RelationGetNamespace(data->tg_relation));
  if (OidIsValid(signal)) CacheInvalidateRelcacheByRelid(signal);
  if (!TRIGGER_FIRED_FOR_ROW(data->tg_event)) return PointerGetDatum(nullptr);
  return PointerGetDatum(TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newtuple
                                                                 : data->tg_trigtuple);
}

}  // namespace rv::pg
