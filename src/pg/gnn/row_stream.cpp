#include "pg/gnn/row_stream.h"

extern "C" {
#include "executor/tuptable.h"
#include "nodes/params.h"
#include "tcop/dest.h"
}

namespace rv::pg {
namespace {

struct StreamReceiver {
  DestReceiver base;  // first: PostgreSQL passes a pointer to it
  const std::function<void(const Datum*, const bool*)>* row;
};

bool receive_row(TupleTableSlot* slot, DestReceiver* self) {
  return boundary([slot, self] {
    call([slot] { slot_getallattrs(slot); });
    const auto* receiver = reinterpret_cast<StreamReceiver*>(self);
    (*receiver->row)(slot->tts_values, slot->tts_isnull);
    return true;
  });
}

void ignore_startup(DestReceiver*, int, TupleDesc) {}
void ignore(DestReceiver*) {}

}  // namespace

void stream_rows(const std::string& query, const std::vector<SqlValue>& parameters, bool read_only,
                 const std::function<void(const Datum*, const bool*)>& row) {
  StreamReceiver receiver{{receive_row, ignore_startup, ignore, ignore, DestNone}, &row};
  const char* sql = query.c_str();
  const SqlValue* values = parameters.data();
  const int n = static_cast<int>(parameters.size());
  const int code = call([&] {
    ParamListInfo list = makeParamList(n);
    for (int i = 0; i < n; ++i) {
      list->params[i].value = values[i].datum;
      list->params[i].isnull = values[i].null;
      list->params[i].ptype = values[i].type;
      list->params[i].pflags = PARAM_FLAG_CONST;
    }
    SPIExecuteOptions options{};
    options.params = list;
    options.read_only = read_only;
    options.dest = &receiver.base;
    return SPI_execute_extended(sql, &options);
  });
  if (code < 0)
    throw Error(ErrorCode::internal, std::string("SPI failed: ") + SPI_result_code_string(code));
}

}  // namespace rv::pg
