// An index with damaged pages: checking, searching, vacuuming it end, stay inside the pages and
// raise nothing but XX002, 55000, 0A000 or an error of limits.
//
// The input is a list of (page, offset, value) of four bytes each: block modulo the number of
// pages, 16 bits of offset, the new byte.
#include "core/index/memory_page_store.h"
#include "core/sparse/check.h"
#include "core/sparse/index.h"
#include "core/sparse/search.h"
#include "fuzz.h"

namespace {

using namespace rv::sparse;

struct NoServer final : Surroundings {
  std::uint64_t now = 1;
  bool lock_structure(bool) override { return true; }
  void unlock_structure() override {}
  std::uint64_t stamp() override { return now++; }
  bool everybody_is_past(std::uint64_t) override { return true; }
};

void fill(rv::index::PageStore& store, Scoring scoring) {
  NoServer around;
  create_index(store, scoring);
  Index index(store, around, Options{2});
  std::vector<std::string> keys;
  for (int i = 0; i < 64; ++i) keys.push_back(std::string("k") + static_cast<char>('A' + i));
  std::sort(keys.begin(), keys.end());
  for (std::uint32_t n = 0; n < 500; ++n) {
    Document d;
    d.row = {n, 1, n % 50 == 0 ? RowKind::null : RowKind::plain};
    for (std::uint32_t i = n % 5; i < 64 && d.row.kind == RowKind::plain; i += 3 + n % 7) {
      const std::uint32_t tf = 1 + i % 4;
      d.terms.push_back(
          {keys[i], scoring == Scoring::bm25 ? tf : value_of(static_cast<float>(tf))});
      d.length += scoring == Scoring::bm25 ? tf : 0;
    }
    index.insert(d);
  }
}

template <class F>
void survive(F f) {
  rv::fuzz::accepted(
      [&f] {
        f();
        return true;
      },
      {rv::ErrorCode::corrupted_index, rv::ErrorCode::wrong_state, rv::ErrorCode::not_supported,
       rv::ErrorCode::limit_exceeded, rv::ErrorCode::internal});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const Scoring scoring : {Scoring::inner_product, Scoring::bm25}) {
    rv::index::MemoryPageStore store;
    fill(store, scoring);
    for (std::size_t i = 0; i + 4 <= size && i < 64; i += 4) {
      const std::size_t offset = (data[i + 1] << 8 | data[i + 2]) % store.content_bytes();
      store.raw(data[i] % store.blocks())[offset] = static_cast<std::byte>(data[i + 3]);
    }
    survive([&] { check_index(store); });
    survive([&] {
      const IndexView view(store);
      Query q;
      for (const char c : {'A', 'D', 'Z', '_'}) q.terms.push_back({std::string("k") + c, 1, 1});
      const Prepared prepared(view, q);
      Search search(view, prepared, {});
      Hit h;
      for (int i = 0; i < 2000 && search.next(h);) ++i;
    });
  }
  return 0;
}
