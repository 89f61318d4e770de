// vector's binary form.
#include "dense_properties.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rv::fuzz::check_binary<rv::Vector>(data, size);
  return 0;
}
