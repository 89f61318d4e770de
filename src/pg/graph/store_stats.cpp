// Estimates for the planner, from what ANALYZE left and the tables' sizes.
#include <cmath>

#include "pg/graph/store.h"

extern "C" {
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_statistic.h"
#include "optimizer/plancat.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
}

namespace rv::pg {

using graph::Direction;
using graph::kNoName;
using graph::NameId;

double PgStore::table_rows(Oid table) {
  for (const auto& [oid, rows] : row_estimates_)
    if (oid == table) return rows;
  const double rows = call([table] {
    Relation rel = table_open(table, AccessShareLock);
    BlockNumber pages;
    double tuples;
    double visible;
    estimate_rel_size(rel, nullptr, &pages, &tuples, &visible);
    // An empty table is taken for one of ten pages by the server: plans for SQL outlive it.
    if (RelationGetNumberOfBlocks(rel) == 0) tuples = 0;
    table_close(rel, NoLock);
    return tuples;
  });
  row_estimates_.emplace_back(table, rows);
  return rows;
}

// Rows of `table` whose int4 `column` is `value`: its most common values, else an even share.
double PgStore::rows_with(Oid table, AttrNumber column, NameId value) {
  const double rows = table_rows(table);
  const double fraction = call([&] {
    HeapTuple t = SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(table), Int16GetDatum(column),
                                  BoolGetDatum(false));
    if (!HeapTupleIsValid(t)) return -1.0;
    double distinct = reinterpret_cast<Form_pg_statistic>(GETSTRUCT(t))->stadistinct;
    if (distinct < 0) distinct = -distinct * rows;
    double result = -1;
    AttStatsSlot slot;
    if (get_attstatsslot(&slot, t, STATISTIC_KIND_MCV, InvalidOid,
                         ATTSTATSSLOT_VALUES | ATTSTATSSLOT_NUMBERS)) {
      double rest = 1;
      for (int i = 0; i < slot.nvalues; ++i) {
        rest -= slot.numbers[i];
        if (DatumGetInt32(slot.values[i]) == value) result = slot.numbers[i];
      }
      if (result < 0)
        result =
            std::fmax(0.0, rest) / std::fmax(1.0, distinct - static_cast<double>(slot.nvalues));
      free_attstatsslot(&slot);
    } else {
      result = 1 / std::fmax(1.0, distinct);
    }
    ReleaseSysCache(t);
    return result;
  });
  if (fraction >= 0) return rows * fraction;
  const auto known = names_.count(column == kEdgeType && table == tables_.edge);
  return rows / static_cast<double>(std::max<std::size_t>(1, known));
}

double PgStore::node_count() { return table_rows(tables_.node); }

double PgStore::label_count(NameId label) { return rows_with(tables_.node_label, 1, label); }

double PgStore::relationship_count(NameId type) {
  return type == kNoName ? table_rows(tables_.edge) : rows_with(tables_.edge, kEdgeType, type);
}

double PgStore::average_degree(NameId label, NameId type, Direction direction) {
  const double relationships = relationship_count(type);
  // A type mostly joins the labels it is asked for with.
  const double nodes = std::fmax(1.0, label == kNoName ? node_count() : label_count(label));
  return relationships / nodes * (direction == Direction::both ? 2 : 1);
}

}  // namespace rv::pg
