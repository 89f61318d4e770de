// Binary messages: what receive functions read and send functions return.
#pragma once

#include <cstddef>
#include <span>

#include "core/base/binary_reader.h"
#include "pg/base/datum.h"

namespace rv::pg {

// The message in argument n of a receive function, read with the core's BinaryReader. The message's
// cursor follows when this object goes.
class MessageArg {
 public:
  MessageArg(FunctionCallInfo fcinfo, int n)
      : message_(reinterpret_cast<StringInfo>(DatumGetPointer(fcinfo->args[n].value))),
        reader_({reinterpret_cast<const std::byte*>(message_->data + message_->cursor),
                 static_cast<std::size_t>(message_->len - message_->cursor)}) {}
  ~MessageArg() { message_->cursor += static_cast<int>(reader_.position()); }
  MessageArg(const MessageArg&) = delete;
  MessageArg& operator=(const MessageArg&) = delete;
  BinaryReader& reader() noexcept { return reader_; }

 private:
  StringInfo message_;
  BinaryReader reader_;
};

// A new bytea of `size` bytes and where they go.
struct NewBytea {
  explicit NewBytea(std::size_t size)
      : datum(PointerGetDatum(palloc_varlena(VARHDRSZ + size))),
        bytes(reinterpret_cast<std::byte*>(VARDATA(DatumGetPointer(datum))), size) {}
  Datum datum;
  std::span<std::byte> bytes;
};

}  // namespace rv::pg
