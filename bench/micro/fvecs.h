// Vectors of an fvecs file, for the programs that measure the engines without a server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <vector>

namespace rv::bench {

struct Vectors {
  std::size_t dim = 0, count = 0;
  std::vector<float> data;
  const float* operator[](std::size_t i) const { return data.data() + i * dim; }
};

inline Vectors read_fvecs(const char* path, std::size_t most) {
  Vectors v;
  std::ifstream in(path, std::ios::binary);
  std::int32_t dim;
  while (v.count < most && in.read(reinterpret_cast<char*>(&dim), 4)) {
    v.dim = static_cast<std::size_t>(dim);
    v.data.resize((v.count + 1) * v.dim);
    in.read(reinterpret_cast<char*>(v.data.data() + v.count * v.dim),
            static_cast<std::streamsize>(4 * v.dim));
    ++v.count;
  }
  return v;
}

}  // namespace rv::bench
