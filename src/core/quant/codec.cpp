#include "core/quant/codec.h"

#include "core/quant/kinds.h"
#include "core/quant/rabitq.h"

namespace rv::quant {

std::unique_ptr<Codec> Codec::load(std::span<const std::byte> model) {
  // rabitq has a format of its own, which begins with the kind; the magic of the others does not.
  if (!model.empty() && model[0] == static_cast<std::byte>(CodecKind::rabitq))
    return RabitqCodec::load_body(model.subspan(1));
  ModelReader reader(model);
  if (reader.header().metric == static_cast<int>(Metric::hyperbolic))
    return load_hyperbolic(reader);
  switch (static_cast<CodecKind>(reader.header().kind)) {
    case CodecKind::none:
      return load_none(reader);
    case CodecKind::sq8:
      return load_sq8(reader);
    case CodecKind::rabitq:
      break;
    case CodecKind::binary:
      return load_binary(reader);
    case CodecKind::pq:
      return load_pq(reader);
  }
  fail_model("unknown kind");
}

std::unique_ptr<Codec> train_codec(const CodecSpec& spec, const float* sample, std::size_t count) {
  if (spec.dim < 1 || spec.dim > kMaxModelDim)
    throw Error(ErrorCode::internal, "impossible dimension " + std::to_string(spec.dim));
  if (spec.metric == Metric::hyperbolic) {
    if (spec.kind != CodecKind::none)
      throw Error(ErrorCode::not_supported, "points of hyperbolic space cannot be quantized");
    return train_hyperbolic(spec);
  }
  switch (spec.kind) {
    case CodecKind::none:
      return train_none(spec, sample, count);
    case CodecKind::sq8:
      return train_sq8(spec, sample, count);
    case CodecKind::rabitq:
      return RabitqCodec::train(spec, sample, count);
    case CodecKind::binary:
      return train_binary(spec, sample, count);
    case CodecKind::pq:
      return train_pq(spec, sample, count);
  }
  throw Error(ErrorCode::not_supported, "unknown quantization");
}

}  // namespace rv::quant
