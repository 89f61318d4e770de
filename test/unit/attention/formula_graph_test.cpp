// Formulas: attention along the edges of a graph, an edge list in loops over all pairs of nodes.
#include <cmath>

#include "formula.h"

namespace rv::attention::formula {
namespace {

struct World {
  std::size_t nodes, heads, width;
  Matrix x;
  std::vector<std::pair<std::size_t, std::size_t>> edges;  // (source, destination), some twice
  Matrix attributes;                                       // of the edges

  Tensor index() const {
    Tensor t{{2, edges.size()}, {}};
    for (const auto& e : edges) t.data.push_back(double(e.first));
    for (const auto& e : edges) t.data.push_back(double(e.second));
    return t;
  }
};

std::vector<World> worlds(Rng& rng) {
  std::vector<World> all;
  for (const auto& [nodes, edges, d, heads, width] :
       {std::tuple<std::size_t, std::size_t, std::size_t, std::size_t, std::size_t>{1, 1, 3, 1, 2},
        {5, 7, 4, 2, 3},
        {20, 90, 7, 4, 5},
        {33, 20, 6, 3, 1}}) {
    World w{nodes, heads, width, random_matrix(rng, nodes, d), {}, random_matrix(rng, edges, 2)};
    for (std::size_t e = 0; e < edges; ++e)
      w.edges.emplace_back(rng.below(nodes), rng.below(nodes));
    all.push_back(std::move(w));
  }
  return all;
}

// Score of an edge; edge == edges.size() for a self-loop that was added.
using EdgeScore = std::function<double(std::size_t source, std::size_t target, std::size_t edge,
                                       std::size_t head)>;

// Softmax over the in-edges, with self-loops in place of those there are; heads side by side or
// averaged.
Matrix over_edges(const World& w, const Matrix& message, bool loops, bool concat,
                  const EdgeScore& score) {
  const std::size_t width = message.cols / w.heads;
  Matrix out(w.nodes, concat ? message.cols : width);
  for (std::size_t i = 0; i < w.nodes; ++i)
    for (std::size_t h = 0; h < w.heads; ++h) {
      std::vector<std::size_t> from;
      std::vector<double> s;
      for (std::size_t e = 0; e < w.edges.size(); ++e) {
        if (w.edges[e].second != i || (loops && w.edges[e].first == i)) continue;
        from.push_back(w.edges[e].first);
        s.push_back(score(w.edges[e].first, i, e, h));
      }
      if (loops) {
        from.push_back(i);
        s.push_back(score(i, i, w.edges.size(), h));
      }
      soft(s);
      for (std::size_t e = 0; e < s.size(); ++e)
        for (std::size_t t = 0; t < width; ++t)
          out.at(i, (concat ? h * width : 0) + t) +=
              s[e] * message.at(from[e], h * width + t) / (concat ? 1 : double(w.heads));
    }
  return out;
}

void add_row(Matrix& x, const Matrix& b) {
  for (std::size_t i = 0; i < x.rows; ++i)
    for (std::size_t t = 0; t < x.cols; ++t) x.at(i, t) += b.at(0, t);
}

double leaky(double x) { return x > 0 ? x : 0.15 * x; }
double of_head(const Matrix& a, const Matrix& x, std::size_t row, std::size_t h,
               std::size_t width) {
  return inner(a.row(h), x.row(row) + h * width, width);
}

void check_gat(const char* type) {
  const bool edge = std::string(type) == "edge_gat", super = std::string(type) == "supergat";
  Rng rng(edge ? 1 : super ? 2 : 3);
  for (const World& w : worlds(rng))
    for (const bool concat : {true, false}) {
      const std::size_t all = w.heads * w.width;
      const Matrix weight = random_matrix(rng, all, w.x.cols),
                   src = random_matrix(rng, w.heads, w.width),
                   dst = random_matrix(rng, w.heads, w.width), we = random_matrix(rng, all, 2),
                   ae = random_matrix(rng, w.heads, w.width),
                   bias = random_matrix(rng, 1, concat ? all : w.width);
      const Matrix h = times(w.x, weight), he = times(w.attributes, we);
      Matrix want = over_edges(
          w, h, !edge, concat, [&](std::size_t s, std::size_t t, std::size_t e, std::size_t u) {
            double score = of_head(src, h, s, u, w.width) + of_head(dst, h, t, u, w.width);
            if (edge) score += of_head(ae, he, e, u, w.width);
            if (super)
              score /=
                  1 + std::exp(-inner(h.row(s) + u * w.width, h.row(t) + u * w.width, w.width));
            return leaky(score);
          });
      add_row(want, bias);
      Params p = with({{"edge_index", w.index()},
                       {"num_heads", double(w.heads)},
                       {"negative_slope", 0.15},
                       {"concat", concat},
                       {"W", tensor_of(weight)},
                       {"a_src", tensor_of(src)},
                       {"a_dst", tensor_of(dst)},
                       {"bias", vector_of(bias)}});
      if (edge) {
        p.set("edge_attr", tensor_of(w.attributes));
        p.set("W_e", tensor_of(we));
        p.set("a_edge", tensor_of(ae));
      }
      compare(type, {w.x, w.x, w.x}, p, want);
    }
}

}  // namespace

RV_FORMULA(gat) { check_gat("gat"); }
RV_FORMULA(edge_gat) { check_gat("edge_gat"); }
RV_FORMULA(supergat) { check_gat("supergat"); }

RV_FORMULA(gatv2) {
  Rng rng(4);
  for (const World& w : worlds(rng)) {
    const std::size_t all = w.heads * w.width;
    const Matrix wl = random_matrix(rng, all, w.x.cols), wr = random_matrix(rng, all, w.x.cols),
                 a = random_matrix(rng, w.heads, w.width);
    const Matrix l = times(w.x, wl), r = times(w.x, wr);
    compare(
        "gatv2", {w.x, w.x, w.x},
        with({{"edge_index", w.index()},
              {"num_heads", double(w.heads)},
              {"negative_slope", 0.15},
              {"W_l", tensor_of(wl)},
              {"W_r", tensor_of(wr)},
              {"a", tensor_of(a)}}),
        over_edges(w, l, true, true, [&](std::size_t s, std::size_t t, std::size_t, std::size_t h) {
          double score = 0;
          for (std::size_t c = 0; c < w.width; ++c)
            score += a.at(h, c) * leaky(l.at(s, h * w.width + c) + r.at(t, h * w.width + c));
          return score;
        }));
  }
}

RV_FORMULA(graph_transformer) {
  Rng rng(5);
  for (const World& w : worlds(rng)) {
    const std::size_t all = w.heads * w.width;
    const Matrix wq = random_matrix(rng, all, w.x.cols), wk = random_matrix(rng, all, w.x.cols),
                 wv = random_matrix(rng, all, w.x.cols), skip = random_matrix(rng, all, w.x.cols);
    const Matrix q = times(w.x, wq), k = times(w.x, wk), own = times(w.x, skip);
    Matrix want =
        over_edges(w, times(w.x, wv), false, true,
                   [&](std::size_t s, std::size_t t, std::size_t, std::size_t h) {
                     return inner(q.row(t) + h * w.width, k.row(s) + h * w.width, w.width) /
                            std::sqrt(double(w.width));
                   });
    for (std::size_t i = 0; i < want.data.size(); ++i) want.data[i] += own.data[i];
    compare("graph_transformer", {w.x, w.x, w.x},
            with({{"edge_index", w.index()},
                  {"num_heads", double(w.heads)},
                  {"W_q", tensor_of(wq)},
                  {"W_k", tensor_of(wk)},
                  {"W_v", tensor_of(wv)},
                  {"W_skip", tensor_of(skip)}}),
            want);
  }
}

RV_FORMULA(agnn) {
  Rng rng(6);
  for (World& w : worlds(rng)) {
    w.heads = 1;
    const auto norm = [&](std::size_t i) {
      return std::sqrt(inner(w.x.row(i), w.x.row(i), w.x.cols));
    };
    compare(
        "agnn", {w.x, w.x, w.x}, with({{"edge_index", w.index()}, {"beta", 1.7}}),
        over_edges(w, w.x, true, true, [&](std::size_t s, std::size_t t, std::size_t, std::size_t) {
          return 1.7 * inner(w.x.row(s), w.x.row(t), w.x.cols) / (norm(s) * norm(t));
        }));
  }
}

}  // namespace rv::attention::formula
