// Reads out-of-line (TOAST) values that a scan hands over one after the other.
//
// PostgreSQL fetches every value through the TOAST index: open two relations, descend the B-tree,
// fetch the chunks, allocate, copy. For a 768-dimensional vector that is some twenty times the cost
// of its distance. But rows that were inserted together have their chunks together, so this reader
// looks first where the previous value ended, and in scans of another order where the value's id
// lets expect it (toast_places.h). The guess is verified (value id, chunk number, length,
// visibility under the TOAST snapshot); when it fails, the index decides as usual.
#pragma once

#include <cstddef>

#include "pg/base/guard.h"

extern "C" {
#include "access/htup.h"
#include "storage/itemptr.h"
#include "utils/relcache.h"
}

namespace rv::pg {

class ToastReader {
 public:
  // Memory of the buffer; it must live as long as the reader.
  explicit ToastReader(MemoryContext context) noexcept : context_(context) {}
  ToastReader(const ToastReader&) = delete;
  ToastReader& operator=(const ToastReader&) = delete;

  // The plain value behind a toasted datum, valid until the next call. Raises PgError.
  const varlena* read(const varlena* toasted);

 private:
  Relation open(Oid relation);
  bool find(Relation toast, Oid value, int32 size, char* to);
  bool block_exists(Relation toast, BlockNumber block);
  bool read_next(Relation toast, Oid value, int32 size, char* to);
  bool read_by_place(Relation toast, Oid value, int32 size, char* to);
  bool read_from(Relation toast, BlockNumber block, OffsetNumber offset, Oid value, int32 size,
                 char* to, int* side);
  bool read_by_index(Relation toast, Oid value, int32 size, char* to);
  bool take_chunk(Relation toast, HeapTuple tuple, Oid value, int32 number, int32 size, char* to);
  varlena* buffer(std::size_t size);

  MemoryContext context_;
  varlena* buffer_ = nullptr;
  std::size_t capacity_ = 0;
  Oid relation_ = InvalidOid;  // whose chunk `last_` is
  ItemPointerData last_ = {};
  BlockNumber first_block_ = InvalidBlockNumber;  // of the value that was read last
  bool in_order_ = true;                          // it lay behind the one before

  // The lock on the relation is kept to the end of the (sub)transaction named here, so that the
  // relation cannot shrink: `blocks_` is then a lower bound that costs no system call.
  uint32 locked_transaction_ = 0;
  SubTransactionId locked_subtransaction_ = InvalidSubTransactionId;
  Oid locked_relation_ = InvalidOid;
  BlockNumber blocks_ = 0;
};

}  // namespace rv::pg
