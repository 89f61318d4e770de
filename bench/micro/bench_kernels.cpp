// Distance kernels, per level and dimension, in three places:
//   hot     both operands in the first-level cache
//   scan    a query against consecutive rows of an array larger than every cache
//   random  a query against rows of that array in random order, as a graph index meets them
// and what memory delivers to a loop that does nothing but read ("bandwidth", plain C++, none of
// our kernels): bandwidth/scan, and bandwidth/random/<bytes> for rows of that many bytes.
// bytes_per_second counts the bytes of the rows, so it compares with the bandwidth rows directly.
//   bench_kernels --benchmark_filter='/l2/.*/768$|bandwidth' --benchmark_repetitions=5
//   --benchmark_report_aggregates_only=true
// Names: <place>/<kernel>/<level>/<dimension>; kernels: l2 ip l1 cosine, half_l2 half_ip
// half_cosine mixed_l2, int8_l2 int8_ip uint8_int8_ip, hamming jaccard (dimension in bits).
#include <benchmark/benchmark.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <numeric>
#include <string>
#include <type_traits>
#include <vector>

#include "core/base/rng.h"
#include "core/simd/distance.h"
#include "hand_written.h"

namespace rv::bench {
namespace {

constexpr std::size_t kArrayBytes = std::size_t{512} << 20;

// Numbers of T that no kernel treats specially; made when a benchmark first needs them.
template <class T>
const std::vector<T>& big_array() {
  static const std::vector<T>* array = [] {
    auto* a = new std::vector<T>(kArrayBytes / sizeof(T));
    Rng rng(1);
    if constexpr (std::is_same_v<T, float>) {
      for (auto& x : *a) x = static_cast<float>(rng.uniform());
    } else if constexpr (std::is_same_v<T, std::uint16_t>) {
      for (auto& x : *a)  // binary16 between 0.25 and 1
        x = static_cast<std::uint16_t>(0x3400 + rng.below(0x800));
    } else {
      for (std::size_t i = 0; i < a->size(); i += sizeof(std::uint64_t)) {
        const std::uint64_t bits = rng.next();
        std::memcpy(a->data() + i, &bits, sizeof bits);
      }
    }
    return a;
  }();
  return *array;
}

std::vector<std::uint32_t> shuffled(std::size_t rows) {
  std::vector<std::uint32_t> order(rows);
  std::iota(order.begin(), order.end(), 0u);
  Rng rng(2);
  for (std::size_t i = rows; i > 1; --i) std::swap(order[i - 1], order[rng.below(i)]);
  return order;
}

template <class Query, class Row, class Result>
using Kernel = Result (*)(const Query*, const Row*, std::size_t);

void count_bytes(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(bytes));
}

template <class Query, class Row, class Result>
void hot(benchmark::State& state, Kernel<Query, Row, Result> kernel, std::size_t n) {
  const std::vector<Query> a(big_array<Query>().begin(),
                             big_array<Query>().begin() + static_cast<std::ptrdiff_t>(n));
  const std::vector<Row> b(big_array<Row>().end() - static_cast<std::ptrdiff_t>(n),
                           big_array<Row>().end());
  for (auto _ : state) {
    Result r = kernel(a.data(), b.data(), n);
    benchmark::DoNotOptimize(r);
  }
  count_bytes(state, n * sizeof(Row));
}

template <class Query, class Row, class Result>
void scan(benchmark::State& state, Kernel<Query, Row, Result> kernel, std::size_t n) {
  const auto& array = big_array<Row>();
  const std::size_t rows = array.size() / n;
  const std::vector<Query> query(big_array<Query>().begin(),
                                 big_array<Query>().begin() + static_cast<std::ptrdiff_t>(n));
  std::size_t row = 0;
  for (auto _ : state) {
    Result r = kernel(query.data(), array.data() + row * n, n);
    benchmark::DoNotOptimize(r);
    if (++row == rows) row = 0;
  }
  count_bytes(state, n * sizeof(Row));
}

template <class Query, class Row, class Result>
void random_rows(benchmark::State& state, Kernel<Query, Row, Result> kernel, std::size_t n) {
  const auto& array = big_array<Row>();
  const auto order = shuffled(array.size() / n);
  const std::vector<Query> query(big_array<Query>().begin(),
                                 big_array<Query>().begin() + static_cast<std::ptrdiff_t>(n));
  std::size_t at = 0;
  for (auto _ : state) {
    Result r = kernel(query.data(), array.data() + order[at] * n, n);
    benchmark::DoNotOptimize(r);
    if (++at == order.size()) at = 0;
  }
  count_bytes(state, n * sizeof(Row));
}

// Reads everything and does next to nothing with it; independent sums, so that loads overlap.
std::uint64_t read_only(const std::uint64_t* p, std::size_t n) {
  std::uint64_t sum[8] = {};
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8)
    for (std::size_t k = 0; k < 8; ++k) sum[k] += p[i + k];
  for (; i < n; ++i) sum[0] += p[i];
  return std::accumulate(std::begin(sum), std::end(sum), std::uint64_t{0});
}

void bandwidth(benchmark::State& state, std::size_t bytes, bool random) {
  const auto& array = big_array<float>();
  const auto* words = reinterpret_cast<const std::uint64_t*>(array.data());
  const std::size_t n = bytes / sizeof *words, rows = kArrayBytes / bytes;
  const auto order = random ? shuffled(rows) : std::vector<std::uint32_t>();
  std::size_t at = 0;
  for (auto _ : state) {
    std::uint64_t r = read_only(words + (random ? order[at] : at) * n, n);
    benchmark::DoNotOptimize(r);
    if (++at == rows) at = 0;
  }
  count_bytes(state, bytes);
}

template <class Query, class Row, class Result>
void add(const std::string& name, Kernel<Query, Row, Result> kernel,
         std::size_t per_dimension = 1) {
  if (kernel == nullptr) return;
  for (const std::size_t dim : {32u, 128u, 384u, 768u, 1024u, 1536u, 4096u}) {
    const std::string suffix = name + "/" + std::to_string(dim);
    const std::size_t n = dim / per_dimension;  // elements; bits are counted in bytes
    benchmark::RegisterBenchmark(("hot/" + suffix).c_str(), hot<Query, Row, Result>, kernel, n);
    benchmark::RegisterBenchmark(("scan/" + suffix).c_str(), scan<Query, Row, Result>, kernel, n);
    benchmark::RegisterBenchmark(("random/" + suffix).c_str(), random_rows<Query, Row, Result>,
                                 kernel, n);
  }
}

const bool registered = [] {
  for (int i = 0; i <= static_cast<int>(simd::cpu_level()); ++i) {
    const auto& k = simd::kernels(static_cast<simd::Level>(i));
    const std::string level = std::string("/") + k.name;
    add("l2" + level, k.l2_squared);
    add("ip" + level, k.inner_product);
    add("l1" + level, k.l1);
    add("cosine" + level, k.cosine_sums);
    add("half_l2" + level, k.half_l2_squared);
    add("half_ip" + level, k.half_inner_product);
    add("half_cosine" + level, k.half_cosine_sums);
    add("mixed_l2" + level, k.mixed_l2_squared);
    add("int8_l2" + level, k.int8_l2_squared);
    add("int8_ip" + level, k.int8_inner_product);
    add("uint8_int8_ip" + level, k.uint8_int8_inner_product);
    add("hamming" + level, k.hamming, 8);
    add("jaccard" + level, k.overlap, 8);
  }
  add("l2/hand_avx2", hand_written_avx2().l2_squared);
  add("l2/hand_avx512", hand_written_avx512().l2_squared);
  add("ip/hand_avx2", hand_written_avx2().inner_product);
  add("ip/hand_avx512", hand_written_avx512().inner_product);
  benchmark::RegisterBenchmark("bandwidth/scan", bandwidth, std::size_t{65536}, false);
  for (const std::size_t bytes : {512u, 768u, 1536u, 3072u, 6144u})
    benchmark::RegisterBenchmark(("bandwidth/random/" + std::to_string(bytes)).c_str(), bandwidth,
                                 bytes, true);
  return true;
}();

}  // namespace
}  // namespace rv::bench
