#include <tuple>
#include <unordered_set>

#include "core/sparse/builder.h"
#include "core/sparse/vector_document.h"
#include "sparse_model.h"

namespace rv::sparse {
namespace {

using model::Doc;
using model::Id;
using model::Model;

Id id_of(std::uint32_t n) { return {n / 100, static_cast<std::uint16_t>(n % 100 + 1)}; }

Doc random_doc(Rng& rng, std::uint32_t dim, bool negative) {
  Doc d;
  const std::uint64_t special = rng.below(40);
  if (special == 0) d.kind = RowKind::null;
  if (special == 1) d.kind = RowKind::undefined;
  if (special == 2) d.kind = RowKind::irregular;
  const std::uint64_t nnz = rng.below(rng.below(20) == 0 ? 300 : 12);
  for (std::uint64_t i = 0; i < nnz; ++i) {
    // Low indices are frequent, as words are.
    const auto index = static_cast<std::uint32_t>(static_cast<double>(dim) * rng.uniform() *
                                                  rng.uniform() * rng.uniform());
    float w = static_cast<float>(rng.uniform() * 3 + 0.01);
    if (negative && rng.below(2) == 0) w = -w;
    d.terms[std::string(IndexKey(index).view())] = value_of(w);
  }
  return d;
}

Query random_query(Rng& rng, std::uint32_t dim, bool negative) {
  Query q;
  std::map<std::string, double> terms;
  const std::uint64_t n = rng.below(15);
  for (std::uint64_t i = 0; i < n; ++i) {
    double w = rng.uniform() * 2;
    if (negative && rng.below(2) == 0) w = -w;
    terms[std::string(IndexKey(static_cast<std::uint32_t>(static_cast<double>(dim) * rng.uniform() *
                                                          rng.uniform()))
                          .view())] = w;
  }
  for (const auto& [k, w] : terms) q.terms.push_back({k, w, 0});
  return q;
}

struct IndexCase {
  std::uint64_t seed;
  std::size_t page_bytes;
  std::uint32_t pending_pages;
  bool negative;
  Quantization quantization = Quantization::u8;
};

class SparseIndex : public testing::TestWithParam<IndexCase> {};
INSTANTIATE_TEST_SUITE_P(Cases, SparseIndex,
                         testing::Values(IndexCase{1, 8192, 4, false}, IndexCase{2, 8192, 1, true},
                                         IndexCase{3, 16384, 2, true},
                                         IndexCase{4, 8192, 1000, true},
                                         IndexCase{5, 8192, 2, true, Quantization::float32}),
                         [](const auto& info) { return "seed" + std::to_string(info.param.seed); });

TEST_P(SparseIndex, EqualsBruteForceAfterRandomOperations) {
  const IndexCase c = GetParam();
  Rng rng(c.seed);
  Model m(Scoring::cosine, c.page_bytes, c.pending_pages, c.quantization);
  // A posting may be off by a step, and a merge adds one: 16 terms of range 6 and weight 2. What is
  // kept as it is differs by rounding and by the slack of a cosine index.
  m.tolerance = c.quantization == Quantization::u8 ? 16 * 2 * 6.0 / 255 * 4 : 1e-3;
  constexpr std::uint32_t kDim = 400;
  std::uint32_t next = 0;
  for (int round = 0; round < 60; ++round) {
    m.around.readers = rng.below(3) == 0;
    m.around.busy = rng.below(4) == 0;
    m.around.shrinks = rng.below(2) == 0;
    const std::uint64_t n = rng.below(120);
    for (std::uint64_t i = 0; i < n; ++i)
      m.insert(id_of(next++), random_doc(rng, kDim, c.negative));
    if (rng.below(3) == 0) {
      std::vector<Id> gone;
      for (const auto& [id, d] : m.docs)
        if (rng.below(round % 7 == 0 ? 2 : 10) == 0) gone.push_back(id);
      m.remove(gone);
    }
    if (rng.below(3) == 0) m.index.clean_up();
    if (round % 5 == 0) m.check();
    Query q = random_query(rng, kDim, c.negative);
    q.irregular = rng.below(20) == 0;
    q.null = rng.below(20) == 0;
    q.undefined = rng.below(20) == 0;
    ASSERT_NO_FATAL_FAILURE(m.compare_vectors(q, 1 + static_cast<std::uint32_t>(rng.below(100)),
                                              rng.below(2) == 0 ? 0 : 1 << 22));
    ASSERT_EQ(m.store.open_locks(), 0);
  }
  // With everybody gone, vacuum leaves little behind.
  m.around.readers = m.around.busy = m.around.shrinks = false;
  std::vector<Id> all;
  for (const auto& [id, d] : m.docs) all.push_back(id);
  m.remove(all);
  m.index.clean_up();
  m.index.clean_up();
  m.check();
  EXPECT_EQ(blocks_in_use(m.store, read_meta(m.store)).size(), 1u);
}

TEST(SparseIndex, HoldsDocumentsLargerThanAPage) {
  Model m(Scoring::inner_product, 8192, 3);
  Rng rng(5);
  for (std::uint32_t n = 0; n < 30; ++n) {
    Doc d;
    const std::uint32_t nnz = n % 3 == 0 ? 16000 : 20;
    for (std::uint32_t i = 0; i < nnz; ++i)
      d.terms[std::string(IndexKey(i * 3 + n).view())] =
          value_of(static_cast<float>(rng.uniform()) + 0.1f);
    m.insert(id_of(n), d);
  }
  m.check();
  ASSERT_NO_FATAL_FAILURE(m.compare_vectors(random_query(rng, 5000, true), 10, 0));
  m.remove({id_of(0), id_of(1), id_of(3)});
  m.check();
  ASSERT_NO_FATAL_FAILURE(m.compare_vectors(random_query(rng, 5000, true), 10, 0));
  m.index.clean_up();
  m.check();
  ASSERT_NO_FATAL_FAILURE(m.compare_vectors(random_query(rng, 5000, false), 10, 1 << 22));
}

TEST(SparseIndex, SpansSeveralWindows) {
  Rng rng(9);
  index::MemoryPageStore store;
  create_index(store, Scoring::inner_product);
  DocumentMap map;
  Inverter lists;
  Model m(Scoring::inner_product, 8192, 3);
  for (std::uint32_t n = 0; n < 150000; ++n) {
    Doc d = random_doc(rng, 50, false);
    d.kind = RowKind::plain;
    while (d.terms.size() > 4) d.terms.erase(d.terms.begin());
    const Document doc = m.document(id_of(n), d);
    lists.add(doc);
    map.rows.push_back(doc.row);
    m.docs[id_of(n)] = d;
  }
  install_first_segment(m.store, map, lists);
  m.check();
  for (const std::size_t memory : {std::size_t{0}, std::size_t{1} << 22})
    ASSERT_NO_FATAL_FAILURE(m.compare_vectors(random_query(rng, 50, false), 64, memory));
}

// The mode may be changed at any time: merging lists of bytes into floats keeps their error.
TEST(SparseIndex, MixesSegmentsOfBothQuantizations) {
  Rng rng(21);
  Model m(Scoring::inner_product, 8192, 2);
  Index floats(m.store, m.around, Options{2, Quantization::float32});
  std::uint32_t next = 0;
  for (int round = 0; round < 40; ++round) {
    Index& index = round % 2 == 0 ? m.index : floats;
    for (int i = 0; i < 60; ++i) {
      Doc d = random_doc(rng, 300, true);
      if (d.kind != RowKind::plain && d.kind != RowKind::irregular) d.terms.clear();
      const Id id = id_of(next++);
      index.insert(m.document(id, d));
      m.docs[id] = d;
    }
    if (round % 8 == 7) index.clean_up();
    ASSERT_NO_FATAL_FAILURE(m.compare_vectors(random_query(rng, 300, true), 20, 1 << 22));
  }
  m.check();
}

// Several builders, some of which spill, make the index that one would.
TEST(SparseIndex, IsBuiltByOneOrSeveral) {
  struct MemoryFile final : ScratchFile {
    explicit MemoryFile(std::shared_ptr<std::vector<std::byte>> b) : bytes(std::move(b)) {}
    std::shared_ptr<std::vector<std::byte>> bytes;
    void append(std::span<const std::byte> more) override {
      bytes->insert(bytes->end(), more.begin(), more.end());
    }
    void read(std::uint64_t offset, std::span<std::byte> out) override {
      ASSERT_LE(offset + out.size(), bytes->size());
      std::copy_n(bytes->begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
    }
  };
  for (const Scoring scoring : {Scoring::inner_product, Scoring::bm25}) {
    for (const int others : {0, 1, 3}) {
      Rng rng(7);
      Model m(scoring, 8192, 3);
      std::vector<std::shared_ptr<std::vector<std::byte>>> files;
      std::vector<std::unique_ptr<Builder>> builders;
      for (int i = 0; i <= others; ++i) {
        files.push_back(std::make_shared<std::vector<std::byte>>());
        const auto file = files.back();
        // The second one spills all the time, the last one gets no row.
        builders.push_back(
            std::make_unique<Builder>(scoring, i == 1 ? std::size_t{1} << 16 : std::size_t{1} << 24,
                                      [file] { return std::make_unique<MemoryFile>(file); }));
      }
      for (std::uint32_t n = 0; n < 3000; ++n) {
        Doc d;
        if (scoring == Scoring::bm25)
          for (std::uint64_t i = rng.below(30); i > 0; --i)
            ++d.terms["w" + std::to_string(rng.below(500))];
        else
          d = random_doc(rng, 300, true);
        if (d.kind == RowKind::null || d.kind == RowKind::undefined) d.terms.clear();
        const std::size_t busy = builders.size() > 2 ? builders.size() - 1 : builders.size();
        builders[rng.below(busy)]->add(m.document(id_of(n), d));
        m.docs[id_of(n)] = d;
      }
      for (int i = 1; i <= others; ++i) {
        const auto at = static_cast<std::size_t>(i);
        const Part part = builders[at]->hand_over();
        if (i == 1) {
          EXPECT_GT(part.runs, 2u);
        }
        builders[0]->join(std::make_unique<MemoryFile>(files[at]), part);
      }
      EXPECT_EQ(builders[0]->documents(), 3000u);
      builders[0]->finish(m.store, {});
      m.check();
      if (scoring == Scoring::inner_product) {
        for (int q = 0; q < 20; ++q)
          ASSERT_NO_FATAL_FAILURE(m.compare_vectors(random_query(rng, 300, true), 20, 1 << 22));
      } else {
        const IndexView view(m.store);
        Query q;
        for (int t = 0; t < 20; ++t) q.terms.push_back({"w" + std::to_string(t * 7), 1, 1});
        const Prepared prepared(view, q);
        Search search(view, prepared, {});
        std::size_t found = 0;
        for (Hit h; search.next(h); ++found) {
          const Document d =
              m.document({h.row.block, h.row.offset}, m.docs[{h.row.block, h.row.offset}]);
          ASSERT_EQ(h.value, prepared.score(d.terms, d.length));
        }
        EXPECT_EQ(found, 3000u);
      }
    }
  }
}

TEST(VectorDocument, LeavesOutTheLightestEntries) {
  const std::int32_t indices[] = {3, 5, 8, 13, 21};
  const float values[] = {4, -0.5F, 3, 0.5F, -2};
  const SparseView v{100, 5, indices, values};
  const auto kept = [&v](double pruning) {
    VectorDocument d(Scoring::inner_product, pruning);
    Document out;
    d.fill(v, out);
    std::vector<float> weights;
    for (const Term& t : out.terms) weights.push_back(weight_of(t.value));
    return weights;
  };
  EXPECT_EQ(kept(0).size(), 5u);
  EXPECT_EQ(kept(0.04).size(), 5u) << "half a unit of ten is more than that";
  EXPECT_EQ(kept(0.1), (std::vector<float>{4, 3, -2}));
  EXPECT_EQ(kept(0.35), (std::vector<float>{4, 3}));
  EXPECT_EQ(kept(0.59), (std::vector<float>{4, 3}));
  EXPECT_EQ(kept(0.9), (std::vector<float>{4}));
}

TEST(SparseIndex, RemembersThatItIsPruned) {
  Model m(Scoring::inner_product, 8192, 3);
  EXPECT_EQ(read_meta(m.store).pruned, 0u);
  Index pruned(m.store, m.around, Options{3, Quantization::u8, true});
  Rng rng(1);
  m.insert(id_of(1), random_doc(rng, 50, false));
  EXPECT_EQ(read_meta(m.store).pruned, 0u);
  pruned.insert(m.document(id_of(2), random_doc(rng, 50, false)));
  EXPECT_EQ(read_meta(m.store).pruned, 1u);
}

TEST(SparseIndex, NoticesAPendingListThatLeadsIntoItself) {
  Model m(Scoring::inner_product, 8192, 100000);
  Rng rng(3);
  std::uint32_t next = 0;
  while (read_meta(m.store).pending_pages < 9) m.insert(id_of(next++), random_doc(rng, 300, false));
  const Meta meta = read_meta(m.store);
  std::byte* last = m.store.raw(meta.pending_tail);
  std::memcpy(last + offsetof(PendingPage, next), &meta.pending_head, sizeof(Block));
  bool reported = false;
  for (const Finding& f : check_index(m.store)) reported |= f.error;
  EXPECT_TRUE(reported);
  const IndexView view(m.store);
  EXPECT_THROW(view.each_pending([](const PendingDocument&) {}), Error);
}

// Every page in turn becomes zeros, ones, noise, or a copy of another page. What is not noticed
// must be harmless: the answer is the right one.
TEST(SparseIndex, AnswersRightlyOrNamesTheBlockWhenAPageIsLost) {
  Rng rng(31);
  for (const std::uint32_t pending : {2u, 60u}) {
    Model m(Scoring::inner_product, 8192, pending);
    for (std::uint32_t n = 0; n < 1500; ++n) {
      Doc d = random_doc(rng, 200, true);
      d.kind = RowKind::plain;
      m.insert(id_of(n), d);
    }
    const Query q = random_query(rng, 200, true);
    const auto answer = [&] {
      const IndexView view(m.store);
      const Prepared prepared(view, q);
      Search search(view, prepared, {});
      std::vector<std::tuple<double, std::uint32_t, std::uint16_t>> hits;
      for (Hit h; search.next(h);) hits.emplace_back(h.value, h.row.block, h.row.offset);
      return hits;
    };
    const auto right = answer();
    int noticed = 0;
    for (Block block = 0; block < m.store.blocks(); ++block) {
      std::byte* page = m.store.raw(block);
      const std::size_t bytes = m.store.content_bytes();
      const std::vector<std::byte> copy(page, page + bytes);
      const PageKind kind = m.store.kind_of_block(block);
      for (int way = 0; way < 4; ++way) {
        for (std::size_t i = 0; i < bytes && way < 3; ++i)
          page[i] = way == 0   ? std::byte{0}
                    : way == 1 ? std::byte{0xFF}
                               : static_cast<std::byte>(rng.below(256));
        if (way == 3) {
          // Another page of the same kind, if there is one.
          Block other = (block + 1) % m.store.blocks();
          while (other != block && m.store.kind_of_block(other) != kind)
            other = (other + 1) % m.store.blocks();
          std::copy_n(m.store.raw(other), bytes, page);
          if (std::equal(copy.begin(), copy.end(), page)) continue;
        }
        try {
          EXPECT_TRUE(answer() == right)
              << "block " << block << " of kind " << kind << ", way " << way;
        } catch (const Error& e) {
          ++noticed;
          EXPECT_NE(std::string(e.what()).find("block"), std::string::npos) << e.what();
          EXPECT_TRUE(e.code() == ErrorCode::corrupted_index ||
                      e.code() == ErrorCode::wrong_state || e.code() == ErrorCode::not_supported)
              << e.what();
        }
        std::copy(copy.begin(), copy.end(), page);
      }
    }
    EXPECT_GT(noticed, 20);
    EXPECT_EQ(answer(), right);
  }
}

// One VACUUM that meets no reader leaves little more than what a new index would have.
TEST(SparseIndex, GivesTheFileBackInOneCleanUp) {
  Rng rng(17);
  Model m(Scoring::inner_product, 8192, 3);
  std::uint32_t next = 0;
  const auto load = [&](int rounds) {
    for (int round = 0; round < rounds; ++round) {
      for (int i = 0; i < 200; ++i) m.insert(id_of(next++), random_doc(rng, 300, true));
      std::vector<Id> gone;
      for (const auto& [id, d] : m.docs)
        if (m.docs.size() - gone.size() > 3000) gone.push_back(id);
      m.remove(gone);
    }
  };
  m.around.readers = true;
  load(30);
  m.around.readers = false;
  m.around.shrinks = true;
  m.index.clean_up();
  m.check();
  const Meta meta = read_meta(m.store);
  EXPECT_EQ(meta.dead, 0u);
  Model fresh(Scoring::inner_product, 8192, 3);
  for (const auto& [id, d] : m.docs) fresh.insert(id, d);
  fresh.index.clean_up();
  const std::size_t need = blocks_in_use(fresh.store, read_meta(fresh.store)).size();
  EXPECT_LE(m.store.blocks(), need + need / 4 + 40);
  // Somebody comes in between: what was kept free for the truncation is found again.
  load(10);
  m.index.clean_up();
  const Block blocks = m.store.blocks();
  load(4);
  m.index.clean_up();
  EXPECT_LE(m.store.blocks(), blocks + blocks / 2);
  m.check();
}

TEST(SparseIndex, RecyclesPagesOnlyWhenNobodyReadsThem) {
  Model m(Scoring::inner_product, 8192, 1);
  Rng rng(2);
  m.around.readers = true;
  std::uint32_t next = 0;
  while (read_meta(m.store).segments < 2) m.insert(id_of(next++), random_doc(rng, 300, false));
  const IndexView old(m.store);
  const Query q = random_query(rng, 300, false);
  const Prepared prepared(old, q);
  Search search(old, prepared, {0, 4, 1});
  Hit h;
  std::vector<Id> before;
  for (int i = 0; i < 10 && search.next(h); ++i) before.push_back({h.row.block, h.row.offset});
  for (int i = 0; i < 3000; ++i) m.insert(id_of(next++), random_doc(rng, 300, false));
  m.index.clean_up();
  std::size_t rest = before.size();
  while (search.next(h)) ++rest;
  EXPECT_GE(rest, before.size());
  EXPECT_GT(read_meta(m.store).dead, 0u);
  const Block blocks = m.store.blocks();
  m.around.readers = false;
  m.index.clean_up();
  EXPECT_EQ(read_meta(m.store).dead, 0u);
  for (int i = 0; i < 500; ++i) m.insert(id_of(next++), random_doc(rng, 300, false));
  EXPECT_EQ(m.store.blocks(), blocks) << "free pages are used first";
  m.check();
}

TEST(SparseIndex, ReportsDamageAndNeverLeavesThePages) {
  Rng rng(11);
  Model m(Scoring::inner_product, 8192, 2);
  for (std::uint32_t n = 0; n < 1500; ++n) m.insert(id_of(n), random_doc(rng, 200, false));
  m.check();
  int reported = 0;
  for (int round = 0; round < 400; ++round) {
    const auto block = static_cast<Block>(rng.below(m.store.blocks()));
    std::byte* page = m.store.raw(block);
    std::vector<std::byte> copy(page, page + m.store.content_bytes());
    for (int i = 0; i < 4; ++i)
      page[rng.below(m.store.content_bytes())] = static_cast<std::byte>(rng.below(256));
    for (const Finding& f : check_index(m.store)) reported += f.error;
    try {
      const IndexView view(m.store);
      const Prepared prepared(view, random_query(rng, 200, true));
      Search search(view, prepared, {});
      Hit h;
      for (int i = 0; i < 3000 && search.next(h);) ++i;
    } catch (const Error& e) {
      EXPECT_TRUE(e.code() == ErrorCode::corrupted_index || e.code() == ErrorCode::wrong_state ||
                  e.code() == ErrorCode::not_supported)
          << e.what();
    }
    std::copy(copy.begin(), copy.end(), page);
  }
  EXPECT_GT(reported, 50);
  m.check();
}

// Words with Zipf-like frequencies.
Doc random_text(Rng& rng) {
  Doc d;
  if (rng.below(50) == 0) d.kind = RowKind::null;
  const std::uint64_t words = rng.below(60) == 0 ? 2000 : rng.below(30);
  for (std::uint64_t i = 0; i < words; ++i)
    ++d.terms["w" + std::to_string(
                        static_cast<int>(200 * rng.uniform() * rng.uniform() * rng.uniform()))];
  if (rng.below(200) == 0)
    d.terms["repeated"] = 300 + static_cast<std::uint32_t>(rng.below(100000));
  return d;
}

class Bm25Index : public testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Seeds, Bm25Index, testing::Values(1, 2, 3));

TEST_P(Bm25Index, ScoresEqualTheFormulaToTheLastBit) {
  Rng rng(GetParam());
  Model m(Scoring::bm25, 8192, 2);
  std::uint32_t next = 0;
  for (int round = 0; round < 25; ++round) {
    m.around.busy = rng.below(4) == 0;
    for (std::uint64_t i = rng.below(150); i > 0; --i) m.insert(id_of(next++), random_text(rng));
    if (round % 4 == 3) {
      std::vector<Id> gone;
      for (const auto& [id, d] : m.docs)
        if (rng.below(8) == 0) gone.push_back(id);
      m.remove(gone);
    }
    if (round % 6 == 5) m.index.clean_up();
    if (round % 5 == 0) m.check();
    Query q;
    for (std::uint64_t i = rng.below(8); i > 0; --i)
      q.terms.push_back({"w" + std::to_string(rng.below(200)),
                         1.0 + static_cast<double>(rng.below(2)),
                         std::uint64_t{1} << rng.below(3)});
    if (rng.below(2) == 0) q.terms.push_back({"repeated", 1, 1});
    if (rng.below(4) == 0) q.prefixes.push_back({"w1", 1, 1});
    if (rng.below(2) == 0) q.matches = [](std::uint64_t o) { return (o & 1) != 0 && (o & 2) == 0; };
    const IndexView view(m.store);
    const Prepared prepared(view, q);
    Search search(view, prepared,
                  {rng.below(2) == 0 ? std::size_t{0} : std::size_t{1} << 22, 7, 1});
    std::map<Id, double> scores;
    std::vector<double> order;
    std::size_t nulls = 0;
    for (Hit h; search.next(h);) {
      const Id id{h.row.block, h.row.offset};
      ASSERT_EQ(m.docs.count(id), 1u);
      if (h.kind == Hit::Value::null) {
        ++nulls;
        ASSERT_EQ(m.docs[id].kind, RowKind::null);
        continue;
      }
      ASSERT_EQ(h.kind, Hit::Value::exact);
      ASSERT_TRUE(scores.emplace(id, h.value).second);
      order.push_back(h.value);
    }
    ASSERT_TRUE(std::is_sorted(order.rbegin(), order.rend()));
    ASSERT_EQ(scores.size() + nulls, m.docs.size());
    for (const auto& [id, d] : m.docs) {
      if (d.kind == RowKind::null) continue;
      const Document doc = m.document(id, d);
      ASSERT_EQ(scores[id], prepared.score(doc.terms, doc.length));
    }
  }
}

TEST(Bm25Index, StatisticsAreExactOnceDeadRowsAreRewritten) {
  Rng rng(4);
  Model m(Scoring::bm25, 8192, 2);
  for (std::uint32_t n = 0; n < 900; ++n) m.insert(id_of(n), random_text(rng));
  std::vector<Id> gone;
  for (const auto& [id, d] : m.docs)
    if (id.second <= 70) gone.push_back(id);
  m.remove(gone);
  m.index.clean_up();
  const IndexView view(m.store);
  Query q;
  for (int i = 0; i < 30; ++i) q.terms.push_back({"w" + std::to_string(i), 1, 1});
  const Prepared prepared(view, q);
  double documents = 0, length = 0;
  std::map<std::string, double> df;
  for (const auto& [id, d] : m.docs) {
    if (d.kind == RowKind::null) continue;
    ++documents;
    length += d.length();
    for (const auto& [k, v] : d.terms) ++df[k];
  }
  EXPECT_EQ(prepared.documents(), documents);
  EXPECT_DOUBLE_EQ(prepared.average_length(), length / documents);
  for (std::size_t i = 0; i < prepared.terms().size(); ++i)
    EXPECT_EQ(prepared.df(i), df[prepared.terms()[i].key]) << prepared.terms()[i].key;
}

TEST(Bm25Index, RefusesAPrefixOfTooManyTerms) {
  Model m(Scoring::bm25, 8192, 2);
  Doc d;
  for (int i = 0; i < 5000; ++i) d.terms["x" + std::to_string(i)] = 1;
  m.insert(id_of(0), d);
  const IndexView view(m.store);
  Query q;
  q.prefixes.push_back({"x", 1, 1});
  EXPECT_THROW(Prepared(view, q), Error);
}

}  // namespace
}  // namespace rv::sparse
