// Parameters and numbers as bytes, for aggregate states that travel between parallel workers. Both
// ends are the same build on the same machine; lengths are checked all the same.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/attention/params.h"

namespace rv::attention {

class ByteWriter {
 public:
  void number(double x) { raw(&x, sizeof x); }
  void word(const std::string& s);
  void numbers(std::span<const double> x);
  void floats(std::span<const float> x);
  void params(const Params& p);
  const std::vector<std::byte>& bytes() const noexcept { return bytes_; }

 private:
  void raw(const void* p, std::size_t n);
  std::vector<std::byte> bytes_;
};

// Reads the same in the same order; XX001 when the bytes end early.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : bytes_(bytes) {}
  double number();
  std::string word();
  std::vector<double> numbers();
  std::vector<float> floats();
  Params params();

 private:
  void raw(void* p, std::size_t n);
  std::size_t length(std::size_t element);
  std::span<const std::byte> bytes_;
};

}  // namespace rv::attention
