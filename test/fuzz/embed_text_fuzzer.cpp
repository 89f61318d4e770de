// Text to vector: any bytes, valid UTF-8 or not, give a unit vector or the zero vector, and the
// same one every time. The first byte chooses the dimension.
#include <cmath>

#include "core/text/embed.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t dim = 1 + data[0];
  const std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
  auto a = rv::fuzz::exact<float>(dim), b = rv::fuzz::exact<float>(dim);
  rv::text::embed(text, {}, a.data(), dim);
  rv::text::embed(text, {}, b.data(), dim);
  FUZZ_CHECK(rv::fuzz::same_bytes(a, b));
  double norm = 0;
  for (const float x : a) norm += double{x} * double{x};
  FUZZ_CHECK(norm == 0 || std::fabs(norm - 1) < 1e-4);

  const auto features = rv::text::features_of(text);
  for (std::size_t i = 0; i < features.size(); ++i) {
    FUZZ_CHECK(features[i].weight > 0 && std::isfinite(features[i].weight));
    FUZZ_CHECK(i == 0 || features[i - 1].hash < features[i].hash);
  }
  return 0;
}
