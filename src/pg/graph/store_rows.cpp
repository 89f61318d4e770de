// PgStore: rows by id and what is in them, through what the session knows of their places and
// values.
#include <algorithm>

#include "pg/graph/map_datum.h"
#include "pg/graph/quiet_table.h"
#include "pg/graph/store.h"

extern "C" {
#include "access/table.h"
#include "access/visibilitymap.h"
#include "utils/array.h"
#include "utils/rel.h"
}

namespace rv::pg {

using graph::Arena;
using graph::kNoName;
using graph::NameId;
using graph::Value;

namespace {

// Fewer rows than this are read again at less cost than their values are kept: look-ups of single
// nodes seldom come back to the same one.
constexpr std::size_t kWorthKeeping = 4;

Datum attribute(HeapTuple row, AttrNumber column, TupleDesc desc) {
  bool null;
  return heap_getattr(row, column, desc, &null);
}

// The bytes of a stored map; what has to be detoasted goes to the current context.
graph::MapView map_in(HeapTuple row, AttrNumber column, TupleDesc desc) {
  return graph::MapView(map_bytes(attribute(row, column, desc)));
}

// The elements of a stored int4[], where they lie: not aligned.
std::span<const std::byte> label_bytes(HeapTuple row, TupleDesc desc) {
  const auto array = map_bytes(attribute(row, kNodeLabels, desc));
  struct {
    std::int32_t dimensions, data_offset;
    Oid element;
    std::int32_t length;
  } head{};
  constexpr std::size_t kData = ARR_OVERHEAD_NONULLS(1) - VARHDRSZ;
  if (array.size() < kData) return {};
  std::memcpy(&head, array.data(), sizeof head);
  if (head.dimensions != 1 || head.data_offset != 0 || head.length < 0) return {};
  const std::size_t bytes = static_cast<std::size_t>(head.length) * sizeof(NameId);
  return bytes > array.size() - kData ? std::span<const std::byte>{} : array.subspan(kData, bytes);
}

std::span<const NameId> labels_in(HeapTuple row, TupleDesc desc, Arena& arena) {
  const auto bytes = label_bytes(row, desc);
  auto* labels = arena.array<NameId>(bytes.size() / sizeof(NameId));
  if (!bytes.empty()) std::memcpy(labels, bytes.data(), bytes.size());
  return {labels, bytes.size() / sizeof(NameId)};
}

bool has_label(HeapTuple row, TupleDesc desc, NameId label) {
  const auto bytes = label_bytes(row, desc);
  for (std::size_t at = 0; at < bytes.size(); at += sizeof(NameId)) {
    NameId l;
    std::memcpy(&l, bytes.data() + at, sizeof l);
    if (l == label) return true;
  }
  return false;
}

graph::RelationshipRef ref_in(HeapTuple row, TupleDesc desc) {
  const auto int8 = [&](AttrNumber column) { return DatumGetInt64(attribute(row, column, desc)); };
  return {int8(kEdgeId), int8(kEdgeSource), int8(kEdgeTarget),
          DatumGetInt32(attribute(row, kEdgeType, desc))};
}

}  // namespace

bool PgStore::fetch_by_id(PooledScan* s, std::int64_t id) {
  ScanKeyData key;
  int8_key(&key, 1, id);
  rescan(s, &key, 1);
  return next_row(s);
}

PgStore::RowTable& PgStore::row_table(bool nodes) {
  RowTable& t = row_tables_[nodes ? 0 : 1];
  if (t.heap != nullptr) return t;
  const Oid oid = nodes ? tables_.node : tables_.edge;
  pool(nodes ? kNodeByKey : kEdgeByKey);  // may the caller read it?
  call([&] {
    t.heap = table_open(oid, NoLock);  // pool() has locked it
    t.telling = has_telling_map(t.heap, snapshot_);
  });
  t.blocks = InvalidBlockNumber;
  t.places = row_places(oid);
  if (t.values != nullptr) t.older.push_back(std::move(t.values));
  if (t.telling) t.values = row_values(oid);
  return t;
}

// Begins to keep values of another state of the map. What was given out stays where it is.
void PgStore::renew_values(RowTable& t) {
  if (t.values != nullptr) t.older.push_back(std::move(t.values));
  const std::uint64_t map = call([&] { return map_lsn(t.heap, known_blocks(t.heap, &t.blocks)); });
  t.values = new_row_values(RelationGetRelid(t.heap), t.blocks, map);
}

// Inside call().
void PgStore::close_row_table(RowTable& t) {
  if (BufferIsValid(t.map)) ReleaseBuffer(t.map);
  t.map = InvalidBuffer;
  if (t.heap != nullptr) table_close(t.heap, NoLock);
  t.heap = nullptr;
}

// For for_each_row(): only the rows that are asked for.
struct NoOthers {
  static bool wants(BlockNumber) { return false; }
  static void take(std::int64_t, HeapTuple, TupleDesc) {}
};

// Calls visit(i, row, description, block) inside call() for every id that has a row; ascending by
// id, each id once, with the repeats after them through repeat(i, j): i is as j. `block` is the
// row's where the page says that everybody sees what is on it, else InvalidBlockNumber. Of such a
// page `others` may want all rows.
template <class Visit, class Repeat, class Others>
void PgStore::for_each_row(bool nodes, std::span<const std::int64_t> ids, Visit visit,
                           Repeat repeat, Others&& others) {
  auto& wanted = wanted_rows_;
  wanted.resize(ids.size());
  bool sorted = true;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    wanted[i] = {ids[i], static_cast<std::uint32_t>(i)};
    sorted = sorted && (i == 0 || ids[i - 1] < ids[i]);
  }
  std::vector<std::pair<std::uint32_t, std::uint32_t>> repeats;
  if (!sorted) {
    std::sort(wanted.begin(), wanted.end(),
              [](const WantedRow& a, const WantedRow& b) { return a.id < b.id; });
    std::size_t kept = 0;
    for (const WantedRow& w : wanted) {
      if (kept > 0 && wanted[kept - 1].id == w.id) {
        repeats.emplace_back(w.input, wanted[kept - 1].input);
      } else {
        wanted[kept++] = w;
      }
    }
    wanted.resize(kept);
  }
  RowTable& table = row_table(nodes);
  // A query that writes adds rows.
  if (dirty_ || write_snapshot_ != nullptr) table.blocks = InvalidBlockNumber;
  ScanPool& scans = pools_[nodes ? kNodeByKey : kEdgeByKey];
  const std::span<const WantedRow> all(wanted);
  PooledScan* s = nullptr;
  call([&] {
    TupleDesc desc = RelationGetDescr(table.heap);
    PageReader pages(table.heap, &table.blocks, snapshot_, table.places.get());
    if (row_scratch_ == nullptr)
      row_scratch_ = AllocSetContextCreateInternal(context_, "graph rows", ALLOCSET_SMALL_SIZES);
    MemoryContext old = MemoryContextSwitchTo(row_scratch_);
    HeapTupleData found[PageReader::kRun];
    for (std::size_t k = 0; k < all.size();) {
      const std::size_t n = pages.read(&all[k], all.size() - k, found);
      for (std::size_t i = 0; i < n; ++i)
        if (found[i].t_data != nullptr)
          visit(all[k + i].input, &found[i], desc,
                pages.all_visible() ? ItemPointerGetBlockNumber(&found[i].t_self)
                                    : InvalidBlockNumber);
      if (pages.all_visible() && others.wants(pages.block()))
        pages.each_row([&](std::int64_t id, HeapTuple row) { others.take(id, row, desc); });
      for (std::size_t i = 0; i < n; ++i) {
        if (found[i].t_data != nullptr) continue;
        if (s == nullptr) s = scans.acquire(snapshot_);
        if (!fetch_by_id(s, all[k + i].id)) continue;
        bool free_row = false;
        HeapTuple row = ExecFetchSlotHeapTuple(s->slot, false, &free_row);
        visit(all[k + i].input, row, desc, InvalidBlockNumber);
        pages.learn(ItemPointerGetBlockNumber(&s->slot->tts_tid));
        if (free_row) heap_freetuple(row);
      }
      k += n;
      MemoryContextReset(row_scratch_);
      CHECK_FOR_INTERRUPTS();
    }
    pages.close();
    if (s != nullptr) ExecClearTuple(s->slot);
    MemoryContextSwitchTo(old);
  });
  if (s != nullptr) scans.release(s);
  for (const auto& [i, j] : repeats) repeat(i, j);
}

void PgStore::read_nodes(std::span<const graph::NodeId> ids, Arena& arena, graph::NodeRecord* out) {
  std::fill(out, out + ids.size(), graph::NodeRecord{});
  for_each_row(
      true, ids,
      [&](std::uint32_t i, HeapTuple row, TupleDesc desc, BlockNumber) {
        out[i].found = true;
        out[i].labels = labels_in(row, desc, arena);
        out[i].properties =
            to_properties(map_in(row, kNodeProperties, desc), session_keys(), arena);
      },
      [&](std::uint32_t i, std::uint32_t j) { out[i] = out[j]; }, NoOthers{});
}

void PgStore::read_node_labels(std::span<const graph::NodeId> ids, Arena& arena,
                               std::span<const NameId>* out, bool* found) {
  std::fill(out, out + ids.size(), std::span<const NameId>{});
  std::fill(found, found + ids.size(), false);
  for_each_row(
      true, ids,
      [&](std::uint32_t i, HeapTuple row, TupleDesc desc, BlockNumber) {
        found[i] = true;
        out[i] = labels_in(row, desc, arena);
      },
      [&](std::uint32_t i, std::uint32_t j) {
        found[i] = found[j];
        out[i] = out[j];
      },
      NoOthers{});
}

// Is what was kept for this state of the map still so? To be asked after the bits of the pages.
// Inside call().
bool PgStore::values_hold(const RowTable& t) {
  return map_lsn(t.heap, t.values->blocks()) == t.values->map();
}

// Fills in what the session knows, and sets found[i] there; returns how many.
std::size_t PgStore::known_values(RowTable& t, std::span<const std::int64_t> ids,
                                  std::span<const NameId> keys, Value* out, bool* found) {
  constexpr std::size_t kKeys = 16;
  constexpr std::size_t kAhead = 8;
  if (t.values == nullptr || keys.empty() || keys.size() > kKeys) return 0;
  const RowValues::Column* columns[kKeys];
  for (std::size_t k = 0; k < keys.size(); ++k) columns[k] = &t.values->column(keys[k]);
  const std::size_t n = ids.size();
  std::size_t known = 0;
  const bool hold = call([&] {
    const RowValues::Chunk* chunks[kKeys] = {};
    std::int64_t number = -1;
    bool all_chunks = false;
    BlockNumber seen_by_all = InvalidBlockNumber;
    for (std::size_t i = 0; i < n; ++i) {
      const std::int64_t id = ids[i];
      if (id < 0) continue;
      // The rows of a traversal lie anywhere: those to come are fetched while these are looked at.
      if (i + kAhead < n)
        if (const auto* ahead = columns[0]->chunk(ids[i + kAhead]); ahead != nullptr)
          __builtin_prefetch(&(*ahead)[static_cast<std::size_t>(ids[i + kAhead]) %
                                       static_cast<std::size_t>(RowValues::kChunk)]);
      if (id / RowValues::kChunk != number) {
        number = id / RowValues::kChunk;
        all_chunks = true;
        for (std::size_t k = 0; k < keys.size(); ++k)
          all_chunks = (chunks[k] = columns[k]->chunk(id)) != nullptr && all_chunks;
      }
      if (!all_chunks) continue;
      const auto at = static_cast<std::size_t>(id % RowValues::kChunk);
      const BlockNumber block = (*chunks[0])[at].block;
      bool here = block != InvalidBlockNumber;
      for (std::size_t k = 1; k < keys.size(); ++k) here = here && (*chunks[k])[at].block == block;
      if (!here) continue;
      if (block != seen_by_all) {
        if (!VM_ALL_VISIBLE(t.heap, block, &t.map)) continue;
        seen_by_all = block;
      }
      for (std::size_t k = 0; k < keys.size(); ++k) out[k * n + i] = (*chunks[k])[at].value;
      found[i] = true;
      ++known;
    }
    return known == 0 || values_hold(t);
  });
  if (hold) return known;
  // VACUUM was there: the rows are read, and values kept anew.
  std::fill(out, out + n * keys.size(), Value());
  std::fill(found, found + n, false);
  return 0;
}

// Keeps what was just read: blocks[i] is the page of ids[i] as for_each_row() tells, values.at(k,
// i) its value for keys[k].
void PgStore::keep_values(RowTable& t, std::span<const std::int64_t> ids,
                          std::span<BlockNumber> blocks, std::span<const NameId> keys,
                          const ValueTable& values) {
  if (!t.telling || t.no_room || keys.empty()) return;
  // The first ones: what was read just now came before the state they would be kept for.
  if (t.values == nullptr) return renew_values(t);
  const bool hold = call([&] {
    BlockNumber seen_by_all = InvalidBlockNumber;
    for (BlockNumber& block : blocks) {
      if (block == InvalidBlockNumber || block == seen_by_all) continue;
      if (block < t.values->blocks() && VM_ALL_VISIBLE(t.heap, block, &t.map)) {
        seen_by_all = block;
      } else {
        block = InvalidBlockNumber;
      }
    }
    return values_hold(t);
  });
  if (!hold) return renew_values(t);
  for (std::size_t k = 0; k < keys.size(); ++k) {
    RowValues::Column& column = t.values->column(keys[k]);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (blocks[i] == InvalidBlockNumber) continue;
      if (t.values->note(column, ids[i], blocks[i], values.at(k, i))) continue;
      // The next query begins anew.
      t.no_room = true;
      return forget_row_values(RelationGetRelid(t.heap));
    }
  }
}

// Those of some ids that known_values() did not find, and their places among them.
struct PgStore::Unknown {
  Unknown(PgStore& store, std::span<const std::int64_t> all, std::size_t known, const bool* found)
      : ids(all), places_(store.unknown_places_), some_(known > 0) {
    store.row_blocks_.assign(all.size(), InvalidBlockNumber);
    if (!some_) return;
    places_.clear();
    store.unknown_ids_.clear();
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (found[i]) continue;
      places_.push_back(static_cast<std::uint32_t>(i));
      store.unknown_ids_.push_back(all[i]);
    }
    ids = store.unknown_ids_;
  }
  std::uint32_t place(std::uint32_t i) const { return some_ ? places_[i] : i; }

  std::span<const std::int64_t> ids;

 private:
  std::vector<std::uint32_t>& places_;
  bool some_;
};

// The rows beside those that were asked for, on pages that queries come back to. read(row,
// description, values, stride): the values of the keys, `stride` apart.
template <class Read>
class PgStore::OtherRows {
 public:
  OtherRows(RowTable& table, std::span<const NameId> keys, bool worth, Read read)
      : table_(table), keys_(keys), read_(read) {
    if (worth && table.telling && !table.no_room) values_ = table.values;
  }
  bool wants(BlockNumber block) {
    bool any = false;
    if (values_ != nullptr)
      for (const NameId key : keys_)
        any = values_->is_second_visit(values_->column(key), block) || any;
    return any;
  }
  void take(std::int64_t id, HeapTuple row, TupleDesc desc) {
    if (HeapTupleHasExternal(row)) return;  // dearer to fetch unasked than a visit is
    const std::size_t at = found_.size();
    found_.resize(at + keys_.size());
    ids_.push_back(id);
    blocks_.push_back(ItemPointerGetBlockNumber(&row->t_self));
    read_(row, desc, &found_[at], 1);
  }
  void keep(PgStore& store) {
    if (ids_.empty() || table_.values != values_) return;
    store.keep_values(table_, ids_, blocks_, keys_, {found_.data(), 1, keys_.size()});
  }

 private:
  RowTable& table_;
  std::span<const NameId> keys_;
  Read read_;
  std::shared_ptr<RowValues> values_;  // null: none are wanted
  std::vector<std::int64_t> ids_;
  std::vector<BlockNumber> blocks_;
  std::vector<Value> found_;
};

void PgStore::read_properties(bool nodes, std::span<const std::int64_t> ids,
                              std::span<const NameId> keys, Arena& arena, Value* out, bool* found) {
  const std::size_t n = ids.size();
  std::fill(out, out + n * keys.size(), Value());
  std::fill(found, found + n, false);
  if (n == 0) return;
  RowTable& table = row_table(nodes);
  const std::size_t known = known_values(table, ids, keys, out, found);
  if (known == n) return;
  const graph::KeyTable& names = session_keys();
  const AttrNumber column = nodes ? kNodeProperties : kEdgeProperties;
  const auto read = [&](HeapTuple row, TupleDesc desc, Value* to, std::size_t stride) {
    if (keys.empty()) return;
    const graph::MapView map = map_in(row, column, desc);
    for (std::size_t k = 0; k < keys.size(); ++k)
      if (keys[k] != kNoName)
        if (const auto value = map.find(names[keys[k]])) to[k * stride] = to_value(*value, arena);
  };
  Unknown rest(*this, ids, known, found);
  const bool worth = n >= kWorthKeeping;
  OtherRows others(table, keys, worth, read);
  for_each_row(
      nodes, rest.ids,
      [&](std::uint32_t i, HeapTuple row, TupleDesc desc, BlockNumber block) {
        const std::uint32_t to = rest.place(i);
        found[to] = true;
        row_blocks_[to] = block;
        read(row, desc, out + to, n);
      },
      [&](std::uint32_t i, std::uint32_t j) {
        found[rest.place(i)] = found[rest.place(j)];
        for (std::size_t k = 0; k < keys.size(); ++k)
          out[k * n + rest.place(i)] = out[k * n + rest.place(j)];
      },
      others);
  if (!worth) return;
  keep_values(table, ids, row_blocks_, keys, {out, n, 1});
  others.keep(*this);
}

// Whether a node has a label is kept like a property of it; such keys are below kNoName.
void PgStore::test_by_row(std::span<const graph::NodeId> ids, NameId label, std::int8_t* out) {
  const NameId key = kNoName - 1 - label;
  RowTable& table = row_table(true);
  auto& values = tested_;
  values.assign(ids.size(), Value());
  const auto found = std::make_unique<bool[]>(ids.size());
  const std::size_t known = known_values(table, ids, {&key, 1}, values.data(), found.get());
  Unknown rest(*this, ids, known, found.get());
  for (std::size_t i = 0; i < ids.size(); ++i)
    if (found[i]) out[i] = values[i].is_true() ? 1 : 0;
  if (known == ids.size()) return;
  OtherRows others(table, {&key, 1}, true,
                   [label](HeapTuple row, TupleDesc desc, Value* to, std::size_t) {
                     *to = Value::boolean(has_label(row, desc, label));
                   });
  for_each_row(
      true, rest.ids,
      [&](std::uint32_t i, HeapTuple row, TupleDesc desc, BlockNumber block) {
        const std::uint32_t to = rest.place(i);
        const bool has = has_label(row, desc, label);
        row_blocks_[to] = block;
        values[to] = Value::boolean(has);
        out[to] = has ? 1 : 0;
      },
      [&](std::uint32_t i, std::uint32_t j) { out[rest.place(i)] = out[rest.place(j)]; }, others);
  keep_values(table, ids, row_blocks_, {&key, 1}, {values.data(), ids.size(), 1});
  others.keep(*this);
}

void PgStore::read_node_properties(std::span<const graph::NodeId> ids, std::span<const NameId> keys,
                                   Arena& arena, Value* out, bool* found) {
  read_properties(true, ids, keys, arena, out, found);
}

void PgStore::read_relationship_properties(std::span<const graph::RelationshipId> ids,
                                           std::span<const NameId> keys, Arena& arena, Value* out,
                                           bool* found) {
  read_properties(false, ids, keys, arena, out, found);
}

void PgStore::read_relationships(std::span<const graph::RelationshipId> ids, Arena& arena,
                                 graph::RelationshipRecord* out) {
  std::fill(out, out + ids.size(), graph::RelationshipRecord{});
  for_each_row(
      false, ids,
      [&](std::uint32_t i, HeapTuple row, TupleDesc desc, BlockNumber) {
        out[i].found = true;
        out[i].ref = ref_in(row, desc);
        out[i].properties =
            to_properties(map_in(row, kEdgeProperties, desc), session_keys(), arena);
      },
      [&](std::uint32_t i, std::uint32_t j) { out[i] = out[j]; }, NoOthers{});
}

}  // namespace rv::pg
