#include "pg/base/row_stream.h"

#include <algorithm>

extern "C" {
#include "executor/tuptable.h"
#include "nodes/params.h"
#include "tcop/dest.h"
}

namespace rv::pg {
namespace {

constexpr int kBatchRows = 256, kBatchColumns = 8;

// Rows whose values are all passed by value (ids and weights of edges, as a rule) are handed over
// many at a time: a setjmp for each costs about as much as reading it.
struct StreamReceiver {
  DestReceiver base;  // first: PostgreSQL passes a pointer to it
  const std::function<void(const Datum*, const bool*)>* row;
  TupleDesc* description;
  int columns = 0;
  bool batched = false;
  int rows = 0;  // waiting
  Datum values[kBatchRows * kBatchColumns] = {};
  bool nulls[kBatchRows * kBatchColumns] = {};

  void hand_over() {
    const int n = rows;
    rows = 0;
    for (int i = 0; i < n; ++i) (*row)(values + i * columns, nulls + i * columns);
  }
};

void start(DestReceiver* self, int, TupleDesc row) {
  auto* receiver = reinterpret_cast<StreamReceiver*>(self);
  if (receiver->description != nullptr) *receiver->description = row;
  receiver->columns = row->natts;
  receiver->batched = row->natts <= kBatchColumns;
  for (int i = 0; i < row->natts; ++i)
    receiver->batched = receiver->batched && TupleDescAttr(row, i)->attbyval;
}

bool receive_row(TupleTableSlot* slot, DestReceiver* self) {
  slot_getallattrs(slot);  // may jump: nothing of C++ lives in this frame
  auto* receiver = reinterpret_cast<StreamReceiver*>(self);
  if (!receiver->batched)
    return boundary([slot, receiver] {
      (*receiver->row)(slot->tts_values, slot->tts_isnull);
      return true;
    });
  const auto columns = static_cast<std::size_t>(receiver->columns);
  const std::size_t at = static_cast<std::size_t>(receiver->rows) * columns;
  std::copy_n(slot->tts_values, columns, receiver->values + at);
  std::copy_n(slot->tts_isnull, columns, receiver->nulls + at);
  if (++receiver->rows < kBatchRows) return true;
  return boundary([receiver] {
    receiver->hand_over();
    return true;
  });
}

// The last rows are handed over while their description lives.
void finish(DestReceiver* self) {
  auto* receiver = reinterpret_cast<StreamReceiver*>(self);
  boundary([receiver] { receiver->hand_over(); });
}

void ignore(DestReceiver*) {}

}  // namespace

void stream_rows(const std::string& query, const std::vector<SqlValue>& parameters,
                 const StreamOptions& options,
                 const std::function<void(const Datum*, const bool*)>& row) {
  StreamReceiver receiver{
      {receive_row, start, finish, ignore, DestNone}, &row, options.description};
  const char* sql = query.c_str();
  const SqlValue* values = parameters.data();
  const int n = static_cast<int>(parameters.size());
  const int code = call([&] {
    auto* types = static_cast<Oid*>(palloc(sizeof(Oid) * Size(n + 1)));
    ParamListInfo list = makeParamList(n);
    for (int i = 0; i < n; ++i) {
      types[i] = values[i].type;
      list->params[i].value = values[i].datum;
      list->params[i].isnull = values[i].null;
      list->params[i].ptype = values[i].type;
      list->params[i].pflags = PARAM_FLAG_CONST;
    }
    SPIPlanPtr plan =
        SPI_prepare_cursor(sql, n, types, options.taker_writes ? 0 : CURSOR_OPT_PARALLEL_OK);
    if (plan == nullptr) return SPI_result;
    if (!SPI_is_cursor_plan(plan))
      ereport(ERROR, (errcode(ERRCODE_INVALID_CURSOR_DEFINITION),
                      errmsg("rows can be read from one query that returns rows only"),
                      errdetail("The query is: %s", sql)));
    SPIExecuteOptions how{};
    how.params = list;
    how.read_only = options.read_only;
    how.dest = &receiver.base;
    const int done = SPI_execute_plan_extended(plan, &how);
    SPI_freeplan(plan);
    return done;
  });
  if (code < 0)
    throw Error(ErrorCode::internal, std::string("SPI failed: ") + SPI_result_code_string(code));
}

}  // namespace rv::pg
