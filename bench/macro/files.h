// Byte streams over plain, gzip and xz files.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace rv::bench {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Up to `size` bytes; fewer only at the end of the data. Throws on damaged data.
  virtual std::size_t read(void* to, std::size_t size) = 0;
};

// The packing is told by the file's first bytes, not by its name.
std::unique_ptr<ByteSource> open_file(const std::string& path);
std::string read_all(ByteSource& source);

}  // namespace rv::bench
