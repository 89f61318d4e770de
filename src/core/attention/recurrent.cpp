// Types with a state that moves along the sequence.
#include <algorithm>
#include <cmath>

#include "core/attention/kernels.h"
#include "core/base/error.h"

namespace rv::attention {
namespace {

void need_same_length(const Call& call, const char* type) {
  if (call.in.q.rows != call.in.k.rows || call.in.v.rows != call.in.k.rows)
    throw Error(ErrorCode::invalid_argument,
                std::string(type) + " needs as many queries as keys and values", {},
                "Use ruvector_self_attention() or ruvector_attention_batch().");
  if (call.in.q.cols != call.in.k.cols)
    throw Error(ErrorCode::data_exception, "queries and keys have different dimensions");
}

}  // namespace

// S_t = gamma S_{t-1} + k_t^T v_t, o_t = q_t S_t / sqrt(d). A query between or behind the keys
// reads the state of its position.
Evaluated retention(const Call& call) {
  const Matrix &q = call.in.q, &k = call.in.k, &v = call.in.v;
  if (q.cols != k.cols)
    throw Error(ErrorCode::data_exception, "queries and keys have different dimensions");
  const double gamma = call.params.number("gamma", 1 - std::exp2(-5));
  if (!(gamma > 0 && gamma <= 1))
    throw Error(ErrorCode::invalid_argument,
                "parameter \"gamma\" must be in (0, 1], not " + std::to_string(gamma));
  const double scale = call.params.number("scale", 1 / std::sqrt(static_cast<double>(q.cols)));
  Evaluated result;
  result.output = Matrix(q.rows, v.cols);
  Matrix state(k.cols, v.cols);
  long seen = 0;  // keys already in the state
  for (std::size_t i = 0; i < q.rows; ++i) {
    if (i % 64 == 0) call.poll();
    const long at = static_cast<long>(i) + call.offset;
    for (; seen <= at; ++seen) {
      if (seen % 256 == 0) call.poll();
      for (double& x : state.data) x *= gamma;
      if (seen >= static_cast<long>(k.rows)) continue;
      const auto j = static_cast<std::size_t>(seen);
      for (std::size_t f = 0; f < k.cols; ++f)
        add_scaled(state.row(f), k.at(j, f), v.row(j), v.cols);
    }
    for (std::size_t f = 0; f < q.cols; ++f)
      add_scaled(result.output.row(i), scale * q.at(i, f), state.row(f), v.cols);
  }
  return result;
}

Evaluated delta_rule(const Call& call) {
  need_same_length(call, "delta_rule");
  const Matrix &q = call.in.q, &v = call.in.v;
  Matrix k = call.in.k;
  normalize_rows(k);
  const bool per_step = call.params.has("beta") && call.params.values().at("beta").index() == 3;
  const auto steps = per_step ? call.params.need_vector("beta", k.rows) : std::vector<double>();
  const double beta = per_step ? 0 : call.params.number("beta", 1);
  Evaluated result;
  result.output = Matrix(q.rows, v.cols);
  Matrix state(v.cols, k.cols);
  for (std::size_t t = 0; t < q.rows; ++t) {
    if (t % 64 == 0) call.poll();
    for (std::size_t r = 0; r < v.cols; ++r) {
      const double error = v.at(t, r) - dot(state.row(r), k.row(t), k.cols);
      add_scaled(state.row(r), (per_step ? steps[t] : beta) * error, k.row(t), k.cols);
      result.output.at(t, r) = dot(state.row(r), q.row(t), k.cols);
    }
  }
  return result;
}

// Memory of step t: a mix of all layers' states at t; step t attends to the steps before it.
Evaluated feedback(const Call& call) {
  Matrix memory;
  if (call.params.has("layers")) {
    const Tensor& x = call.params.need_tensor("layers");
    if (x.shape.size() != 3 || x.shape[1] != call.in.q.rows || x.shape[2] != call.in.q.cols)
      throw Error(ErrorCode::invalid_argument,
                  "parameter \"layers\" must have the shape [layers, steps, dimensions]");
    auto mix = call.params.need_vector("w", x.shape[0]);
    softmax(mix.data(), mix.size());
    memory = Matrix(x.shape[1], x.shape[2]);
    for (std::size_t l = 0; l < x.shape[0]; ++l)
      add_scaled(memory.data.data(), mix[l], x.data.data() + l * memory.data.size(),
                 memory.data.size());
  } else {
    memory = call.in.k;  // one layer
  }
  Call past = call;
  past.in.k = memory;
  past.in.v = std::move(memory);
  past.causal = true;
  past.offset = call.offset - 1;
  return composed("scaled_dot_product", past);
}

// Keys and values: old memory pooled by the compression rate, recent memory, then the current
// segment, which alone is causal.
Evaluated compressive(const Call& call) {
  const std::size_t d = call.in.k.cols, rate = call.params.count("compression_rate", 3);
  Matrix past;
  if (call.params.has("old_memory")) {
    const Matrix old = call.params.need_matrix("old_memory", 0, d);
    past = Matrix((old.rows + rate - 1) / rate, d);
    for (std::size_t i = 0; i < old.rows; ++i) {
      const std::size_t to = i / rate;
      const auto members = static_cast<double>(std::min(rate, old.rows - to * rate));
      add_scaled(past.row(to), 1 / members, old.row(i), d);
    }
  }
  if (call.params.has("memory")) past = stacked(past, call.params.need_matrix("memory", 0, d));
  Call whole = call;
  whole.causal = call.params.flag("causal", true);
  whole.offset = call.offset + static_cast<long>(past.rows);
  whole.in.k = stacked(past, call.in.k);
  whole.in.v = stacked(past, call.in.v);
  return composed("scaled_dot_product", whole);
}

Evaluated hopfield(const Call& call) {
  Call step = call;
  step.in.v = call.in.k;
  Options only_output = call.options;
  only_output.want = static_cast<unsigned>(Want::output);
  const Call inner{step.in, call.params, only_output, call.causal, call.offset};
  Inputs state = inner.in;
  for (std::size_t t = 0; t < call.params.count("steps", 1, 0); ++t)
    state.q =
        composed("hopfield", {state, call.params, only_output, call.causal, call.offset}).output;
  state.v = call.in.v;
  return composed("hopfield", {state, call.params, call.options, call.causal, call.offset});
}

}  // namespace rv::attention
