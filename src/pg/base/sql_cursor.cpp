#include "pg/base/sql_cursor.h"

extern "C" {
#include "utils/builtins.h"
#include "utils/lsyscache.h"
}

namespace rv::pg {

SqlCursor::SqlCursor(const std::string& query, long batch) : batch_(batch) {
  const char* sql = query.c_str();
  portal_ = call([sql] {
    return SPI_cursor_open_with_args(nullptr, sql, 0, nullptr, nullptr, nullptr, true,
                                     CURSOR_OPT_NO_SCROLL);
  });
  description_ = portal_->tupDesc;
  if (description_ == nullptr) throw Error(ErrorCode::invalid_argument, "query returns no rows");
}

Oid SqlCursor::column_type(int column) const {
  const Oid type = TupleDescAttr(description_, column)->atttypid;
  return call([type] { return getBaseType(type); });
}

bool SqlCursor::next() {
  if (table_ != nullptr && ++at_ < count_) return true;
  check_interrupts();
  Portal portal = portal_;
  const long batch = batch_;
  SPITupleTable* old = table_;
  call([portal, batch, old] {
    if (old != nullptr) SPI_freetuptable(old);
    SPI_cursor_fetch(portal, true, batch);
  });
  table_ = SPI_tuptable;
  count_ = static_cast<std::size_t>(SPI_processed);
  at_ = 0;
  return count_ > 0;
}

Datum SqlCursor::value(int column, bool* null) const {
  return SPI_getbinval(table_->vals[at_], table_->tupdesc, column + 1, null);
}

std::string SqlCursor::text(int column) const {
  HeapTuple tuple = table_->vals[at_];
  TupleDesc description = table_->tupdesc;
  char* s = call([&] { return SPI_getvalue(tuple, description, column + 1); });
  if (s == nullptr)
    throw Error(ErrorCode::null_not_allowed,
                std::string("column \"") + NameStr(TupleDescAttr(description, column)->attname) +
                    "\" must not be null");
  std::string out(s);
  pfree(s);
  return out;
}

void SqlCursor::close() {
  Portal portal = portal_;
  call([portal] { SPI_cursor_close(portal); });
}

std::string quoted_name(const char* name) {
  const char* q = call([name] { return quote_identifier(name); });
  return q;
}

std::string quoted_relation(Oid relation) {
  const char* q = call([relation]() -> const char* {
    char* name = get_rel_name(relation);
    if (name == nullptr)
      ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
                      errmsg("relation with OID %u does not exist", relation)));
    return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)), name);
  });
  return q;
}

}  // namespace rv::pg
