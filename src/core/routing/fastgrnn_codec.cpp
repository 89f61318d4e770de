#include "core/routing/fastgrnn_codec.h"

#include <algorithm>
#include <cmath>

#include "core/base/binary_reader.h"
#include "core/base/crc32c.h"
#include "core/base/error.h"

namespace rv::routing {
namespace {

constexpr std::uint32_t kNetworkMagic = 0x52564647;  // "RVFG"
constexpr std::uint16_t kVersion = 1;
constexpr std::size_t kNetworkHeader = 4 + 2 + 2 * 3 + 5 * 4 + 4;

[[noreturn]] void corrupt(const std::string& why) {
  throw Error(ErrorCode::corrupted_data, "FastGRNN weights are damaged: " + why);
}

void write_header(BinaryWriter& out, const FastGrnnShape& s, bool int8, float scale) {
  out.write(kNetworkMagic);
  out.write(kVersion);
  // Pairs of bytes as one 16-bit number: the reader knows no single bytes.
  out.write(static_cast<std::uint16_t>(static_cast<int>(s.gate) << 8 | static_cast<int>(s.update)));
  out.write(static_cast<std::uint16_t>(static_cast<int>(s.head) << 8 | (int8 ? 1 : 0)));
  out.write(std::uint16_t{0});
  for (const int n : {s.input, s.hidden, s.classes, s.w_rank, s.u_rank})
    out.write(static_cast<std::int32_t>(n));
  out.write(scale);
}

void seal(std::vector<std::byte>& bytes) {
  const std::uint32_t crc = crc32c({bytes.data(), bytes.size() - 4});
  BinaryWriter({bytes.data() + bytes.size() - 4, 4}).write(crc);
}

}  // namespace

std::vector<std::byte> encode(const FastGrnn<float>& model) {
  std::vector<std::byte> bytes(kNetworkHeader + model.parameters().size() * 4 + 4);
  BinaryWriter out(bytes);
  write_header(out, model.shape(), false, 1.0F);
  out.write_array(model.parameters().data(), model.parameters().size());
  seal(bytes);
  return bytes;
}

std::vector<std::byte> encode_int8(const FastGrnn<float>& model) {
  const auto o = model.shape().offsets();
  const auto p = model.parameters();
  double largest = 0;
  for (std::size_t i = 0; i < o.zeta; ++i)
    largest = std::max(largest, std::abs(static_cast<double>(p[i])));
  const double scale = largest > 0 ? std::max(1.0, std::round(255.0 / (2 * largest))) : 1.0;
  const std::size_t whole = o.total - o.zeta;
  std::vector<std::byte> bytes(kNetworkHeader + o.zeta + whole * 4 + 4);
  BinaryWriter head(std::span<std::byte>(bytes).first(kNetworkHeader));
  write_header(head, model.shape(), true, static_cast<float>(scale));
  for (std::size_t i = 0; i < o.zeta; ++i) {
    const double q = std::clamp(std::round(scale * static_cast<double>(p[i])), -128.0, 127.0);
    bytes[kNetworkHeader + i] = static_cast<std::byte>(static_cast<std::int8_t>(q));
  }
  BinaryWriter rest(std::span<std::byte>(bytes).subspan(kNetworkHeader + o.zeta, whole * 4));
  rest.write_array(p.data() + o.zeta, whole);
  seal(bytes);
  return bytes;
}

FastGrnn<float> decode(std::span<const std::byte> bytes) {
  if (bytes.size() < kNetworkHeader + 4) corrupt("only " + std::to_string(bytes.size()) + " bytes");
  BinaryReader in(bytes);
  if (in.read<std::uint32_t>() != kNetworkMagic) corrupt("they do not begin with RVFG");
  const auto version = in.read<std::uint16_t>();
  if (version != kVersion) corrupt("version " + std::to_string(version) + " is unknown");
  const auto nonlinearities = in.read<std::uint16_t>();
  const auto flags = in.read<std::uint16_t>();
  in.read<std::uint16_t>();
  FastGrnnShape s;
  if ((nonlinearities >> 8) > 5 || (nonlinearities & 0xFF) > 5) corrupt("unknown nonlinearity");
  if ((flags >> 8) > 1 || (flags & 0xFF) > 1) corrupt("unknown flags");
  s.gate = static_cast<Nonlinearity>(nonlinearities >> 8);
  s.update = static_cast<Nonlinearity>(nonlinearities & 0xFF);
  s.head = static_cast<Head>(flags >> 8);
  const bool int8 = (flags & 0xFF) == 1;
  for (int* n : {&s.input, &s.hidden, &s.classes, &s.w_rank, &s.u_rank})
    *n = in.read<std::int32_t>();
  const auto scale = in.read<float>();
  try {
    s.check();
  } catch (const Error& e) {
    corrupt(e.what());
  }
  if (!(scale > 0) || !std::isfinite(scale)) corrupt("scale is not a positive number");
  const auto o = s.offsets();
  const std::size_t size =
      kNetworkHeader + (int8 ? o.zeta + (o.total - o.zeta) * 4 : o.total * 4) + 4;
  if (bytes.size() != size)
    corrupt(std::to_string(bytes.size()) + " bytes instead of " + std::to_string(size));
  if (BinaryReader(bytes.last(4)).read<std::uint32_t>() != crc32c(bytes.first(size - 4)))
    corrupt("the checksum differs");
  std::vector<float> p(o.total);
  if (int8) {
    for (std::size_t i = 0; i < o.zeta; ++i)
      p[i] = static_cast<float>(static_cast<std::int8_t>(bytes[kNetworkHeader + i])) / scale;
    BinaryReader(bytes.subspan(kNetworkHeader + o.zeta))
        .read_array(p.data() + o.zeta, o.total - o.zeta);
  } else {
    in.read_array(p.data(), o.total);
  }
  for (const float v : p)
    if (!std::isfinite(v)) corrupt("a parameter is not finite");
  return {s, std::move(p)};
}

}  // namespace rv::routing
