#include "core/routing/fastgrnn.h"

#include <gtest/gtest.h>

#include <cmath>
#include <span>

#include "core/base/error.h"
#include "core/routing/fastgrnn_codec.h"
#include "core/routing/fastgrnn_train.h"
#include "unit/routing/json_value.h"
#include "unit/routing/routing_data.h"

namespace rv::routing {
namespace {

using test::Json;

// The golden case's parameters in the order of the model's array.
template <class T>
FastGrnn<T> model_of(const Json& c) {
  FastGrnnShape s;
  s.input = c["input_dim"].integer();
  s.hidden = c["hidden_dim"].integer();
  const Json& p = c["params"];
  s.classes = static_cast<int>(p["V"].array.size());
  s.w_rank = c["w_rank"].is_null() ? 0 : c["w_rank"].integer();
  s.u_rank = c["u_rank"].is_null() ? 0 : c["u_rank"].integer();
  s.gate = nonlinearity_of(c["gate_nonlinearity"].string);
  s.update = nonlinearity_of(c["update_nonlinearity"].string);
  std::vector<T> values;
  for (const char* name :
       {"W", "W1", "W2", "U", "U1", "U2", "b_z", "b_h", "zeta_raw", "nu_raw", "V", "b_y"})
    if (p.has(name))
      for (const double v : p[name].numbers()) values.push_back(static_cast<T>(v));
  return {s, values};
}

template <class T>
std::vector<T> as(const std::vector<double>& v) {
  return {v.begin(), v.end()};
}

template <class T>
void check_case(const Json& c) {
  SCOPED_TRACE(c["name"].string);
  const FastGrnn<T> model = model_of<T>(c);
  const FastGrnnShape& s = model.shape();
  const char* kind = sizeof(T) == 8 ? "float64" : "float32";
  const double h_tolerance = c["tolerance"][std::string(kind) + "_h_abs"].number;
  const double grad_tolerance = c["tolerance"][std::string(kind) + "_grad_abs"].number;
  const int steps = c["steps"].integer();
  const auto x = as<T>(c["x"].numbers());
  const auto h0 = as<T>(c["h0"].numbers());

  const auto h = model.states(x.data(), steps, h0.data());
  const auto expected_h = c["expected"]["h"].numbers();
  ASSERT_EQ(h.size(), expected_h.size());
  for (std::size_t i = 0; i < h.size(); ++i)
    EXPECT_NEAR(static_cast<double>(h[i]), expected_h[i], h_tolerance) << "h[" << i << "]";
  const auto y = model.logits(h.data() + h.size() - static_cast<std::size_t>(s.hidden));
  const auto expected_y = c["expected"]["logits"].numbers();
  for (std::size_t i = 0; i < y.size(); ++i)
    EXPECT_NEAR(static_cast<double>(y[i]), expected_y[i], h_tolerance * 10) << "logit " << i;
  const auto p = model.probabilities(x.data(), steps, 1, h0.data());
  const auto expected_p = c["expected"]["probs"].numbers();
  for (std::size_t i = 0; i < p.size(); ++i)
    EXPECT_NEAR(static_cast<double>(p[i]), expected_p[i], h_tolerance * 10);

  std::vector<T> target(static_cast<std::size_t>(s.classes));
  target[static_cast<std::size_t>(c["label"].integer())] = 1;
  std::vector<T> gradient(model.parameters().size());
  std::vector<T> h0_gradient(static_cast<std::size_t>(s.hidden));
  const T loss = model.loss_and_gradient(x.data(), steps, 1, target.data(), h0.data(), gradient,
                                         h0_gradient.data());
  EXPECT_NEAR(static_cast<double>(loss), c["expected"]["loss"].number, h_tolerance * 10);
  const Json& g = c["expected"]["grad"];
  std::size_t at = 0;
  for (const char* name :
       {"W", "W1", "W2", "U", "U1", "U2", "b_z", "b_h", "zeta_raw", "nu_raw", "V", "b_y"}) {
    if (!g.has(name)) continue;
    for (const double v : g[name].numbers())
      EXPECT_NEAR(static_cast<double>(gradient.at(at++)), v, grad_tolerance) << name;
  }
  EXPECT_EQ(at, gradient.size());
  const auto expected_h0 = g["h0"].numbers();
  for (std::size_t i = 0; i < expected_h0.size(); ++i)
    EXPECT_NEAR(static_cast<double>(h0_gradient[i]), expected_h0[i], grad_tolerance);
}

TEST(FastGrnn, MatchesTheGoldenStatesAndGradients) {
  const std::string folder = test::shared_folder();
  if (folder.empty()) GTEST_SKIP() << "prepared data is absent";
  const Json all = Json::parse(test::read_file(folder + "/golden/fastgrnn.json"));
  ASSERT_EQ(all["cases"].array.size(), 17U);
  for (const Json& c : all["cases"].array) {
    check_case<double>(c);
    check_case<float>(c);
    EXPECT_EQ(model_of<double>(c).parameters().size(),
              static_cast<std::size_t>(c["num_params"].integer()));
  }
}

TEST(FastGrnn, Int8MatchesTheGoldenStates) {
  const std::string folder = test::shared_folder();
  if (folder.empty()) GTEST_SKIP() << "prepared data is absent";
  const Json all = Json::parse(test::read_file(folder + "/golden/fastgrnn.json"));
  const Json& c = all["quantised"].array.at(0);
  const auto x = as<float>(c["x"].numbers());
  const auto h0 = as<float>(c["h0"].numbers());
  const FastGrnn<float> small = decode(encode_int8(model_of<float>(c)));
  const auto h = small.states(x.data(), c["steps"].integer(), h0.data());
  const auto expected = c["expected"]["h_dequantised"].numbers();
  ASSERT_EQ(h.size(), expected.size());
  for (std::size_t i = 0; i < h.size(); ++i)
    EXPECT_NEAR(static_cast<double>(h[i]), expected[i], c["tolerance"]["float32_h_abs"].number);
}

FastGrnnShape small_shape(Head head = Head::softmax) {
  FastGrnnShape s;
  s.input = 3;
  s.hidden = 6;
  s.classes = 2;
  s.head = head;
  return s;
}

TEST(FastGrnn, LogisticLossGradientIsThatOfFiniteDifferences) {
  FastGrnn<double> model(small_shape(Head::logistic));
  Rng rng(7);
  model.initialise(rng);
  std::vector<double> x(3 * 2 * 4);
  for (double& v : x) v = rng.normal();
  const std::vector<double> target = {0.2, 1, 0.7, 0};
  std::vector<double> gradient(model.parameters().size());
  std::vector<double> unused(gradient.size());
  model.loss_and_gradient(x.data(), 4, 2, target.data(), nullptr, gradient, nullptr);
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    double& p = model.parameters()[i];
    const double old = p;
    p = old + 1e-6;
    const double up =
        model.loss_and_gradient(x.data(), 4, 2, target.data(), nullptr, unused, nullptr);
    p = old - 1e-6;
    const double down =
        model.loss_and_gradient(x.data(), 4, 2, target.data(), nullptr, unused, nullptr);
    p = old;
    EXPECT_NEAR(gradient[i], (up - down) / 2e-6, 1e-8);
  }
}

// Did the first input of any step exceed 1.5? Needs memory over the sequence.
SequenceSet flags(std::size_t n, std::uint64_t seed) {
  SequenceSet set;
  set.input = 3;
  set.classes = 2;
  Rng rng(seed);
  for (std::size_t i = 0; i < n; ++i) {
    const int steps = 3 + static_cast<int>(rng.below(4));
    std::vector<float> x(static_cast<std::size_t>(steps) * 3);
    for (float& v : x) v = static_cast<float>(rng.normal());
    bool seen = false;
    for (std::size_t t = 0; t < x.size(); t += 3) seen = seen || x[t] > 1.5F;
    const float target[2] = {seen ? 0.0F : 1.0F, seen ? 1.0F : 0.0F};
    set.add(x.data(), steps, target);
  }
  return set;
}

TEST(FastGrnnTraining, LearnsToRememberAndKeepsTheRequestedSupport) {
  MemoryBudget budget(64 << 20, "maintenance_work_mem");
  FastGrnnTraining options;
  options.epochs = 45;
  options.batch = 32;
  options.w_sparsity = 0.5;
  options.validation_share = 0.1;
  FastGrnnTrainer trainer(small_shape(), flags(1500, 1), options, budget);
  ASSERT_TRUE(trainer.run(never_stop));
  EXPECT_GT(accuracy(trainer.model(), flags(500, 2)), 0.93);
  const auto o = trainer.model().shape().offsets();
  int zeros = 0;
  for (std::size_t i = o.w; i < o.u; ++i) zeros += trainer.model().parameters()[i] == 0;
  EXPECT_EQ(zeros, 9);  // half of 6 x 3
  const FastGrnn<float> small = decode(encode_int8(trainer.model()));
  EXPECT_GT(accuracy(small, flags(500, 2)), 0.9);
}

int polls = 0;
bool stop_often() noexcept { return ++polls % 3 == 0; }

TEST(FastGrnnTraining, ResumesToTheSameModelAfterStops) {
  MemoryBudget budget(64 << 20, "maintenance_work_mem");
  FastGrnnTraining options;
  options.epochs = 3;
  options.batch = 16;
  FastGrnnTrainer straight(small_shape(), flags(200, 3), options, budget);
  ASSERT_TRUE(straight.run(never_stop));
  FastGrnnTrainer stopped(small_shape(), flags(200, 3), options, budget);
  int stops = 0;
  while (!stopped.run(stop_often)) ++stops;
  EXPECT_GT(stops, 5);
  EXPECT_TRUE(std::equal(straight.model().parameters().begin(), straight.model().parameters().end(),
                         stopped.model().parameters().begin()));
}

TEST(FastGrnnTraining, RefusesWhatCannotBe) {
  MemoryBudget budget(64 << 20, "maintenance_work_mem");
  FastGrnnTraining options;
  EXPECT_THROW(FastGrnnTrainer(small_shape(), SequenceSet{}, options, budget), Error);
  options.epochs = 0;
  EXPECT_THROW(FastGrnnTrainer(small_shape(), flags(10, 1), options, budget), Error);
  MemoryBudget tight(1000, "maintenance_work_mem");
  EXPECT_THROW(FastGrnnTrainer(small_shape(), flags(10, 1), FastGrnnTraining{}, tight), Error);
  FastGrnnShape bad = small_shape();
  bad.u_rank = 7;
  EXPECT_THROW(bad.check(), Error);
}

TEST(FastGrnnCodec, RoundTripsAndRefusesEveryFlippedByte) {
  FastGrnn<float> model(small_shape());
  Rng rng(5);
  model.initialise(rng);
  for (const auto& bytes : {encode(model), encode_int8(model)}) {
    const FastGrnn<float> back = decode(bytes);
    EXPECT_EQ(back.shape().hidden, 6);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      auto damaged = bytes;
      damaged[i] ^= std::byte{0x10};
      EXPECT_THROW(decode(damaged), Error) << i;
    }
    for (std::size_t n = 0; n < bytes.size(); ++n)
      EXPECT_THROW(decode({bytes.data(), n}), Error) << n;
  }
  EXPECT_TRUE(std::equal(model.parameters().begin(), model.parameters().end(),
                         decode(encode(model)).parameters().begin()));
}

// The whole gate (300 epochs, three seeds) is bench/routing; this is its first minutes.
TEST(FastGrnnTraining, ReadsDigits) {
  const std::string folder = test::shared_folder();
  if (folder.empty()) GTEST_SKIP() << "prepared data is absent";
  const SequenceSet train = test::usps(folder, "train");
  ASSERT_EQ(train.size(), 7291U);
  FastGrnnShape s;
  s.input = 16;
  s.hidden = 32;
  s.classes = 10;
  MemoryBudget budget(64 << 20, "maintenance_work_mem");
  FastGrnnTraining options;
  options.epochs = 6;
  FastGrnnTrainer trainer(s, train, options, budget);
  ASSERT_TRUE(trainer.run(never_stop));
  EXPECT_GT(accuracy(trainer.model(), test::usps(folder, "test")), 0.85);
}

}  // namespace
}  // namespace rv::routing
