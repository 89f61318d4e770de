// Temporary files in memory, for tests.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "core/base/scratch_file.h"

namespace rv {

// What became of the files of a test.
struct Files {
  std::size_t made = 0, open = 0, bytes = 0;
};

class MemoryFile final : public ScratchFile {
 public:
  explicit MemoryFile(Files& files) : files_(files) {
    ++files.made;
    ++files.open;
  }
  ~MemoryFile() override { --files_.open; }
  void append(std::span<const std::byte> bytes) override {
    EXPECT_FALSE(read_) << "writing after reading";
    data_.insert(data_.end(), bytes.begin(), bytes.end());
    files_.bytes += bytes.size();
  }
  void read(std::uint64_t offset, std::span<std::byte> out) override {
    read_ = true;
    ASSERT_LE(offset + out.size(), data_.size());
    std::memcpy(out.data(), data_.data() + offset, out.size());
  }

 private:
  Files& files_;
  std::vector<std::byte> data_;
  bool read_ = false;
};

}  // namespace rv
