#include "core/attention/types.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "core/base/error.h"

namespace rv::attention {
namespace {

// clang-format off
constexpr TypeInfo kTypes[] = {
    {"scaled_dot_product", "core",
     "softmax(Q K^T / sqrt(d)) V", "n^2 d",
     "{}", "",
     "the default; context vectors, pooling of search results",
     "Vaswani et al. 2017 arXiv:1706.03762"},
    {"multi_head", "core",
     "concat_h(softmax(X Wq_h^T (Y Wk_h^T)^T / sqrt(d_h)) Y Wv_h^T) Wo^T", "n^2 d",
     "{\"num_heads\": 8}", "[W_q W_k W_v W_o b_q b_k b_v b_o]",
     "trained transformer heads; without weights the vectors are split",
     "Vaswani et al. 2017 arXiv:1706.03762"},
    {"multi_query", "core",
     "multi_head with one key and value head", "n^2 d",
     "{\"num_heads\": 8}", "[W_q W_k W_v W_o b_q b_k b_v b_o]",
     "small key and value vectors",
     "Shazeer 2019 arXiv:1911.02150"},
    {"grouped_query", "core",
     "multi_head, query head h uses key head floor(h G / H)", "n^2 d",
     "{\"num_heads\": 8, \"num_kv_heads\": 2}", "[W_q W_k W_v W_o b_q b_k b_v b_o]",
     "between multi_head and multi_query",
     "Ainslie et al. 2023 arXiv:2305.13245"},
    {"additive", "core",
     "softmax_j(v . tanh(W q_i + U k_j))", "n^2 h",
     "{}", "W U v",
     "queries and keys of different dimensions",
     "Bahdanau et al. 2015 arXiv:1409.0473"},
    {"bilinear", "core",
     "softmax(Q W K^T) V", "n^2 d",
     "{\"scale\": 1}", "W",
     "a trained similarity; re-ranking",
     "Luong et al. 2015 arXiv:1508.04025"},
    {"cosine", "core",
     "softmax(cos(q, k) / tau) V", "n^2 d",
     "{\"tau\": 0.1}", "",
     "embeddings of any length; tau sets how sharp",
     "Graves et al. 2014 arXiv:1410.5401; Liu et al. 2022 arXiv:2111.09883"},
    {"gaussian", "core",
     "softmax(-|q - k|^2 / (2 h^2)) V", "n^2 d",
     "{\"bandwidth\": 1}", "",
     "kernel regression over rows (Nadaraya-Watson)",
     "Nadaraya 1964; Kim et al. 2021 arXiv:2006.04710"},
    {"talking_heads", "core",
     "logits mixed over heads by P_l, weights by P_w", "n^2 d + n^2 h^2",
     "{\"num_heads\": 8}", "P_l P_w",
     "heads that exchange information",
     "Shazeer et al. 2020 arXiv:2003.02436"},
    {"relative", "positional",
     "softmax(q_i (k_j + aK[clip(j - i)]) / sqrt(d)) (v_j + aV[clip(j - i)])", "n^2 d",
     "{\"max_relative_position\": 16}", "a_K [a_V]",
     "sequences where distance matters",
     "Shaw et al. 2018 arXiv:1803.02155"},
    {"t5_bias", "positional",
     "softmax(Q K^T + bias[clip(j - i)]) V", "n^2 d",
     "{\"scale\": 1}", "bias",
     "a learned bias by distance",
     "Raffel et al. 2020 arXiv:1910.10683"},
    {"rope", "positional",
     "pairs of q_m, k_n rotated by m base^(-2 i / d), then softmax", "n^2 d",
     "{\"base\": 10000, \"layout\": \"interleaved\"}", "[positions query_positions]",
     "sequences; positions may be any numbers, such as hop counts",
     "Su et al. 2021 arXiv:2104.09864"},
    {"xpos", "positional",
     "rope with q scaled by zeta^(m / 512), k by zeta^(-n / 512)", "n^2 d",
     "{\"base\": 10000, \"gamma\": 0.4, \"scale_base\": 512, \"layout\": \"interleaved\", \"causal\": true}", "[positions query_positions]",
     "sequences longer than those trained on",
     "Sun et al. 2022 arXiv:2212.10554"},
    {"alibi", "positional",
     "softmax(q k / sqrt(d) - m_h |i - j|), m_h = 2^(-8 h / H)", "n^2 d",
     "{\"num_heads\": 8, \"causal\": true}", "[slopes]",
     "recency without position vectors",
     "Press et al. 2022 arXiv:2108.12409"},
    {"adaptive_span", "positional",
     "weights times clip((R + z - (i - j)) / R, 0, 1)", "n^2 d",
     "{\"span\": 32, \"ramp\": 32, \"causal\": true}", "",
     "a soft window",
     "Sukhbaatar et al. 2019 arXiv:1905.07799"},
    {"entmax", "normaliser",
     "[(alpha - 1) s - tau]_+^(1 / (alpha - 1)), sum 1", "n^2 d",
     "{\"alpha\": 1.5}", "",
     "sparse weights; alpha = 2 is sparsemax",
     "Peters et al. 2019 arXiv:1905.05702"},
    {"topk", "normaliser",
     "softmax over the k largest scores", "n^2 d",
     "{\"k\": 32}", "",
     "ignoring all but the best keys",
     "Zhao et al. 2019 arXiv:1912.11637"},
    {"sinkhorn", "normaliser",
     "rows and columns of exp(S) normalised in turn", "n^2 (d + t)",
     "{\"n_iters\": 3}", "",
     "matching: every key is used about equally",
     "Sander et al. 2022 arXiv:2110.11773"},
    {"sigmoid", "normaliser",
     "sigmoid(Q K^T / sqrt(d) - log n) V", "n^2 d",
     "{\"bias\": null}", "",
     "keys that do not compete",
     "Ramapuram et al. 2024 arXiv:2409.04431"},
    {"differential", "normaliser",
     "(softmax(Q1 K1^T) - lambda softmax(Q2 K2^T)) V; Q = [Q1, Q2], K = [K1, K2]", "n^2 d",
     "{\"lambda\": 0.8}", "",
     "cancelling common noise",
     "Ye et al. 2024 arXiv:2410.05258"},
    {"linear", "efficient",
     "phi(Q) (phi(K)^T V) / (phi(Q) sum phi(K)), phi = elu + 1", "n d^2",
     "{\"feature_map\": \"elu+1\", \"eps\": 1e-6}", "",
     "many queries over many keys",
     "Katharopoulos et al. 2020 arXiv:2006.16236"},
    {"performer", "efficient",
     "linear with phi(x) = exp(w x - |x|^2 / 2) / sqrt(m)", "n m d",
     "{\"num_features\": 256, \"seed\": 0}", "[projection]",
     "an unbiased estimate of softmax",
     "Choromanski et al. 2021 arXiv:2009.14794"},
    {"random_feature", "efficient",
     "linear with phi(x) = [sin W x, cos W x] / sqrt(m), x normalised", "n m d",
     "{\"num_features\": 256, \"input_scale\": 0.5, \"seed\": 0}", "[projection]",
     "Gaussian kernels",
     "Peng et al. 2021 arXiv:2103.02143"},
    {"cosformer", "efficient",
     "relu(q_i) relu(k_j) cos(pi / 2 (i - j) / M), rows normalised", "n d^2",
     "{\"M\": null, \"eps\": 1e-6}", "",
     "linear attention that prefers near positions",
     "Qin et al. 2022 arXiv:2202.08791"},
    {"efficient", "efficient",
     "softmax_rows(Q) (softmax_columns(K)^T V)", "n d^2",
     "{}", "",
     "many queries over many keys",
     "Shen et al. 2021 arXiv:1812.01243"},
    {"linformer", "efficient",
     "softmax(Q (E K)^T / sqrt(d)) F V", "n k d",
     "{\"k\": 256, \"seed\": 0}", "[E F]",
     "long sequences of fixed length",
     "Wang et al. 2020 arXiv:2006.04768"},
    {"nystrom", "efficient",
     "softmax(Q Kt^T) pinv(softmax(Qt Kt^T)) softmax(Qt K^T) V, segment means as landmarks", "n m d",
     "{\"num_landmarks\": 64, \"pinv_iterations\": 6}", "",
     "long sequences",
     "Xiong et al. 2021 arXiv:2102.03902"},
    {"reformer", "efficient",
     "softmax within hash buckets, K = Q / |Q|, not itself unless alone", "n^2 d / b",
     "{\"num_buckets\": null, \"num_rounds\": 1, \"seed\": 0}", "[rotations]",
     "self-attention where few pairs matter",
     "Kitaev et al. 2020 arXiv:2001.04451"},
    {"routing", "efficient",
     "softmax within clusters of queries and keys", "n^1.5 d",
     "{\"num_clusters\": null, \"seed\": 0}", "[centroids]",
     "self-attention with topics",
     "Roy et al. 2021 arXiv:2003.05997"},
    {"clustered", "efficient",
     "attention of query centroids; topk > 0: exact on their best keys", "n c d",
     "{\"num_clusters\": 100, \"topk\": 0, \"seed\": 0}", "[assignment]",
     "many similar queries",
     "Vyas et al. 2020 arXiv:2007.04825"},
    {"retention", "efficient",
     "(Q K^T / sqrt(d) * D) V, D_ij = gamma^(i - j) for j <= i", "n d^2",
     "{\"gamma\": 0.96875}", "",
     "decaying memory over a sequence",
     "Sun et al. 2023 arXiv:2307.08621"},
    {"delta_rule", "efficient",
     "S_t = S_{t-1} + beta_t (v_t - S_{t-1} k_t) k_t^T, o_t = S_t q_t", "n d^2",
     "{\"beta\": 1}", "",
     "key-value memory that overwrites",
     "Schlag et al. 2021 arXiv:2102.11174; Yang et al. 2024 arXiv:2406.06484"},
    {"sliding_window", "sparse",
     "softmax over |i - j| <= window; causal: the last `window` keys", "n w d",
     "{\"window\": 256}", "",
     "local context",
     "Beltagy et al. 2020 arXiv:2004.05150"},
    {"dilated", "sparse",
     "|i - j| <= window dilation and (i - j) mod dilation = 0", "n w d",
     "{\"window\": 256, \"dilation\": 2}", "",
     "a wider window for the same work",
     "Beltagy et al. 2020 arXiv:2004.05150"},
    {"strided", "sparse",
     "i - j <= stride or (i - j) mod stride = 0", "n^1.5 d",
     "{\"stride\": null, \"causal\": true}", "",
     "periodic sequences",
     "Child et al. 2019 arXiv:1904.10509"},
    {"fixed", "sparse",
     "same block of length stride, or j mod stride in the last c", "n^1.5 d",
     "{\"stride\": null, \"c\": 1, \"causal\": true}", "",
     "text in blocks with summaries",
     "Child et al. 2019 arXiv:1904.10509"},
    {"block_local", "sparse",
     "floor(i / b) = floor(j / b)", "n b d",
     "{\"block_size\": 64}", "",
     "independent blocks",
     "Qiu et al. 2020 arXiv:1911.02972"},
    {"longformer", "sparse",
     "|i - j| <= window, or i or j a global token", "n (w + g) d",
     "{\"window\": 256}", "[global_tokens]",
     "long documents with a few summary tokens",
     "Beltagy et al. 2020 arXiv:2004.05150"},
    {"bigbird", "sparse",
     "window, global tokens and random keys", "n (w + g + r) d",
     "{\"window\": 3, \"num_random\": 3, \"seed\": 0}", "[global_tokens random_pairs]",
     "long documents",
     "Zaheer et al. 2020 arXiv:2007.14062"},
    {"neighborhood", "sparse",
     "the kernel_size nearest positions, shifted inside at the borders", "n k d",
     "{\"kernel_size\": 7}", "",
     "exactly k neighbours for everyone",
     "Hassani et al. 2023 arXiv:2204.07143"},
    {"axial", "sparse",
     "on an h x w grid: along rows, then along columns", "n^1.5 d",
     "{}", "[shape]",
     "images and tables",
     "Ho et al. 2019 arXiv:1912.12180"},
    {"gat", "graph",
     "softmax over in-edges of LeakyReLU(a_src W x_src + a_dst W x_dst), with self-loops", "n d^2 + e d",
     "{\"num_heads\": 8, \"negative_slope\": 0.2, \"concat\": true, \"add_self_loops\": true}", "edge_index W a_src a_dst [bias]",
     "nodes of a graph",
     "Velickovic et al. 2018 arXiv:1710.10903"},
    {"gatv2", "graph",
     "softmax over in-edges of a LeakyReLU(W_l x_src + W_r x_dst)", "n d^2 + e d",
     "{\"num_heads\": 8, \"negative_slope\": 0.2, \"concat\": true, \"add_self_loops\": true}", "edge_index W_l W_r a [bias]",
     "graphs where the ranking depends on the node",
     "Brody et al. 2022 arXiv:2105.14491"},
    {"edge_gat", "graph",
     "gat with a_edge W_e e in the score", "n d^2 + e d",
     "{\"num_heads\": 8, \"negative_slope\": 0.2, \"concat\": true, \"add_self_loops\": false}", "edge_index edge_attr W a_src a_dst W_e a_edge [bias]",
     "edges with features",
     "Gong, Cheng 2019 arXiv:1809.02709"},
    {"graph_transformer", "graph",
     "softmax over in-edges of q_dst k_src / sqrt(d); plus x W_skip", "n d^2 + e d",
     "{\"num_heads\": 4, \"concat\": true, \"add_self_loops\": false}", "edge_index W_q W_k W_v [W_skip bias]",
     "nodes of a graph",
     "Shi et al. 2021 arXiv:2009.03509"},
    {"agnn", "graph",
     "softmax over in-edges of beta cos(x_dst, x_src)", "e d",
     "{\"beta\": 1, \"concat\": true, \"add_self_loops\": true}", "edge_index",
     "smoothing by similarity without weights",
     "Thekumparampil et al. 2018 arXiv:1803.03735"},
    {"graphormer", "graph",
     "softmax(Q K^T / sqrt(d) + bias[hops(i, j)]) V", "n^2 d",
     "{}", "spd bias",
     "small graphs, all pairs",
     "Ying et al. 2021 arXiv:2106.05234"},
    {"supergat", "graph",
     "gat score times sigmoid(W x_src . W x_dst)", "n d^2 + e d",
     "{\"num_heads\": 8, \"negative_slope\": 0.2, \"concat\": true, \"add_self_loops\": true}", "edge_index W a_src a_dst [bias]",
     "noisy graphs",
     "Kim, Oh 2021 arXiv:2204.04879"},
    {"moe", "specialised",
     "sum_e p_e / sum p W_o^e softmax(W_q^e x (W_k Y)^T) W_v Y, p = top-k of softmax(W_g x)", "n^2 d k",
     "{\"top_k\": 2}", "W_g W_q W_k W_v W_o",
     "experts chosen by the query",
     "Zhang et al. 2022 arXiv:2210.05144; Shazeer et al. 2017 arXiv:1701.06538"},
    {"realformer", "specialised",
     "softmax(Q K^T / sqrt(d) + prev) V", "n^2 d",
     "{}", "prev",
     "residual scores from a layer before",
     "He et al. 2021 arXiv:2012.11747"},
    {"synthesizer", "specialised",
     "softmax(W_2 relu(W_1 x + b_1) + b_2) V; random: softmax(R) V", "n (d^2 + n d)",
     "{\"variant\": \"dense\"}", "[W_1 b_1 W_2 b_2 R]",
     "weights without keys",
     "Tay et al. 2020 arXiv:2005.00743"},
    {"compressive", "specialised",
     "keys and values: pooled old memory, memory, current", "n (n + m) d",
     "{\"compression_rate\": 3, \"causal\": true}", "[memory old_memory]",
     "sessions with a long past",
     "Rae et al. 2020 arXiv:1911.05507"},
    {"product_key", "specialised",
     "top-k of q1 C1 and q2 C2, softmax over the best sums", "n (sqrt(m) d + k^2)",
     "{\"topk\": 32}", "C1 C2",
     "large key-value memories",
     "Lample et al. 2019 arXiv:1907.05242"},
    {"hopfield", "specialised",
     "xi <- softmax(beta xi K^T) K, steps times; softmax(beta xi K^T) V", "n^2 d t",
     "{\"beta\": null, \"steps\": 1}", "",
     "recalling a stored pattern",
     "Ramsauer et al. 2021 arXiv:2008.02217"},
    {"pma", "specialised",
     "multi_head(seeds, Y, Y)", "n s d",
     "{\"num_heads\": 4}", "seeds [W_q W_k W_v W_o b_q b_k b_v b_o]",
     "pooling a set into a few vectors",
     "Lee et al. 2019 arXiv:1810.00825"},
    {"hierarchical", "specialised",
     "softmax(u . tanh(W h + b)) pooling in segments, then over segments", "n d h",
     "{}", "W_w u_w W_s u_s [b_w b_s segment]",
     "sentences into documents",
     "Yang et al. 2016 N16-1174"},
    {"self_attentive_pooling", "specialised",
     "softmax(W_2 tanh(W_1 H^T)) H", "n d h",
     "{}", "W_1 W_2",
     "pooling a set into a few vectors",
     "Lin et al. 2017 arXiv:1703.03130"},
    {"target", "specialised",
     "sum_j MLP([q, k_j, q - k_j, q * k_j]) v_j", "n d h",
     "{\"b_2\": 0}", "W_1 w_2 [b_1]",
     "histories of users against an item",
     "Zhou et al. 2018 arXiv:1706.06978"},
    {"external", "specialised",
     "softmax over tokens of Q M_k^T, rows normalised, times M_v", "n s d",
     "{\"scale\": 1}", "[M_k M_v]",
     "a small learned memory",
     "Guo et al. 2021 arXiv:2105.02358"},
    {"feedback", "specialised",
     "m_t = sum_l softmax(w)_l x_t^l; o_t = attention over m_<t", "n^2 d",
     "{}", "[layers w]",
     "memory of all layers",
     "Fan et al. 2020 arXiv:2002.09402"},
    {"gated_unit", "specialised",
     "relu(Q K^T / n)^2 V", "n^2 d",
     "{}", "",
     "no normaliser",
     "Hua et al. 2022 arXiv:2202.10447"},
    {"maxsim", "specialised",
     "sum_i max_j q_i . d_j (a score: ruvector_maxsim)", "n m d",
     "{}", "",
     "re-ranking by token vectors",
     "Khattab, Zaharia 2020 arXiv:2004.12832"},
    {"poincare", "hyperbolic",
     "softmax(-beta d(q, k) - gamma); Einstein midpoint of V", "n^2 d",
     "{\"curvature\": -1, \"beta\": 1, \"gamma\": 0}", "",
     "points of the Poincare ball",
     "Gulcehre et al. 2019 arXiv:1805.09786"},
    {"lorentz", "hyperbolic",
     "softmax(-d_L^2 / sqrt(n)), d_L^2 = -2/c - 2 <q, k>_L; centroid. Space-like coordinates given", "n^2 d",
     "{\"curvature\": -1}", "",
     "points of the hyperboloid",
     "Chen et al. 2022 arXiv:2105.14686; Law et al. 2019"},
    {"hgcn", "hyperbolic",
     "softmax over in-edges of a [log_0 x_i; log_0 x_j]; mean in the tangent space", "e d",
     "{\"curvature\": -1, \"add_self_loops\": true}", "edge_index a",
     "graphs with a hierarchy",
     "Chami et al. 2019 arXiv:1910.12933"},
    {"mixed_curvature", "hyperbolic",
     "softmax(-sum_m w_m d_m(q, k)^2) over E x H x S", "n^2 d",
     "{\"curvature\": -1}", "dims [weights]",
     "products of spaces",
     "Gu et al. 2019; Cho et al. 2023 arXiv:2309.04082"},
    {"dual_space", "hyperbolic",
     "softmax((w_e q k / sqrt(d) - w_h d_P(q_h, k_h)) / T) V", "n^2 d",
     "{\"euclidean_weight\": 0.5, \"hyperbolic_weight\": 0.5, \"temperature\": 1, \"curvature\": -1}", "[dims]",
     "similarity and hierarchy together",
     "cf. Gu et al. 2019"},
    {"busemann", "hyperbolic",
     "softmax_k(-B_q(k)), q an ideal point; Einstein midpoint", "n^2 d",
     "{\"curvature\": -1}", "",
     "directions of a hierarchy",
     "Chami et al. 2021 arXiv:2106.03306"},
};

constexpr Alias kAliases[] = {
    {"scaled_dot", "scaled_dot_product", ""},
    {"dot_product", "scaled_dot_product", ""},
    {"flash", "scaled_dot_product", ""},
    {"flash_v2", "scaled_dot_product", ""},
    {"self", "scaled_dot_product", ""},
    {"cross", "scaled_dot_product", ""},
    {"causal", "scaled_dot_product", "causal = true"},
    {"local", "sliding_window", ""},
    {"sliding", "sliding_window", ""},
    {"mixture_of_experts", "moe", ""},
    {"hash_based", "reformer", ""},
    {"sparsemax", "entmax", "alpha = 2"},
    {"bahdanau", "additive", ""},
    {"luong", "bilinear", ""},
    {"kernel", "gaussian", ""},
    {"favor", "performer", ""},
    {"rfa", "random_feature", ""},
    {"retnet", "retention", ""},
    {"local_global", "longformer", ""},
    {"edge_featured", "edge_gat", ""},
    {"graph_rope", "rope", ""},
    {"hyperbolic", "poincare", ""},
    {"colbert", "maxsim", ""},
    {"late_interaction", "maxsim", ""},
    {"sparse", "strided", "params.pattern names a sparse type"},
};
// clang-format on

// Parameters of every type that goes through the engine.
constexpr const char* kCommon[] = {"scale",          "causal",  "mask",    "num_heads",
                                   "query_position", "block_q", "block_kv"};

std::string lower(std::string_view s) {
  std::string out(s);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// Whether `name` stands in a list of words with brackets around the optional ones.
bool has_word(std::string_view list, std::string_view name) {
  for (std::size_t at = list.find(name); at != std::string_view::npos;
       at = list.find(name, at + 1)) {
    const char before = at == 0 ? ' ' : list[at - 1];
    const char after = at + name.size() == list.size() ? ' ' : list[at + name.size()];
    if ((before == ' ' || before == '[') && (after == ' ' || after == ']')) return true;
  }
  return false;
}

}  // namespace

std::span<const TypeInfo> types() noexcept { return kTypes; }
std::span<const Alias> aliases() noexcept { return kAliases; }

const TypeInfo* find_type(std::string_view name) noexcept {
  for (const TypeInfo& t : kTypes)
    if (name == t.name) return &t;
  return nullptr;
}

const TypeInfo& resolve(std::string_view given, Params& params) {
  const std::string name = lower(given);
  if (const TypeInfo* t = find_type(name)) return *t;
  if (name == "rezero" || name == "fixup")
    throw Error(ErrorCode::invalid_argument, "\"" + name + "\" is no attention type", {},
                name == "rezero" ? "ReZero scales residual connections of a network in training."
                                 : "Fixup is an initialisation of residual networks in training.");
  for (const Alias& a : kAliases) {
    if (name != a.alias) continue;
    std::string target = a.name;
    if (name == "causal") params.set_default("causal", true);
    if (name == "sparsemax") params.set_default("alpha", 2.0);
    if (name == "sparse") {
      target = lower(params.word("pattern", a.name));
      params.erase("pattern");
      const TypeInfo* t = find_type(target);
      if (t == nullptr || std::string_view(t->family) != "sparse")
        throw Error(
            ErrorCode::invalid_argument, "unknown sparse pattern \"" + target + "\"", {},
            "Patterns are sliding_window, dilated, strided, fixed, block_local, longformer, "
            "bigbird, neighborhood and axial.");
    }
    return *find_type(target);
  }
  throw Error(
      ErrorCode::invalid_argument, "unknown attention type \"" + std::string(given) + "\"", {},
      "ruvector_attention_types() lists the types; among them are scaled_dot_product, "
      "multi_head, cosine, gaussian, bilinear, additive, rope, alibi, topk, entmax, linear, "
      "performer, sliding_window, gat, moe, hopfield, poincare and lorentz. A name given to "
      "ruvector_attention_create() is one, too.");
}

void check_parameters(const TypeInfo& type, const Params& params) {
  for (const auto& entry : params.values()) {
    const std::string& name = entry.first;
    const bool common = std::any_of(std::begin(kCommon), std::end(kCommon),
                                    [&](const char* c) { return name == c; });
    if (common || has_word(type.weights, name) ||
        std::string_view(type.parameters).find("\"" + name + "\":") != std::string_view::npos)
      continue;
    throw Error(
        ErrorCode::invalid_argument,
        std::string("attention type \"") + type.name + "\" has no parameter \"" + name + "\"", {},
        std::string("Its parameters are ") + type.parameters +
            "; arrays: " + (*type.weights != '\0' ? type.weights : "none") +
            "; all types: scale, causal, mask, num_heads, query_position.");
  }
}

}  // namespace rv::attention
