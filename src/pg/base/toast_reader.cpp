#include "pg/base/toast_reader.h"

#include <algorithm>

#include "pg/base/toast_places.h"

extern "C" {
#include "access/detoast.h"
#include "access/genam.h"
#include "access/heapam.h"
#include "access/heaptoast.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/toast_internals.h"
#include "access/xact.h"
#include "storage/bufmgr.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
}

namespace rv::pg {
namespace {

int32 chunk_length(int32 number, int32 size) {
  return std::min<int32>(TOAST_MAX_CHUNK_SIZE, size - number * int32(TOAST_MAX_CHUNK_SIZE));
}

}  // namespace

// Everything below runs inside call(): PostgreSQL code, trivial locals only.

varlena* ToastReader::buffer(std::size_t size) {
  if (size > capacity_) {
    if (buffer_ != nullptr) pfree(buffer_);
    buffer_ = nullptr;
    capacity_ = 0;
    const std::size_t grown = std::max<std::size_t>(size, 4096);
    buffer_ = static_cast<varlena*>(MemoryContextAlloc(context_, grown));
    capacity_ = grown;
  }
  return buffer_;
}

Relation ToastReader::open(Oid relation) {
  const uint32 transaction = rv_local_transaction_id();
  const SubTransactionId subtransaction = GetCurrentSubTransactionId();
  if (relation == locked_relation_ && transaction == locked_transaction_ &&
      subtransaction == locked_subtransaction_)
    return table_open(relation, NoLock);
  Relation toast = table_open(relation, AccessShareLock);
  locked_relation_ = relation;
  locked_transaction_ = transaction;
  locked_subtransaction_ = subtransaction;
  blocks_ = 0;
  return toast;
}

bool ToastReader::block_exists(Relation toast, BlockNumber block) {
  if (block >= blocks_) blocks_ = RelationGetNumberOfBlocks(toast);
  return block < blocks_;
}

// Copies the chunk when it is the one wanted. A TOAST value id is unique among all chunks that
// still exist, dead ones included, so id, number and length identify it.
bool ToastReader::take_chunk(Relation toast, HeapTuple tuple, Oid value, int32 number, int32 size,
                             char* to) {
  TupleDesc description = RelationGetDescr(toast);
  bool null = false;
  if (DatumGetObjectId(fastgetattr(tuple, 1, description, &null)) != value || null) return false;
  if (DatumGetInt32(fastgetattr(tuple, 2, description, &null)) != number || null) return false;
  auto* chunk =
      reinterpret_cast<varlena*>(DatumGetPointer(fastgetattr(tuple, 3, description, &null)));
  if (null || VARATT_IS_EXTENDED(chunk)) return false;
  const int32 length = chunk_length(number, size);
  if (int32(VARSIZE(chunk) - VARHDRSZ) != length) return false;
  memcpy(to + std::size_t(number) * TOAST_MAX_CHUNK_SIZE, VARDATA(chunk), std::size_t(length));
  last_ = tuple->t_self;
  if (number == 0) first_block_ = ItemPointerGetBlockNumber(&last_);
  relation_ = RelationGetRelid(toast);
  return true;
}

// Reads the value whose first chunk is on `block`, at `offset` or, when that is invalid, anywhere.
// Otherwise *side tells where to look: -1 before this block, 1 behind it, 0 unknown.
bool ToastReader::read_from(Relation toast, BlockNumber block, OffsetNumber offset, Oid value,
                            int32 size, char* to, int* side) {
  const int32 chunks = (size - 1) / int32(TOAST_MAX_CHUNK_SIZE) + 1;
  const bool anywhere = offset == InvalidOffsetNumber;
  if (anywhere) offset = FirstOffsetNumber;
  SnapshotData snapshot;
  rv_init_toast_snapshot(&snapshot);
  int32 number = 0;
  *side = 0;
  for (; number < chunks && block_exists(toast, block); ++block, offset = FirstOffsetNumber) {
    Buffer pinned = ReadBuffer(toast, block);
    LockBuffer(pinned, BUFFER_LOCK_SHARE);
    Page page = BufferGetPage(pinned);
    const OffsetNumber last = PageIsNew(page) ? 0 : PageGetMaxOffsetNumber(page);
    const int32 before = number;
    for (; number < chunks && offset <= last; ++offset) {
      ItemId item = PageGetItemId(page, offset);
      HeapTupleData tuple;
      const bool search = anywhere && number == 0;
      if (!ItemIdIsNormal(item)) {
        if (search) continue;
        break;
      }
      tuple.t_data = reinterpret_cast<HeapTupleHeader>(PageGetItem(page, item));
      tuple.t_len = ItemIdGetLength(item);
      tuple.t_tableOid = RelationGetRelid(toast);
      ItemPointerSet(&tuple.t_self, block, offset);
      if (search) {
        bool null = false;
        const Oid found = DatumGetObjectId(fastgetattr(&tuple, 1, RelationGetDescr(toast), &null));
        if (found != value) {
          *side = found < value ? 1 : -1;
          continue;
        }
      }
      if (!HeapTupleSatisfiesVisibility(&tuple, &snapshot, pinned) ||
          !take_chunk(toast, &tuple, value, number, size, to)) {
        if (search) continue;
        break;
      }
      ++number;
    }
    const bool page_done = offset > last;
    UnlockReleaseBuffer(pinned);
    // Go on to the next page only when this one ended in the middle of the value, or before it.
    if (!page_done || (number == before && before > 0)) break;
    if (number == 0 && (anywhere || block != ItemPointerGetBlockNumber(&last_))) break;
  }
  return number == chunks;
}

bool ToastReader::read_next(Relation toast, Oid value, int32 size, char* to) {
  if (!in_order_ || relation_ != RelationGetRelid(toast)) return false;
  int side;
  return read_from(toast, ItemPointerGetBlockNumber(&last_),
                   OffsetNumberNext(ItemPointerGetOffsetNumber(&last_)), value, size, to, &side);
}

bool ToastReader::read_by_place(Relation toast, Oid value, int32 size, char* to) {
  ToastPlaces& places = ToastPlaces::of(toast);
  const BlockNumber block = places.guess(value);
  if (block == InvalidBlockNumber) return false;
  int side;
  bool found = read_from(toast, block, InvalidOffsetNumber, value, size, to, &side);
  // Rows are not equally long: one block off is usual.
  if (!found && side != 0 && (side > 0 || block > 0))
    found = read_from(toast, side > 0 ? block + 1 : block - 1, InvalidOffsetNumber, value, size, to,
                      &side);
  places.guessed(found);
  return found;
}

bool ToastReader::read_by_index(Relation toast, Oid value, int32 size, char* to) {
  const int32 chunks = (size - 1) / int32(TOAST_MAX_CHUNK_SIZE) + 1;
  Relation* indexes;
  int index_count;
  const int valid = toast_open_indexes(toast, AccessShareLock, &indexes, &index_count);
  SnapshotData snapshot;
  rv_init_toast_snapshot(&snapshot);
  ScanKeyData key;
  ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(value));
  SysScanDesc scan = systable_beginscan_ordered(toast, indexes[valid], &snapshot, 1, &key);
  int32 number = 0;
  for (HeapTuple tuple;
       (tuple = systable_getnext_ordered(scan, ForwardScanDirection)) != nullptr;) {
    if (!take_chunk(toast, tuple, value, number, size, to)) break;
    ++number;
  }
  systable_endscan_ordered(scan);
  toast_close_indexes(indexes, index_count, AccessShareLock);
  return number == chunks;
}

bool ToastReader::find(Relation toast, Oid value, int32 size, char* to) {
  if (read_next(toast, value, size, to)) return true;
  const BlockNumber previous =
      relation_ == RelationGetRelid(toast) ? ItemPointerGetBlockNumber(&last_) : InvalidBlockNumber;
  if (!read_by_place(toast, value, size, to)) {
    if (!read_by_index(toast, value, size, to)) return false;
    ToastPlaces::of(toast).learn(value, first_block_);
  }
  in_order_ = previous == InvalidBlockNumber || first_block_ - previous <= 1;
  return true;
}

const varlena* ToastReader::read(const varlena* toasted) {
  return call([this, toasted]() -> const varlena* {
    auto* datum = const_cast<varlena*>(toasted);
    if (VARATT_IS_EXTERNAL_ONDISK(datum)) {
      varatt_external pointer;
      VARATT_EXTERNAL_GET_POINTER(pointer, datum);
      const auto size = int32(VARATT_EXTERNAL_GET_EXTSIZE(pointer));
      if (!VARATT_EXTERNAL_IS_COMPRESSED(pointer) && size > 0) {
        varlena* out = buffer(std::size_t(size) + VARHDRSZ);
        Relation toast = open(pointer.va_toastrelid);
        const bool found = toast->rd_tableam == GetHeapamTableAmRoutine() &&
                           find(toast, pointer.va_valueid, size, VARDATA(out));
        table_close(toast, NoLock);
        if (found) {
          SET_VARSIZE(out, std::size_t(size) + VARHDRSZ);
          return out;
        }
      }
    }
    // Compressed, indirect, expanded, another table access method, or damaged: PostgreSQL decides.
    varlena* flat = detoast_attr(datum);
    varlena* out = buffer(VARSIZE(flat));
    memcpy(out, flat, VARSIZE(flat));
    if (flat != datum) pfree(flat);
    return out;
  });
}

}  // namespace rv::pg
