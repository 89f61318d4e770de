// Inverted file indexes against brute force, over pages in memory.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <ostream>
#include <set>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "core/index/ivf/build.h"
#include "core/index/ivf/centres.h"
#include "core/index/ivf/check.h"
#include "core/index/ivf/entries.h"
#include "core/index/ivf/search.h"
#include "core/index/memory_page_store.h"
#include "unit/quant/exact_distance.h"

namespace rv::index::ivf {
namespace {

using quant::CodecKind;
using quant::Metric;

struct IvfCase {
  const char* name;
  CodecKind kind;
  Metric metric;
  int dim;
  std::uint32_t lists;
  std::size_t page_bytes;
  int bits = 0;
};
void PrintTo(const IvfCase& c, std::ostream* out) { *out << c.name; }

double exact(Metric metric, const std::vector<float>& a, const std::vector<float>& b) {
  return quant::exact(metric, a.data(), b.data(), a.size());
}

// An index and what should be in it.
class World {
 public:
  World(const IvfCase& c, std::size_t rows, std::uint64_t seed, Rerank rerank = Rerank::heap)
      : case_(c), store_(c.page_bytes), rng_(seed) {
    for (std::size_t i = 0; i < 40; ++i) {
      centres_.emplace_back();
      for (int d = 0; d < c.dim; ++d) centres_.back().push_back(static_cast<float>(rng_.normal()));
    }
    for (std::size_t i = 0; i < rows; ++i) table_[new_row()] = new_vector();
    BuildOptions options;
    options.codec.kind = c.kind;
    options.codec.metric = c.metric;
    options.codec.dim = c.dim;
    options.codec.bits = c.bits;
    options.lists = c.lists;
    options.rerank = rerank;
    std::vector<float> all;
    for (const auto& [row, x] : table_) all.insert(all.end(), x.begin(), x.end());
    const auto training = train(options, all, Work());
    write_fixed_parts(store_, training, rows);
    index_ = open(store_);
    std::vector<std::uint32_t> lists(rows);
    std::vector<std::byte> codes(rows * training.codec->code_bytes());
    Encoder(training).encode(all.data(), rows, lists.data(), codes.data(), Work());
    std::vector<std::pair<std::uint32_t, std::size_t>> order;
    std::vector<RowId> ids;
    for (const auto& [row, x] : table_) ids.push_back(row);
    for (std::size_t i = 0; i < rows; ++i) order.emplace_back(lists[i], i);
    std::sort(order.begin(), order.end());
    ListWriter writer(store_, *index_);
    for (const auto& [list, i] : order)
      writer.add(list, ids[i], &codes[i * training.codec->code_bytes()]);
    writer.finish();
  }

  std::vector<float> new_vector() {
    std::vector<float> x;
    if (case_.bits == 1 && case_.kind == CodecKind::none) {
      for (int d = 0; d < case_.dim; ++d) x.push_back(rng_.below(2) != 0 ? 1.0f : 0.0f);
      return x;
    }
    const auto& c = centres_[rng_.below(centres_.size())];
    for (const float v : c) x.push_back(static_cast<float>(v + 0.4 * rng_.normal()));
    return x;
  }
  RowId new_row() { return (next_row_++ << 16) | (1 + rng_.below(200)); }

  void insert_one() {
    const RowId row = new_row();
    const auto x = new_vector();
    insert(store_, *index_, x.data(), row);
    table_[row] = x;
  }
  void remove_some(double share) {
    std::set<RowId> dead;
    for (const auto& [row, x] : table_)
      if (rng_.uniform() < share) dead.insert(row);
    const auto result = remove(
        store_, *index_, [&](RowId row) { return dead.count(row) > 0; }, [] {});
    EXPECT_EQ(result.removed, dead.size());
    EXPECT_EQ(result.kept, table_.size() - dead.size());
    for (const RowId row : dead) table_.erase(row);
  }

  // All that a search of `lists` lists gives, in its order.
  std::vector<std::pair<double, RowId>> find(const std::vector<float>& q, std::uint32_t lists,
                                             std::uint32_t step, std::size_t memory = 1 << 20) {
    std::vector<std::pair<double, RowId>> found;
    looked_up_ = 0;
    Search search(store_, index_, memory);
    search.start(q.data(), lists);
    while (search.probe(step)) {
      RowId row;
      float distance;
      while (search.next(
          [&](RowId r, float* d) {
            ++looked_up_;
            const auto it = table_.find(r);
            if (it == table_.end()) return false;
            *d = static_cast<float>(exact(case_.metric, q, it->second));
            return true;
          },
          &row, &distance))
        found.emplace_back(distance, row);
    }
    return found;
  }
  std::vector<std::pair<double, RowId>> truth(const std::vector<float>& q) const {
    std::vector<std::pair<double, RowId>> all;
    for (const auto& [row, x] : table_) all.emplace_back(exact(case_.metric, q, x), row);
    std::sort(all.begin(), all.end());
    return all;
  }
  std::vector<std::string> findings() {
    std::vector<std::string> out;
    std::multiset<RowId> rows;
    totals_ = check(
        store_,
        [&](const Finding& f) { out.push_back(std::to_string(f.block) + ": " + f.message); },
        [&](RowId r) { rows.insert(r); });
    for (const auto& [row, x] : table_)
      if (rows.count(row) != 1) out.push_back("row missing or twice");
    if (rows.size() != table_.size()) out.push_back("entries and rows differ in number");
    return out;
  }

  IvfCase case_;
  MemoryPageStore store_;
  Rng rng_;
  std::vector<std::vector<float>> centres_;
  std::map<RowId, std::vector<float>> table_;
  std::shared_ptr<const Description> index_;
  RowId next_row_ = 1;
  std::size_t looked_up_ = 0;
  Totals totals_;
};

class EveryIvf : public testing::TestWithParam<IvfCase> {};

TEST_P(EveryIvf, ProbingAllListsFindsAllRowsInOrder) {
  World w(GetParam(), 1500, 1);
  for (int q = 0; q < 5; ++q) {
    const auto query = w.new_vector();
    const auto found = w.find(query, w.index_->lists(), w.index_->lists());
    const auto truth = w.truth(query);
    ASSERT_EQ(found.size(), truth.size());
    // A bound that did not hold brings a row late.
    std::size_t late = 0;
    double farthest = found[0].first;
    for (const auto& [distance, row] : found) {
      if (distance < farthest - 1e-4 * (1 + std::abs(farthest))) ++late;
      farthest = std::max(farthest, distance);
    }
    EXPECT_LE(late, truth.size() / 20);
    for (std::size_t i = 0; i < 10; ++i)
      EXPECT_NEAR(found[i].first, truth[i].first, 1e-4 * (1 + std::abs(truth[i].first)));
  }
  EXPECT_TRUE(w.findings().empty());
}

TEST_P(EveryIvf, ContinuingReachesEveryRowOnce) {
  World w(GetParam(), 800, 2);
  const auto query = w.new_vector();
  const auto found = w.find(query, w.index_->lists(), 1);
  std::set<RowId> rows;
  for (const auto& [distance, row] : found) rows.insert(row);
  EXPECT_EQ(rows.size(), 800u);
  EXPECT_EQ(found.size(), 800u);
}

TEST_P(EveryIvf, LittleMemoryLosesNothing) {
  World w(GetParam(), 4000, 3);
  const auto query = w.new_vector();
  const auto all = w.find(query, w.index_->lists(), w.index_->lists());
  const auto tight = w.find(query, w.index_->lists(), w.index_->lists(), 1);
  EXPECT_EQ(all, tight);
}

TEST_P(EveryIvf, StaysRightUnderRandomOperations) {
  World w(GetParam(), 300, 4);
  for (int round = 0; round < 12; ++round) {
    const std::uint64_t n = w.rng_.below(200);
    for (std::uint64_t i = 0; i < n; ++i) w.insert_one();
    if (w.rng_.below(2) != 0) w.remove_some(w.rng_.uniform() * 0.6);
    if (round == 6) w.remove_some(1.0);
    const auto problems = w.findings();
    ASSERT_TRUE(problems.empty()) << problems.front();
    const auto query = w.new_vector();
    const auto found = w.find(query, w.index_->lists(), 3);
    ASSERT_EQ(found.size(), w.table_.size());
  }
}

TEST_P(EveryIvf, RemovedSpaceIsUsedAgain) {
  World w(GetParam(), 1000, 5);
  const Block before = w.store_.blocks();
  for (int round = 0; round < 4; ++round) {
    w.remove_some(0.5);
    while (w.table_.size() < 1000) w.insert_one();
  }
  EXPECT_LE(w.store_.blocks(), before + before / 4 + w.index_->lists());
  EXPECT_TRUE(w.findings().empty());
}

INSTANTIATE_TEST_SUITE_P(
    Ivf, EveryIvf,
    testing::Values(IvfCase{"none_l2", CodecKind::none, Metric::l2, 5, 12, 8192},
                    IvfCase{"none_ip", CodecKind::none, Metric::inner_product, 5, 12, 8192},
                    IvfCase{"none_cosine", CodecKind::none, Metric::cosine, 5, 12, 8192},
                    IvfCase{"none_l1", CodecKind::none, Metric::l1, 5, 12, 8192},
                    IvfCase{"bits", CodecKind::none, Metric::l1, 40, 12, 1024, 1},
                    IvfCase{"one_list", CodecKind::none, Metric::l2, 3, 1, 1024},
                    IvfCase{"rabitq_l2", CodecKind::rabitq, Metric::l2, 64, 20, 8192},
                    IvfCase{"rabitq_ip", CodecKind::rabitq, Metric::inner_product, 64, 20, 8192},
                    IvfCase{"rabitq_cosine", CodecKind::rabitq, Metric::cosine, 64, 20, 8192},
                    IvfCase{"rabitq_1bit", CodecKind::rabitq, Metric::l2, 64, 20, 1024, 1},
                    IvfCase{"sq8_l2", CodecKind::sq8, Metric::l2, 30, 20, 2048},
                    IvfCase{"binary_cosine", CodecKind::binary, Metric::cosine, 128, 20, 2048},
                    IvfCase{"pq_l2", CodecKind::pq, Metric::l2, 32, 20, 2048, 4}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(Ivf, LazyRerankingLooksUpFewRows) {
  World w({"", CodecKind::rabitq, Metric::l2, 128, 10, 8192, 4}, 3000, 6);
  const auto query = w.new_vector();
  Search search(w.store_, w.index_, 1 << 20);
  search.start(query.data(), 10);
  ASSERT_TRUE(search.probe(10));
  std::size_t looked_up = 0;
  for (int i = 0; i < 10; ++i) {
    RowId row;
    float distance;
    ASSERT_TRUE(search.next(
        [&](RowId r, float* d) {
          ++looked_up;
          *d = static_cast<float>(exact(Metric::l2, query, w.table_.at(r)));
          return true;
        },
        &row, &distance));
  }
  EXPECT_LT(looked_up, 300u);
  EXPECT_EQ(search.counts().lists, 10u);
  EXPECT_EQ(search.counts().codes, 3000u);
}

TEST(Ivf, WithoutRerankNothingIsLookedUp) {
  World w({"", CodecKind::sq8, Metric::l2, 32, 10, 8192}, 1000, 7, Rerank::none);
  const auto query = w.new_vector();
  const auto found = w.find(query, 10, 10);
  EXPECT_EQ(w.looked_up_, 0u);
  EXPECT_EQ(found.size(), 1000u);
  const auto truth = w.truth(query);
  std::set<RowId> near;
  for (std::size_t i = 0; i < 10; ++i) near.insert(truth[i].second);
  std::size_t hits = 0;
  for (std::size_t i = 0; i < 10; ++i) hits += near.count(found[i].second);
  EXPECT_GE(hits, 8u);
}

TEST(Ivf, FewProbesFindMostNeighbours) {
  World w({"", CodecKind::rabitq, Metric::l2, 32, 50, 8192}, 5000, 8);
  std::size_t hits = 0;
  for (int q = 0; q < 20; ++q) {
    const auto query = w.new_vector();
    const auto found = w.find(query, default_probes(50), 50);
    const auto truth = w.truth(query);
    for (std::size_t i = 0; i < 10; ++i)
      for (std::size_t j = 0; j < 10 && j < found.size(); ++j)
        hits += truth[i].second == found[j].second;
  }
  EXPECT_GE(hits, 190u);
}

TEST(Ivf, AnIndexOfNothingAcceptsRows) {
  World w({"", CodecKind::rabitq, Metric::l2, 16, 100, 8192}, 0, 9);
  EXPECT_TRUE(w.find(w.new_vector(), 100, 100).empty());
  for (int i = 0; i < 500; ++i) w.insert_one();
  EXPECT_EQ(w.find(w.new_vector(), 100, 100).size(), 500u);
  EXPECT_TRUE(w.findings().empty());
}

TEST(Ivf, CentresMayBeLargerThanAPage) {
  World w({"", CodecKind::none, Metric::l1, 3000, 4, 1024, 1}, 60, 10);
  EXPECT_EQ(w.find(w.new_vector(), 4, 1).size(), 60u);
  w.insert_one();
  EXPECT_TRUE(w.findings().empty());
  EXPECT_EQ(w.index_->meta.centre_code_bytes, 0u);  // nor do codes fit
  World r({"", CodecKind::rabitq, Metric::l2, 3000, 4, 8192, 1}, 60, 11);
  EXPECT_EQ(r.find(r.new_vector(), 4, 1).size(), 60u);
}

// What codes say of centres is what the centres say, but for a small error; and rows go to the list
// of the centre that truly is the nearest.
TEST(Ivf, ListsAreChosenByCodesAsByCentres) {
  for (const Metric metric : {Metric::l2, Metric::cosine, Metric::l1}) {
    const CodecKind kind = metric == Metric::l1 ? CodecKind::sq8 : CodecKind::rabitq;
    World w({"", kind, metric, 96, 60, 8192}, 3000, 15);
    const Description& index = *w.index_;
    ASSERT_GT(index.meta.centre_code_bytes, 0u);
    std::vector<float> distance(60), error(60), centre(96);
    CentreDistances distances(index);
    std::size_t outside = 0;
    for (int q = 0; q < 50; ++q) {
      const auto x = w.new_vector();
      distances.measure(w.store_, x.data(), distance.data(), error.data());
      std::uint32_t nearest = 0;
      float least = 1e30f;
      for (std::uint32_t i = 0; i < 60; ++i) {
        read_centre(w.store_, index, i, centre.data());
        const float exact = static_cast<float>(
            quant::exact(metric == Metric::cosine ? Metric::inner_product : Metric::l2, x.data(),
                         centre.data(), 96));
        EXPECT_LT(error[i], 0.05f * (1 + std::abs(exact)));
        outside += std::abs(exact - distance[i]) > error[i];
        if (exact < least) {
          least = exact;
          nearest = i;
        }
      }
      EXPECT_EQ(nearest_list(w.store_, index, x.data()), nearest);
    }
    EXPECT_LT(outside, 50u * 60 / 10);
  }
}

// Lists are brought into order as far as a search gets; it makes no difference to their order.
TEST(Ivf, ListsComeInTheOrderOfTheirCentres) {
  World w({"", CodecKind::rabitq, Metric::l2, 64, 150, 8192}, 3000, 18);
  Search search(w.store_, w.index_, 1 << 20);
  search.start(w.new_vector().data(), 140);
  std::uint32_t step = 1;
  while (search.probe(step)) step = step % 7 + 1;
  ASSERT_EQ(search.ordered_lists(), 140u);
  EXPECT_EQ(search.counts().lists, 140u);
  for (std::size_t i = 1; i < 140; ++i)
    EXPECT_LE(search.list_distance(i - 1), search.list_distance(i)) << i;
}

TEST(Ivf, TheCheckComparesCodesWithCentres) {
  World w({"", CodecKind::rabitq, Metric::l2, 64, 20, 8192}, 500, 16);
  ASSERT_TRUE(w.findings().empty());
  std::byte* codes = w.store_.raw(w.index_->meta.centre_codes);
  std::byte* second = codes + w.index_->meta.centre_code_bytes;
  std::swap_ranges(codes, codes + w.index_->meta.centre_code_bytes, second);
  const auto problems = w.findings();
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_NE(problems[0].find("code of the centre"), std::string::npos);
}

TEST(Ivf, OtherFormatsAreRefusedByTheirNumber) {
  World w({"", CodecKind::rabitq, Metric::l2, 64, 20, 8192}, 500, 17);
  reinterpret_cast<Meta*>(w.store_.raw(0))->version = 1;
  try {
    open(w.store_);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::corrupted_index);
    EXPECT_NE(std::string(e.what()).find("format version 1 is not known"), std::string::npos);
  }
}

TEST(Ivf, CodesThatFitNoPageAreRefused) {
  BuildOptions options;
  options.codec.kind = CodecKind::none;
  options.codec.dim = 3000;
  MemoryPageStore store;
  EXPECT_THROW(write_fixed_parts(store, train(options, {}, Work()), 0), Error);
}

TEST(Ivf, DefaultsAreSensible) {
  EXPECT_EQ(default_lists(0), 100u);
  EXPECT_EQ(default_lists(1), 1u);
  EXPECT_EQ(default_lists(2500), 50u);
  EXPECT_EQ(default_lists(5e4), 100u);
  EXPECT_EQ(default_lists(3e5), 300u);
  EXPECT_EQ(default_lists(1e6), 1000u);
  EXPECT_EQ(default_lists(4e6), 2000u);
  EXPECT_EQ(default_lists(1e12), 32768u);
  EXPECT_EQ(default_probes(1), 1u);
  EXPECT_LE(default_probes(1000), 100u);
}

// Every page damaged in turn: an error or a wrong answer, never a crash or an endless loop; and
// damage to what holds the index together is found by the check.
TEST(Ivf, DamagedPagesGiveErrors) {
  World w({"", CodecKind::rabitq, Metric::l2, 24, 8, 1024}, 400, 12);
  Rng rng(13);
  std::size_t errors = 0;
  for (int trial = 0; trial < 600; ++trial) {
    const auto block = static_cast<Block>(rng.below(w.store_.blocks()));
    const std::size_t content = w.store_.content_bytes();
    const std::vector<std::byte> saved(w.store_.raw(block), w.store_.raw(block) + content);
    if (trial % 3 == 0) {
      std::fill_n(w.store_.raw(block), content, static_cast<std::byte>(rng.next()));
    } else {
      const std::size_t reach = trial % 3 == 1 ? 32 : content;
      for (int i = 0; i < 4; ++i)
        w.store_.raw(block)[rng.below(reach)] ^= static_cast<std::byte>(1u << rng.below(8));
    }
    try {
      w.index_ = open(w.store_);
      w.find(w.new_vector(), 8, 8);
      insert(w.store_, *w.index_, w.new_vector().data(), w.new_row());
      remove(
          w.store_, *w.index_, [](RowId) { return false; }, [] {});
    } catch (const Error& e) {
      ++errors;
      EXPECT_TRUE(e.code() == ErrorCode::corrupted_index) << e.what();
    }
    EXPECT_EQ(w.store_.open_locks(), 0);
    check(w.store_, [](const Finding&) {}, {});
    std::copy(saved.begin(), saved.end(), w.store_.raw(block));
  }
  EXPECT_GT(errors, 50u);
}

TEST(Ivf, TheCheckFindsCirclesAndStrangers) {
  World w({"", CodecKind::none, Metric::l2, 4, 3, 1024}, 500, 14);
  ASSERT_TRUE(w.findings().empty());
  const Block last = w.store_.blocks() - 1;
  auto* page = reinterpret_cast<ListPage*>(w.store_.raw(last));
  page->next = read_head(w.store_, *w.index_, page->list).first;
  EXPECT_FALSE(w.findings().empty());
  EXPECT_THROW(w.find(w.new_vector(), 3, 3), Error);
  page->next = w.index_->meta.entries;
  EXPECT_FALSE(w.findings().empty());
  page->next = kNoBlock;
  EXPECT_TRUE(w.findings().empty());
}

}  // namespace
}  // namespace rv::index::ivf
