// Attention of every type: the one entrance to the engine.
#pragma once

#include <string>

#include "core/attention/composition.h"
#include "core/attention/flash.h"
#include "core/attention/params.h"

namespace rv::attention {

struct Inputs {
  Matrix q;  // queries, or the nodes of graph types, or what the type attends with
  Matrix k;  // keys; empty: the queries
  Matrix v;  // values; empty: the keys
};

struct Options {
  bool exact = false;  // float64 throughout; otherwise exact softmax types run blockwise in float32
  unsigned want = static_cast<unsigned>(Want::output);
  Poll poll;
  Blocks blocks;
};

// `type` is a canonical name (types.h). Parameters that are absent take the type's defaults;
// weights that are absent are an error, except random projections, which come from params.seed.
Evaluated attend(const std::string& type, Inputs inputs, const Params& params,
                 const Options& options);

// The raw score of one pair as the type sees it before normalising; with heads their mean.
// 22023 for types without one.
double pair_score(const std::string& type, const Matrix& query, const Matrix& key,
                  const Params& params);

// sum_i max_j q_i . d_j (ColBERT); the best of each query by float32 products, summed in float64.
double maxsim(std::span<const float* const> queries, std::span<const float* const> documents,
              std::size_t dim, const Poll& poll = {});

}  // namespace rv::attention
