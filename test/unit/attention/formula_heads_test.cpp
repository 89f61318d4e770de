// Formulas: projections around exact attention (heads, experts, seeds), learned weights and
// memories.
#include <algorithm>
#include <cmath>
#include <map>

#include "formula.h"

namespace rv::attention::formula {
namespace {

Matrix plus_bias(Matrix x, const Matrix& b) {
  for (std::size_t i = 0; i < x.rows; ++i)
    for (std::size_t t = 0; t < x.cols; ++t) x.at(i, t) += b.at(0, t);
  return x;
}

void put(Matrix& into, std::size_t first, const Matrix& x) {
  for (std::size_t i = 0; i < x.rows; ++i)
    for (std::size_t t = 0; t < x.cols; ++t) into.at(i, first + t) = x.at(i, t);
}

// Heads side by side: query head h with key head h * groups / heads.
Matrix in_heads(const Given& g, std::size_t heads, std::size_t groups,
                const Score& score = scaled) {
  const std::size_t e = g.q.cols / heads, f = g.v.cols / groups;
  Matrix out(g.q.rows, heads * f);
  for (std::size_t h = 0; h < heads; ++h) {
    const std::size_t group = h * groups / heads;
    put(out, h * f,
        expected({part(g.q, h * e, e), part(g.k, group * e, e), part(g.v, group * f, f)}, score));
  }
  return out;
}

struct Projections {
  Matrix wq, wk, wv, wo, bq, bk, bv, bo;
  Params params(double heads) const {
    return with({{"num_heads", heads},
                 {"W_q", tensor_of(wq)},
                 {"W_k", tensor_of(wk)},
                 {"W_v", tensor_of(wv)},
                 {"W_o", tensor_of(wo)},
                 {"b_q", vector_of(bq)},
                 {"b_k", vector_of(bk)},
                 {"b_v", vector_of(bv)},
                 {"b_o", vector_of(bo)}});
  }
  Given apply(const Given& g) const {
    return {plus_bias(times(g.q, wq), bq), plus_bias(times(g.k, wk), bk),
            plus_bias(times(g.v, wv), bv)};
  }
};

Projections random_projections(Rng& rng, const Shape& s, std::size_t heads, std::size_t groups) {
  const std::size_t e = 3, f = 5, out = 4;
  return {random_matrix(rng, heads * e, s.d),   random_matrix(rng, groups * e, s.d),
          random_matrix(rng, groups * f, s.dv), random_matrix(rng, out, heads * f),
          random_matrix(rng, 1, heads * e),     random_matrix(rng, 1, groups * e),
          random_matrix(rng, 1, groups * f),    random_matrix(rng, 1, out)};
}

void check_heads(const std::string& type, std::size_t heads, std::size_t groups) {
  Rng rng(heads * 10 + groups);
  for (const Shape& s : kShapes)
    for (const bool causal : {false, true}) {
      const Given g = random_given(rng, s);
      const Projections w = random_projections(rng, s, heads, groups);
      Params p = w.params(double(heads));
      p.set("causal", causal);
      if (type == "grouped_query") p.set("num_kv_heads", double(groups));
      const Matrix y = in_heads(w.apply(g), heads, groups,
                                [causal](const Given& x, std::size_t i, std::size_t j) {
                                  return causal && j > x.at(i) ? kNever : scaled(x, i, j);
                                });
      compare(type, g, p, plus_bias(times(y, w.wo), w.bo));
    }
}

// softmax(u . tanh(W h + b)) over the given rows, and their weighted sum.
Matrix pooled(const Matrix& h, const std::vector<std::size_t>& rows, const Matrix& w,
              const Matrix& b, const Matrix& u) {
  std::vector<double> s;
  for (const std::size_t r : rows) {
    double x = 0;
    for (std::size_t t = 0; t < w.rows; ++t)
      x += u.at(0, t) * std::tanh(inner(w.row(t), h.row(r), h.cols) + b.at(0, t));
    s.push_back(x);
  }
  soft(s);
  Matrix out(1, h.cols);
  for (std::size_t e = 0; e < rows.size(); ++e)
    for (std::size_t t = 0; t < h.cols; ++t) out.at(0, t) += s[e] * h.at(rows[e], t);
  return out;
}

}  // namespace

RV_FORMULA(multi_head) {
  for (const std::size_t heads : {1u, 2u, 5u}) check_heads("multi_head", heads, heads);
  Rng rng(1);
  const Given g = random_given(rng, {9, 17, 12, 6});  // without weights: split only
  compare("multi_head", g, with({{"num_heads", 3.0}}), in_heads(g, 3, 3));
}

RV_FORMULA(multi_query) {
  for (const std::size_t heads : {1u, 4u}) check_heads("multi_query", heads, 1);
}

RV_FORMULA(grouped_query) {
  check_heads("grouped_query", 6, 3);
  check_heads("grouped_query", 4, 2);
}

RV_FORMULA(pma) {
  Rng rng(2);
  for (const Shape& s : kShapes) {
    const std::size_t heads = 2;
    const Matrix y = random_matrix(rng, s.m, s.d), seeds = random_matrix(rng, 3, s.d);
    const Projections w = random_projections(rng, {3, s.m, s.d, s.d}, heads, heads);
    Params p = w.params(heads);
    p.set("seeds", tensor_of(seeds));
    compare("pma", {y, y, y}, p,
            plus_bias(times(in_heads(w.apply({seeds, y, y}), heads, heads), w.wo), w.bo));
  }
}

RV_FORMULA(talking_heads) {
  Rng rng(3);
  const std::size_t heads = 3, mixed = 4;
  for (const Shape& s : {Shape{1, 1, 3, 3}, Shape{5, 11, 6, 9}, Shape{20, 20, 12, 3}}) {
    const Given g = random_given(rng, s);
    const Matrix pl = random_matrix(rng, heads, mixed), pw = random_matrix(rng, mixed, heads);
    const std::size_t d = s.d / heads, dv = s.dv / heads;
    Matrix want(s.n, s.dv);
    for (std::size_t i = 0; i < s.n; ++i) {
      std::vector<std::vector<double>> w(mixed, std::vector<double>(s.m));
      for (std::size_t m = 0; m < mixed; ++m) {
        for (std::size_t j = 0; j < s.m; ++j)
          for (std::size_t h = 0; h < heads; ++h)
            w[m][j] += pl.at(h, m) * inner(g.q.row(i) + h * d, g.k.row(j) + h * d, d) /
                       std::sqrt(double(d));
        soft(w[m]);
      }
      for (std::size_t h = 0; h < heads; ++h)
        for (std::size_t m = 0; m < mixed; ++m)
          for (std::size_t j = 0; j < s.m; ++j)
            for (std::size_t t = 0; t < dv; ++t)
              want.at(i, h * dv + t) += pw.at(m, h) * w[m][j] * g.v.at(j, h * dv + t);
    }
    compare("talking_heads", g,
            with({{"num_heads", double(heads)}, {"P_l", tensor_of(pl)}, {"P_w", tensor_of(pw)}}),
            want);
  }
}

// Every expert attends for every query; a query takes the top_k of the gate, by their share.
RV_FORMULA(moe) {
  Rng rng(4);
  const std::size_t experts = 5, e = 4, f = 3, out = 6;
  for (const Shape& s : kShapes)
    for (const std::size_t top : {1u, 2u, 5u}) {
      const Given g = random_given(rng, s);
      const Matrix gate = random_matrix(rng, experts, s.d), wk = random_matrix(rng, e, s.d),
                   wv = random_matrix(rng, f, s.dv), wq = random_matrix(rng, experts * e, s.d),
                   wo = random_matrix(rng, experts * out, f);
      const auto rows = [](const Matrix& m, std::size_t first, std::size_t count) {
        Matrix x(count, m.cols);
        for (std::size_t i = 0; i < count; ++i)
          for (std::size_t t = 0; t < m.cols; ++t) x.at(i, t) = m.at(first + i, t);
        return x;
      };
      Matrix want(s.n, out);
      std::vector<Matrix> of;
      for (std::size_t x = 0; x < experts; ++x)
        of.push_back(times(
            expected({times(g.q, rows(wq, x * e, e)), times(g.k, wk), times(g.v, wv)}, scaled),
            rows(wo, x * out, out)));
      for (std::size_t i = 0; i < s.n; ++i) {
        std::vector<double> p(experts), sorted;
        for (std::size_t x = 0; x < experts; ++x) p[x] = inner(gate.row(x), g.q.row(i), s.d);
        soft(p);
        sorted = p;
        std::sort(sorted.rbegin(), sorted.rend());
        double sum = 0;
        for (std::size_t t = 0; t < top; ++t) sum += sorted[t];
        for (std::size_t x = 0; x < experts; ++x)
          for (std::size_t t = 0; t < out && p[x] >= sorted[top - 1]; ++t)
            want.at(i, t) += p[x] / sum * of[x].at(i, t);
      }
      compare("moe", g,
              with({{"top_k", double(top)},
                    {"W_g", tensor_of(gate)},
                    {"W_q", Tensor{{experts, e, s.d}, wq.data}},
                    {"W_k", tensor_of(wk)},
                    {"W_v", tensor_of(wv)},
                    {"W_o", Tensor{{experts, out, f}, wo.data}}}),
              want);
    }
}

// The weights come from the query alone, or are learned outright.
RV_FORMULA(synthesizer) {
  Rng rng(5);
  for (const Shape& s : kShapes) {
    const std::size_t hidden = 6, longest = s.m + 3;
    const Given g = random_given(rng, s);
    const Matrix w1 = random_matrix(rng, hidden, s.d), b1 = random_matrix(rng, 1, hidden),
                 w2 = random_matrix(rng, longest, hidden), b2 = random_matrix(rng, 1, longest),
                 r = random_matrix(rng, s.n, s.m);
    compare("synthesizer", g,
            with({{"W_1", tensor_of(w1)},
                  {"b_1", vector_of(b1)},
                  {"W_2", tensor_of(w2)},
                  {"b_2", vector_of(b2)}}),
            expected(g, [&](const Given& x, std::size_t i, std::size_t j) {
              double score = b2.at(0, j);
              for (std::size_t h = 0; h < hidden; ++h)
                score +=
                    w2.at(j, h) * std::max(0.0, inner(w1.row(h), x.q.row(i), s.d) + b1.at(0, h));
              return score;
            }));
    compare("synthesizer", g, with({{"variant", std::string("random")}, {"R", tensor_of(r)}}),
            expected(g, [&](const Given&, std::size_t i, std::size_t j) { return r.at(i, j); }));
  }
}

// The best of all pairs of half keys; value a * |C2| + b belongs to the pair (a, b).
RV_FORMULA(product_key) {
  Rng rng(6);
  const std::size_t a = 5, b = 4;
  for (const std::size_t top : {1u, 3u, 20u})
    for (const std::size_t n : {1u, 9u}) {
      const std::size_t half = 3;
      Given g{random_matrix(rng, n, 2 * half), {}, random_matrix(rng, a * b, 7)};
      const Matrix c1 = random_matrix(rng, a, half), c2 = random_matrix(rng, b, half);
      g.k = Matrix(a * b, 2 * half);
      for (std::size_t p = 0; p < a * b; ++p)
        for (std::size_t t = 0; t < half; ++t) {
          g.k.at(p, t) = c1.at(p / b, t);
          g.k.at(p, half + t) = c2.at(p % b, t);
        }
      compare("product_key", g,
              with({{"topk", double(top)}, {"C1", tensor_of(c1)}, {"C2", tensor_of(c2)}}),
              expected(
                  g, [](const Given& x, std::size_t i, std::size_t j) { return x.qk(i, j); },
                  [top](std::vector<double>& s) {
                    std::vector<double> sorted = s;
                    std::sort(sorted.rbegin(), sorted.rend());
                    for (double& x : s) x = x < sorted[top - 1] ? kNever : x;
                    soft(s);
                  }));
    }
}

RV_FORMULA(hierarchical) {
  Rng rng(7);
  for (const Shape& s : kShapes) {
    const std::size_t hidden = 4;
    const Matrix h = random_matrix(rng, s.m, s.d), ww = random_matrix(rng, hidden, s.d),
                 bw = random_matrix(rng, 1, hidden), uw = random_matrix(rng, 1, hidden),
                 ws = random_matrix(rng, hidden, s.d), bs = random_matrix(rng, 1, hidden),
                 us = random_matrix(rng, 1, hidden);
    std::map<std::size_t, std::vector<std::size_t>> members;
    Tensor segment{{s.m}, {}};
    for (std::size_t i = 0; i < s.m; ++i) {
      segment.data.push_back(double(i * 7 % 3));
      members[i * 7 % 3].push_back(i);
    }
    Matrix sentences(0, s.d);
    std::vector<std::size_t> all;
    for (const auto& [id, rows] : members) {
      const Matrix v = pooled(h, rows, ww, bw, uw);
      sentences.data.insert(sentences.data.end(), v.data.begin(), v.data.end());
      all.push_back(sentences.rows++);
    }
    compare("hierarchical", {h, h, h},
            with({{"W_w", tensor_of(ww)},
                  {"b_w", vector_of(bw)},
                  {"u_w", vector_of(uw)},
                  {"W_s", tensor_of(ws)},
                  {"b_s", vector_of(bs)},
                  {"u_s", vector_of(us)},
                  {"segment", segment}}),
            pooled(sentences, all, ws, bs, us));
  }
}

RV_FORMULA(self_attentive_pooling) {
  Rng rng(8);
  for (const Shape& s : kShapes) {
    const std::size_t hidden = 5, heads = 3;
    const Matrix h = random_matrix(rng, s.m, s.d), w1 = random_matrix(rng, hidden, s.d),
                 w2 = random_matrix(rng, heads, hidden);
    const Given g{Matrix(heads, 1), h, h};
    compare("self_attentive_pooling", {h, h, h},
            with({{"W_1", tensor_of(w1)}, {"W_2", tensor_of(w2)}}),
            expected(g, [&](const Given&, std::size_t r, std::size_t j) {
              double score = 0;
              for (std::size_t t = 0; t < hidden; ++t)
                score += w2.at(r, t) * std::tanh(inner(w1.row(t), h.row(j), s.d));
              return score;
            }));
  }
}

// A step looks at the mixed states of the steps before it; the first has none.
RV_FORMULA(feedback) {
  Rng rng(9);
  for (const std::size_t n : {1u, 2u, 13u}) {
    const std::size_t d = 5, layers = 3;
    const Matrix q = random_matrix(rng, n, d), stack = random_matrix(rng, layers * n, d),
                 w = random_matrix(rng, 1, layers);
    std::vector<double> mix = w.data;
    soft(mix);
    Matrix memory(n, d);
    for (std::size_t l = 0; l < layers; ++l)
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t t = 0; t < d; ++t) memory.at(i, t) += mix[l] * stack.at(l * n + i, t);
    const Score past = [](const Given& g, std::size_t i, std::size_t j) {
      return j < i ? scaled(g, i, j) : kNever;
    };
    compare("feedback", {q, q, q},
            with({{"layers", Tensor{{layers, n, d}, stack.data}}, {"w", vector_of(w)}}),
            expected({q, memory, memory}, past));
    compare("feedback", {q, q, q}, {}, expected({q, q, q}, past));
  }
}

// Old memory in means of three, then the memory, then the segment itself, which alone is causal.
RV_FORMULA(compressive) {
  Rng rng(10);
  for (const std::size_t n : {1u, 6u, 17u}) {
    const std::size_t d = 4, recent = 5, old = 7;
    const Given g = random_given(rng, {n, n, d, d});
    const Matrix x = g.k, m = random_matrix(rng, recent, d), c = random_matrix(rng, old, d);
    Matrix keys((old + 2) / 3, d);
    for (std::size_t i = 0; i < keys.rows; ++i)
      for (std::size_t t = 0; t < d; ++t) {
        double sum = 0, count = 0;
        for (std::size_t j = 3 * i; j < std::min(old, 3 * i + 3); ++j, ++count) sum += c.at(j, t);
        keys.at(i, t) = sum / count;
      }
    for (const Matrix* next : {&m, &x}) {
      keys.data.insert(keys.data.end(), next->data.begin(), next->data.end());
      keys.rows += next->rows;
    }
    const std::size_t past = keys.rows - n;
    compare(
        "compressive", {g.q, x, x},
        with({{"compression_rate", 3.0}, {"memory", tensor_of(m)}, {"old_memory", tensor_of(c)}}),
        expected({g.q, keys, keys}, [past](const Given& y, std::size_t i, std::size_t j) {
          return j <= past + i ? scaled(y, i, j) : kNever;
        }));
  }
}

}  // namespace rv::attention::formula
