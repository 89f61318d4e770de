// Labels by the sets that the session keeps.
#include <algorithm>

#include "pg/graph/label_sets.h"
#include "pg/graph/store.h"

extern "C" {
#include "utils/rel.h"
}

namespace rv::pg {

using graph::NameId;
using graph::NodeId;

namespace {

constexpr std::size_t kFewTests = 16;  // of one query: reading the rows is as fast

}  // namespace

// The nodes of the label, where the session keeps them; null: it does not, or a query has written.
// `asked`: how many tests are to be answered. A set is made once the tests it would have answered
// are a good part of what it costs, and is found good or bad once in a query.
const graph::NodeSet* PgStore::nodes_with(NameId label, std::size_t asked) {
  if (dirty_ || write_snapshot_ != nullptr) return nullptr;
  for (const auto& [known, nodes] : label_sets_)
    if (known == label) return nodes.get();
  if (asked < kFewTests) return nullptr;
  const Oid table = tables_.node_label;
  pool(kLabelNodes);  // may the caller read it?
  const QuietState now = call([this, table] { return quiet_state(table, snapshot_); });
  LabelSet& set = label_set(table, label);
  if (!now.quiet || set.state != now) {
    set.nodes = nullptr;
    set.state = {};
  }
  if (!now.quiet) return nullptr;
  if (set.nodes != nullptr) return label_sets_.emplace_back(label, set.nodes).second.get();
  const auto all = static_cast<double>(set.asked += asked);
  // Statistics are read from the catalogue: `set` may be gone afterwards.
  if (all < label_count(label) / 8) return nullptr;
  const auto cursor = scan_label(label);
  NodeId nodes[512];
  auto found = std::make_shared<graph::NodeSet>(nullptr);
  for (std::size_t n = 0; (n = cursor->next(nodes)) > 0;)
    for (std::size_t i = 0; i < n && found->bytes() <= kLabelSetBytes; ++i) found->insert(nodes[i]);
  if (!make_room_for_label_set(found->bytes())) {
    label_set(table, label).asked = 0;
    return nullptr;
  }
  label_set(table, label) = {found, now, 0};
  return label_sets_.emplace_back(label, std::move(found)).second.get();
}

// Finds those that the set holds; false: there is none.
bool PgStore::test_by_set(std::span<const NodeId> ids, NameId label, std::int8_t* out) {
  const graph::NodeSet* const nodes = nodes_with(label, ids.size());
  if (nodes == nullptr) return false;
  for (std::size_t i = 0; i < ids.size(); ++i)
    if (nodes->contains(ids[i])) out[i] = 1;
  return true;
}

void PgStore::test_label(std::span<const NodeId> ids, NameId label, std::int8_t* out) {
  std::fill(out, out + ids.size(), std::int8_t{-1});
  if (!test_by_set(ids, label, out)) return test_by_row(ids, label, out);
  // The rest has other labels, or is gone: the row tells.
  std::vector<NodeId> rest;
  for (std::size_t i = 0; i < ids.size(); ++i)
    if (out[i] < 0) rest.push_back(ids[i]);
  if (rest.empty()) return;
  std::vector<std::int8_t> answers(rest.size(), -1);
  test_by_row(rest, label, answers.data());
  for (std::size_t i = 0, k = 0; i < ids.size(); ++i)
    if (out[i] < 0) out[i] = answers[k++];
}

}  // namespace rv::pg
