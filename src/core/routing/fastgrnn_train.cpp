#include "core/routing/fastgrnn_train.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "core/base/error.h"

namespace rv::routing {
namespace {

void check(bool good, const char* what, double value) {
  if (!good)
    throw Error(ErrorCode::invalid_argument, std::string(what) + ", not " + std::to_string(value));
}

void shuffle(std::vector<std::uint32_t>& v, Rng& rng) {
  for (std::size_t i = v.size(); i > 1; --i) std::swap(v[i - 1], v[rng.below(i)]);
}

// Copies the sequences [first, last) of `which`, all of one length, step-major.
void gather(const SequenceSet& data, const std::uint32_t* which, std::size_t n,
            std::vector<float>& x, std::vector<float>& target) {
  const auto input = static_cast<std::size_t>(data.input);
  const auto classes = static_cast<std::size_t>(data.classes);
  const auto steps = static_cast<std::size_t>(data.steps[which[0]]);
  x.resize(steps * n * input);
  target.resize(n * classes);
  for (std::size_t b = 0; b < n; ++b) {
    const float* from = data.x.data() + data.start[which[b]];
    for (std::size_t t = 0; t < steps; ++t)
      std::copy_n(from + t * input, input, x.data() + (t * n + b) * input);
    std::copy_n(data.target.data() + which[b] * classes, classes, target.data() + b * classes);
  }
}

}  // namespace

void SequenceSet::add(const float* values, int n_steps, const float* wanted) {
  start.push_back(x.size());
  steps.push_back(n_steps);
  x.insert(x.end(), values, values + static_cast<std::ptrdiff_t>(n_steps) * input);
  target.insert(target.end(), wanted, wanted + classes);
}

void FastGrnnTraining::check() const {
  routing::check(epochs >= 1 && epochs <= 100000, "epochs must be between 1 and 100000", epochs);
  routing::check(batch >= 1 && batch <= 65536, "batch must be between 1 and 65536", batch);
  routing::check(learning_rate > 0 && learning_rate <= 1,
                 "learning_rate must be above 0 and at most 1", learning_rate);
  routing::check(clip >= 0 && std::isfinite(clip), "clip must be 0 or more", clip);
  routing::check(w_sparsity > 0 && w_sparsity <= 1, "w_sparsity must be above 0 and at most 1",
                 w_sparsity);
  routing::check(u_sparsity > 0 && u_sparsity <= 1, "u_sparsity must be above 0 and at most 1",
                 u_sparsity);
  routing::check(validation_share >= 0 && validation_share <= 0.5,
                 "validation_share must be between 0 and 0.5", validation_share);
  routing::check(patience >= 0, "patience must be 0 or more", patience);
}

FastGrnnTrainer::FastGrnnTrainer(const FastGrnnShape& shape, SequenceSet data,
                                 const FastGrnnTraining& options, MemoryBudget& budget)
    : shape_(shape),
      data_(std::move(data)),
      options_(options),
      model_(shape),
      rng_(options.seed),
      best_validation_(std::numeric_limits<double>::infinity()) {
  options_.check();
  if (data_.size() == 0) throw Error(ErrorCode::invalid_argument, "there is no training data");
  const auto longest =
      static_cast<std::size_t>(*std::max_element(data_.steps.begin(), data_.steps.end()));
  const std::size_t parameters = shape_.offsets().total;
  const auto hidden = static_cast<std::size_t>(shape_.hidden);
  const auto batch = static_cast<std::size_t>(options_.batch);
  budget.charge(parameters * sizeof(float) * 5 +
                longest * batch * (5 * hidden + static_cast<std::size_t>(shape_.input)) *
                    sizeof(float));
  model_.initialise(rng_);
  gradient_.resize(parameters);
  first_.resize(parameters);
  second_.resize(parameters);
  fixed_zero_.resize(parameters);
  std::vector<std::uint32_t> all(data_.size());
  std::iota(all.begin(), all.end(), 0U);
  shuffle(all, rng_);
  const auto held =
      static_cast<std::ptrdiff_t>(options_.validation_share * static_cast<double>(all.size()));
  held_out_.assign(all.begin(), all.begin() + held);
  order_.assign(all.begin() + held, all.end());
}

bool FastGrnnTrainer::run(StopProbe stop) {
  while (!done_) {
    if (!in_epoch_) start_epoch();
    while (next_batch_ + 1 < batch_starts_.size()) {
      if (stop()) return false;
      step(batch_starts_[next_batch_], batch_starts_[next_batch_ + 1]);
      ++next_batch_;
    }
    end_epoch();
  }
  return true;
}

// Batches hold sequences of one length: the order is random within a length, and so is the order
// of the batches.
void FastGrnnTrainer::start_epoch() {
  shuffle(order_, rng_);
  std::stable_sort(order_.begin(), order_.end(), [this](std::uint32_t a, std::uint32_t b) {
    return data_.steps[a] < data_.steps[b];
  });
  batch_starts_.assign(1, 0);
  for (std::size_t i = 1; i <= order_.size(); ++i)
    if (i == order_.size() ||
        i - batch_starts_.back() == static_cast<std::size_t>(options_.batch) ||
        data_.steps[order_[i]] != data_.steps[order_[i - 1]])
      batch_starts_.push_back(i);
  running_loss_ = 0;
  next_batch_ = 0;
  in_epoch_ = true;
}

void FastGrnnTrainer::step(std::size_t first, std::size_t last) {
  const std::size_t n = last - first;
  gather(data_, order_.data() + first, n, x_, target_);
  const float loss =
      model_.loss_and_gradient(x_.data(), data_.steps[order_[first]], static_cast<int>(n),
                               target_.data(), nullptr, gradient_, nullptr);
  running_loss_ += static_cast<double>(loss) * static_cast<double>(n);
  double norm = 0;
  for (const float g : gradient_) norm += static_cast<double>(g) * static_cast<double>(g);
  norm = std::sqrt(norm);
  if (!std::isfinite(norm))
    throw Error(ErrorCode::out_of_range, "training diverged: the gradient is not finite", {},
                "Lower learning_rate or scale the inputs to about 1.");
  const double shrink = options_.clip > 0 && norm > options_.clip ? options_.clip / norm : 1.0;
  ++updates_;
  const bool late = epoch_ >= options_.epochs * 2 / 3 && options_.epochs >= 3;
  const double rate = options_.learning_rate * (late ? 0.1 : 1.0);
  const double correct1 = 1 - std::pow(0.9, updates_);
  const double correct2 = 1 - std::pow(0.999, updates_);
  const auto step_size = static_cast<float>(rate * std::sqrt(correct2) / correct1);
  const auto epsilon = static_cast<float>(1e-8 * std::sqrt(correct2));
  const auto scale = static_cast<float>(shrink);
  float* p = model_.parameters().data();
  for (std::size_t i = 0; i < gradient_.size(); ++i) {
    if (fixed_zero_[i]) continue;
    const float g = gradient_[i] * scale;
    first_[i] = 0.9F * first_[i] + 0.1F * g;
    second_[i] = 0.999F * second_[i] + 0.001F * g * g;
    p[i] -= step_size * first_[i] / (std::sqrt(second_[i]) + epsilon);
  }
  // Second phase: keep the largest entries after every few updates (the paper's schedule).
  if (epoch_ >= options_.epochs / 3 && epoch_ < options_.epochs * 2 / 3 && updates_ % 15 == 0)
    threshold();
}

void FastGrnnTrainer::threshold() {
  const auto o = shape_.offsets();
  float* p = model_.parameters().data();
  const auto keep = [p](std::size_t from, std::size_t to, double share) {
    if (share >= 1 || to == from) return;
    std::vector<float> sizes(to - from);
    for (std::size_t i = from; i < to; ++i) sizes[i - from] = std::abs(p[i]);
    const auto kept = std::max<std::size_t>(
        1, static_cast<std::size_t>(std::lround(share * static_cast<double>(sizes.size()))));
    std::nth_element(sizes.begin(), sizes.begin() + static_cast<std::ptrdiff_t>(kept - 1),
                     sizes.end(), std::greater<>());
    const float limit = sizes[kept - 1];
    for (std::size_t i = from; i < to; ++i)
      if (std::abs(p[i]) < limit) p[i] = 0;
  };
  keep(o.w, o.w2, options_.w_sparsity);
  keep(o.w2, o.u, options_.w_sparsity);
  keep(o.u, o.u2, options_.u_sparsity);
  keep(o.u2, o.b_z, options_.u_sparsity);
}

void FastGrnnTrainer::end_epoch() {
  epoch_loss_ = running_loss_ / static_cast<double>(std::max<std::size_t>(1, order_.size()));
  in_epoch_ = false;
  ++epoch_;
  const bool sparse = options_.w_sparsity < 1 || options_.u_sparsity < 1;
  if (sparse && epoch_ == options_.epochs * 2 / 3) {
    threshold();
    const auto o = shape_.offsets();
    for (std::size_t i = 0; i < o.b_z; ++i) fixed_zero_[i] = model_.parameters()[i] == 0;
  }
  done_ = epoch_ >= options_.epochs;
  if (held_out_.empty()) return;
  const double now = validation();
  // A dense epoch's parameters are of no use when sparse ones are wanted.
  if (sparse && epoch_ < options_.epochs * 2 / 3) return;
  if (now < best_validation_) {
    best_validation_ = now;
    best_.assign(model_.parameters().begin(), model_.parameters().end());
    without_improvement_ = 0;
  } else if (++without_improvement_ >= options_.patience && options_.patience > 0) {
    done_ = true;
  }
  if (done_ && !best_.empty()) std::copy(best_.begin(), best_.end(), model_.parameters().begin());
}

double FastGrnnTrainer::validation() {
  double sum = 0;
  std::vector<float> unused(gradient_.size());
  for (const std::uint32_t i : held_out_) {
    gather(data_, &i, 1, x_, target_);
    sum += static_cast<double>(model_.loss_and_gradient(x_.data(), data_.steps[i], 1,
                                                        target_.data(), nullptr, unused, nullptr));
  }
  return sum / static_cast<double>(held_out_.size());
}

double accuracy(const FastGrnn<float>& model, const SequenceSet& data) {
  const auto classes = static_cast<std::size_t>(data.classes);
  std::size_t right = 0;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const auto p = model.probabilities(data.x.data() + data.start[i], data.steps[i], 1, nullptr);
    const float* wanted = data.target.data() + i * classes;
    if (model.shape().head == Head::softmax) {
      right += std::max_element(p.begin(), p.end()) - p.begin() ==
               std::max_element(wanted, wanted + classes) - wanted;
    } else {
      bool all = true;
      for (std::size_t c = 0; c < classes; ++c) all = all && (p[c] > 0.5F) == (wanted[c] > 0.5F);
      right += all;
    }
  }
  return data.size() == 0 ? 0 : static_cast<double>(right) / static_cast<double>(data.size());
}

}  // namespace rv::routing
