#include "pg/graph/attached_store.h"

#include <algorithm>
#include <unordered_map>

#include "core/graph/vector_cursor.h"
#include "pg/graph/attached_rows.h"

namespace rv::pg {

using graph::Direction;
using graph::Hop;
using graph::kNoName;
using graph::NameId;
using graph::NameKind;
using graph::NodeId;
using graph::RelationshipRef;
using graph::Value;

namespace {

// One cursor after the other.
template <class T>
class ChainCursor final : public graph::Cursor<T> {
 public:
  void add(std::unique_ptr<graph::Cursor<T>> c) { parts_.push_back(std::move(c)); }
  std::size_t next(std::span<T> out) override {
    for (; at_ < parts_.size(); ++at_)
      if (const std::size_t n = parts_[at_]->next(out)) return n;
    return 0;
  }

 private:
  std::vector<std::unique_ptr<graph::Cursor<T>>> parts_;
  std::size_t at_ = 0;
};

// Hops from some of the starts; their numbers among all starts.
class SomeHops final : public graph::HopCursor {
 public:
  SomeHops(std::vector<NodeId> starts, std::vector<std::uint32_t> places)
      : starts_(std::move(starts)), places_(std::move(places)) {}
  std::span<const NodeId> starts() const { return starts_; }
  void open(std::unique_ptr<graph::HopCursor> inner) { inner_ = std::move(inner); }
  std::size_t next(std::span<Hop> out) override {
    const std::size_t n = inner_->next(out);
    for (std::size_t i = 0; i < n; ++i) out[i].input = places_[out[i].input];
    return n;
  }

 private:
  std::vector<NodeId> starts_;
  std::vector<std::uint32_t> places_;
  std::unique_ptr<graph::HopCursor> inner_;
};

std::string select_list(const Attachment& a, const char* alias) {
  return std::string(alias) + "." + a.key + "::bigint";
}

std::string nodes_sql(const Attachment& a) {
  return "SELECT " + select_list(a, "t") + " FROM " + a.relation + " t WHERE t." + a.key +
         " IS NOT NULL";
}

}  // namespace

const Attachment* AttachedStore::by_number(std::int64_t number) const {
  for (const auto& a : attached_)
    if (a.number == number) return &a;
  return nullptr;
}

const Attachment* AttachedStore::by_name(bool is_type, NameId name) const {
  for (const auto& a : attached_)
    if (a.is_type == is_type && a.name == name) return &a;
  return nullptr;
}

std::vector<NameId> AttachedStore::names(NameKind kind) {
  std::vector<NameId> out = base_.names(kind);
  if (kind != NameKind::key) return out;
  for (const auto& a : attached_)
    for (const auto& c : a.columns) out.push_back(c.key);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

void AttachedStore::split(
    std::span<const std::int64_t> ids,
    const std::function<void(std::span<const std::int64_t>, const Places&)>& base,
    const std::function<void(const Attachment&, std::span<const std::int64_t>, const Places&)>&
        attached) const {
  std::vector<std::int64_t> some;
  Places places;
  const auto pick = [&](std::int64_t number) {
    some.clear();
    places.clear();
    for (std::uint32_t i = 0; i < ids.size(); ++i) {
      if (attachment_of(ids[i]) != number) continue;
      some.push_back(number == 0 ? ids[i] : attached_key(ids[i]));
      places.push_back(i);
    }
    return !some.empty();
  };
  if (pick(0)) base(some, places);
  if (places.size() == ids.size()) return;
  for (const auto& a : attached_)
    if (pick(a.number)) attached(a, some, places);
}

void AttachedStore::read_properties(bool nodes, std::span<const std::int64_t> ids,
                                    std::span<const NameId> keys, graph::Arena& arena, Value* out,
                                    bool* found) {
  const std::size_t n = ids.size();
  std::fill(out, out + n * keys.size(), Value());
  std::fill(found, found + n, false);
  split(
      ids,
      [&](std::span<const std::int64_t> some, const Places& places) {
        std::vector<Value> values(some.size() * keys.size());
        const auto there = std::make_unique<bool[]>(some.size());
        if (nodes) {
          base_.read_node_properties(some, keys, arena, values.data(), there.get());
        } else {
          base_.read_relationship_properties(some, keys, arena, values.data(), there.get());
        }
        for (std::size_t i = 0; i < some.size(); ++i) {
          found[places[i]] = there[i];
          for (std::size_t k = 0; k < keys.size(); ++k)
            out[k * n + places[i]] = values[k * some.size() + i];
        }
      },
      [&](const Attachment& a, std::span<const std::int64_t> some, const Places& places) {
        std::vector<std::size_t> wanted;  // of keys, in the order of the columns
        std::string sql = "SELECT " + select_list(a, "t");
        for (std::size_t k = 0; k < keys.size(); ++k)
          for (const auto& c : a.columns)
            if (c.key == keys[k]) {
              sql += ", t." + c.column;
              wanted.push_back(k);
            }
        sql += " FROM " + a.relation + " t WHERE t." + a.key + " = ANY ($1)";
        const KeyPlaces at(some, places);
        each_attached_row(sql, some, [&](AttachedRow row) {
          for (const std::uint32_t i : at.of(row.integer(0))) {
            found[i] = true;
            for (std::size_t w = 0; w < wanted.size(); ++w)
              out[wanted[w] * n + i] = row.value(w + 1, arena);
          }
        });
      });
}

void AttachedStore::read_node_properties(std::span<const NodeId> ids, std::span<const NameId> keys,
                                         graph::Arena& arena, Value* out, bool* found) {
  read_properties(true, ids, keys, arena, out, found);
}

void AttachedStore::read_relationship_properties(std::span<const graph::RelationshipId> ids,
                                                 std::span<const NameId> keys, graph::Arena& arena,
                                                 Value* out, bool* found) {
  read_properties(false, ids, keys, arena, out, found);
}

void AttachedStore::read_node_labels(std::span<const NodeId> ids, graph::Arena& arena,
                                     std::span<const NameId>* out, bool* found) {
  std::fill(out, out + ids.size(), std::span<const NameId>{});
  read_properties(true, ids, {}, arena, nullptr, found);
  split(
      ids,
      [&](std::span<const std::int64_t> some, const Places& places) {
        std::vector<std::span<const NameId>> labels(some.size());
        const auto there = std::make_unique<bool[]>(some.size());
        base_.read_node_labels(some, arena, labels.data(), there.get());
        for (std::size_t i = 0; i < some.size(); ++i) out[places[i]] = labels[i];
      },
      [&](const Attachment& a, std::span<const std::int64_t>, const Places& places) {
        const auto label = arena.copy(std::span<const NameId>(&a.name, 1));
        for (const std::uint32_t i : places)
          if (found[i]) out[i] = label;
      });
}

void AttachedStore::test_label(std::span<const NodeId> ids, NameId label, std::int8_t* out) {
  split(
      ids,
      [&](std::span<const std::int64_t> some, const Places& places) {
        std::vector<std::int8_t> tests(some.size());
        base_.test_label(some, label, tests.data());
        for (std::size_t i = 0; i < some.size(); ++i) out[places[i]] = tests[i];
      },
      [&](const Attachment& a, std::span<const std::int64_t> some, const Places& places) {
        std::vector<NodeId> asked;
        for (const std::int64_t key : some) asked.push_back(a.id(key));
        const auto found = std::make_unique<bool[]>(some.size());
        graph::Arena scratch;
        read_properties(true, asked, {}, scratch, nullptr, found.get());
        for (std::size_t i = 0; i < some.size(); ++i)
          out[places[i]] = static_cast<std::int8_t>(!found[i] ? -1 : a.name == label ? 1 : 0);
      });
}

namespace {

// All properties of a row, nulls left out; the columns begin at `first`.
std::span<const graph::Property> properties_in(const Attachment& a, const AttachedRow& row,
                                               std::size_t first, graph::Arena& arena) {
  std::vector<graph::Property> out;
  for (std::size_t c = 0; c < a.columns.size(); ++c) {
    const Value v = row.value(first + c, arena);
    if (!v.is_null()) out.push_back({a.columns[c].key, v});
  }
  return arena.copy(std::span<const graph::Property>(out));
}

std::string column_list(const Attachment& a) {
  std::string out;
  for (const auto& c : a.columns) out += ", t." + c.column;
  return out;
}

}  // namespace

void AttachedStore::read_nodes(std::span<const NodeId> ids, graph::Arena& arena,
                               graph::NodeRecord* out) {
  std::fill(out, out + ids.size(), graph::NodeRecord{});
  split(
      ids,
      [&](std::span<const std::int64_t> some, const Places& places) {
        std::vector<graph::NodeRecord> records(some.size());
        base_.read_nodes(some, arena, records.data());
        for (std::size_t i = 0; i < some.size(); ++i) out[places[i]] = records[i];
      },
      [&](const Attachment& a, std::span<const std::int64_t> some, const Places& places) {
        const auto label = arena.copy(std::span<const NameId>(&a.name, 1));
        const KeyPlaces at(some, places);
        each_attached_row("SELECT " + select_list(a, "t") + column_list(a) + " FROM " + a.relation +
                              " t WHERE t." + a.key + " = ANY ($1)",
                          some, [&](AttachedRow row) {
                            const auto properties = properties_in(a, row, 1, arena);
                            for (const std::uint32_t i : at.of(row.integer(0)))
                              out[i] = {true, label, properties};
                          });
      });
}

void AttachedStore::read_relationships(std::span<const graph::RelationshipId> ids,
                                       graph::Arena& arena, graph::RelationshipRecord* out) {
  std::fill(out, out + ids.size(), graph::RelationshipRecord{});
  split(
      ids,
      [&](std::span<const std::int64_t> some, const Places& places) {
        std::vector<graph::RelationshipRecord> records(some.size());
        base_.read_relationships(some, arena, records.data());
        for (std::size_t i = 0; i < some.size(); ++i) out[places[i]] = records[i];
      },
      [&](const Attachment& a, std::span<const std::int64_t> some, const Places& places) {
        const KeyPlaces at(some, places);
        const Attachment* from = by_number(a.source_nodes);
        const Attachment* to = by_number(a.target_nodes);
        each_attached_row("SELECT " + select_list(a, "t") + ", t." + a.source + "::bigint, t." +
                              a.target + "::bigint" + column_list(a) + " FROM " + a.relation +
                              " t WHERE t." + a.key + " = ANY ($1)",
                          some, [&](AttachedRow row) {
                            const std::int64_t key = row.integer(0);
                            const RelationshipRef ref{a.id(key), from->id(row.integer(1)),
                                                      to->id(row.integer(2)), a.name};
                            const auto properties = properties_in(a, row, 3, arena);
                            for (const std::uint32_t i : at.of(key))
                              out[i] = {true, ref, properties};
                          });
      });
}

std::unique_ptr<graph::NodeCursor> AttachedStore::scan_label(NameId label) {
  const Attachment* a = by_name(false, label);
  if (a == nullptr) return base_.scan_label(label);
  std::vector<NodeId> ids;
  each_attached_row(nodes_sql(*a), {},
                    [&](AttachedRow row) { ids.push_back(a->id(row.key(0, *a))); });
  return std::make_unique<graph::VectorCursor<NodeId>>(std::move(ids));
}

std::unique_ptr<graph::NodeCursor> AttachedStore::scan_nodes() {
  auto all = std::make_unique<ChainCursor<NodeId>>();
  all->add(base_.scan_nodes());
  for (const auto& a : attached_)
    if (!a.is_type) all->add(scan_label(a.name));
  return all;
}

// Of a mapping, with both ends there; those whose `column` has one of the keys, or all.
std::vector<RelationshipRef> AttachedStore::relationships_of(const Attachment& a,
                                                             std::span<const std::int64_t> keys,
                                                             const char* column) const {
  const Attachment* from = by_number(a.source_nodes);
  const Attachment* to = by_number(a.target_nodes);
  std::string sql = "SELECT e." + a.key + "::bigint, e." + a.source + "::bigint, e." + a.target +
                    "::bigint FROM " + a.relation + " e JOIN " + from->relation + " s ON s." +
                    from->key + " = e." + a.source + " JOIN " + to->relation + " t ON t." +
                    to->key + " = e." + a.target + " WHERE e." + a.key + " IS NOT NULL";
  if (column != nullptr) sql += " AND e." + std::string(column) + " = ANY ($1)";
  std::vector<RelationshipRef> out;
  each_attached_row(sql, keys, [&](AttachedRow row) {
    out.push_back(
        {a.id(row.key(0, a)), from->id(row.key(1, *from)), to->id(row.key(2, *to)), a.name});
  });
  return out;
}

std::unique_ptr<graph::RelationshipCursor> AttachedStore::scan_relationships(
    std::span<const NameId> types) {
  std::vector<NameId> stored;
  for (const NameId t : types)
    if (by_name(true, t) == nullptr) stored.push_back(t);
  auto all = std::make_unique<ChainCursor<RelationshipRef>>();
  if (types.empty() || !stored.empty()) all->add(base_.scan_relationships(stored));
  for (const auto& a : attached_)
    if (a.is_type &&
        (types.empty() || std::find(types.begin(), types.end(), a.name) != types.end()))
      all->add(
          std::make_unique<graph::VectorCursor<RelationshipRef>>(relationships_of(a, {}, nullptr)));
  return all;
}

// Stored nodes have stored relationships only, attached nodes attached ones.
std::vector<Hop> AttachedStore::attached_hops(std::span<const NodeId> starts, Direction direction,
                                              std::span<const NameId> types) const {
  std::vector<Hop> out;
  for (const auto& a : attached_) {
    if (!a.is_type ||
        (!types.empty() && std::find(types.begin(), types.end(), a.name) == types.end()))
      continue;
    for (const bool outgoing : {true, false}) {
      if (direction == (outgoing ? Direction::in : Direction::out)) continue;
      const std::int64_t number = outgoing ? a.source_nodes : a.target_nodes;
      std::vector<std::int64_t> keys;
      Places places;
      for (std::uint32_t i = 0; i < starts.size(); ++i) {
        if (attachment_of(starts[i]) != number) continue;
        keys.push_back(attached_key(starts[i]));
        places.push_back(i);
      }
      if (keys.empty()) continue;
      const KeyPlaces at(keys, places);
      for (const RelationshipRef& r :
           relationships_of(a, keys, (outgoing ? a.source : a.target).c_str())) {
        if (!outgoing && direction == Direction::both && r.source == r.target) continue;
        const NodeId near = outgoing ? r.source : r.target;
        for (const std::uint32_t i : at.of(attached_key(near)))
          out.push_back({i, r, outgoing ? r.target : r.source});
      }
    }
  }
  return out;
}

std::unique_ptr<graph::HopCursor> AttachedStore::expand(std::span<const NodeId> starts,
                                                        Direction direction,
                                                        std::span<const NameId> types) {
  std::vector<NameId> stored_types;
  for (const NameId t : types)
    if (by_name(true, t) == nullptr) stored_types.push_back(t);
  std::vector<NodeId> stored;
  Places places;
  for (std::uint32_t i = 0; i < starts.size(); ++i) {
    if (attachment_of(starts[i]) != 0) continue;
    stored.push_back(starts[i]);
    places.push_back(i);
  }
  auto all = std::make_unique<ChainCursor<Hop>>();
  if (!stored.empty() && (types.empty() || !stored_types.empty())) {
    auto some = std::make_unique<SomeHops>(std::move(stored), places);
    some->open(base_.expand(some->starts(), direction, stored_types));
    all->add(std::move(some));
  }
  if (places.size() < starts.size())
    all->add(std::make_unique<graph::VectorCursor<Hop>>(attached_hops(starts, direction, types)));
  return all;
}

void AttachedStore::degrees(std::span<const NodeId> starts, Direction direction,
                            std::span<const NameId> types, std::int64_t* out) {
  std::fill(out, out + starts.size(), 0);
  Hop hops[512];
  const auto cursor = expand(starts, direction, types);
  while (const std::size_t n = cursor->next(hops))
    for (std::size_t i = 0; i < n; ++i) ++out[hops[i].input];
}

std::unique_ptr<graph::HopCursor> AttachedStore::expand_into(std::span<const NodeId> starts,
                                                             std::span<const NodeId> ends,
                                                             Direction direction,
                                                             std::span<const NameId> types) {
  std::vector<Hop> found;
  Hop hops[512];
  const auto cursor = expand(starts, direction, types);
  while (const std::size_t n = cursor->next(hops))
    for (std::size_t i = 0; i < n; ++i)
      if (hops[i].other == ends[hops[i].input]) found.push_back(hops[i]);
  return std::make_unique<graph::VectorCursor<Hop>>(std::move(found));
}

}  // namespace rv::pg
