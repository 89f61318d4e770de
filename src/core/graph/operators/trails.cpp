#include "core/graph/operators/trails.h"

namespace rv::graph {

void StepFilter::start(const Batch& batch, Evaluator& eval) {
  types.resolve(plan_, runtime_);
  wanted_.clear();
  if (plan_.properties.empty()) return;
  eval.start(batch);
  for (const auto& p : plan_.properties) {
    auto& column = wanted_.emplace_back();
    for (std::uint32_t i = 0; i < batch.rows; ++i) column.push_back(eval(*p.expr, i));
  }
}

void StepFilter::check(std::span<const Hop> hops, std::span<const std::uint32_t> rows, Arena& arena,
                       std::vector<bool>& good) const {
  good.assign(hops.size(), true);
  for (std::size_t k = 0; k < hops.size(); ++k) good[k] = types.accepts(hops[k].relationship.type);
  if (wanted_.empty() || hops.empty()) return;
  std::vector<RelationshipId> ids;
  for (const Hop& h : hops) ids.push_back(h.relationship.id);
  std::vector<Value> values(ids.size());
  const auto found = std::make_unique<bool[]>(ids.size());
  for (std::size_t p = 0; p < wanted_.size(); ++p) {
    const NameId key = runtime_.name(plan_.properties[p].slot);
    runtime_.store().read_relationship_properties(ids, {&key, 1}, arena, values.data(),
                                                  found.get());
    for (std::size_t k = 0; k < hops.size(); ++k)
      if (equals(values[k], wanted_[p][rows[k]]) != Truth::yes) good[k] = false;
  }
}

bool TrailLevels::repeats(std::size_t d, const Trail& t, RelationshipId id) const {
  const Trail* at = &t;
  for (; d > 0; --d) {
    if (at->last.id == id) return true;
    at = &levels_[d - 1][at->parent];
  }
  return false;
}

void TrailLevels::extend(const Batch& batch, std::size_t begin, std::size_t end,
                         Direction direction, Arena& arena) {
  const std::size_t d = levels_.size() - 1;
  std::vector<NodeId> starts;
  for (std::size_t i = begin; i < end; ++i) starts.push_back(levels_[d][i].node);
  levels_.emplace_back();
  if (!filter.types.possible() || starts.empty()) return;
  const auto cursor = runtime_.store().expand(starts, direction, filter.types.types());
  Hop hops[512];
  std::vector<std::uint32_t> rows;
  std::vector<bool> good;
  for (std::size_t n = 0; (n = cursor->next(hops)) > 0;) {
    runtime_.tick();
    rows.clear();
    for (std::size_t k = 0; k < n; ++k) rows.push_back(levels_[d][begin + hops[k].input].row);
    filter.check({hops, n}, rows, arena, good);
    for (std::size_t k = 0; k < n; ++k) {
      const auto parent = static_cast<std::uint32_t>(begin + hops[k].input);
      const Trail& t = levels_[d][parent];
      const RelationshipId id = hops[k].relationship.id;
      if (!good[k] || repeats(d, t, id) ||
          holds_relationship(batch, t.row, plan_.distinct_from, id))
        continue;
      levels_.back().push_back({parent, t.row, hops[k].other, hops[k].relationship});
    }
  }
}

Value TrailLevels::relationships(std::size_t d, const Trail& t, bool reversed, Arena& arena) const {
  auto* items = arena.array<Value>(d);
  const Trail* at = &t;
  for (std::size_t i = d; i > 0; --i) {
    new (items + (reversed ? d - i : i - 1))
        Value(Value::relationship(arena.make<RelationshipRef>(at->last)));
    at = &levels_[i - 1][at->parent];
  }
  return Value::list({items, d});
}

}  // namespace rv::graph
