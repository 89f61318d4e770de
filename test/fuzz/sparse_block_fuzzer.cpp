// Blocks of postings as a damaged page might hold them: whatever the bytes are, decoding ends and
// stays inside them; what it accepts is inside the block and of at most 128 postings.
//
// Byte 0 tells whether frequencies follow codes of 255.
#include "core/sparse/block_codec.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  auto bytes = rv::fuzz::exact<std::uint8_t>(size - 1);
  if (size > 1) std::memcpy(bytes.data(), data + 1, size - 1);
  rv::sparse::BlockView v;
  if (!rv::sparse::decode_block(bytes, (data[0] & 1) != 0, v)) return 0;
  FUZZ_CHECK(v.count >= 1 && v.count <= rv::sparse::kBlockLength);
  FUZZ_CHECK(v.size <= bytes.size());
  FUZZ_CHECK(v.escape_count <= v.count);
  FUZZ_CHECK(v.docs[0] == (v.first & 0xFFFF));
  // Codes and frequencies, or values, can be read.
  FUZZ_CHECK((v.codes == nullptr) != (v.values == nullptr));
  if (v.values != nullptr) {
    std::vector<float> values(v.count);
    std::memcpy(values.data(), v.values, 4 * v.count);
    std::vector<std::uint32_t> docs;
    for (std::uint32_t i = 0; i < v.count; ++i) {
      docs.push_back(v.doc(i));
      if (i > 0 && docs[i] <= docs[i - 1]) return 0;
    }
    std::vector<std::uint8_t> out;
    rv::sparse::encode_float_block(docs, values, out);
    rv::sparse::BlockView back;
    FUZZ_CHECK(rv::sparse::decode_block(out, false, back));
    FUZZ_CHECK(back.count == v.count && back.size == out.size());
    FUZZ_CHECK(std::memcmp(back.values, values.data(), 4 * v.count) == 0);
    return 0;
  }
  std::uint32_t sum = 0;
  for (std::uint32_t i = 0; i < v.count; ++i) sum += v.codes[i];
  for (std::uint32_t i = 0; i < 4 * v.escape_count; ++i) sum += v.escapes[i];
  FUZZ_CHECK(sum <= v.count * 255 + v.escape_count * 4 * 255);

  // Blocks in order of the documents are written back as they were, gaps packed or not.
  std::vector<std::uint32_t> docs, escapes;
  for (std::uint32_t i = 0; i < v.count; ++i) {
    docs.push_back(v.doc(i));
    if (i > 0 && docs[i] <= docs[i - 1]) return 0;
  }
  for (std::uint32_t i = 0; i < v.escape_count; ++i) {
    std::uint32_t tf;
    std::memcpy(&tf, v.escapes + 4 * i, 4);
    escapes.push_back(tf);
  }
  std::vector<std::uint8_t> out;
  rv::sparse::encode_block(docs, {v.codes, v.count}, escapes, out);
  rv::sparse::BlockView back;
  FUZZ_CHECK(rv::sparse::decode_block(out, (data[0] & 1) != 0, back));
  FUZZ_CHECK(back.count == v.count && back.size == out.size());
  for (std::uint32_t i = 0; i < v.count; ++i) FUZZ_CHECK(back.doc(i) == v.doc(i));
  return 0;
}
