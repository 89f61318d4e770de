#include "core/attention/head.h"

namespace rv::attention {

Composition compose(const std::string& type, Head head) {
  Composition c;
  c.queries = head.q.rows;
  c.keys = head.k.rows;
  c.out_cols = head.v.cols;
  if (type == "rope") rotate(head);
  if (type == "xpos") rotate_xpos(head);
  if (is_curved(type)) {
    set_curved_score(type, head, c);
  } else {
    set_score(type, head, c);
    set_bias(type, head, c);
  }
  set_mask(type, head, c);
  set_normaliser(type, head, c);
  if (is_curved(type))
    set_curved_aggregation(type, head, c);
  else
    set_aggregation(type, head, c);
  c.v = std::move(head.v);
  return c;
}

}  // namespace rv::attention
