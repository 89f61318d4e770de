#include "pg/ivf/list_sort.h"

extern "C" {
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
}

namespace rv::pg::ivf {
namespace {

constexpr Oid kInt4Less = 97;  // int4 < int4, pinned in every version
constexpr AttrNumber kList = 1, kEntry = 2;

}  // namespace

ListSort::ListSort(std::size_t code_bytes, int memory) : code_bytes_(code_bytes) {
  call([&] {
    description_ = CreateTemplateTupleDesc(2);
    TupleDescInitEntry(description_, kList, "list", INT4OID, -1, 0);
    TupleDescInitEntry(description_, kEntry, "entry", BYTEAOID, -1, 0);
    AttrNumber keys[] = {kList};
    Oid operators[] = {kInt4Less}, collations[] = {InvalidOid};
    bool nulls_first[] = {false};
    sort_ = tuplesort_begin_heap(description_, 1, keys, operators, collations, nulls_first, memory,
                                 nullptr, 0);
    in_ = MakeSingleTupleTableSlot(description_, &TTSOpsVirtual);
    out_ = MakeSingleTupleTableSlot(description_, &TTSOpsMinimalTuple);
    const Size size = VARHDRSZ + sizeof(index::ivf::RowId) + code_bytes_;
    buffer_ = static_cast<bytea*>(palloc0(size));
    SET_VARSIZE(buffer_, size);
  });
}

void ListSort::close() {
  call([this] {
    ExecDropSingleTupleTableSlot(in_);
    ExecDropSingleTupleTableSlot(out_);
    tuplesort_end(sort_);
    FreeTupleDesc(description_);
    pfree(buffer_);
  });
}

void ListSort::add(const std::uint32_t* lists, const index::ivf::RowId* rows,
                   const std::byte* codes, std::size_t count) {
  call([&] {
    char* to = VARDATA(buffer_);
    for (std::size_t i = 0; i < count; ++i) {
      memcpy(to, &rows[i], sizeof rows[i]);
      memcpy(to + sizeof rows[i], codes + i * code_bytes_, code_bytes_);
      ExecClearTuple(in_);
      in_->tts_values[0] = Int32GetDatum(static_cast<int32>(lists[i]));
      in_->tts_values[1] = PointerGetDatum(buffer_);
      in_->tts_isnull[0] = in_->tts_isnull[1] = false;
      ExecStoreVirtualTuple(in_);
      tuplesort_puttupleslot(sort_, in_);
    }
  });
}

void ListSort::sort() {
  call([this] { tuplesort_performsort(sort_); });
}

bool ListSort::next(std::uint32_t* list, index::ivf::RowId* row, const std::byte** code) {
  return call([&] {
    if (!tuplesort_gettupleslot(sort_, true, false, out_, nullptr)) return false;
    bool null;
    *list = static_cast<std::uint32_t>(DatumGetInt32(slot_getattr(out_, kList, &null)));
    // Short values have a packed header inside a tuple.
    const auto* entry =
        reinterpret_cast<const varlena*>(DatumGetPointer(slot_getattr(out_, kEntry, &null)));
    const char* from = VARDATA_ANY(entry);
    memcpy(row, from, sizeof *row);
    *code = reinterpret_cast<const std::byte*>(from + sizeof *row);
    return true;
  });
}

}  // namespace rv::pg::ivf
