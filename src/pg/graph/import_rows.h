// The rows of a query that an import reads, as the executor makes them. For use between
// SPI_connect() and SPI_finish().
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

#include "pg/base/guard.h"

extern "C" {
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "tcop/dest.h"
#include "utils/memutils.h"
}

namespace rv::pg {

// A query that only reads; its rows are not copied on their way. Not run in parallel: what takes
// the rows writes.
class ImportRows {
 public:
  explicit ImportRows(const std::string& query) {
    const char* text = query.c_str();
    plan_ = call([text] {
      SPIPlanPtr plan = SPI_prepare(text, 0, nullptr);
      if (plan == nullptr)
        elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
      if (!SPI_is_cursor_plan(plan))
        ereport(ERROR, (errcode(ERRCODE_INVALID_CURSOR_DEFINITION),
                        errmsg("an import reads from one query that returns rows"),
                        errdetail("The query is: %s", text)));
      return plan;
    });
  }

  // Calls take(desc, values, nulls) for each row; the number of rows. What take() allocates in the
  // current memory context lives for some rows. take() runs within the query.
  template <class Take>
  std::int64_t each(Take& take) {
    Receiver<Take> receiver{};
    receiver.base.receiveSlot = receive<Take>;
    receiver.base.rStartup = start<Take>;
    receiver.base.rShutdown = [](DestReceiver*) {};
    receiver.base.rDestroy = [](DestReceiver*) {};
    receiver.base.mydest = DestNone;
    receiver.take = &take;
    call([this, &receiver] {
      receiver.memory =
          AllocSetContextCreate(CurrentMemoryContext, "import", ALLOCSET_DEFAULT_SIZES);
      SPIExecuteOptions options{};
      options.read_only = true;
      options.dest = &receiver.base;
      const int r = SPI_execute_plan_extended(plan_, &options);
      if (r < 0) elog(ERROR, "SPI_execute_plan_extended failed: %s", SPI_result_code_string(r));
      MemoryContextDelete(receiver.memory);
      SPI_freeplan(plan_);
    });
    return receiver.count;
  }

 private:
  static constexpr std::int64_t kRowsOfMemory = 1000;

  template <class Take>
  struct Receiver {
    DestReceiver base;
    Take* take;
    TupleDesc desc;
    MemoryContext memory;
    std::int64_t count;
  };

  // Both are called by the executor. The slots of a UNION have the names of a branch:
  // the query's own come at the start.
  template <class Take>
  static void start(DestReceiver* self, int, TupleDesc desc) {
    reinterpret_cast<Receiver<Take>*>(self)->desc = desc;
  }
  template <class Take>
  static bool receive(TupleTableSlot* slot, DestReceiver* self) {
    static_assert(std::is_standard_layout_v<Receiver<Take>>);
    auto* r = reinterpret_cast<Receiver<Take>*>(self);
    slot_getallattrs(slot);
    MemoryContext outer = MemoryContextSwitchTo(r->memory);
    boundary([r, slot] { (*r->take)(r->desc, slot->tts_values, slot->tts_isnull); });
    MemoryContextSwitchTo(outer);
    if (++r->count % kRowsOfMemory == 0) MemoryContextReset(r->memory);
    return true;
  }

  SPIPlanPtr plan_ = nullptr;
};

}  // namespace rv::pg
