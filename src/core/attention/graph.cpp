// Attention over the edges of a graph: an edge (src, dst) lets dst look at src.
#include <algorithm>
#include <cmath>

#include "core/attention/kernels.h"
#include "core/base/error.h"
#include "core/geometry/poincare.h"

namespace rv::attention {
namespace {

struct Edge {
  std::size_t src, dst;
  std::size_t attribute;  // row of edge_attr
};

// With self-loops: existing ones are removed, then every node gets one (as PyG does). Grouped by
// destination.
std::vector<std::vector<Edge>> edges_by_destination(const Call& call, bool self_loops_default) {
  const std::size_t n = call.in.q.rows;
  const bool self_loops = call.params.flag("add_self_loops", self_loops_default);
  const Matrix index = call.params.need_matrix("edge_index", 2, 0);
  std::vector<std::vector<Edge>> of(n);
  for (std::size_t e = 0; e < index.cols; ++e) {
    const double s = index.at(0, e), d = index.at(1, e);
    if (s != std::floor(s) || d != std::floor(d) || s < 0 || d < 0 || s >= static_cast<double>(n) ||
        d >= static_cast<double>(n))
      throw Error(ErrorCode::invalid_argument, "edge " + std::to_string(e) +
                                                   " joins nodes that do not exist: there are " +
                                                   std::to_string(n) + " nodes, numbered from 0");
    const Edge edge{static_cast<std::size_t>(s), static_cast<std::size_t>(d), e};
    if (!(self_loops && edge.src == edge.dst)) of[edge.dst].push_back(edge);
  }
  for (std::size_t i = 0; self_loops && i < n; ++i) of[i].push_back({i, i, index.cols});
  return of;
}

double leaky(double x, double slope) { return x > 0 ? x : slope * x; }

struct Heads {
  std::size_t count, width;
};

Heads heads_of(const Call& call, std::size_t cols, std::size_t otherwise) {
  const std::size_t heads = call.params.count("num_heads", otherwise);
  if (cols % heads != 0)
    throw Error(ErrorCode::invalid_argument, std::to_string(cols) +
                                                 " dimensions cannot be split into " +
                                                 std::to_string(heads) + " heads");
  return {heads, cols / heads};
}

// Score of an edge for one head.
using EdgeScore = std::function<double(const Edge& edge, std::size_t head)>;

Evaluated over_edges(const Call& call, const std::vector<std::vector<Edge>>& edges, Heads heads,
                     const Matrix& message, const EdgeScore& score) {
  const bool concat = call.params.flag("concat", true);
  Evaluated result;
  result.output = Matrix(edges.size(), concat ? heads.count * heads.width : heads.width);
  std::vector<double> alpha;
  for (std::size_t i = 0; i < edges.size(); ++i) {
    if (i % 64 == 0) call.poll();
    alpha.resize(edges[i].size());
    for (std::size_t h = 0; h < heads.count; ++h) {
      for (std::size_t e = 0; e < alpha.size(); ++e) alpha[e] = score(edges[i][e], h);
      softmax(alpha.data(), alpha.size());
      double* out = result.output.row(i) + (concat ? h * heads.width : 0);
      const double share = concat ? 1 : 1 / static_cast<double>(heads.count);
      for (std::size_t e = 0; e < alpha.size(); ++e)
        add_scaled(out, share * alpha[e], message.row(edges[i][e].src) + h * heads.width,
                   heads.width);
    }
  }
  if (call.params.has("bias"))
    add_to_rows(result.output, call.params.need_vector("bias", result.output.cols));
  return result;
}

// a[head] . x[row, head] for every row and head.
Matrix head_products(const Matrix& x, const Matrix& a, Heads heads) {
  Matrix out(x.rows, heads.count);
  for (std::size_t i = 0; i < x.rows; ++i)
    for (std::size_t h = 0; h < heads.count; ++h)
      out.at(i, h) = dot(a.row(h), x.row(i) + h * heads.width, heads.width);
  return out;
}

Evaluated gat_family(const std::string& type, const Call& call) {
  const Params& p = call.params;
  const auto edges = edges_by_destination(call, type != "edge_gat");
  const Matrix wx = multiply_transposed(call.in.q, p.need_matrix("W", 0, call.in.q.cols));
  const Heads heads = heads_of(call, wx.cols, 8);
  const double slope = p.number("negative_slope", 0.2);
  const Matrix src = head_products(wx, p.need_matrix("a_src", heads.count, heads.width), heads);
  const Matrix dst = head_products(wx, p.need_matrix("a_dst", heads.count, heads.width), heads);
  Matrix of_edge;
  if (type == "edge_gat") {
    const Matrix attributes =
        p.need_matrix("edge_attr", p.need_tensor("edge_index").shape.at(1), 0);
    const Matrix we =
        multiply_transposed(attributes, p.need_matrix("W_e", wx.cols, attributes.cols));
    of_edge = head_products(we, p.need_matrix("a_edge", heads.count, heads.width), heads);
  }
  return over_edges(call, edges, heads, wx, [&](const Edge& e, std::size_t h) {
    double s = src.at(e.src, h) + dst.at(e.dst, h);
    if (!of_edge.empty() && e.attribute < of_edge.rows) s += of_edge.at(e.attribute, h);
    if (type == "supergat") {
      const std::size_t at = h * heads.width;
      s *= 1 / (1 + std::exp(-dot(wx.row(e.src) + at, wx.row(e.dst) + at, heads.width)));
    }
    return leaky(s, slope);
  });
}

Evaluated gatv2(const Call& call) {
  const Params& p = call.params;
  const auto edges = edges_by_destination(call, true);
  const Matrix left = multiply_transposed(call.in.q, p.need_matrix("W_l", 0, call.in.q.cols));
  const Matrix right =
      multiply_transposed(call.in.q, p.need_matrix("W_r", left.cols, call.in.q.cols));
  const Heads heads = heads_of(call, left.cols, 8);
  const Matrix a = p.need_matrix("a", heads.count, heads.width);
  const double slope = p.number("negative_slope", 0.2);
  return over_edges(call, edges, heads, left, [&](const Edge& e, std::size_t h) {
    double s = 0;
    for (std::size_t t = 0; t < heads.width; ++t) {
      const std::size_t at = h * heads.width + t;
      s += a.at(h, t) * leaky(left.at(e.src, at) + right.at(e.dst, at), slope);
    }
    return s;
  });
}

Evaluated graph_transformer(const Call& call) {
  const Params& p = call.params;
  const auto edges = edges_by_destination(call, false);
  const Matrix& x = call.in.q;
  const Matrix q = multiply_transposed(x, p.need_matrix("W_q", 0, x.cols));
  const Matrix k = multiply_transposed(x, p.need_matrix("W_k", q.cols, x.cols));
  const Matrix v = multiply_transposed(x, p.need_matrix("W_v", q.cols, x.cols));
  const Heads heads = heads_of(call, q.cols, 4);
  const double scale = 1 / std::sqrt(static_cast<double>(heads.width));
  Evaluated result = over_edges(call, edges, heads, v, [&](const Edge& e, std::size_t h) {
    const std::size_t at = h * heads.width;
    return scale * dot(q.row(e.dst) + at, k.row(e.src) + at, heads.width);
  });
  if (p.has("W_skip")) {
    const Matrix skip = multiply_transposed(x, p.need_matrix("W_skip", result.output.cols, x.cols));
    add_scaled(result.output.data.data(), 1, skip.data.data(), skip.data.size());
  }
  return result;
}

Evaluated agnn(const Call& call) {
  const auto edges = edges_by_destination(call, true);
  Matrix unit = call.in.q;
  normalize_rows(unit);
  const double beta = call.params.number("beta", 1);
  return over_edges(call, edges, {1, unit.cols}, call.in.q, [&](const Edge& e, std::size_t) {
    return beta * dot(unit.row(e.dst), unit.row(e.src), unit.cols);
  });
}

// Scores from the tangent space at the origin, aggregation in the tangent space of the node.
Evaluated hgcn(const Call& call) {
  const Matrix& x = call.in.q;
  const double c = geometry::positive_c(call.params.number("curvature", -1));
  const auto edges = edges_by_destination(call, true);
  const auto a = call.params.need_vector("a", 2 * x.cols);
  std::vector<double> as_destination(x.rows), as_source(x.rows);
  for (std::size_t i = 0; i < x.rows; ++i) {
    const auto t = geometry::log_map_origin(x.row_view(i), c);
    as_destination[i] = dot(a.data(), t.data(), t.size());
    as_source[i] = dot(a.data() + x.cols, t.data(), t.size());
  }
  Evaluated result;
  result.output = Matrix(x.rows, x.cols);
  for (std::size_t i = 0; i < x.rows; ++i) {
    if (i % 64 == 0) call.poll();
    std::vector<double> w, tangent(x.cols, 0.0);
    for (const Edge& e : edges[i]) w.push_back(as_destination[i] + as_source[e.src]);
    softmax(w.data(), w.size());
    for (std::size_t e = 0; e < w.size(); ++e) {
      const auto t = geometry::log_map(x.row_view(i), x.row_view(edges[i][e].src), c);
      add_scaled(tangent.data(), w[e], t.data(), t.size());
    }
    const auto out = geometry::exp_map(x.row_view(i), tangent, c);
    std::copy(out.begin(), out.end(), result.output.row(i));
  }
  return result;
}

}  // namespace

Evaluated graph_attention(const std::string& type, const Call& call) {
  if (type == "gatv2") return gatv2(call);
  if (type == "graph_transformer") return graph_transformer(call);
  if (type == "agnn") return agnn(call);
  if (type == "hgcn") return hgcn(call);
  return gat_family(type, call);
}

}  // namespace rv::attention
