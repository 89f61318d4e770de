#include "core/graph/block_pool.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

namespace rv::graph {
namespace {

TEST(BlockPool, BlocksDoNotOverlapAndAreAligned) {
  const std::size_t sizes[] = {0, 1, 63, 64, 65, 4096, 16'384, 32'768, 32'769, 100'000};
  for (int round = 0; round < 3; ++round) {
    std::vector<std::pair<unsigned char*, std::size_t>> blocks;
    for (const std::size_t size : sizes) {
      for (int i = 0; i < 5; ++i) {
        auto* block = static_cast<unsigned char*>(take_block(size));
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 16, 0u);
        std::memset(block, static_cast<int>(blocks.size()), size);
        blocks.emplace_back(block, size);
      }
    }
    for (std::size_t b = 0; b < blocks.size(); ++b)
      for (std::size_t i = 0; i < blocks[b].second; ++i) ASSERT_EQ(blocks[b].first[i], b);
    for (const auto& [block, size] : blocks) return_block(block, size);
  }
  return_block(nullptr, 10);
}

TEST(BlockPool, KeepsNoMoreThanItsShare) {
  std::vector<void*> blocks;  // 8 MB
  for (int i = 0; i < 256; ++i) blocks.push_back(take_block(32'768));
  for (void* block : blocks) return_block(block, 32'768);
  EXPECT_LE(kept_bytes(), kMostKeptBytes);
  if (keeps_blocks) {
    EXPECT_GT(kept_bytes(), kMostKeptBytes - 32'768);
  } else {
    EXPECT_EQ(kept_bytes(), 0u);
  }
}

TEST(BlockPool, ThreadsHaveTheirOwn) {
  return_block(take_block(100), 100);
  const std::size_t before = kept_bytes();
  void* passed = nullptr;
  std::thread([&] {
    EXPECT_EQ(kept_bytes(), 0u);
    passed = take_block(100);
    return_block(take_block(200), 200);
    EXPECT_EQ(kept_bytes(), keeps_blocks ? 256u : 0u);
  }).join();
  EXPECT_EQ(kept_bytes(), before);
  return_block(passed, 100);  // of a thread that has ended
  EXPECT_LE(kept_bytes(), before + (keeps_blocks ? 128 : 0));
}

TEST(PooledArray, BeginsWithZeros) {
  for (int round = 0; round < 2; ++round) {
    PooledArray<int> a(50);
    EXPECT_EQ(a.size(), 50u);
    for (int& v : a) {
      EXPECT_EQ(v, 0);
      v = 7;
    }
  }
}

}  // namespace
}  // namespace rv::graph
