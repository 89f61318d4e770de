// Types whose mathematics is not score -> normaliser -> aggregation: one function each.
#pragma once

#include "core/attention/attend.h"

namespace rv::attention {

// A call with defaults filled in: k and v are there.
struct Call {
  Inputs in;
  const Params& params;
  const Options& options;
  bool causal = false;
  long offset = 0;

  void poll() const {
    if (options.poll) options.poll();
  }
};

// Exact attention of the call's kind, with the call's mask and causality; composed types in heads.
Evaluated composed(const std::string& type, const Call& call);
Evaluated evaluate(const Composition& c, const Options& options);

// linear.cpp: kernel feature maps, O(n)
Evaluated linear(const Call& call);
Evaluated performer(const Call& call);
Evaluated random_feature(const Call& call);
Evaluated cosformer(const Call& call);
Evaluated efficient(const Call& call);
// low_rank.cpp
Evaluated linformer(const Call& call);
Evaluated nystrom(const Call& call);
Evaluated clustered(const Call& call);
// recurrent.cpp
Evaluated retention(const Call& call);
Evaluated delta_rule(const Call& call);
Evaluated feedback(const Call& call);
Evaluated compressive(const Call& call);
Evaluated hopfield(const Call& call);
// projected.cpp: learned projections around exact attention
Evaluated multi_head(const Call& call, std::size_t kv_heads);
Evaluated talking_heads(const Call& call);
Evaluated differential(const Call& call);
Evaluated mixture_of_experts(const Call& call);
Evaluated axial(const Call& call);
// memory.cpp: keys or weights that are learned
Evaluated synthesizer(const Call& call);
Evaluated product_key(const Call& call);
Evaluated pma(const Call& call);
Evaluated hierarchical(const Call& call);
Evaluated self_attentive_pooling(const Call& call);
// graph.cpp: softmax over the in-edges of every node
Evaluated graph_attention(const std::string& type, const Call& call);

// Experts of every row of x: the top_k of softmax(W_g x), largest first, gates renormalised.
struct Gates {
  std::vector<std::size_t> experts;
  std::vector<double> gates;
};
Gates route(std::span<const double> x, const Matrix& gating, std::size_t top_k);

}  // namespace rv::attention
