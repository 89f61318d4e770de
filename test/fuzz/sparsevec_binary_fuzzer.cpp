// sparsevec's binary form. The first byte's lowest bit: instead of the message's own entries, as
// many as its header says, at every second index, each with the message's last four bytes.
#include "sparse_properties.h"

namespace {

std::vector<std::byte> with_entries(const std::vector<std::byte>& bytes) {
  rv::BinaryReader header(bytes);
  header.read<std::int32_t>();
  const auto nnz = header.read<std::int32_t>();
  if (nnz < 0 || nnz > 2 * rv::kMaxSparseNnz) return bytes;
  std::vector<std::byte> longer(bytes.begin(), bytes.begin() + rv::kSparseHeader);
  longer.resize(rv::sparse_size(nnz));
  rv::BinaryWriter to(std::span(longer).subspan(rv::kSparseHeader));
  for (std::int32_t i = 0; i < nnz; ++i) to.write(2 * i);
  rv::BinaryReader last(std::span(bytes).last(4));
  const auto value = last.read<std::uint32_t>();
  for (std::int32_t i = 0; i < nnz; ++i) to.write(value);
  longer.shrink_to_fit();
  return longer;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rv::fuzz;
  if (size == 0) return 0;
  auto bytes = exact<std::byte>(size - 1);
  if (size > 1) std::memcpy(bytes.data(), data + 1, size - 1);
  if ((data[0] & 1) != 0 && bytes.size() >= rv::kSparseHeader + 4) bytes = with_entries(bytes);
  rv::BinaryReader in(bytes);
  const auto v = accepted([&] { return decode(in); }, kBinaryErrors);
  if (!v) return 0;
  check_value(*v);
  const auto again = encode(v->view());
  FUZZ_CHECK(again.size() == in.position());
  FUZZ_CHECK(std::memcmp(again.data(), bytes.data(), again.size()) == 0);
  return 0;
}
