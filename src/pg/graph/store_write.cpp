// Creating nodes and relationships.
#include <algorithm>

#include "pg/graph/map_datum.h"
#include "pg/graph/store.h"

extern "C" {
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "executor/executor.h"
#include "utils/array.h"
#include "utils/snapmgr.h"
}

namespace rv::pg {

using graph::NameId;
using graph::NodeId;
using graph::RelationshipId;

namespace {

// From this many rows on, rows are written together.
constexpr std::size_t kBatchFrom = 16;

}  // namespace

TableWriter& PgStore::writer(Writer which) {
  auto& w = writers_[which];
  if (!w) {
    const Oid table = which == kNodeWriter        ? tables_.node
                      : which == kNodeLabelWriter ? tables_.node_label
                                                  : tables_.edge;
    MemoryContext old = MemoryContextSwitchTo(context_);
    if (write_state_ == nullptr) write_state_ = call([] { return CreateExecutorState(); });
    w = std::make_unique<TableWriter>(table, write_state_);
    MemoryContextSwitchTo(old);
    if (which != kNodeLabelWriter) {
      w->ids_are_new();
      w->defer_checks(which == kNodeWriter ? &refused_nodes_ : &refused_edges_);
    }
  }
  return *w;
}

void PgStore::need_write(Oid table, AclMode mode) {
  for (auto& [checked, modes] : write_checks_) {
    if (checked != table) continue;
    if ((modes & mode) == mode) return;
    check_table_access(table, mode);
    modes |= mode;
    return;
  }
  check_table_access(table, mode);
  write_checks_.emplace_back(table, mode);
}

// That of the row that its writer inserted just now: this statement or a later one may read it.
void PgStore::note_place(bool node, std::int64_t id) {
  RowTable& t = row_tables_[node ? 0 : 1];
  if (t.places == nullptr) t.places = row_places(node ? tables_.node : tables_.edge);
  const ItemPointerData at = writers_[node ? kNodeWriter : kEdgeWriter]->place();
  t.places->note(id, ItemPointerGetBlockNumber(&at), ItemPointerGetOffsetNumber(&at));
}

std::int64_t PgStore::next_id(Oid sequence) {
  return call([sequence] { return nextval_internal(sequence, false); });
}

Datum PgStore::labels_datum(std::span<const NameId> labels) {
  return call([labels] {
    const Size size = ARR_OVERHEAD_NONULLS(1) + labels.size_bytes();
    if (labels.empty()) return PointerGetDatum(construct_empty_array(INT4OID));
    auto* array = static_cast<ArrayType*>(palloc0(size));
    SET_VARSIZE(array, size);
    array->ndim = 1;
    array->elemtype = INT4OID;
    ARR_DIMS(array)[0] = static_cast<int>(labels.size());
    ARR_LBOUND(array)[0] = 1;
    std::memcpy(ARR_DATA_PTR(array), labels.data(), labels.size_bytes());
    return PointerGetDatum(array);
  });
}

Datum PgStore::properties_datum(std::span<const graph::Property> properties) {
  builder_.clear();
  const graph::KeyTable& keys = session_keys();
  for (const auto& p : properties)
    if (!p.value.is_null()) graph::encode_value(builder_.set(keys[p.key].name), p.value);
  encoded_.clear();
  builder_.finish(encoded_);
  return bytes_datum(encoded_);
}

void PgStore::insert_node_labels(NodeId id, std::span<const NameId> labels, bool batched) {
  if (labels.empty()) return;
  TableWriter& w = writer(kNodeLabelWriter);
  for (const NameId label : labels) {
    const Datum values[] = {Int32GetDatum(label), Int64GetDatum(id)};
    if (batched) {
      w.add(values);
    } else {
      w.insert(values);
    }
  }
}

void PgStore::create_nodes(std::span<const graph::NewNode> nodes, NodeId* out) {
  if (nodes.empty()) return;
  need_write(tables_.node, ACL_INSERT);
  need_write(tables_.node_label, ACL_INSERT);
  const bool batched = nodes.size() >= kBatchFrom;
  TableWriter& w = writer(kNodeWriter);
  ScratchScope scratch(*this);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    out[i] = next_id(tables_.node_ids);
    const Datum values[] = {Int64GetDatum(out[i]), labels_datum(nodes[i].labels),
                            properties_datum(nodes[i].properties)};
    w.announce(nodes[i].labels);
    if (batched) {
      w.add(values);
    } else {
      w.insert(values);
      note_place(true, out[i]);
    }
    insert_node_labels(out[i], nodes[i].labels, batched);
    locked_.insert(out[i]);
    if ((i & 255) == 255) scratch.reset();
  }
  w.flush();
  if (writers_[kNodeLabelWriter]) writers_[kNodeLabelWriter]->flush();
  dirty_ = true;
}

std::optional<NodeId> PgStore::create_unless_conflicting(const graph::NewNode& node) {
  need_write(tables_.node, ACL_INSERT);
  need_write(tables_.node_label, ACL_INSERT);
  ScratchScope scratch(*this);
  TableWriter& w = writer(kNodeWriter);  // its lock before the id: an import may hold both
  const NodeId id = next_id(tables_.node_ids);
  const Datum values[] = {Int64GetDatum(id), labels_datum(node.labels),
                          properties_datum(node.properties)};
  w.announce(node.labels);
  ItemPointerData other;
  if (!w.insert_unless_conflicting(values, &other)) {
    if (is_visible(&other))
      throw Error(ErrorCode::unique_violation,
                  "a unique constraint does not allow the node: another has the same properties");
    if (IsolationUsesXactSnapshot()) fail_serialization();
    refresh_ = true;
    return std::nullopt;
  }
  note_place(true, id);
  insert_node_labels(id, node.labels, false);
  locked_.insert(id);
  dirty_ = true;
  return id;
}

// Whether this query can see the row version, its own writes included.
bool PgStore::is_visible(ItemPointer tid) {
  Snapshot snapshot = write_snapshot();
  Relation rel = writer(kNodeWriter).relation();
  return call([&] {
    TupleTableSlot* slot = table_slot_create(rel, nullptr);
    const bool visible = table_tuple_fetch_row_version(rel, tid, snapshot, slot);
    ExecDropSingleTupleTableSlot(slot);
    return visible;
  });
}

void PgStore::create_relationships(std::span<const graph::NewRelationship> relationships,
                                   RelationshipId* out) {
  if (relationships.empty()) return;
  need_write(tables_.edge, ACL_INSERT);
  need_write(tables_.node, ACL_SELECT);
  // Locks in ascending order keep concurrent writers from waiting for each other in a circle.
  std::vector<NodeId> ends;
  for (const auto& r : relationships) {
    ends.push_back(r.source);
    ends.push_back(r.target);
  }
  std::sort(ends.begin(), ends.end());
  for (const NodeId id : ends) lock_endpoint(id);
  const bool batched = relationships.size() >= kBatchFrom;
  TableWriter& w = writer(kEdgeWriter);
  ScratchScope scratch(*this);
  for (std::size_t i = 0; i < relationships.size(); ++i) {
    const auto& r = relationships[i];
    out[i] = next_id(tables_.edge_ids);
    const Datum values[] = {Int64GetDatum(out[i]), Int32GetDatum(r.type), Int64GetDatum(r.source),
                            Int64GetDatum(r.target), properties_datum(r.properties)};
    w.announce({&r.type, 1});
    if (batched) {
      w.add(values);
    } else {
      w.insert(values);
      note_place(false, out[i]);
    }
    if ((i & 255) == 255) scratch.reset();
  }
  w.flush();
  dirty_ = true;
}

}  // namespace rv::pg
