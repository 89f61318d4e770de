// Which keys a query may look at.
#include <algorithm>
#include <cstdlib>
#include <set>

#include "core/attention/head.h"
#include "core/base/error.h"
#include "core/base/rng.h"

namespace rv::attention {
namespace {

using Pattern = std::function<bool(long i, long j)>;

std::vector<char> flags(const std::vector<std::size_t>& members, std::size_t n) {
  std::vector<char> out(n, 0);
  for (const std::size_t m : members) out[m] = 1;
  return out;
}

Pattern with_globals(Pattern inner, std::vector<char> global) {
  const auto is = [](const std::vector<char>& g, long i) {
    return i >= 0 && i < static_cast<long>(g.size()) && g[static_cast<std::size_t>(i)] != 0;
  };
  return [inner = std::move(inner), global = std::move(global), is](long i, long j) {
    return inner(i, j) || is(global, i) || is(global, j);
  };
}

std::vector<std::size_t> global_tokens(const Head& head, std::vector<std::size_t> otherwise) {
  if (head.params.has("global_tokens")) return head.params.indices("global_tokens", head.k.rows);
  std::erase_if(otherwise, [&](std::size_t t) { return t >= head.k.rows; });
  return otherwise;
}

// Random keys of every query: given as pairs, or drawn from the seed.
std::set<std::pair<long, long>> random_pairs(const Head& head) {
  std::set<std::pair<long, long>> pairs;
  if (head.params.has("random_pairs")) {
    const Matrix given = head.params.need_matrix("random_pairs", 0, 2);
    for (std::size_t r = 0; r < given.rows; ++r)
      pairs.emplace(static_cast<long>(given.at(r, 0)), static_cast<long>(given.at(r, 1)));
    return pairs;
  }
  Rng rng(head.params.count("seed", 0, 0));
  const std::size_t each = head.params.count("num_random", 3, 0);
  for (std::size_t i = 0; i < head.q.rows; ++i)
    for (std::size_t r = 0; r < each; ++r)
      pairs.emplace(head.position(i), static_cast<long>(rng.below(head.k.rows)));
  return pairs;
}

struct Rule {
  Pattern pattern;
  long before = -1, after = -1;  // keys from i - before to i + after; -1: no bound
};

long integer(const Head& head, const char* name, std::size_t otherwise, std::size_t least = 1) {
  return static_cast<long>(head.params.count(name, otherwise, least));
}

Rule rule_of(const std::string& type, const Head& head) {
  const auto n = static_cast<long>(head.k.rows);
  if (type == "sliding_window") {
    // Looking back only, the window counts the query itself.
    const long w = integer(head, "window", 256, head.causal ? 1 : 0);
    if (head.causal) return {[w](long i, long j) { return i - j < w; }, w - 1, 0};
    return {[w](long i, long j) { return std::labs(i - j) <= w; }, w, w};
  }
  if (type == "dilated") {
    const long w = integer(head, "window", 256, 0), d = integer(head, "dilation", 2);
    return {[w, d](long i, long j) { return std::labs(i - j) <= w * d && (i - j) % d == 0; }, w * d,
            w * d};
  }
  const auto root = static_cast<std::size_t>(std::max(1.0, std::round(std::sqrt(double(n)))));
  if (type == "strided") {
    const long s = integer(head, "stride", root);
    return {[s](long i, long j) { return std::labs(i - j) <= s || (i - j) % s == 0; }};
  }
  if (type == "fixed") {
    const long s = integer(head, "stride", root), c = integer(head, "c", 1);
    return {[s, c](long i, long j) { return i / s == j / s || j % s >= s - c; }};
  }
  if (type == "block_local") {
    const long b = integer(head, "block_size", 64);
    return {[b](long i, long j) { return i / b == j / b; }, b, b};
  }
  if (type == "longformer") {
    const long w = integer(head, "window", 256, 0);
    return {with_globals([w](long i, long j) { return std::labs(i - j) <= w; },
                         flags(global_tokens(head, {0}), head.k.rows))};
  }
  if (type == "bigbird") {
    const long w = integer(head, "window", 3, 0);
    return {with_globals(
        [w, random = random_pairs(head)](long i, long j) {
          return std::labs(i - j) <= w || random.contains({i, j});
        },
        flags(global_tokens(head, {0, 1}), head.k.rows))};
  }
  if (type == "neighborhood") {
    const long size = std::min(n, integer(head, "kernel_size", 7));
    return {[size, n](long i, long j) {
              const long start = std::clamp(i - size / 2, 0L, n - size);
              return j >= start && j < start + size;
            },
            size, size};
  }
  return {};
}

void both(Composition& c, Allowed more) {
  if (c.allowed)
    c.allowed = [a = std::move(c.allowed), b = std::move(more)](std::size_t i, std::size_t j) {
      return a(i, j) && b(i, j);
    };
  else
    c.allowed = std::move(more);
}

// Reformer: the same bucket in any round, never itself unless it is alone.
void mask_by_buckets(Head& head, Composition& c) {
  auto rounds = lsh_buckets(head.q, head.params);
  const std::size_t n = head.q.rows;
  std::vector<char> alone(n, 1);
  for (const auto& bucket : rounds) {
    std::vector<std::size_t> members;
    for (const std::size_t b : bucket) {
      if (b >= members.size()) members.resize(b + 1, 0);
      ++members[b];
    }
    for (std::size_t i = 0; i < n; ++i)
      if (members[bucket[i]] > 1) alone[i] = 0;
  }
  both(c, [rounds = std::move(rounds), alone = std::move(alone)](std::size_t i, std::size_t j) {
    if (i == j) return alone[i] != 0;
    return std::any_of(rounds.begin(), rounds.end(),
                       [i, j](const auto& bucket) { return bucket[i] == bucket[j]; });
  });
}

// Routing transformer: queries and keys of the same centroid.
void mask_by_clusters(const Head& head, Composition& c) {
  Matrix q = head.q, k = head.k;
  normalize_rows(q);
  normalize_rows(k);
  const std::size_t wanted = head.params.count(
      "num_clusters", static_cast<std::size_t>(std::max(1.0, std::sqrt(double(k.rows)))));
  const Matrix centroids =
      head.params.has("centroids")
          ? head.params.need_matrix("centroids", 0, q.cols)
          : spherical_centroids(k, std::min(wanted, k.rows), head.params.count("seed", 0, 0));
  both(c, [of_q = nearest_centroids(q, centroids), of_k = nearest_centroids(k, centroids)](
              std::size_t i, std::size_t j) { return of_q[i] == of_k[j]; });
}

}  // namespace

void set_mask(const std::string& type, Head& head, Composition& c) {
  const long offset = head.offset, n = static_cast<long>(head.k.rows);
  const bool causal = head.causal;
  Rule rule = rule_of(type, head);
  if (rule.pattern)
    both(c, [p = std::move(rule.pattern), offset](std::size_t i, std::size_t j) {
      return p(static_cast<long>(i) + offset, static_cast<long>(j));
    });
  if (causal || rule.before >= 0) {
    const long before = rule.before, after = causal ? 0 : rule.after;
    // neighborhood shifts its window inside at the borders, by at most its own size.
    const bool shifts = type == "neighborhood";
    c.range = [=](std::size_t i) {
      const long at = static_cast<long>(i) + offset;
      long first = before < 0 ? 0 : at - before, last = after < 0 ? n : at + after + 1;
      if (shifts && !causal) last = std::max(last, before);
      if (shifts) first = std::min(first, n - before);
      return std::pair{static_cast<std::size_t>(std::clamp(first, 0L, n)),
                       static_cast<std::size_t>(std::clamp(last, 0L, n))};
    };
  }
  if (type == "reformer") mask_by_buckets(head, c);
  if (type == "routing") mask_by_clusters(head, c);
  if (head.params.has("mask")) {
    const Matrix given = head.params.need_matrix("mask", head.q.rows, head.k.rows);
    both(c, [given](std::size_t i, std::size_t j) { return given.at(i, j) != 0; });
  }
}

}  // namespace rv::attention
