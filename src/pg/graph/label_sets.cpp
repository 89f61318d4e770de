#include "pg/graph/label_sets.h"

#include <unordered_map>

#include "pg/graph/by_table.h"

namespace rv::pg {
namespace {

using Sets = std::unordered_map<std::int32_t, std::unique_ptr<LabelSet>>;

auto& all_sets() { return ByTable<Sets>::session(); }

}  // namespace

LabelSet& label_set(Oid node_label_table, std::int32_t label) {
  auto& set = all_sets()[node_label_table][label];
  if (set == nullptr) set = std::make_unique<LabelSet>();
  return *set;
}

bool make_room_for_label_set(std::size_t bytes) {
  std::size_t taken = bytes;
  for (const auto& [table, sets] : all_sets())
    for (const auto& [label, set] : sets) taken += set->nodes == nullptr ? 0 : set->nodes->bytes();
  if (taken <= kLabelSetBytes) return true;
  if (bytes > kLabelSetBytes) return false;
  all_sets().forget(InvalidOid);
  return true;
}

void forget_label_sets(Oid table) noexcept { all_sets().forget(table); }

}  // namespace rv::pg
