// sparsevec's text form.
#include "sparse_properties.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rv::fuzz;
  const std::string text = literal(data, size);
  if (const auto v = accepted([&] { return rv::parse_sparse(text, -1); }, kTextErrors))
    check_value(*v);
  return 0;
}
