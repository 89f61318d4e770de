#include "core/attention/attend.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/attention/head.h"
#include "core/attention/kernels.h"
#include "core/base/error.h"
#include "core/simd/distance.h"

namespace rv::attention {
namespace {

using Function = Evaluated (*)(const Call&);

// Types that are not a composition.
const std::map<std::string, Function>& kernels() {
  static const std::map<std::string, Function>* table = new std::map<std::string, Function>{
      {"multi_head", [](const Call& c) { return multi_head(c, c.params.count("num_heads", 8)); }},
      {"multi_query", [](const Call& c) { return multi_head(c, 1); }},
      {"grouped_query",
       [](const Call& c) { return multi_head(c, c.params.count("num_kv_heads", 2)); }},
      {"talking_heads", talking_heads},
      {"differential", differential},
      {"moe", mixture_of_experts},
      {"axial", axial},
      {"linear", linear},
      {"performer", performer},
      {"random_feature", random_feature},
      {"cosformer", cosformer},
      {"efficient", efficient},
      {"linformer", linformer},
      {"nystrom", nystrom},
      {"clustered", clustered},
      {"retention", retention},
      {"delta_rule", delta_rule},
      {"feedback", feedback},
      {"compressive", compressive},
      {"hopfield", hopfield},
      {"synthesizer", synthesizer},
      {"product_key", product_key},
      {"pma", pma},
      {"hierarchical", hierarchical},
      {"self_attentive_pooling", self_attentive_pooling},
      {"gat", [](const Call& c) { return graph_attention("gat", c); }},
      {"gatv2", [](const Call& c) { return graph_attention("gatv2", c); }},
      {"edge_gat", [](const Call& c) { return graph_attention("edge_gat", c); }},
      {"graph_transformer", [](const Call& c) { return graph_attention("graph_transformer", c); }},
      {"agnn", [](const Call& c) { return graph_attention("agnn", c); }},
      {"supergat", [](const Call& c) { return graph_attention("supergat", c); }},
      {"hgcn", [](const Call& c) { return graph_attention("hgcn", c); }},
  };
  return *table;
}

bool causal_by_definition(const std::string& type) {
  return type == "xpos" || type == "alibi" || type == "adaptive_span" || type == "strided" ||
         type == "fixed";
}

void add_mean(Matrix& to, const Matrix& from, std::size_t heads) {
  if (from.empty()) return;
  if (to.empty()) to = Matrix(from.rows, from.cols);
  add_scaled(to.data.data(), 1 / static_cast<double>(heads), from.data.data(), from.data.size());
}

}  // namespace

Evaluated composed(const std::string& type, const Call& call) {
  const std::size_t heads = call.params.count("num_heads", type == "alibi" ? 8 : 1);
  const Inputs& in = call.in;
  if (in.k.rows != in.v.rows)
    throw Error(ErrorCode::data_exception,
                std::to_string(in.k.rows) + " keys but " + std::to_string(in.v.rows) + " values");
  if (heads == 1) {
    Head head{in.q, in.k, in.v, call.params, 0, 1, call.causal, call.offset};
    return evaluate(compose(type, std::move(head)), call.options);
  }
  if (in.q.cols % heads != 0 || in.k.cols % heads != 0 || in.v.cols % heads != 0)
    throw Error(ErrorCode::invalid_argument, std::to_string(in.q.cols) +
                                                 " dimensions cannot be split into " +
                                                 std::to_string(heads) + " heads");
  Evaluated result;
  for (std::size_t h = 0; h < heads; ++h) {
    const auto slice = [&](const Matrix& m) {
      return columns(m, h * (m.cols / heads), m.cols / heads);
    };
    Head head{slice(in.q), slice(in.k), slice(in.v), call.params,
              h,           heads,       call.causal, call.offset};
    const Evaluated one = evaluate(compose(type, std::move(head)), call.options);
    if (!one.output.empty()) {
      if (result.output.empty()) result.output = Matrix(one.output.rows, heads * one.output.cols);
      place_columns(one.output, h * one.output.cols, result.output);
    }
    add_mean(result.weights, one.weights, heads);
    add_mean(result.scores, one.scores, heads);
  }
  return result;
}

Evaluated evaluate(const Composition& c, const Options& options) {
  if (!options.exact && c.blockwise() && options.want == static_cast<unsigned>(Want::output)) {
    Evaluated result;
    result.output = flash(c, options.blocks, options.poll);
    return result;
  }
  return run(c, options.want, options.poll);
}

Evaluated attend(const std::string& type, Inputs inputs, const Params& params,
                 const Options& options) {
  if (type == "external" && params.has("M_k")) {
    inputs.k = params.need_matrix("M_k", 0, inputs.q.cols);
    inputs.v = params.need_matrix("M_v", inputs.k.rows, 0);
  }
  if (type == "maxsim")
    throw Error(ErrorCode::invalid_argument, "maxsim is a score, it has no output vector", {},
                "Use ruvector_maxsim().");
  if (inputs.k.empty()) inputs.k = inputs.q;
  if (type == "reformer") inputs.k = inputs.q;
  if (inputs.v.empty()) inputs.v = inputs.k;
  const PollDuringProducts polling(options.poll);
  const auto q = static_cast<long>(inputs.q.rows), k = static_cast<long>(inputs.k.rows);
  // Fewer queries than keys: the queries are the last positions, as in decoding.
  const long offset = static_cast<long>(
      params.count("query_position", static_cast<std::size_t>(q <= k ? k - q : 0), 0));
  const bool causal = params.flag("causal", causal_by_definition(type));
  if (type == "reformer") {
    normalize_rows(inputs.k);
  }
  const Call call{std::move(inputs), params, options, causal, offset};
  const auto kernel = kernels().find(type);
  return kernel != kernels().end() ? kernel->second(call) : composed(type, call);
}

double pair_score(const std::string& type, const Matrix& query, const Matrix& key,
                  const Params& params) {
  static const char* const without[] = {
      "synthesizer",  "product_key",  "pma",       "hierarchical", "self_attentive_pooling",
      "moe",          "gat",          "gatv2",     "edge_gat",     "graph_transformer",
      "hgcn",         "supergat",     "linformer", "feedback",     "external",
      "differential", "talking_heads"};
  if (std::find(std::begin(without), std::end(without), type) != std::end(without))
    throw Error(ErrorCode::invalid_argument,
                "attention type \"" + type + "\" has no score of a single pair", {},
                "Use ruvector_attention() with all keys.");
  Options options;
  options.exact = true;
  options.want = static_cast<unsigned>(Want::scores) | static_cast<unsigned>(Want::output);
  Inputs in{query, key, key};
  if (type == "multi_head" || type == "multi_query" || type == "grouped_query")
    return attend(type, in, params, options).scores.at(0, 0);
  if (type == "agnn") {
    Params p;
    p.set("tau", 1 / params.positive("beta", 1));
    return pair_score("cosine", query, key, p);
  }
  if (kernels().contains(type))  // approximations and recurrences of it
    return composed(type == "hopfield" ? type : "scaled_dot_product",
                    {in, params, options, false, 0})
        .scores.at(0, 0);
  return composed(type, {in, params, options, false,
                         static_cast<long>(params.count("query_position", 0, 0))})
      .scores.at(0, 0);
}

double maxsim(std::span<const float* const> queries, std::span<const float* const> documents,
              std::size_t dim, const Poll& poll) {
  const auto product = simd::kernels().inner_product;
  double sum = 0;
  std::size_t work = 0;
  for (const float* q : queries) {
    // The best is found in float32; its value is computed anew.
    const float* best = nullptr;
    float most = 0;
    for (const float* d : documents) {
      const float s = product(q, d, dim);
      if (best == nullptr || s > most) {
        best = d;
        most = s;
      }
    }
    work += documents.size() * dim;
    if (work > (4u << 20) && poll) {
      poll();
      work = 0;
    }
    double exact = 0;
    for (std::size_t i = 0; best != nullptr && i < dim; ++i)
      exact += double{q[i]} * double{best[i]};
    sum += best != nullptr ? exact : kMasked;
  }
  return sum;
}

}  // namespace rv::attention
