// A model of the inverted index: plain maps, compared with the index after random operations.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "core/index/memory_page_store.h"
#include "core/sparse/check.h"
#include "core/sparse/index.h"
#include "core/sparse/search.h"

namespace rv::sparse::model {

struct TestSurroundings final : Surroundings {
  bool locked = false, busy = false, readers = false, shrinks = false;
  index::MemoryPageStore* store = nullptr;
  bool alone(const std::function<void()>& work) override {
    EXPECT_TRUE(locked);
    if (!shrinks || readers) return false;
    work();
    return true;
  }
  void truncate(Block end) override { store->truncate(end); }
  void hide_page(Block block) override { store->hide(block); }
  std::uint64_t now = 1;
  bool lock_structure(bool wait) override {
    if (busy && !wait) return false;
    EXPECT_FALSE(locked);
    locked = true;
    return true;
  }
  void unlock_structure() override { locked = false; }
  std::uint64_t stamp() override { return now++; }
  bool everybody_is_past(std::uint64_t s) override { return !readers && s < now; }
};

struct Doc {
  RowKind kind = RowKind::plain;
  std::map<std::string, std::uint32_t> terms;
  std::uint32_t length() const {
    std::uint32_t n = 0;
    for (const auto& [k, v] : terms) n += v;
    return n;
  }
};

using Id = std::pair<std::uint32_t, std::uint16_t>;

class Model {
 public:
  Model(Scoring scoring, std::size_t page_bytes, std::uint32_t pending_pages,
        Quantization quantization = Quantization::u8)
      : scoring_(scoring),
        store(page_bytes),
        index(store, around, Options{pending_pages, quantization}) {
    around.store = &store;
    create_index(store, scoring);
  }

  Document document(Id id, const Doc& d) const {
    Document out;
    out.row = {id.first, id.second, d.kind};
    if (d.kind == RowKind::null || d.kind == RowKind::undefined) return out;
    for (const auto& [k, v] : d.terms) out.terms.push_back({k, v});
    if (scoring_ == Scoring::bm25) out.length = d.length();
    return out;
  }
  void insert(Id id, Doc d) {
    if (d.kind == RowKind::null || d.kind == RowKind::undefined) d.terms.clear();
    index.insert(document(id, d));
    docs[id] = std::move(d);
  }
  void remove(const std::vector<Id>& ids) {
    for (const Id& id : ids) docs.erase(id);
    const auto result = index.remove([this](const Row& r) {
      return docs.count({r.block, r.offset}) == 0;
    });
    EXPECT_EQ(result.live, docs.size());
  }
  void check() {
    for (const Finding& f : check_index(store))
      if (f.error) ADD_FAILURE() << "block " << f.block << ": " << f.message;
  }

  double inner_product(const Query& q, const Doc& d) const {
    double sum = 0;
    for (const QueryTerm& t : q.terms)
      if (const auto it = d.terms.find(t.key); it != d.terms.end())
        sum += t.weight * weight_of(it->second);
    return sum;
  }

  // Everything comes once, bounds hold and descend, exact values are right.
  void compare_vectors(const Query& q, std::uint32_t batch, std::size_t memory) {
    const IndexView view(store);
    const Prepared prepared(view, q);
    Search search(view, prepared, {memory, batch, 1});
    std::map<Id, int> seen;
    double last = INFINITY;
    int phase = 0;
    for (Hit h; search.next(h);) {
      const Id id{h.row.block, h.row.offset};
      ASSERT_EQ(++seen[id], 1);
      ASSERT_EQ(docs.count(id), 1u);
      const Doc& d = docs[id];
      const int now = h.kind == Hit::Value::null ? 2 : h.kind == Hit::Value::undefined ? 1 : 0;
      ASSERT_GE(now, phase);
      phase = now;
      ASSERT_EQ(now == 2, d.kind == RowKind::null || q.null);
      if (now == 2) continue;
      ASSERT_EQ(now == 1, d.kind == RowKind::undefined || q.undefined);
      if (now == 1) continue;
      const double score = inner_product(q, d);
      ASSERT_LE(h.value, last);
      last = h.value;
      if (h.kind == Hit::Value::exact) {
        ASSERT_EQ(score, h.value);
      } else {
        ASSERT_GE(h.value, score);
      }
      if (std::isfinite(h.value)) {
        ASSERT_LE(h.value, score + tolerance);
      }
    }
    ASSERT_EQ(seen.size(), docs.size());
  }

  Scoring scoring_;
  index::MemoryPageStore store;
  TestSurroundings around;
  Index index;
  std::map<Id, Doc> docs;
  double tolerance = 0.5;
};

}  // namespace rv::sparse::model
