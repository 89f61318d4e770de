// Distance kernels, per level and dimension: one pair in the first-level cache ("hot"), and a scan
// over an array larger than every cache ("scan"). bytes_per_second of "scan" is to be compared with
// "bandwidth", which only reads the same array.
//   bench_kernels --benchmark_filter=l2/.*/768 --benchmark_repetitions=5
//   --benchmark_report_aggregates_only=true
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "core/base/rng.h"
#include "core/simd/distance.h"
#include "hand_written.h"

namespace rv::bench {
namespace {

constexpr std::size_t kArrayBytes = std::size_t{512} << 20;

const std::vector<float>& big_array() {
  static const std::vector<float>* array = [] {
    auto* a = new std::vector<float>(kArrayBytes / sizeof(float));
    Rng rng(1);
    for (auto& x : *a) x = static_cast<float>(rng.uniform());
    return a;
  }();
  return *array;
}

void hot(benchmark::State& state, FloatKernel kernel, std::size_t dim) {
  const float* a = big_array().data();
  const float* b = a + dim;
  for (auto _ : state) {
    float r = kernel(a, b, dim);
    benchmark::DoNotOptimize(r);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * dim * 2 * sizeof(float)));
}

void scan(benchmark::State& state, FloatKernel kernel, std::size_t dim) {
  const auto& array = big_array();
  const std::size_t rows = array.size() / dim;
  const std::vector<float> query(array.begin(), array.begin() + static_cast<std::ptrdiff_t>(dim));
  std::size_t row = 0;
  for (auto _ : state) {
    float r = kernel(query.data(), array.data() + row * dim, dim);
    benchmark::DoNotOptimize(r);
    if (++row == rows) row = 0;
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * dim * sizeof(float)));
}

// What memory can deliver: the inner product of the array with itself, nothing else in the loop.
void bandwidth(benchmark::State& state) {
  const auto& array = big_array();
  const FloatKernel dot = simd::kernels().inner_product;
  constexpr std::size_t kBlock = 16384;
  std::size_t at = 0;
  for (auto _ : state) {
    float r = dot(array.data() + at, array.data() + at, kBlock);
    benchmark::DoNotOptimize(r);
    at += kBlock;
    if (at + kBlock > array.size()) at = 0;
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * kBlock * sizeof(float)));
}

void add(const std::string& name, FloatKernel kernel) {
  if (kernel == nullptr) return;
  for (const std::size_t dim : {32u, 128u, 384u, 768u, 1024u, 1536u, 4096u}) {
    const std::string suffix = name + "/" + std::to_string(dim);
    benchmark::RegisterBenchmark(("hot/" + suffix).c_str(), hot, kernel, dim);
    benchmark::RegisterBenchmark(("scan/" + suffix).c_str(), scan, kernel, dim);
  }
}

const bool registered = [] {
  for (int i = 0; i <= static_cast<int>(simd::cpu_level()); ++i) {
    const auto& k = simd::kernels(static_cast<simd::Level>(i));
    add(std::string("l2/") + k.name, k.l2_squared);
    add(std::string("ip/") + k.name, k.inner_product);
    add(std::string("l1/") + k.name, k.l1);
  }
  add("l2/hand_avx2", hand_written_avx2().l2_squared);
  add("l2/hand_avx512", hand_written_avx512().l2_squared);
  add("ip/hand_avx2", hand_written_avx2().inner_product);
  add("ip/hand_avx512", hand_written_avx512().inner_product);
  benchmark::RegisterBenchmark("bandwidth", bandwidth);
  return true;
}();

}  // namespace
}  // namespace rv::bench
