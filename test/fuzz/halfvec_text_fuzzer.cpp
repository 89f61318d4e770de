// halfvec's text form.
#include "dense_properties.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rv::fuzz;
  const std::string text = literal(data, size);
  if (const auto x = accepted([&] { return parse<rv::Halfvec>(text); }, kTextErrors))
    check_value<rv::Halfvec>(*x);
  return 0;
}
