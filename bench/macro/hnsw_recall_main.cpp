// Recall of the hnsw engine against effort, for every quantisation, without a server.
//   hnsw_recall BASE QUERIES TRUTH.ivecs|- METRIC [QUANTIZATION[:BITS[:SUBSPACES]] ...] [-m M]
//   [-c EF] [-i ROWS]
// QUANTIZATION: none, sq8, rabitq, binary, pq; all by default. -i builds over so many rows less and
// inserts these. Files as in data.h; "-" searches the truth.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>

#include "hnsw_recall.h"

namespace {

using namespace rv;
using namespace rv::bench;

constexpr const char* kNames[] = {"none", "sq8", "rabitq", "binary", "pq"};

quant::CodecSpec spec_of(const std::string& text, const Matrix& base, Metric metric) {
  const auto colon = text.find(':');
  const std::string name = text.substr(0, colon);
  for (std::size_t i = 0; i < std::size(kNames); ++i)
    if (name == kNames[i]) {
      quant::CodecSpec spec{static_cast<quant::CodecKind>(i), codec_metric(metric),
                            static_cast<int>(base.dim)};
      if (colon == std::string::npos) return spec;
      spec.bits = std::atoi(text.c_str() + colon + 1);
      const auto second = text.find(':', colon + 1);
      if (second != std::string::npos) spec.subspaces = std::atoi(text.c_str() + second + 1);
      return spec;
    }
  throw std::runtime_error("unknown quantization " + name);
}

void run(int argc, char** argv) {
  const Matrix base = read_vectors(argv[1]), queries = read_vectors(argv[2]);
  const Metric metric = metric_of(argv[4]);
  const Truth truth = std::strcmp(argv[3], "-") == 0
                          ? search_truth(base, queries, 10, metric, Candidates())
                          : given_truth(read_ids(argv[3]), base, queries, 10, metric);
  index::hnsw::Options options;
  std::size_t inserted = 0;
  std::vector<std::string> kinds;
  for (int i = 5; i < argc; ++i) {
    const std::string arg = argv[i];
    if (arg[0] != '-')
      kinds.push_back(arg);
    else if (i + 1 == argc)
      throw std::runtime_error("no value for " + arg);
    else if (arg == "-m")
      options.m = std::atoi(argv[++i]);
    else if (arg == "-c")
      options.ef_construction = std::atoi(argv[++i]);
    else
      inserted = static_cast<std::size_t>(std::atoll(argv[++i]));
  }
  if (kinds.empty()) kinds.assign(std::begin(kNames), std::end(kNames));
  std::printf("%zu x %zu, %zu queries, m %d, ef_construction %d\n", base.rows(), base.dim,
              queries.rows(), options.m, options.ef_construction);
  for (const std::string& kind : kinds) {
    const auto start = std::chrono::steady_clock::now();
    MeasuredIndex index(base, spec_of(kind, base, metric), options, 2,
                        inserted < base.rows() ? base.rows() - inserted : 1);
    const double spent =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::printf(
        "%s: code %zu bytes, index %.1f %% of raw, built in %.1f s\n", kind.c_str(),
        index.codec().code_bytes(),
        100.0 * 8192 * index.store().blocks() / (4.0 * static_cast<double>(base.dim * base.rows())),
        spent);
    for (const int ef : {10, 20, 40, 64, 100, 200}) {
      const RecallPoint p = index.measure(queries, truth, metric, 10, ef);
      std::printf("  ef %3d: recall@10 %.4f, %.0f distances, %.1f rows looked up\n", ef, p.recall,
                  p.distances, p.reranked);
    }
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr,
                 "hnsw_recall BASE QUERIES TRUTH|- METRIC [QUANTIZATION[:BITS[:SUBSPACES]] ...] "
                 "[-m M] [-c EF] [-i ROWS]\n");
    return 2;
  }
  try {
    run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "hnsw_recall: %s\n", e.what());
    return 1;
  }
  return 0;
}
