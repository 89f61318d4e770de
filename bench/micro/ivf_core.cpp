// The ivfflat engine without a server: trains, assigns and encodes vectors, writes lists into
// memory pages, searches with lazy exact reranking, and prints CPU time, recall and look-ups. For
// work on the algorithms; bench/macro measures what users see.
//   ivf_core BASE.fvecs QUERIES.fvecs [lists] [quantization] [bits] [threads]
//   ivf_core COUNT DIM [lists] [quantization] [bits] [threads]     clustered random vectors
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <numeric>
#include <vector>

#include "core/base/rng.h"
#include "core/index/ivf/build.h"
#include "core/index/ivf/search.h"
#include "core/index/memory_page_store.h"
#include "core/simd/distance.h"
#include "fvecs.h"

namespace {

using namespace rv;
using bench::read_fvecs;
using bench::Vectors;
using namespace rv::index::ivf;

// Clusters of clusters, in a tenth of the dimensions.
void clustered(std::size_t count, std::size_t dim, Vectors* base, Vectors* queries) {
  Rng rng(1);
  const std::size_t clusters = 1 + count / 200, latent = std::max<std::size_t>(8, dim / 10);
  std::vector<float> centres(clusters * latent), spread(latent * dim), z(latent);
  for (float& v : centres) v = static_cast<float>(rng.normal());
  for (float& v : spread) v = static_cast<float>(rng.normal());
  base->dim = queries->dim = dim;
  for (std::size_t r = 0; r < count + 200; ++r) {
    Vectors* to = r < count ? base : queries;
    const float* c = &centres[rng.below(clusters) * latent];
    to->data.resize((to->count + 1) * dim);
    float* x = &to->data[to->count++ * dim];
    for (std::size_t i = 0; i < latent; ++i) z[i] = c[i] + static_cast<float>(0.6 * rng.normal());
    for (std::size_t i = 0; i < latent; ++i)
      simd::kernels().matrix.add_scaled(z[i], &spread[i * dim], x, dim);
  }
}

// Of the process, all threads together.
double cpu() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

quant::CodecKind kind_by_name(const char* name) {
  const char* names[] = {"none", "sq8", "rabitq", "binary", "pq"};
  for (int i = 0; i < 5; ++i)
    if (std::strcmp(name, names[i]) == 0) return static_cast<quant::CodecKind>(i);
  std::fprintf(stderr, "unknown quantization %s\n", name);
  std::exit(2);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3)
    return std::fprintf(stderr, "ivf_core BASE QUERIES [lists quantization bits threads]\n"), 2;
  Vectors base, queries;
  if (std::atoi(argv[1]) > 0) {
    clustered(static_cast<std::size_t>(std::atoi(argv[1])),
              static_cast<std::size_t>(std::atoi(argv[2])), &base, &queries);
  } else {
    base = read_fvecs(argv[1], ~std::size_t{0});
    queries = read_fvecs(argv[2], 200);
  }
  BuildOptions options;
  options.lists = argc > 3 && std::atoi(argv[3]) > 0
                      ? static_cast<std::uint32_t>(std::atoi(argv[3]))
                      : default_lists(static_cast<double>(base.count));
  options.codec.kind = argc > 4 ? kind_by_name(argv[4]) : quant::CodecKind::rabitq;
  options.codec.bits = argc > 5 ? std::atoi(argv[5]) : 0;
  options.codec.dim = static_cast<int>(base.dim);
  WorkerPool pool(argc > 6 ? std::atoi(argv[6]) : 1);
  const Work work(pool.threads() > 1 ? &pool : nullptr);

  const std::size_t sample = std::min(base.count, sample_size(options.lists));
  std::vector<float> part(sample * base.dim);
  for (std::size_t i = 0; i < sample; ++i)
    std::memcpy(&part[i * base.dim], base[i * base.count / sample], base.dim * sizeof(float));
  double t = cpu();
  const Training training = train(options, std::move(part), work);
  const double trained = cpu() - t;
  t = cpu();
  std::vector<std::uint32_t> lists(base.count);
  std::vector<std::byte> codes(base.count * training.codec->code_bytes());
  Encoder(training).encode(base[0], base.count, lists.data(), codes.data(), work);
  const double assigned = cpu() - t;
  t = cpu();
  std::vector<std::uint32_t> order(base.count);
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return lists[a] < lists[b]; });
  index::MemoryPageStore store;
  write_fixed_parts(store, training, base.count);
  const auto index = open(store);
  ListWriter writer(store, *index);
  for (const auto i : order)
    writer.add(lists[i], RowId{i} << 16 | 1, &codes[i * training.codec->code_bytes()]);
  writer.finish();
  const double written = cpu() - t;
  std::printf(
      "%zu x %zu, %u lists: train %.2f s, assign and encode %.2f s, write %.2f s of CPU "
      "(%.0f vectors/s of CPU); %.1f %% of the raw size\n",
      base.count, base.dim, options.lists, trained, assigned, written,
      static_cast<double>(base.count) / (trained + assigned + written),
      100.0 * 8192 * store.blocks() / static_cast<double>(base.count * base.dim * 4));

  constexpr std::size_t kNear = 10;
  std::vector<std::vector<float>> truth;
  for (std::size_t q = 0; q < queries.count; ++q) {
    std::vector<float> d(base.count);
    for (std::size_t i = 0; i < base.count; ++i)
      d[i] = simd::kernels().l2_squared(queries[q], base[i], base.dim);
    std::partial_sort(d.begin(), d.begin() + kNear, d.end());
    d.resize(kNear);
    truth.push_back(d);
  }
  for (std::uint32_t probes = 1; probes <= options.lists; probes *= 2) {
    std::size_t hits = 0, looked_up = 0, scanned = 0;
    t = cpu();
    Search search(store, index, std::size_t{4} << 20);
    for (std::size_t q = 0; q < queries.count; ++q) {
      search.start(queries[q], probes);
      search.probe(probes);
      for (std::size_t k = 0; k < kNear; ++k) {
        RowId row;
        float distance;
        if (!search.next(
                [&](RowId r, float* d) {
                  ++looked_up;
                  *d = simd::kernels().l2_squared(queries[q], base[r >> 16], base.dim);
                  return true;
                },
                &row, &distance))
          break;
        hits += distance <= truth[q][kNear - 1];
      }
      scanned += search.counts().codes;
    }
    const double per = (cpu() - t) / static_cast<double>(queries.count);
    std::printf("probes %5u: recall@10 %.3f, %8.1f us of CPU, %7zu codes, %5.1f rows looked up\n",
                probes, static_cast<double>(hits) / static_cast<double>(kNear * queries.count),
                per * 1e6, scanned / queries.count,
                static_cast<double>(looked_up) / static_cast<double>(queries.count));
  }
}
