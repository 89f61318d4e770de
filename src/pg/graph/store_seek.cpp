// Property indexes: what there is, and seeks by equality, range and prefix.
#include <algorithm>

#include "core/graph/map/sort_key.h"
#include "pg/graph/map_datum.h"
#include "pg/graph/store.h"

extern "C" {
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "storage/bufmgr.h"
#include "utils/fmgroids.h"
}

namespace rv::pg {

using graph::IndexRange;
using graph::Value;

namespace {

constexpr int kMaxScanKeys = 2 * INDEX_MAX_KEYS + 2;

// One condition on the key of a column.
struct Bound {
  AttrNumber column;
  StrategyNumber strategy;
  std::string key;
};

std::string sort_key(const Value& value) {
  std::string encoded;
  graph::encode_value(encoded, value);
  std::string key;
  append_sort_key(key, graph::PropertyView::decode(std::as_bytes(std::span(encoded))));
  return key;
}

// The smallest key above every key that starts with `prefix`.
std::string after_prefix(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

bool is_cut(const std::string& key) { return key.size() > 1 + graph::kMaxKeyString; }

// Keys beyond the cut keep no order: the bound then is the cut itself.
void add_range(std::vector<Bound>& out, AttrNumber column, const IndexRange& range) {
  if (range.prefix) {
    std::string low;
    graph::append_string_prefix_key(low, *range.prefix);
    out.push_back({column, BTGreaterEqualStrategyNumber, low});
    out.push_back({column, BTLessStrategyNumber, after_prefix(low)});
    return;
  }
  const std::string any = sort_key(range.lower ? *range.lower : *range.upper).substr(0, 1);
  std::string low = range.lower ? sort_key(*range.lower) : any;
  std::string high = range.upper ? sort_key(*range.upper) : any;
  const bool low_cut = is_cut(low);
  if (low_cut) low.resize(1 + graph::kMaxKeyString);
  out.push_back({column,
                 static_cast<StrategyNumber>(range.lower && !range.lower_inclusive && !low_cut
                                                 ? BTGreaterStrategyNumber
                                                 : BTGreaterEqualStrategyNumber),
                 low});
  if (!range.upper || is_cut(high)) {
    high.resize(std::min<std::size_t>(high.size(), 1 + graph::kMaxKeyString));
    out.push_back({column, BTLessStrategyNumber, after_prefix(high)});
  } else {
    out.push_back({column,
                   static_cast<StrategyNumber>(range.upper_inclusive ? BTLessEqualStrategyNumber
                                                                     : BTLessStrategyNumber),
                   high});
  }
}

RegProcedure comparison(StrategyNumber strategy) {
  switch (strategy) {
    case BTLessStrategyNumber:
      return F_BYTEALT;
    case BTLessEqualStrategyNumber:
      return F_BYTEALE;
    case BTGreaterEqualStrategyNumber:
      return F_BYTEAGE;
    case BTGreaterStrategyNumber:
      return F_BYTEAGT;
    default:
      return F_BYTEAEQ;
  }
}

// Times with an offset are equal where their instants are, and keys tell offsets and zones apart
// behind the instant: so many bytes of such a key decide, or all of any other key.
std::size_t equal_bytes(const Value& v, const std::string& key) {
  constexpr std::size_t kPart = 8;
  if (v.is(graph::Kind::time)) return 1 + kPart;
  if (v.is(graph::Kind::datetime)) return 1 + 2 * kPart;
  return key.size();
}

// The conditions of a seek; nothing when it cannot find anything.
std::optional<std::vector<Bound>> bounds_of(const IndexRange& range) {
  std::vector<Bound> out;
  AttrNumber column = 1;
  for (const Value& v : range.equal) {
    if (v.is_null()) return std::nullopt;
    std::string key = sort_key(v);
    const std::size_t decide = equal_bytes(v, key);
    if (decide == key.size()) {
      out.push_back({column++, BTEqualStrategyNumber, std::move(key)});
      continue;
    }
    key.resize(decide);
    out.push_back({column, BTGreaterEqualStrategyNumber, key});
    out.push_back({column++, BTLessStrategyNumber, after_prefix(std::move(key))});
  }
  for (const auto& v : {range.lower, range.upper})
    if (v && v->is_null()) return std::nullopt;
  if (range.prefix || range.lower || range.upper) add_range(out, column, range);
  return out;
}

}  // namespace

// Rows of an index scan, taken from the heap.
class SeekCursor {
 public:
  SeekCursor(ScanPool& pool, Snapshot snapshot, const std::vector<Bound>& bounds) : pool_(pool) {
    std::vector<Datum> keys;
    keys.reserve(bounds.size());
    for (const auto& b : bounds) keys.push_back(bytes_datum(b.key));
    const std::span<const Datum> data(keys);
    const std::span<const Bound> conditions(bounds);
    scan_ = call([&] {
      PooledScan* s = pool.acquire(snapshot);
      ScanKeyData scan_keys[kMaxScanKeys];
      for (std::size_t i = 0; i < conditions.size(); ++i)
        ScanKeyInit(&scan_keys[i], conditions[i].column, conditions[i].strategy,
                    comparison(conditions[i].strategy), data[i]);
      rescan(s, scan_keys, static_cast<int>(conditions.size()));
      return s;
    });
  }
  ~SeekCursor() { pool_.release(scan_); }
  SeekCursor(const SeekCursor&) = delete;
  SeekCursor& operator=(const SeekCursor&) = delete;

  template <class T, class Take>
  std::size_t fill(std::span<T> out, Take take) {
    if (done_) return 0;
    const std::size_t n = call([&] {
      std::size_t i = 0;
      for (; i < out.size(); ++i) {
        if (!next_row(scan_)) break;
        take(scan_->slot, out[i]);
        CHECK_FOR_INTERRUPTS();
      }
      ExecClearTuple(scan_->slot);
      return i;
    });
    done_ = n < out.size();
    return n;
  }

 private:
  ScanPool& pool_;
  PooledScan* scan_;
  bool done_ = false;
};

namespace {

template <class T>
class EmptyCursor final : public graph::Cursor<T> {
 public:
  std::size_t next(std::span<T>) override { return 0; }
};

class NodeSeek final : public graph::NodeCursor {
 public:
  NodeSeek(ScanPool& pool, Snapshot snapshot, const std::vector<Bound>& bounds)
      : seek_(pool, snapshot, bounds) {}
  std::size_t next(std::span<graph::NodeId> out) override {
    return seek_.fill(out, [](TupleTableSlot* slot, graph::NodeId& id) {
      bool null;
      id = DatumGetInt64(slot_getattr(slot, kNodeId, &null));
    });
  }

 private:
  SeekCursor seek_;
};

class RelationshipSeek final : public graph::RelationshipCursor {
 public:
  RelationshipSeek(ScanPool& pool, Snapshot snapshot, const std::vector<Bound>& bounds)
      : seek_(pool, snapshot, bounds) {}
  std::size_t next(std::span<graph::RelationshipRef> out) override {
    return seek_.fill(out, [](TupleTableSlot* slot, graph::RelationshipRef& r) {
      bool null;
      r.id = DatumGetInt64(slot_getattr(slot, kEdgeId, &null));
      r.type = DatumGetInt32(slot_getattr(slot, kEdgeType, &null));
      r.source = DatumGetInt64(slot_getattr(slot, kEdgeSource, &null));
      r.target = DatumGetInt64(slot_getattr(slot, kEdgeTarget, &null));
    });
  }

 private:
  SeekCursor seek_;
};

}  // namespace

// Nodes with one value of an index's only property, along the pages of the index.
class KeyedNodes final : public graph::NodeCursor {
 public:
  KeyedNodes(PgStore& store, std::uint32_t index, KeyReader* reader, std::string key)
      : store_(store),
        index_(index),
        reader_(reader),
        table_(store.row_table(true)),
        key_(std::move(key)) {}
  ~KeyedNodes() override { store_.release_index_walk(index_, reader_); }
  KeyedNodes(const KeyedNodes&) = delete;
  KeyedNodes& operator=(const KeyedNodes&) = delete;

  // False: the access method must be asked.
  bool open() {
    return call([this] { return reader_->seek_bytes(key_, store_.snapshot_); });
  }

  std::size_t next(std::span<graph::NodeId> out) override {
    if (done_) return 0;
    ItemPointerData found[kNoted];  // for the session's places
    std::size_t noted = 0;
    const std::size_t n = call([&] {
      std::size_t i = 0;
      Buffer buffer = InvalidBuffer;
      while (i < out.size()) {
        if (at_ == count_) {
          reader_->mark_dead();
          at_ = 0;
          count_ = reader_->next_rows(&rows_);
          if (count_ == 0) {
            done_ = true;
            break;
          }
        }
        ItemPointerData place = rows_[at_++];
        bool all_dead = false;
        if (!id_of(&place, &buffer, &out[i], &all_dead)) {
          if (all_dead) reader_->note_dead(at_ - 1);
          continue;
        }
        if (i < kNoted) found[noted++] = place;
        ++i;
      }
      if (BufferIsValid(buffer)) ReleaseBuffer(buffer);
      CHECK_FOR_INTERRUPTS();
      return i;
    });
    for (std::size_t i = 0; i < noted; ++i)
      table_.places->note(out[i], ItemPointerGetBlockNumberNoCheck(&found[i]),
                          ItemPointerGetOffsetNumberNoCheck(&found[i]));
    return n;
  }

 private:
  static constexpr std::size_t kNoted = 16;

  // Of the row at this place that the snapshot sees; false when there is none. Keeps a pin.
  bool id_of(ItemPointer place, Buffer* buffer, graph::NodeId* id, bool* all_dead) {
    const BlockNumber block = ItemPointerGetBlockNumber(place);
    if (!BufferIsValid(*buffer) || BufferGetBlockNumber(*buffer) != block) {
      if (BufferIsValid(*buffer)) ReleaseBuffer(*buffer);
      *buffer = InvalidBuffer;  // before what may raise an error
      *buffer = read_page(table_.heap, block, table_.places.get());
    }
    LockBuffer(*buffer, BUFFER_LOCK_SHARE);
    ItemPointerData tid = *place;
    HeapTupleData row;
    const bool seen =
        heap_hot_search_buffer(&tid, table_.heap, *buffer, store_.snapshot_, &row, all_dead, true);
    // The id is the first column, never null, and lies where the header ends.
    if (seen)
      memcpy(id, reinterpret_cast<const char*>(row.t_data) + row.t_data->t_hoff, sizeof *id);
    LockBuffer(*buffer, BUFFER_LOCK_UNLOCK);
    return seen;
  }

  PgStore& store_;
  std::uint32_t index_;
  KeyReader* reader_;
  PgStore::RowTable& table_;
  std::string key_;
  const ItemPointerData* rows_ = nullptr;
  std::size_t at_ = 0, count_ = 0;
  bool done_ = false;
};

// Those that seek can use, in the order of their numbers.
const std::vector<PropertyIndex>& PgStore::seekable_indexes() {
  if (indexes_loaded_) return *property_indexes_;
  index_infos_.clear();
  property_indexes_ = ordered_indexes(tables_);
  indexes_loaded_ = true;
  return *property_indexes_;
}

std::span<const graph::GraphIndex> PgStore::indexes() {
  seekable_indexes();
  if (!index_infos_.empty()) return index_infos_;
  for (const auto& x : *property_indexes_) {
    graph::GraphIndex info;
    info.id = static_cast<std::uint32_t>(index_infos_.size());
    info.label = x.label;
    info.on_relationships = x.on_relationships;
    info.unique = x.unique;
    for (const auto& key : x.keys) info.keys.push_back(session_keys().intern(key));
    info.distinct_values =
        distinct_keys(x, x.on_relationships ? relationship_count(x.label) : label_count(x.label));
    index_infos_.push_back(std::move(info));
  }
  return index_infos_;
}

ScanPool& PgStore::index_pool(std::uint32_t index, int keys) {
  seekable_indexes();
  for (auto& p : index_pools_)
    if (p->index == index && p->keys == keys) return p->pool;
  const PropertyIndex& x = property_indexes_->at(index);
  const Oid table = x.on_relationships ? tables_.edge : tables_.node;
  hold(table);
  check_table_access(table, ACL_SELECT);
  auto& p = index_pools_.emplace_back(std::make_unique<IndexPool>(IndexPool{index, keys, {}}));
  p->pool.init(table, x.index, keys, false, context_);
  return p->pool;
}

std::unique_ptr<graph::NodeCursor> PgStore::seek_nodes(std::uint32_t index,
                                                       const IndexRange& range) {
  const bool one = range.equal.size() == 1 && !range.lower && !range.upper && !range.prefix;
  if (one && !range.equal[0].is_null()) {
    std::string key = sort_key(range.equal[0]);
    const bool whole = equal_bytes(range.equal[0], key) == key.size();
    KeyReader* reader =
        whole && key.size() <= KeyReader::kLongestKey ? acquire_index_walk(index) : nullptr;
    if (reader != nullptr) {
      auto cursor = std::make_unique<KeyedNodes>(*this, index, reader, std::move(key));
      if (cursor->open()) return cursor;
    }
  }
  const auto bounds = bounds_of(range);
  if (!bounds) return std::make_unique<EmptyCursor<graph::NodeId>>();
  return std::make_unique<NodeSeek>(index_pool(index, static_cast<int>(bounds->size())), snapshot_,
                                    *bounds);
}

// Keys tell these values apart, and NaN and longer texts not.
bool PgStore::seeks_exactly(std::uint32_t, const IndexRange& range) {
  return std::all_of(range.equal.begin(), range.equal.end(), [](const Value& v) {
    return v.is(graph::Kind::integer) || v.is(graph::Kind::boolean) ||
           (v.is(graph::Kind::string) && v.as_string().size() <= graph::kMaxKeyString);
  });
}

std::unique_ptr<graph::RelationshipCursor> PgStore::seek_relationships(std::uint32_t index,
                                                                       const IndexRange& range) {
  const auto bounds = bounds_of(range);
  if (!bounds) return std::make_unique<EmptyCursor<graph::RelationshipRef>>();
  return std::make_unique<RelationshipSeek>(index_pool(index, static_cast<int>(bounds->size())),
                                            snapshot_, *bounds);
}

}  // namespace rv::pg
