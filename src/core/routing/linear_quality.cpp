#include "core/routing/linear_quality.h"

#include <algorithm>
#include <cmath>

#include "core/base/binary_reader.h"
#include "core/base/crc32c.h"
#include "core/base/error.h"
#include "core/base/rng.h"
#include "core/stats/ridge.h"

namespace rv::routing {
namespace {

constexpr std::uint32_t kQualityMagic = 0x52564C51;  // "RVLQ"
constexpr std::size_t kQualityHeader = 4 + 2 + 2 + 4 + 4;

[[noreturn]] void corrupt(const char* why) {
  throw Error(ErrorCode::corrupted_data, std::string("router model is damaged: ") + why);
}

double sigmoid(double a) { return 1 / (1 + std::exp(-a)); }

// Adam over one array.
struct Adam {
  std::vector<double> p, g, m, v;
  explicit Adam(std::size_t n) : p(n), g(n), m(n), v(n) {}
  void step(double rate, double decay, long t) {
    const double c1 = 1 - std::pow(0.9, t);
    const double c2 = 1 - std::pow(0.999, t);
    for (std::size_t i = 0; i < p.size(); ++i) {
      m[i] = 0.9 * m[i] + 0.1 * g[i];
      v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
      p[i] -= rate * (m[i] / c1 / (std::sqrt(v[i] / c2) + 1e-8) + decay * p[i]);
      g[i] = 0;
    }
  }
};

}  // namespace

double LinearQuality::predict(std::span<const float> x, std::size_t agent) const noexcept {
  const float* w = weights.data() + agent * (dim + 1);
  double s = static_cast<double>(w[dim]);
  for (std::size_t i = 0; i < dim; ++i) s += static_cast<double>(w[i]) * static_cast<double>(x[i]);
  return logistic ? sigmoid(s) : std::clamp(s, 0.0, 1.0);
}

std::vector<std::byte> LinearQuality::encode() const {
  std::vector<std::byte> bytes(kQualityHeader + weights.size() * 4 + 4);
  BinaryWriter out(bytes);
  out.write(kQualityMagic);
  out.write(std::uint16_t{1});
  out.write(static_cast<std::uint16_t>(logistic ? 1 : 0));
  out.write(static_cast<std::uint32_t>(dim));
  out.write(static_cast<std::uint32_t>(agents));
  out.write_array(weights.data(), weights.size());
  out.write(crc32c({bytes.data(), bytes.size() - 4}));
  return bytes;
}

LinearQuality LinearQuality::decode(std::span<const std::byte> bytes) {
  if (bytes.size() < kQualityHeader + 4) corrupt("too short");
  BinaryReader in(bytes);
  if (in.read<std::uint32_t>() != kQualityMagic) corrupt("it does not begin with RVLQ");
  if (in.read<std::uint16_t>() != 1) corrupt("unknown version");
  LinearQuality q;
  const auto link = in.read<std::uint16_t>();
  if (link > 1) corrupt("unknown link");
  q.logistic = link == 1;
  q.dim = in.read<std::uint32_t>();
  q.agents = in.read<std::uint32_t>();
  if (q.dim < 1 || q.dim > 16000 || q.agents > 65536) corrupt("impossible size");
  const std::size_t n = q.agents * (q.dim + 1);
  if (bytes.size() != kQualityHeader + n * 4 + 4) corrupt("its size does not fit its header");
  q.weights.resize(n);
  in.read_array(q.weights.data(), n);
  if (in.read<std::uint32_t>() != crc32c(bytes.first(bytes.size() - 4)))
    corrupt("the checksum differs");
  for (const float w : q.weights)
    if (!std::isfinite(w)) corrupt("a weight is not finite");
  return q;
}

LinearQuality train_ridge(const OutcomeSet& data, std::span<const std::uint32_t> rows,
                          double lambda) {
  LinearQuality q{data.dim, data.agents, false, {}};
  q.weights.reserve(data.agents * (data.dim + 1));
  for (std::size_t a = 0; a < data.agents; ++a) {
    stats::Ridge ridge(data.dim);
    for (const std::uint32_t row : rows)
      if (data.observed(row, a)) ridge.add(data.x(row), static_cast<double>(data.q(row, a)));
    for (const double w : ridge.solve(lambda)) q.weights.push_back(static_cast<float>(w));
  }
  return q;
}

LinearQuality train_matrix_factorisation(const OutcomeSet& data,
                                         std::span<const std::uint32_t> rows, const MfOptions& o,
                                         StopProbe stop, bool& complete) {
  const std::size_t dim = data.dim;
  const std::size_t rank = o.rank;
  Rng rng(o.seed);
  Adam projection(rank * dim);
  Adam factor(data.agents * rank);
  Adam bias(data.agents);
  for (double& w : projection.p) w = rng.normal() / std::sqrt(static_cast<double>(dim));
  for (double& w : factor.p) w = rng.normal() / std::sqrt(static_cast<double>(rank));
  // Biases begin at the log-odds of the agents' means.
  for (std::size_t a = 0; a < data.agents; ++a) {
    double sum = 1;
    double n = 2;
    for (const std::uint32_t row : rows)
      if (data.observed(row, a)) {
        sum += static_cast<double>(data.q(row, a));
        n += 1;
      }
    const double mean = std::clamp(sum / n, 0.001, 0.999);
    bias.p[a] = std::log(mean / (1 - mean));
  }
  std::vector<std::uint32_t> order(rows.begin(), rows.end());
  std::vector<double> hidden(rank);
  std::vector<double> back(rank);
  constexpr std::size_t kBatch = 64;
  long t = 0;
  complete = true;
  for (int epoch = 0; epoch < o.epochs && complete; ++epoch) {
    const double rate = o.learning_rate * (epoch * 3 >= o.epochs * 2 ? 0.1 : 1.0);
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[rng.below(i)]);
    for (std::size_t first = 0; first < order.size(); first += kBatch) {
      if (stop()) {
        complete = false;
        break;
      }
      const std::size_t last = std::min(order.size(), first + kBatch);
      std::size_t terms = 0;
      for (std::size_t i = first; i < last; ++i)
        for (std::size_t a = 0; a < data.agents; ++a) terms += data.observed(order[i], a);
      if (terms == 0) continue;
      const double scale = 1 / static_cast<double>(terms);
      for (std::size_t i = first; i < last; ++i) {
        const auto x = data.x(order[i]);
        for (std::size_t r = 0; r < rank; ++r) {
          double s = 0;
          const double* p = projection.p.data() + r * dim;
          for (std::size_t d = 0; d < dim; ++d) s += p[d] * static_cast<double>(x[d]);
          hidden[r] = s;
        }
        std::fill(back.begin(), back.end(), 0.0);
        for (std::size_t a = 0; a < data.agents; ++a) {
          if (!data.observed(order[i], a)) continue;
          double s = bias.p[a];
          const double* v = factor.p.data() + a * rank;
          for (std::size_t r = 0; r < rank; ++r) s += v[r] * hidden[r];
          const double e = scale * (sigmoid(s) - static_cast<double>(data.q(order[i], a)));
          bias.g[a] += e;
          for (std::size_t r = 0; r < rank; ++r) {
            factor.g[a * rank + r] += e * hidden[r];
            back[r] += e * v[r];
          }
        }
        for (std::size_t r = 0; r < rank; ++r) {
          double* g = projection.g.data() + r * dim;
          for (std::size_t d = 0; d < dim; ++d) g[d] += back[r] * static_cast<double>(x[d]);
        }
      }
      ++t;
      projection.step(rate, o.decay, t);
      factor.step(rate, o.decay, t);
      bias.step(rate, 0, t);
    }
  }
  LinearQuality q{dim, data.agents, true, std::vector<float>(data.agents * (dim + 1))};
  for (std::size_t a = 0; a < data.agents; ++a) {
    float* w = q.weights.data() + a * (dim + 1);
    for (std::size_t d = 0; d < dim; ++d) {
      double s = 0;
      for (std::size_t r = 0; r < rank; ++r)
        s += factor.p[a * rank + r] * projection.p[r * dim + d];
      w[d] = static_cast<float>(s);
    }
    w[dim] = static_cast<float>(bias.p[a]);
  }
  return q;
}

}  // namespace rv::routing
