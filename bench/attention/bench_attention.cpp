// Exact attention in blocks on one thread: CPU milliseconds a head, and rows a second of the
// running sum behind ruvector_attention_agg.
//   bench_attention [n 2048] [heads 8] [dim 64] [repetitions 3]
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "core/attention/attend.h"
#include "core/attention/online.h"
#include "core/base/rng.h"

using namespace rv;
using namespace rv::attention;

namespace {
double now() { return double(std::clock()) / CLOCKS_PER_SEC * 1e3; }
}  // namespace

int main(int argc, char** argv) {
  const auto argument = [&](int k, long otherwise) {
    return argc > k ? std::atol(argv[k]) : otherwise;
  };
  const auto n = static_cast<std::size_t>(argument(1, 2048)),
             heads = static_cast<std::size_t>(argument(2, 8));
  const auto dim = static_cast<std::size_t>(argument(3, 64));
  Rng rng(1);
  Matrix q(n, heads * dim), k(n, heads * dim), v(n, heads * dim);
  for (auto* m : {&q, &k, &v})
    for (double& x : m->data) x = static_cast<float>(rng.normal());
  Params p;
  p.set("num_heads", static_cast<double>(heads));
  for (long r = argument(4, 3); r > 0; --r) {
    const double start = now();
    const Evaluated e = attend("multi_head", {q, k, v}, p, {});
    std::printf("n %zu, %zu heads of %zu: %.1f CPU-ms (%.4f)\n", n, heads, dim, now() - start,
                e.output.at(0, 0));
  }
  const std::size_t rows = 100000, wide = 768;
  std::vector<float> data(rows * wide);
  for (float& x : data) x = static_cast<float>(rng.uniform() - 0.5);
  const double start = now();
  OnlineAttention online("scaled_dot_product", {});
  online.set_query({data.data(), wide});
  for (std::size_t i = 0; i < rows; ++i)
    online.add({data.data() + i * wide, wide}, {data.data() + i * wide, wide});
  std::printf("online, %zu rows x %zu: %.1f CPU-ms (%.4f)\n", rows, wide, now() - start,
              online.result()[0]);
  return 0;
}
