// Builds that do not fit into memory: recall beside that of a build in one piece, completeness.
#include "core/index/hnsw/parted_build.h"

#include "core/index/hnsw/remove.h"
#include "unit/base/memory_file.h"
#include "unit/hnsw/test_index.h"

namespace rv::index::hnsw {
namespace {

// Builds in parts; returns their number.
std::size_t build_in_parts(Index& index, const float* x, std::size_t n, std::size_t dim,
                           std::size_t memory, std::size_t expected, std::size_t sample) {
  Files files;
  PartedBuild build(index.codec, index.options, Work(&index.pool), 7, memory, expected,
                    encode_leaders(*index.codec, x, sample),
                    [&files] { return std::make_unique<MemoryFile>(files); });
  for (std::size_t i = 0; i < n; i += 700) {
    std::vector<HeapTid> tids;
    for (std::size_t j = i; j < std::min(n, i + 700); ++j) tids.push_back(tid_of(j));
    build.add(x + i * dim, tids.data(), tids.size());
  }
  EXPECT_EQ(build.rows(), n);
  const std::size_t parts = build.parts();
  std::size_t last = 0, total = 0;
  build.finish(index.store, [&](std::size_t done, std::size_t of) {
    EXPECT_GE(done, last);
    EXPECT_LE(done, of);
    last = done;
    total = of;
  });
  EXPECT_EQ(last, total);
  index.graph->refresh();
  return parts;
}

TEST(PartedBuild, FindsWhatABuildInOnePieceFinds) {
  const std::size_t n = 20000, dim = 32;
  const auto x = clustered(n, dim, 1);
  const std::vector<bool> live(n, true);
  Index whole(kRabitq, x.data(), n), parted(kRabitq, x.data(), n);
  whole.bulk(x.data(), n, dim);
  EXPECT_GE(build_in_parts(parted, x.data(), n, dim, 1 << 20, n, n), 5u);
  EXPECT_EQ(parted.errors(), 0);
  EXPECT_EQ(take_census(*parted.graph).rows, n);
  EXPECT_EQ(parted.graph->meta().built_rows, n);
  for (const int ef : {20, 64})
    EXPECT_GE(recall(parted, x.data(), live, n, dim, ef, 1),
              recall(whole, x.data(), live, n, dim, ef, 1) - 0.01)
        << ef;
  auto rows = parted.search(x.data(), 40, n);
  std::sort(rows.begin(), rows.end());
  ASSERT_EQ(rows.size(), n);
  for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(rows[i], i);
}

// The estimate of the rows is a third of the truth, leaders are few: parts are too large and are
// cut.
TEST(PartedBuild, CopesWithWrongEstimates) {
  const std::size_t n = 20000, dim = 16;
  const auto x = clustered(n, dim, 2);
  Index index({quant::CodecKind::rabitq, quant::Metric::l2, 16}, x.data(), n, {8, 32});
  build_in_parts(index, x.data(), n, dim, 1 << 20, n / 3, 10);
  EXPECT_EQ(index.errors(), 0);
  EXPECT_GT(recall(index, x.data(), std::vector<bool>(n, true), n, dim, 64, 2), 0.9);
  EXPECT_EQ(index.search(x.data(), 40, n).size(), n);
}

TEST(PartedBuild, EqualVectorsShareANode) {
  const std::size_t n = 9000, dim = 32;
  const auto few = clustered(3000, dim, 3);
  std::vector<float> x;
  for (int i = 0; i < 3; ++i) x.insert(x.end(), few.begin(), few.end());
  Index index(kRabitq, x.data(), n);
  build_in_parts(index, x.data(), n, dim, 1 << 20, n, 2000);
  EXPECT_EQ(index.errors(), 0);
  EXPECT_EQ(take_census(*index.graph).nodes, 3000u);
  EXPECT_EQ(take_census(*index.graph).rows, n);
  // Inserts and deletes go on as in any index.
  for (std::size_t i = 0; i < 100; ++i) index.insert(x.data() + i * dim, n + i);
  Remover remover(*index.graph);
  remover.mark([](HeapTid t) { return row_of(t) < 3000; }, [] {});
  remover.repair([] {});
  remover.free([] {});
  EXPECT_EQ(index.errors(), 0);
  EXPECT_EQ(index.search(x.data(), 40, 2 * n).size(), 6100u);
}

class PartedCodecs : public ::testing::TestWithParam<quant::CodecKind> {};

TEST_P(PartedCodecs, ReturnEveryRow) {
  const std::size_t n = 6000, dim = 32;
  const auto x = clustered(n, dim, 4);
  Index index({GetParam(), quant::Metric::l2, 32}, x.data(), 1000);
  EXPECT_GE(build_in_parts(index, x.data(), n, dim, 1 << 20, n, 500), 2u);
  EXPECT_EQ(index.errors(), 0);
  EXPECT_EQ(index.search(x.data(), 40, n).size(), n);
}

std::string kind_name(const ::testing::TestParamInfo<quant::CodecKind>& info) {
  constexpr const char* names[] = {"none", "sq8", "rabitq", "binary", "pq"};
  return names[static_cast<int>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(Kinds, PartedCodecs,
                         ::testing::Values(quant::CodecKind::none, quant::CodecKind::sq8,
                                           quant::CodecKind::binary, quant::CodecKind::pq),
                         kind_name);

TEST(PartedBuild, OfNothingIsEmpty) {
  Index index(kRabitq, nullptr, 0);
  const std::vector<float> q(32, 1.0f);
  EXPECT_EQ(build_in_parts(index, q.data(), 0, 32, 1 << 20, 0, 0), 1u);
  EXPECT_TRUE(index.search(q.data(), 10, 10).empty());
  EXPECT_EQ(index.errors(), 0);
}

}  // namespace
}  // namespace rv::index::hnsw
