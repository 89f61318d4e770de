// MemoryPageStore: the double that index tests stand on keeps the rules of page_store.h.
#include "core/index/memory_page_store.h"

#include <gtest/gtest.h>

#include <cstring>

#include "core/base/error.h"

namespace rv::index {
namespace {

constexpr PageKind kKind = 0x7001, kOther = 0x7002;

Block create_page(PageStore& store, std::uint32_t value) {
  PageEdits edits(store);
  Block block = kNoBlock;
  std::memcpy(edits.create(kKind, &block), &value, sizeof value);
  edits.commit();
  return block;
}

TEST(MemoryPageStore, KeepsWhatIsCommitted) {
  MemoryPageStore store;
  const Block block = create_page(store, 42);
  const PageRead page(store, block, kKind);
  EXPECT_EQ(*page.at<std::uint32_t>(), 42u);
  EXPECT_EQ(page.kind(), kKind);
}

TEST(MemoryPageStore, ForgetsWhatIsNotCommitted) {
  MemoryPageStore store;
  const Block block = create_page(store, 1);
  {
    PageEdits edits(store);
    *edits.edit_as<std::uint32_t>(block, kKind) = 2;
  }
  EXPECT_EQ(*PageRead(store, block, kKind).at<std::uint32_t>(), 1u);
}

TEST(MemoryPageStore, RefusesForeignKindsAndMissingBlocks) {
  MemoryPageStore store;
  const Block block = create_page(store, 1);
  EXPECT_THROW(PageRead(store, block, kOther), Error);
  EXPECT_THROW(store.pin(block + 1, kKind), Error);
  EXPECT_EQ(store.open_locks(), 0);
}

TEST(MemoryPageStore, DropsContentBeyondUsed) {
  MemoryPageStore store;
  Block block = kNoBlock;
  {
    PageEdits edits(store);
    std::byte* page = edits.create(kKind, &block);
    std::memset(page, 7, store.content_bytes());
    edits.set_used(page, 8);
    edits.commit();
  }
  const PageRead page(store, block, kKind);
  EXPECT_EQ(*page.at<std::uint8_t>(7), 7);
  EXPECT_EQ(*page.at<std::uint8_t>(8), 0);
}

TEST(MemoryPageStore, ReusesReleasedPagesZeroed) {
  MemoryPageStore store;
  const Block first = create_page(store, 5);
  create_page(store, 6);
  store.release(first);
  EXPECT_THROW(PageRead(store, first, kKind), Error);
  PageEdits edits(store);
  Block again = kNoBlock;
  std::uint32_t value;
  std::memcpy(&value, edits.create(kKind, &again), sizeof value);
  edits.commit();
  EXPECT_EQ(again, first);
  EXPECT_EQ(value, 0u);
  EXPECT_EQ(store.blocks(), 2u);
}

TEST(MemoryPageStore, GroupsAtMostFourPages) {
  MemoryPageStore store;
  PageEdits edits(store);
  Block block;
  for (int i = 0; i < PageEdits::kMaxPages; ++i) edits.create(kKind, &block);
  EXPECT_THROW(edits.create(kKind, &block), Error);
}

}  // namespace
}  // namespace rv::index
