// The rows of a query that an import reads, batch by batch. For use between SPI_connect() and
// SPI_finish().
#pragma once

#include <string>

#include "pg/base/guard.h"

extern "C" {
#include "access/htup_details.h"
#include "executor/spi.h"
#include "utils/memutils.h"
}

namespace rv::pg {

// A read-only cursor over a query; rows are visited batch by batch.
class ImportRows {
 public:
  explicit ImportRows(const std::string& query) {
    const char* text = query.c_str();
    portal_ = call([text] {
      SPIPlanPtr plan = SPI_prepare(text, 0, nullptr);
      if (plan == nullptr)
        elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
      return SPI_cursor_open(nullptr, plan, nullptr, nullptr, true);
    });
  }
  bool fetch() {
    if (table_ != nullptr) call([this] { SPI_freetuptable(table_); });
    call([this] { SPI_cursor_fetch(portal_, true, kBatch); });
    table_ = SPI_tuptable;
    return table_ != nullptr && table_->numvals > 0;
  }
  void close() {
    call([this] { SPI_cursor_close(portal_); });
  }
  TupleDesc desc() const { return table_->tupdesc; }
  std::size_t size() const { return table_->numvals; }
  void read(std::size_t i, Datum* values, bool* nulls) const {
    call([&] { heap_deform_tuple(table_->vals[i], table_->tupdesc, values, nulls); });
  }

 private:
  static constexpr long kBatch = 1000;

  Portal portal_ = nullptr;
  SPITupleTable* table_ = nullptr;
};

// Datums of one batch of rows live in a context of their own.
class ImportBatch {
 public:
  ImportBatch()
      : context_(call([] {
          return AllocSetContextCreateInternal(CurrentMemoryContext, "import batch",
                                               ALLOCSET_DEFAULT_SIZES);
        })),
        outer_(MemoryContextSwitchTo(context_)) {}
  ~ImportBatch() {
    MemoryContextSwitchTo(outer_);
    MemoryContextDelete(context_);
  }
  ImportBatch(const ImportBatch&) = delete;
  ImportBatch& operator=(const ImportBatch&) = delete;

 private:
  MemoryContext context_, outer_;
};

}  // namespace rv::pg
