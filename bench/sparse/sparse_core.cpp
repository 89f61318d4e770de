// The inverted index without a server: size, build and CPU time of exact queries, over pages in
// memory.
//   sparse_core [docs.copy[.xz] | -] [queries.copy[.xz] | -] [rows] [k]
// "-": generated. More rows than the file has are made from its own. Prints one JSON line.
#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <queue>

#include "core/index/memory_page_store.h"
#include "core/sparse/builder.h"
#include "core/sparse/search.h"
#include "core/sparse/vector_document.h"
#include "vectors.h"

using namespace rv;
using namespace rv::sparse;

namespace {

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// The k best by bound, best first, until no bound can beat the k-th exact score: what the executor
// does with an index scan. Returns how many rows were compared.
std::size_t run_query(const IndexView& view, const std::vector<SparseBuffer>& docs,
                      const SparseBuffer& query, std::size_t k, std::vector<double>& best) {
  const Prepared prepared(view, vector_query(Scoring::inner_product, query.view()));
  Search search(view, prepared, {});
  std::priority_queue<double, std::vector<double>, std::greater<>> top;
  std::size_t compared = 0;
  for (Hit h; search.next(h);) {
    if (top.size() == k && top.top() >= h.value) break;
    const std::size_t doc = (std::size_t{h.row.block} << 8) + h.row.offset - 1;
    top.push(sparse_inner_product(docs[doc].view(), query.view()));
    if (top.size() > k) top.pop();
    ++compared;
  }
  best.clear();
  for (; !top.empty(); top.pop()) best.push_back(top.top());
  std::reverse(best.begin(), best.end());
  return compared;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::string docs_path = argc > 1 ? argv[1] : "-", query_path = argc > 2 ? argv[2] : "-";
    const std::size_t rows = argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 20000;
    const std::size_t k = argc > 4 ? std::strtoul(argv[4], nullptr, 10) : 10;
    auto docs = docs_path == "-" ? bench::make_zipf(rows, 119, 1) : bench::read_sparse(docs_path);
    const auto queries =
        query_path == "-" ? bench::make_zipf(200, 44, 2) : bench::read_sparse(query_path, 200);
    if (docs.size() > rows) docs.resize(rows);
    if (docs.size() < rows) docs = bench::vary(docs, rows, 3);

    double start = cpu_seconds();
    index::MemoryPageStore store;
    create_index(store, Scoring::inner_product);
    Builder builder(Scoring::inner_product, std::size_t{4} << 30, nullptr);
    VectorDocument vectors(Scoring::inner_product);
    Document document;
    std::size_t postings = 0;
    for (std::size_t i = 0; i < docs.size(); ++i) {
      document.row = {static_cast<std::uint32_t>(i >> 8), static_cast<std::uint16_t>((i & 255) + 1),
                      RowKind::plain};
      vectors.fill(docs[i].view(), document);
      postings += document.terms.size();
      builder.add(document);
    }
    builder.finish(store);
    const double build = cpu_seconds() - start;

    const IndexView view(store);
    std::vector<double> times, best;
    std::size_t compared = 0, wrong = 0;
    for (std::size_t q = 0; q < queries.size(); ++q) {
      run_query(view, docs, queries[q], k, best);
      start = cpu_seconds();
      compared += run_query(view, docs, queries[q], k, best);
      times.push_back((cpu_seconds() - start) * 1e3);
      if (q % 20 != 0) continue;
      std::vector<double> all;
      for (const SparseBuffer& d : docs)
        all.push_back(sparse_inner_product(d.view(), queries[q].view()));
      std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(best.size()),
                        all.end(), std::greater<>());
      for (std::size_t i = 0; i < best.size(); ++i) wrong += std::fabs(all[i] - best[i]) > 1e-5;
    }
    std::sort(times.begin(), times.end());
    double sum = 0;
    for (const double t : times) sum += t;
    std::printf(
        "{\"rows\": %zu, \"postings\": %zu, \"index_mb\": %.1f, \"build_cpu_s\": %.2f, "
        "\"queries\": %zu, "
        "\"mean_cpu_ms\": %.3f, \"p50_cpu_ms\": %.3f, \"p95_cpu_ms\": %.3f, \"rows_compared\": "
        "%.1f, \"wrong\": %zu}\n",
        docs.size(), postings, static_cast<double>(store.blocks()) * 8192 / 1e6, build,
        times.size(), sum / static_cast<double>(times.size()), times[times.size() / 2],
        times[times.size() * 95 / 100],
        static_cast<double>(compared) / static_cast<double>(times.size()), wrong);
    return wrong == 0 ? 0 : 1;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "sparse_core: %s\n", e.what());
    return 2;
  }
}
