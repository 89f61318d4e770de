// KeyReader over a single column of bytea: the keys of property indexes.
#include <algorithm>

#include "pg/graph/key_reader.h"

extern "C" {
#include "pgstat.h"
#include "utils/rel.h"
}

namespace rv::pg {
namespace {

// The bytes of an entry of one column; null where they are compressed.
const char* plain_bytes(IndexTuple entry, std::size_t* size) {
  const char* data = reinterpret_cast<const char*>(entry) + IndexInfoFindDataOffset(entry->t_info);
  if (VARATT_IS_1B_E(data) || (!VARATT_IS_1B(data) && !VARATT_IS_4B_U(data))) return nullptr;
  *size = VARSIZE_ANY_EXHDR(data);
  return VARDATA_ANY(data);
}

}  // namespace

void KeyReader::init_bytes(Oid table, Oid index) noexcept {
  table_ = table;
  index_ = index;
  columns_ = 1;
  of_bytes_ = true;
}

// As compare(): an entry with the key itself is not left of it, whatever its row's place.
int KeyReader::compare_bytes(IndexTuple entry) const {
  if (IndexTupleHasNulls(entry)) return 1;
  std::size_t size;
  const char* bytes = plain_bytes(entry, &size);
  if (bytes == nullptr) {
    odd_ = true;
    return 1;
  }
  const int c = memcmp(bytes, bytes_key_.data(), std::min(size, bytes_key_.size()));
  return c < 0 || (c == 0 && size < bytes_key_.size()) ? -1 : 1;
}

bool KeyReader::has_bytes(IndexTuple entry) const {
  if (IndexTupleHasNulls(entry)) return false;
  std::size_t size;
  const char* bytes = plain_bytes(entry, &size);
  return bytes != nullptr && std::string_view(bytes, size) == bytes_key_;
}

bool KeyReader::seek_bytes(std::string_view key, Snapshot snapshot) {
  bytes_key_ = key;
  snapshot_ = snapshot;
  odd_ = false;
  go_to_key();
  return !odd_;
}

std::size_t KeyReader::next_rows(const ItemPointerData** rows) {
  *rows = rows_;
  while (next_page()) {
    if (count_ == 0) continue;
    pgstat_count_index_tuples(rel_, static_cast<int64>(count_));
    return count_;
  }
  return 0;
}

}  // namespace rv::pg
