// A temporary file that vanishes with its owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

namespace rv {

class ScratchFile {
 public:
  virtual ~ScratchFile() = default;
  virtual void append(std::span<const std::byte> bytes) = 0;
  virtual void read(std::uint64_t offset, std::span<std::byte> out) = 0;
};
using MakeScratchFile = std::function<std::unique_ptr<ScratchFile>()>;

}  // namespace rv
