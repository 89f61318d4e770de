// Softmax attention of one query over rows that come one after the other: running maximum, sum and
// weighted sum, so that memory is O(d) and partial results merge (Milakov, Gimelshein 2018,
// arXiv:1805.02867).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/attention/params.h"

namespace rv::attention {

class OnlineAttention {
 public:
  // Whether the type with these parameters needs nothing but one pass over the rows.
  static bool covers(const std::string& type, const Params& params);
  OnlineAttention(const std::string& type, const Params& params);

  // The query of the rows that follow; usually set once.
  void set_query(std::span<const float> query);
  void add(std::span<const float> key, std::span<const float> value);
  void merge(const OnlineAttention& other);

  bool empty() const noexcept { return sums_.empty(); }
  std::vector<double> result() const;

  // What merging needs, as numbers: maximum, sum, weighted sums.
  std::vector<double> numbers() const;
  void load(std::span<const double> numbers);

 private:
  enum class Score { dot, cosine, gaussian };
  double score(std::span<const float> key) const;
  void rescale(double maximum);

  Score kind_ = Score::dot;
  double scale_ = 0;  // 0: 1 / sqrt(d)
  Matrix bilinear_;
  std::vector<float> query_;
  double maximum_ = 0, sum_ = 0;
  std::vector<double> sums_;
};

}  // namespace rv::attention
