#include "pg/graph/attached_rows.h"

#include "pg/graph/sql_value.h"

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
}

namespace rv::pg {

std::int64_t AttachedRow::key(std::size_t column, const Attachment& table) const {
  const std::int64_t k = integer(column);
  if (k >= 0 && k < std::int64_t{1} << kAttachedShift) return k;
  throw Error(ErrorCode::out_of_range, "key " + std::to_string(k) + " of attached table " +
                                           table.relation +
                                           " must lie between 0 and 281474976710655");
}

graph::Value AttachedRow::value(std::size_t column, graph::Arena& arena) const {
  return value_of_datum(values_[column], nulls_[column], types_[column], arena);
}

void each_attached_row(const std::string& sql, std::span<const std::int64_t> keys,
                       const std::function<void(AttachedRow)>& visit) {
  constexpr long kFetch = 2000;
  const char* text = sql.c_str();
  const Portal portal = call([&] {
    if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
    auto* datums = static_cast<Datum*>(palloc(sizeof(Datum) * (keys.size() + 1)));
    for (std::size_t i = 0; i < keys.size(); ++i) datums[i] = Int64GetDatum(keys[i]);
    Datum array = PointerGetDatum(
        construct_array(datums, static_cast<int>(keys.size()), INT8OID, 8, true, TYPALIGN_DOUBLE));
    Oid type = INT8ARRAYOID;
    return SPI_cursor_open_with_args(nullptr, text, 1, &type, &array, nullptr, true,
                                     CURSOR_OPT_NO_SCROLL);
  });
  std::vector<Datum> values;
  std::vector<Oid> types;
  std::unique_ptr<bool[]> nulls;
  for (;;) {
    SPITupleTable* table = call([&] {
      SPI_cursor_fetch(portal, true, kFetch);
      return SPI_tuptable;
    });
    if (table == nullptr || table->numvals == 0) break;
    if (types.empty()) {
      const int n = table->tupdesc->natts;
      for (int i = 0; i < n; ++i) types.push_back(TupleDescAttr(table->tupdesc, i)->atttypid);
      values.resize(types.size());
      nulls = std::make_unique<bool[]>(types.size());
    }
    for (std::uint64_t r = 0; r < table->numvals; ++r) {
      call([&] { heap_deform_tuple(table->vals[r], table->tupdesc, values.data(), nulls.get()); });
      visit(AttachedRow(values.data(), nulls.get(), types.data()));
    }
    call([table] { SPI_freetuptable(table); });
    check_interrupts();
  }
  call([portal] {
    SPI_cursor_close(portal);
    SPI_finish();
  });
}

}  // namespace rv::pg
