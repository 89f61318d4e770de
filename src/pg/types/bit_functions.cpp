// Distances between bit strings.
#include "core/types/bits.h"
#include "pg/base/varlena_arg.h"

namespace {

// Arguments 0 and 1.
struct BitPair {
  rv::pg::VarlenaArg bytes_a, bytes_b;
  rv::BitView a, b;
  explicit BitPair(FunctionCallInfo fcinfo)
      : bytes_a(fcinfo, 0),
        bytes_b(fcinfo, 1),
        a(rv::view_bits({bytes_a.data(), bytes_a.size()})),
        b(rv::view_bits({bytes_b.data(), bytes_b.size()})) {}
};

}  // namespace

RV_FUNCTION(rv_hamming_distance)
{
  const BitPair p(fcinfo);
  return Float8GetDatum(rv::hamming_distance(p.a, p.b));
}

RV_FUNCTION(rv_jaccard_distance)
{
  const BitPair p(fcinfo);
  return Float8GetDatum(rv::jaccard_distance(p.a, p.b));
}
