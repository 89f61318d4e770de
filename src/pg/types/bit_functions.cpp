// Distances between bit strings.
#include <string>

#include "core/simd/distance.h"
#include "pg/base/varlena_arg.h"

namespace rv::pg {
namespace {

// Two bit strings of equal length; padding bits are zero, as PostgreSQL keeps them.
struct BitPair {
  VarlenaArg a, b;
  std::size_t bytes;
  explicit BitPair(FunctionCallInfo fcinfo) : a(fcinfo, 0), b(fcinfo, 1), bytes(a.size() - 4) {
    int32 bits_a, bits_b;
    std::memcpy(&bits_a, a.data(), sizeof bits_a);
    std::memcpy(&bits_b, b.data(), sizeof bits_b);
    if (bits_a != bits_b || a.size() != b.size())
      throw Error(ErrorCode::data_exception, "different bit lengths " + std::to_string(bits_a) +
                                                 " and " + std::to_string(bits_b));
  }
  static const std::uint8_t* bits(const VarlenaArg& v) {
    return reinterpret_cast<const std::uint8_t*>(v.data() + 4);
  }
};

}  // namespace
}  // namespace rv::pg

RV_FUNCTION(rv_hamming_distance)
{
  const rv::pg::BitPair p(fcinfo);
  return Float8GetDatum(
      static_cast<double>(rv::simd::kernels().hamming(p.bits(p.a), p.bits(p.b), p.bytes)));
}

RV_FUNCTION(rv_jaccard_distance)
{
  const rv::pg::BitPair p(fcinfo);
  const auto c = rv::simd::kernels().overlap(p.bits(p.a), p.bits(p.b), p.bytes);
  if (c.both == 0) return Float8GetDatum(1.0);
  return Float8GetDatum(1.0 - static_cast<double>(c.both) / static_cast<double>(c.either));
}
