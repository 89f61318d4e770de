// Trains a Poincare embedding of a closure file (two columns, tab-separated, a header line) and
// prints what it recovers and what it cost.
//   bench_poincare closure.tsv [dim 5] [epochs 150] [learning_rate 0.3] [negatives 50] [threads 1]
//                  [batch 16] [children evaluated, 0 = all] [points.fvecs to write]
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/rng.h"
#include "core/hyperbolic/train.h"

using namespace rv;
using namespace rv::hyperbolic;

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(
        stderr,
        "usage: bench_poincare closure.tsv [dim epochs rate negatives threads batch sample out]\n");
    return 2;
  }
  const auto argument = [&](int n, double otherwise) {
    return argc > n ? std::atof(argv[n]) : otherwise;
  };
  std::ifstream file(argv[1]);
  std::string line;
  std::getline(file, line);
  std::unordered_map<std::string, std::uint32_t> ids;
  std::vector<Edge> edges;
  const auto id = [&](const std::string& name) {
    return ids.emplace(name, static_cast<std::uint32_t>(ids.size())).first->second;
  };
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string a, b;
    fields >> a >> b;
    const std::uint32_t child = id(a);
    edges.push_back({child, id(b)});
  }
  TrainOptions o;
  o.dim = static_cast<std::size_t>(argument(2, 5));
  o.epochs = static_cast<int>(argument(3, 150));
  o.learning_rate = argument(4, 0.3);
  o.negatives = static_cast<int>(argument(5, 50));
  const int threads = static_cast<int>(argument(6, 1));
  o.batch = static_cast<std::size_t>(argument(7, 16));
  std::unique_ptr<WorkerPool> pool;
  if (threads > 1) pool = std::make_unique<WorkerPool>(threads);
  std::clock_t start = std::clock();
  PoincareTrainer trainer(ids.size(), edges, o);
  trainer.run(pool.get(), never_stop);
  const double seconds = double(std::clock() - start) / CLOCKS_PER_SEC;
  std::vector<double> points(trainer.point(0), trainer.point(0) + ids.size() * o.dim);
  if (argc > 9) {
    std::ofstream out(argv[9], std::ios::binary);
    const auto dim = static_cast<std::int32_t>(o.dim);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      out.write(reinterpret_cast<const char*>(&dim), sizeof dim);
      for (std::size_t j = 0; j < o.dim; ++j) {
        const auto x = static_cast<float>(points[i * o.dim + j]);
        out.write(reinterpret_cast<const char*>(&x), sizeof x);
      }
    }
  }
  std::vector<std::uint32_t> children;
  Rng rng(1);
  for (double n = argument(8, 0); n > 0; --n)
    children.push_back(static_cast<std::uint32_t>(rng.below(ids.size())));
  start = std::clock();
  PoincareEvaluator evaluator(o.dim, std::move(points), edges, children);
  const Reconstruction r = evaluator.run(pool.get(), never_stop);
  std::printf(
      "%zu nodes, %zu edges, %zu dimensions, %d epochs: loss %.4f, MAP %.4f, mean rank %.2f; "
      "%.1f CPU-s training, %.1f evaluation\n",
      ids.size(), edges.size(), o.dim, o.epochs, trainer.loss(), r.mean_average_precision,
      r.mean_rank, seconds, double(std::clock() - start) / CLOCKS_PER_SEC);
  return 0;
}
