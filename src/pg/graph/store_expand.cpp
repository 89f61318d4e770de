// Expansion from nodes over the two edge indexes, index-only.
#include <cstddef>

#include "pg/graph/store.h"

namespace rv::pg {

using graph::Direction;
using graph::Hop;
using graph::kNoName;
using graph::NameId;
using graph::NodeId;

namespace {

// Entries of edge_out (source, type, target, id) and edge_in (target, type, source, id).
struct EdgeEntry {
  std::int64_t near;
  std::int32_t type;
  std::int32_t padding;
  std::int64_t far;
  std::int64_t id;
};
static_assert(sizeof(EdgeEntry) == KeyReader::kEntryBytes &&
              offsetof(EdgeEntry, id) == kEdgeEntryId);

}  // namespace

// Walks over (start, type, direction) one after the other; each is one descent of an index.
class ExpandCursor final : public graph::HopCursor {
 public:
  // `ends` empty: any far end.
  ExpandCursor(PgStore& store, std::span<const NodeId> starts, std::span<const NodeId> ends,
               Direction direction, std::span<const NameId> types)
      : store_(store),
        starts_(starts),
        ends_(ends),
        types_(types.begin(), types.end()),
        both_(direction == Direction::both),
        snapshot_(store.snapshot_) {
    // A search for one far end needs the type too: without types, far ends are compared here.
    keys_ = types_.empty() ? 1 : ends_.empty() ? 2 : 3;
    const int first_pool[2] = {PgStore::kOut1, PgStore::kIn1};
    for (int i = 0; i < 2; ++i) {
      if (direction == (i == 0 ? Direction::in : Direction::out)) continue;
      walks_[i] = store.acquire_walk(walk_of(i));
      if (walks_[i] == nullptr)
        pools_[i] = &store.pool(static_cast<PgStore::Pool>(first_pool[i] + keys_ - 1));
    }
    incoming_ = direction == Direction::in;
    if (!ends_.empty() || types_.empty() || types_.size() > kListedTypes) return;
    known_ = store.edges_for(starts.size());
    for (std::size_t t = 0; known_ != nullptr && t < types_.size(); ++t)
      for (int i = 0; i < 2; ++i) lists_[i][t] = &known_->of(i == 1, types_[t]);
  }
  ~ExpandCursor() override {
    for (int i = 0; i < 2; ++i) {
      if (scans_[i] != nullptr) pools_[i]->release(scans_[i]);
      if (walks_[i] != nullptr) store_.release_walk(walk_of(i), walks_[i]);
    }
  }
  ExpandCursor(const ExpandCursor&) = delete;
  ExpandCursor& operator=(const ExpandCursor&) = delete;

  std::size_t next(std::span<Hop> out) override {
    return call([&] {
      std::size_t n = 0;
      while (n < out.size()) {
        if (!positioned_) {
          if (start_ == starts_.size()) break;
          position();
        }
        EdgeEntry e;
        if (!next_entry(e)) {
          step();
          CHECK_FOR_INTERRUPTS();
          continue;
        }
        if (!ends_.empty() && e.far != ends_[start_]) continue;
        if (both_ && incoming_ && e.far == e.near) continue;  // a self-loop was seen going out
        Hop& hop = out[n++];
        hop.input = static_cast<std::uint32_t>(start_);
        hop.other = e.far;
        hop.relationship = incoming_ ? graph::RelationshipRef{e.id, e.far, e.near, e.type}
                                     : graph::RelationshipRef{e.id, e.near, e.far, e.type};
      }
      return n;
    });
  }

  // The number of entries at the current start whose far ends are accepted; moves on to the next
  // start.
  template <class Accept>
  std::int64_t count_start(Accept accept) {
    std::int64_t n = 0;
    const std::size_t here = start_;
    while (start_ == here) {
      if (!positioned_) position();
      EdgeEntry e;
      if (!next_entry(e)) {
        step();
        CHECK_FOR_INTERRUPTS();
        continue;
      }
      n += (both_ && incoming_ && e.far == e.near) || !accept(e.far) ? 0 : 1;
    }
    return n;
  }

 private:
  static PgStore::Walk walk_of(int i) { return i == 0 ? PgStore::kOutWalk : PgStore::kInWalk; }

  bool next_entry(EdgeEntry& e) {
    if (list_ != nullptr) {
      if (at_ == run_) return false;
      const Neighbour& n = list_[at_++];
      e = {starts_[start_], types_[type_], 0, n.far, n.id};
      return true;
    }
    if (!next_of_index(e)) {
      if (collecting_) known_->keep(*lists_[incoming_ ? 1 : 0][type_], starts_[start_], collected_);
      return false;
    }
    if (collecting_) collected_.push_back({e.far, e.id});
    return true;
  }

  bool next_of_index(EdgeEntry& e) {
    const int i = incoming_ ? 1 : 0;
    const char* raw;
    if (walks_[i] == nullptr) {
      raw = next_index_entry(scans_[i]);
      if (raw == nullptr) return false;
    } else {
      if (at_ == run_) {
        run_ = walks_[i]->next(&entries_);
        at_ = 0;
        if (run_ == 0) return false;
      }
      raw = entries_ + KeyReader::kEntryBytes * at_++;
    }
    std::memcpy(&e, raw, sizeof e);
    return true;
  }

  void position() {
    const int i = incoming_ ? 1 : 0;
    positioned_ = true;
    list_ = nullptr;
    collecting_ = known_ != nullptr;
    if (collecting_) {
      if (const EdgeLists::List* list = lists_[i][type_]->find(starts_[start_]); list != nullptr) {
        static constexpr Neighbour kNone{};
        list_ = list->count == 0 ? &kNone : list->entries;
        at_ = 0;
        run_ = list->count;
        return;
      }
      collected_.clear();
    }
    if (walks_[i] != nullptr) {
      IndexKey key{{starts_[start_]}, keys_};
      if (keys_ > 1) key.value[1] = types_[type_];
      if (keys_ > 2) key.value[2] = ends_[start_];
      at_ = run_ = 0;
      return walks_[i]->seek(key, snapshot_);
    }
    if (scans_[i] == nullptr) scans_[i] = pools_[i]->acquire(snapshot_);
    ScanKeyData keys[3];
    int8_key(&keys[0], 1, starts_[start_]);
    if (keys_ > 1) int4_key(&keys[1], 2, types_[type_]);
    if (keys_ > 2) int8_key(&keys[2], 3, ends_[start_]);
    rescan(scans_[i], keys, keys_);
  }
  void step() noexcept {
    positioned_ = false;
    if (++type_ < types_.size()) return;
    type_ = 0;
    if (both_ && !incoming_) {
      incoming_ = true;
      return;
    }
    if (both_) incoming_ = false;
    ++start_;
  }

  PgStore& store_;
  std::span<const NodeId> starts_, ends_;
  std::vector<NameId> types_;
  bool both_;
  bool incoming_;
  Snapshot snapshot_;
  int keys_;
  ScanPool* pools_[2] = {};
  PooledScan* scans_[2] = {};
  KeyReader* walks_[2] = {};  // instead of the scans
  const char* entries_ = nullptr;
  std::size_t at_ = 0, run_ = 0;
  static constexpr std::size_t kListedTypes = 4;
  KnownEdges* known_ = nullptr;
  EdgeLists* lists_[2][kListedTypes] = {};
  const Neighbour* list_ = nullptr;  // what is kept of the current start
  bool collecting_ = false;          // what is read of it shall be kept
  std::vector<Neighbour> collected_;
  std::size_t start_ = 0;
  std::size_t type_ = 0;
  bool positioned_ = false;
};

// Whether they hold is found out once in a query, when enough is asked for to be worth it.
KnownEdges* PgStore::edges_for(std::size_t starts) {
  constexpr std::size_t kFewStarts = 4;
  if (dirty_ || write_snapshot_ != nullptr) return nullptr;
  if (edges_checked_ || starts < kFewStarts) return edges_.get();
  edges_checked_ = true;
  pool(kOut1);  // may the caller read the table?
  const QuietState now = call([this] { return quiet_state(tables_.edge, snapshot_); });
  if (now.quiet) edges_ = known_edges(tables_.edge, now);
  return edges_.get();
}

std::unique_ptr<graph::HopCursor> PgStore::expand(std::span<const NodeId> starts,
                                                  Direction direction,
                                                  std::span<const NameId> types) {
  return std::make_unique<ExpandCursor>(*this, starts, std::span<const NodeId>{}, direction, types);
}

std::unique_ptr<graph::HopCursor> PgStore::expand_into(std::span<const NodeId> starts,
                                                       std::span<const NodeId> ends,
                                                       Direction direction,
                                                       std::span<const NameId> types) {
  return std::make_unique<ExpandCursor>(*this, starts, ends, direction, types);
}

void PgStore::degrees(std::span<const NodeId> starts, Direction direction,
                      std::span<const NameId> types, std::int64_t* out) {
  ExpandCursor cursor(*this, starts, {}, direction, types);
  call([&] {
    for (std::size_t i = 0; i < starts.size(); ++i)
      out[i] = cursor.count_start([](NodeId) { return true; });
  });
}

// By the sets of nodes that the session keeps. An end that no set holds has other labels: whoever
// sees a relationship sees its ends.
bool PgStore::degrees_to(std::span<const NodeId> starts, Direction direction,
                         std::span<const NameId> types, std::span<const NameId> end_labels,
                         std::int64_t* out) {
  constexpr std::size_t kSets = 4;
  const graph::NodeSet* sets[kSets];
  if (end_labels.empty() || end_labels.size() > kSets) return false;
  const double degree = average_degree(kNoName, types.size() == 1 ? types[0] : kNoName, direction);
  const auto hops = static_cast<std::size_t>(static_cast<double>(starts.size()) * (degree + 1));
  for (std::size_t i = 0; i < end_labels.size(); ++i)
    if ((sets[i] = nodes_with(end_labels[i], hops)) == nullptr) return false;
  ExpandCursor cursor(*this, starts, {}, direction, types);
  const std::span<const graph::NodeSet* const> wanted(sets, end_labels.size());
  call([&] {
    for (std::size_t i = 0; i < starts.size(); ++i)
      out[i] = cursor.count_start([&](NodeId end) {
        for (const graph::NodeSet* set : wanted)
          if (!set->contains(end)) return false;
        return true;
      });
  });
  return true;
}

}  // namespace rv::pg
