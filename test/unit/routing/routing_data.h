// The prepared routing outcomes and digits, read through zcat.
#pragma once

#include <cstdint>
#include <cstdio>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/rng.h"
#include "core/routing/bandit.h"
#include "core/routing/cross_validation.h"
#include "core/routing/fastgrnn_train.h"

namespace rv::test {

// Fields of one CSV record; quoted fields may hold commas, quotes and line ends.
class CsvReader {
 public:
  explicit CsvReader(const std::string& path)
      : pipe_(::popen(("zcat '" + path + "'").c_str(), "r")) {}
  ~CsvReader() {
    if (pipe_ != nullptr) ::pclose(pipe_);
  }
  CsvReader(const CsvReader&) = delete;
  CsvReader& operator=(const CsvReader&) = delete;

  bool next(std::vector<std::string>& fields) {
    fields.assign(1, {});
    bool quoted = false;
    bool any = false;
    for (int c = get(); c != EOF; c = get()) {
      any = true;
      if (quoted) {
        if (c != '"') {
          fields.back() += static_cast<char>(c);
        } else if ((c = get()) == '"') {
          fields.back() += '"';
        } else {
          quoted = false;
          back_ = c;
        }
      } else if (c == '"') {
        quoted = true;
      } else if (c == ',') {
        fields.emplace_back();
      } else if (c == '\n') {
        return true;
      } else if (c != '\r') {
        fields.back() += static_cast<char>(c);
      }
    }
    return any;
  }

 private:
  int get() {
    if (back_ != kNothing) {
      const int c = back_;
      back_ = kNothing;
      return c;
    }
    return pipe_ != nullptr ? std::getc(pipe_) : EOF;
  }
  static constexpr int kNothing = -2;
  std::FILE* pipe_;
  int back_ = kNothing;
};

inline std::vector<float> vector_field(std::string_view text) {
  std::vector<float> out;
  std::string number;
  for (const char c : text) {
    if (c == '[') continue;
    if (c == ',' || c == ']') {
      out.push_back(std::stof(number));
      number.clear();
    } else {
      number += c;
    }
  }
  return out;
}

// Labels 0..9 with 16 rows of 16 pixels as a sequence of 16 steps.
inline routing::SequenceSet usps(const std::string& folder, const std::string& part) {
  routing::SequenceSet set;
  set.input = 16;
  set.classes = 10;
  CsvReader in(folder + "/data/routing/usps10/" + part + ".csv.gz");
  std::vector<std::string> f;
  float x[256];
  while (in.next(f)) {
    if (f.size() != 257) continue;
    for (std::size_t i = 0; i < 256; ++i) x[i] = std::stof(f[i + 1]) / 2000.0F;
    float target[10] = {};
    target[std::stoi(f[0])] = 1;
    set.add(x, 16, target);
  }
  return set;
}

// The nine models' scores, modelled costs and embeddings.
struct Outcomes {
  int dim = 0;
  int agents = 0;
  std::vector<float> embedding;  // row-major
  std::vector<float> score;      // prompts x agents
  std::vector<double> cost;      // prompts x agents, USD
  std::size_t size() const {
    return dim == 0 ? 0 : embedding.size() / static_cast<std::size_t>(dim);
  }
};

inline Outcomes nine_models(const std::string& folder) {
  // USD per million tokens, in the order of the score columns (llmrouter9_prices.json).
  static constexpr double kPrices[] = {0.2, 0.1, 0.2, 0.9, 0.9, 0.9, 0.2, 0.2, 0.2};
  Outcomes o;
  o.dim = 64;
  o.agents = 9;
  CsvReader queries(folder + "/data/routing/llmrouter9_queries.csv.gz");
  CsvReader scores(folder + "/data/routing/llmrouter9_scores.csv.gz");
  std::vector<std::string> q;
  std::vector<std::string> s;
  queries.next(q);
  scores.next(s);
  while (queries.next(q) && scores.next(s)) {
    const auto e = vector_field(q.at(5));
    o.embedding.insert(o.embedding.end(), e.begin(), e.end());
    for (std::size_t a = 0; a < 9; ++a) {
      o.score.push_back(std::stof(s.at(a + 1)));
      o.cost.push_back(kPrices[a] * (std::stod(q.at(3)) / 4 + 256) / 1e6);
    }
  }
  return o;
}

// MMLU part of the pairs of a weak and a strong model: agent 0 weak, 1 strong.
struct Pairs {
  Outcomes train, test;
};
inline Pairs mmlu_pairs(const std::string& folder) {
  Pairs p;
  p.train.dim = p.test.dim = 64;
  p.train.agents = p.test.agents = 2;
  CsvReader in(folder + "/data/routing/routellm_pairs.csv.gz");
  std::vector<std::string> f;
  in.next(f);
  while (in.next(f)) {
    const bool training = f.at(2) == "train";
    if (!training && f.at(1).rfind("mmlu", 0) != 0) continue;
    Outcomes& o = training ? p.train : p.test;
    const auto e = vector_field(f.at(7));
    o.embedding.insert(o.embedding.end(), e.begin(), e.end());
    o.score.push_back(std::stof(f.at(3)));
    o.score.push_back(std::stof(f.at(4)));
  }
  return p;
}

inline routing::OutcomeSet set_of(const Outcomes& o) {
  routing::OutcomeSet s;
  s.dim = static_cast<std::size_t>(o.dim);
  s.agents = static_cast<std::size_t>(o.agents);
  s.embedding = o.embedding;
  s.quality = o.score;
  s.cost = o.cost;
  return s;
}

// What a bandit of nine arms earns that meets the prompts once each in random order: quality minus
// 500 times the cost.
inline double bandit_reward(const routing::OutcomeSet& data, bool thompson, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<std::uint32_t> order(data.size());
  std::iota(order.begin(), order.end(), 0U);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[rng.below(i)]);
  std::vector<routing::LinearArm> arms(9, routing::LinearArm(data.dim));
  double total = 0;
  for (const std::uint32_t row : order) {
    std::size_t best = 0;
    double top = -1e9;
    for (std::size_t a = 0; a < 9; ++a) {
      const double v = thompson ? routing::thompson_draw(arms[a], data.x(row), 0.1, rng)
                                : routing::upper_bound(arms[a], data.x(row), 0.1);
      if (v > top) {
        top = v;
        best = a;
      }
    }
    const double reward = static_cast<double>(data.q(row, best)) - 500 * data.cost[row * 9 + best];
    arms[best].add(data.x(row), reward);
    total += reward;
  }
  return total;
}

}  // namespace rv::test
