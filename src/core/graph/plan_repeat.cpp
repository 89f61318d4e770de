// A quantified piece of a path: an inner plan for one turn, started at whichever end is known.
#include <algorithm>

#include "core/graph/planner.h"

namespace rv::graph {

PlanPtr Planner::repeat(Hop& h, PlanPtr input, MatchState& m) {
  RelationshipPattern& r = *h.pattern;
  const PatternPart& piece = r.group->piece();
  const bool forward = bound_.has(h.from);
  PlanPtr n = on_top(Op::repeat, std::move(input));
  n->group = r.group.get();
  n->relationship = r.slot;
  n->from = forward ? h.from : h.to;
  n->to = forward ? h.to : h.from;
  n->to_bound = forward && bound_.has(h.to);
  n->reversed = !forward;
  n->min = r.min.value_or(1);
  n->max = r.max.value_or(-1);
  for (const Hop* other : m.planned)
    if (other->part->selector == PatternPart::Selector::none)
      n->distinct_from.push_back(other->pattern->slot);
  n->slot = new_slot();  // the number of the trail, carried through the inner plan
  const SlotSet before = bound_;
  bound_.add(n->slot);
  bound_.add((forward ? piece.nodes.front() : piece.nodes.back()).slot);
  n->children.push_back(pattern(r.group->pattern, {}, leaf()));
  bound_ = before;
  n->rows = std::max(1.0, n->rows * n->children[1]->rows * 10);
  for (const auto& v : r.group->variables) bound_.add(v.outer);
  bound_.add(h.from);
  bound_.add(h.to);
  bound_.add(r.slot);
  return n;
}

}  // namespace rv::graph
