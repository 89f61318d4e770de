// gnn_core layers [THREADS]      one layer forward, 10,000 nodes, 100,000 edges, 128 to 128
// gnn_core cora FOLDER [SEEDS]   accuracy and CPU time of training on Cora (nodes.tsv, edges.tsv)
//
// Wall time is the median of the runs, CPU time their mean. Take figures on a quiet machine.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "core/base/rng.h"
#include "core/gnn/train.h"
#include "core/simd/distance.h"

namespace {

using namespace rv::gnn;

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

void measure_layers(int threads) {
  constexpr std::size_t kNodes = 10000, kEdges = 100000, kWidth = 128;
  rv::Rng rng(1);
  std::vector<Edge> edges;
  for (std::size_t i = 0; i < kEdges; ++i)
    edges.push_back({static_cast<std::uint32_t>(rng.below(kNodes)),
                     static_cast<std::uint32_t>(rng.below(kNodes)), 1.0f});
  const auto graph = make_graph<float>(kNodes, edges, true);
  Features<float> x;
  x.dense = Tensor<float>(kNodes, kWidth);
  for (std::size_t i = 0; i < x.dense.size(); ++i)
    x.dense.data()[i] = static_cast<float>(rng.normal());
  std::unique_ptr<rv::WorkerPool> pool;
  if (threads > 1) pool = std::make_unique<rv::WorkerPool>(threads);
  const Exec exec(pool.get());
  const std::pair<const char*, Attributes> layers[] = {
      {"gcn", {{"type", "gcn"}, {"out", "128"}}},
      {"sage mean", {{"type", "sage"}, {"out", "128"}}},
      {"sage max", {{"type", "sage"}, {"out", "128"}, {"aggregator", "max"}}},
      {"sage pool", {{"type", "sage"}, {"out", "128"}, {"aggregator", "pool"}}},
      {"gin", {{"type", "gin"}, {"out", "128"}}},
      {"gat 1", {{"type", "gat"}, {"out", "128"}}},
      {"gat 4", {{"type", "gat"}, {"out", "32"}, {"heads", "4"}}},
      {"gat 8", {{"type", "gat"}, {"out", "16"}, {"heads", "8"}}},
      {"gatv2 4", {{"type", "gatv2"}, {"out", "32"}, {"heads", "4"}}},
  };
  std::printf("threads %d, %s\n%-10s %10s %10s\n", threads, rv::simd::kernels().name, "layer",
              "wall ms", "cpu ms");
  for (const auto& [name, attributes] : layers) {
    const LayerSpec spec = parse_layer(attributes, kWidth, 1);
    Model<float> model({&spec, 1}, 1);
    constexpr int kRuns = 21;
    std::vector<double> wall;
    double cpu = 0;
    for (int run = -2; run < kRuns; ++run) {
      const auto begin = std::chrono::steady_clock::now();
      const double before = cpu_seconds();
      const Tensor<float> y = model.infer(exec, x, graph);
      if (run < 0) continue;
      cpu += cpu_seconds() - before;
      wall.push_back(
          std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
    std::sort(wall.begin(), wall.end());
    std::printf("%-10s %10.2f %10.2f\n", name, wall[kRuns / 2] * 1e3, cpu / kRuns * 1e3);
  }
}

struct Cora {
  Features<float> features;
  Graph<float> graph;
  std::vector<std::int32_t> labels;
  std::vector<Split> splits;
};

// False when the files are not there.
bool read_cora(const std::string& folder, Cora& cora) {
  std::ifstream nodes(folder + "/nodes.tsv"), links(folder + "/edges.tsv");
  std::string line, id, label, split, words;
  if (!std::getline(nodes, line) || !std::getline(links, line)) return false;
  Csr<float>& x = cora.features.sparse;
  x.columns = 1433;
  while (std::getline(nodes, line)) {
    std::istringstream row(line);
    std::getline(row, id, '\t');
    std::getline(row, label, '\t');
    std::getline(row, split, '\t');
    std::getline(row, words, '\t');
    cora.labels.push_back(std::stoi(label));
    cora.splits.push_back(split == "train"  ? Split::train
                          : split == "val"  ? Split::validation
                          : split == "test" ? Split::test
                                            : Split::none);
    std::replace_if(
        words.begin(), words.end(), [](char c) { return std::strchr("{},", c) != nullptr; }, ' ');
    std::istringstream list(words);
    for (std::uint32_t word = 0; list >> word;) x.index.push_back(word);
    const float share =
        1.0f / static_cast<float>(std::max<std::size_t>(1, x.index.size() - x.offset.back()));
    x.value.resize(x.index.size(), share);
    x.offset.push_back(x.index.size());
  }
  x.rows = cora.labels.size();
  x.build_transposed();
  std::vector<Edge> edges;
  for (std::uint32_t a = 0, b = 0; links >> a >> b;) edges.push_back({a, b, 1.0f});
  cora.graph = make_undirected(make_graph<float>(x.rows, edges, true));
  return true;
}

void measure_cora(const Cora& cora, int seeds) {
  struct Recipe {
    const char* name;
    std::vector<Attributes> layers;
    double learning_rate, weight_decay;
  };
  const Recipe recipes[] = {
      {"gcn",
       {{{"type", "gcn"}, {"out", "16"}, {"activation", "relu"}, {"dropout", "0.5"}},
        {{"type", "gcn"}, {"out", "7"}, {"dropout", "0.5"}, {"weight_decay", "0"}}},
       0.01,
       5e-4},
      {"gat",
       {{{"type", "gat"},
         {"out", "8"},
         {"heads", "8"},
         {"activation", "elu"},
         {"dropout", "0.6"},
         {"attention_dropout", "0.6"}},
        {{"type", "gat"}, {"out", "7"}, {"dropout", "0.6"}, {"attention_dropout", "0.6"}}},
       0.005,
       5e-4},
      {"sage",
       {{{"type", "sage"}, {"out", "64"}, {"activation", "relu"}, {"dropout", "0.5"}},
        {{"type", "sage"}, {"out", "7"}, {"dropout", "0.5"}}},
       0.01,
       5e-4},
      {"sgc", {{{"type", "sgc"}, {"out", "7"}, {"hops", "2"}}}, 0.2, 1e-5}};
  std::printf("Cora, 200 epochs, %d seeds, one thread\n%-6s %8s %8s %10s\n", seeds, "model",
              "mean %", "sd", "cpu s/run");
  for (const Recipe& recipe : recipes) {
    double sum = 0, squares = 0;
    const double before = cpu_seconds();
    for (int seed = 0; seed < seeds; ++seed) {
      std::vector<LayerSpec> specs;
      std::size_t columns = cora.features.columns();
      for (const Attributes& a : recipe.layers) {
        specs.push_back(parse_layer(a, columns, specs.size() + 1));
        columns = specs.back().width();
      }
      TrainOptions options;
      options.learning_rate = recipe.learning_rate;
      options.weight_decay = recipe.weight_decay;
      options.seed = static_cast<std::uint64_t>(seed);
      Model<float> model(specs, options.seed);
      const Exec exec;
      const TrainResult r = Trainer(exec, model, cora.features, cora.graph, options)
                                .classify(cora.labels, cora.splits, [](const EpochReport&) {});
      sum += 100 * r.test_metric;
      squares += 1e4 * r.test_metric * r.test_metric;
    }
    const double mean = sum / seeds;
    std::printf("%-6s %8.2f %8.2f %10.2f\n", recipe.name, mean,
                std::sqrt(std::max(0.0, squares / seeds - mean * mean)),
                (cpu_seconds() - before) / seeds);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "layers") {
    measure_layers(argc > 2 ? std::atoi(argv[2]) : 1);
    return 0;
  }
  Cora cora;
  if (what == "cora" && argc > 2 && read_cora(argv[2], cora)) {
    measure_cora(cora, argc > 3 ? std::atoi(argv[3]) : 10);
    return 0;
  }
  std::fprintf(stderr, "usage: gnn_core layers [THREADS] | gnn_core cora FOLDER [SEEDS]\n");
  return 2;
}
