#include "core/gnn/train.h"

#include <cmath>
#include <numeric>

#include "core/base/rng.h"
#include "core/gnn/kernels.h"

namespace rv::gnn {

// The best weights so far, when stopping early.
struct Trainer::Best {
  explicit Best(int patience) : patience_(patience) {}

  // True when it is time to stop.
  bool add(const EpochReport& r, const std::vector<Parameter<float>*>& parameters) {
    const bool better =
        std::isnan(r.validation_metric) ? r.loss < loss : r.validation_metric > metric;
    if (patience_ == 0 || better) {
      epoch = r.epoch;
      loss = r.loss;
      if (!std::isnan(r.validation_metric)) metric = r.validation_metric;
      if (patience_ > 0) {
        kept.clear();
        for (const Parameter<float>* p : parameters) {
          const auto values = p->value.span();
          kept.emplace_back(values.begin(), values.end());
        }
      }
      return false;
    }
    return r.epoch - epoch >= patience_;
  }
  void restore(const std::vector<Parameter<float>*>& parameters) const {
    for (std::size_t i = 0; i < kept.size(); ++i)
      std::copy(kept[i].begin(), kept[i].end(), parameters[i]->value.data());
  }

  int epoch = 0;
  double loss = std::numeric_limits<double>::infinity();
  double metric = -1;
  std::vector<std::vector<float>> kept;

 private:
  int patience_;
};

namespace {

// Where a node is among the targets of a step; the targets are the nodes of some pairs, each once.
class TargetSet {
 public:
  explicit TargetSet(std::size_t nodes) : at_(nodes, 0xFFFFFFFFu) {}
  std::uint32_t add(std::uint32_t node) {
    if (at_[node] == 0xFFFFFFFFu) {
      at_[node] = static_cast<std::uint32_t>(targets_.size());
      targets_.push_back(node);
    }
    return at_[node];
  }
  void clear() {
    for (const std::uint32_t n : targets_) at_[n] = 0xFFFFFFFFu;
    targets_.clear();
  }
  std::span<const std::uint32_t> targets() const { return targets_; }

 private:
  std::vector<std::uint32_t> at_;
  std::vector<std::uint32_t> targets_;
};

double count_correct(const Tensor<float>& logits, std::span<const std::uint32_t> rows,
                     std::span<const std::int32_t> labels) {
  double correct = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const float* r = logits.row(rows[i]);
    if (std::max_element(r, r + logits.columns()) - r == labels[i]) ++correct;
  }
  return correct;
}

double ratio(double part, std::size_t whole) {
  return whole == 0 ? std::numeric_limits<double>::quiet_NaN() : part / static_cast<double>(whole);
}

}  // namespace

std::vector<std::uint32_t> permutation(std::size_t n, std::uint64_t seed) {
  std::vector<std::uint32_t> p(n);
  std::iota(p.begin(), p.end(), 0u);
  Rng rng(seed);
  for (std::size_t i = n; i > 1; --i) std::swap(p[i - 1], p[rng.below(i)]);
  return p;
}

Trainer::Trainer(const Exec& exec, Model<float>& model, const Features<float>& features,
                 const Graph<float>& graph, TrainOptions options)
    : exec_(exec),
      model_(model),
      features_(features),
      graph_(graph),
      options_(std::move(options)),
      optimizer_(options_.optimizer, options_.learning_rate, options_.weight_decay) {}

std::vector<Parameter<float>*> Trainer::parameters() {
  std::vector<Parameter<float>*> all;
  for (Layer<float>& layer : model_.layers())
    for (Parameter<float>& p : layer.parameters()) all.push_back(&p);
  return all;
}

double Trainer::check_loss(double loss, int epoch) const {
  if (std::isfinite(loss)) return loss;
  throw Error(ErrorCode::out_of_range,
              "training diverged: the loss of epoch " + std::to_string(epoch) + " is not finite",
              {}, "Lower learning_rate or scale the features.");
}

double Trainer::step(Adjacencies<float>& all, std::span<const std::uint32_t> targets,
                     std::uint64_t seed, const std::function<Var(Tape<float>&, Var)>& loss) {
  Tape<float> t(exec_, true, seed);
  Part<float> part;
  Features<float> part_features;
  std::unique_ptr<Adjacencies<float>> part_adjacencies;
  Var out = kNone;
  if (targets.empty()) {
    out = model_.forward(t, features_, all);
  } else {
    part = neighborhood(all.graph(), targets, model_.reach(), options_.fanout, seed);
    part_features = features_.gather(part.nodes, exec_.budget());
    if (part_features.is_sparse()) part_features.sparse.build_transposed();
    part_adjacencies = std::make_unique<Adjacencies<float>>(part.graph, true);
    out = model_.forward(t, part_features, *part_adjacencies);
  }
  const Var l = loss(t, out);
  const double value = static_cast<double>(t.value(l).data()[0]);
  t.backward();
  optimizer_.step(parameters());
  exec_.check_interrupts();
  return value;
}

TrainResult Trainer::classify(std::span<const std::int32_t> labels, std::span<const Split> splits,
                              const std::function<void(const EpochReport&)>& on_epoch) {
  // Rows and labels of each split.
  std::vector<std::uint32_t> rows[4];
  std::vector<std::int32_t> wanted[4];
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0) continue;
    const auto s = static_cast<std::size_t>(splits[i]);
    rows[s].push_back(static_cast<std::uint32_t>(i));
    wanted[s].push_back(labels[i]);
  }
  constexpr auto kTrain = static_cast<std::size_t>(Split::train);
  constexpr auto kValidation = static_cast<std::size_t>(Split::validation);
  constexpr auto kTest = static_cast<std::size_t>(Split::test);
  if (rows[kTrain].empty())
    throw Error(
        ErrorCode::data_exception, "no node has a label and belongs to the training set", {},
        "The label column must not be NULL for nodes to train on, and the split column must "
        "say 'train' for some of them.");

  Adjacencies<float> all(graph_, true);
  const std::size_t n = rows[kTrain].size();
  const std::size_t batch = options_.batch_size == 0 ? n : std::min(options_.batch_size, n);
  const bool whole = options_.batch_size == 0;
  const auto accuracy = [&](std::size_t split) {
    if (rows[split].empty()) return std::numeric_limits<double>::quiet_NaN();
    if (whole) {
      const Tensor<float> y = model_.infer(exec_, features_, all);
      return ratio(count_correct(y, rows[split], wanted[split]), rows[split].size());
    }
    std::vector<std::uint32_t> order(rows[split].size());
    std::iota(order.begin(), order.end(), 0u);
    const Tensor<float> y = model_.infer_nodes(exec_, features_, graph_, rows[split], batch,
                                               options_.fanout, options_.seed);
    return ratio(count_correct(y, order, wanted[split]), rows[split].size());
  };

  TrainResult result;
  Best best(options_.patience);
  for (int epoch = 1; epoch <= options_.epochs; ++epoch) {
    const std::uint64_t seed = mix64(options_.seed ^ mix64(static_cast<std::uint64_t>(epoch)));
    const auto order = permutation(whole ? 0 : n, seed);
    double loss = 0, correct = 0;
    for (std::size_t begin = 0; begin < n; begin += batch) {
      const std::size_t size = std::min(batch, n - begin);
      std::vector<std::uint32_t> targets, at(size);
      std::vector<std::int32_t> want(size);
      for (std::size_t i = 0; i < size; ++i) {
        const std::size_t pick = whole ? i : order[begin + i];
        at[i] = whole ? rows[kTrain][i] : static_cast<std::uint32_t>(i);
        want[i] = wanted[kTrain][pick];
        if (!whole) targets.push_back(rows[kTrain][pick]);
      }
      const double l = step(all, targets, mix64(seed + begin), [&](Tape<float>& t, Var logits) {
        correct += count_correct(t.value(logits), at, want);
        return cross_entropy(t, logits, at, want);
      });
      loss += l * static_cast<double>(size) / static_cast<double>(n);
    }
    const EpochReport report{epoch, check_loss(loss, epoch), ratio(correct, n),
                             accuracy(kValidation)};
    on_epoch(report);
    result.epochs = epoch;
    result.loss = loss;
    if (best.add(report, parameters())) break;
  }
  best.restore(parameters());
  result.best_epoch = best.epoch;
  result.train_metric = accuracy(kTrain);
  result.validation_metric = accuracy(kValidation);
  result.test_metric = accuracy(kTest);
  return result;
}

TrainResult Trainer::pairs(const std::function<void(const EpochReport&)>& on_epoch) {
  const bool links = options_.task == Task::link_prediction;
  std::vector<LabelledPair> held_out, positive;
  Graph<float> without_held_out;
  if (links) positive = link_pairs(held_out, without_held_out);
  const Graph<float>& messages = links ? without_held_out : graph_;
  Adjacencies<float> all(messages, true);
  const bool whole = options_.batch_size == 0;
  TargetSet set(graph_.nodes);
  const auto scored = [](const Tensor<float>& z, std::span<const LabelledPair> of,
                         std::vector<std::pair<float, bool>>& to) {
    for (const LabelledPair& p : of)
      to.emplace_back(dot(z.row(p.a), z.row(p.b), z.columns()), p.linked);
  };

  TrainResult result;
  Best best(options_.patience);
  for (int epoch = 1; epoch <= options_.epochs; ++epoch) {
    const std::uint64_t seed = mix64(options_.seed ^ mix64(static_cast<std::uint64_t>(epoch)));
    std::vector<LabelledPair> looked_at = links ? positive : walk_pairs(seed);
    if (looked_at.empty())
      throw Error(ErrorCode::data_exception, "the graph has no edges to train on");
    const auto order = permutation(looked_at.size(), seed);
    const std::size_t batch = whole ? looked_at.size() : options_.batch_size;
    double loss = 0;
    std::vector<std::pair<float, bool>> scores;
    for (std::size_t begin = 0; begin < looked_at.size(); begin += batch) {
      const std::size_t size = std::min(batch, looked_at.size() - begin);
      std::vector<LabelledPair> now;
      for (std::size_t i = 0; i < size; ++i) now.push_back(looked_at[order[begin + i]]);
      add_negatives(now, mix64(seed + begin));
      set.clear();
      if (!whole)
        for (LabelledPair& p : now) p = {set.add(p.a), set.add(p.b), p.linked};
      const double l = step(all, set.targets(), mix64(seed + begin), [&](Tape<float>& t, Var z) {
        if (links) scored(t.value(z), now, scores);
        return pair_loss(t, z, now);
      });
      loss += l * static_cast<double>(size) / static_cast<double>(looked_at.size());
    }
    EpochReport report{epoch, check_loss(loss, epoch), std::numeric_limits<double>::quiet_NaN(),
                       std::numeric_limits<double>::quiet_NaN()};
    if (links) {
      report.train_metric = area_under_curve(std::move(scores));
      if (!held_out.empty()) {
        scores.clear();
        if (whole) {
          scored(model_.infer(exec_, features_, all), held_out, scores);
        } else {
          set.clear();
          std::vector<LabelledPair> local;
          local.reserve(held_out.size());
          for (const LabelledPair& p : held_out)
            local.push_back({set.add(p.a), set.add(p.b), p.linked});
          scored(model_.infer_nodes(exec_, features_, messages, set.targets(), batch,
                                    options_.fanout, options_.seed),
                 local, scores);
        }
        report.validation_metric = area_under_curve(std::move(scores));
      }
    }
    on_epoch(report);
    result.epochs = epoch;
    result.loss = loss;
    result.train_metric = report.train_metric;
    const bool stop = best.add(report, parameters());
    if (best.epoch == epoch) result.validation_metric = report.validation_metric;
    if (stop) break;
  }
  best.restore(parameters());
  result.best_epoch = best.epoch;
  return result;
}

}  // namespace rv::gnn
