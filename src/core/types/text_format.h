// Reading and writing numbers inside vector literals: pgvector's syntax, which is strtof's and
// strtol's with PostgreSQL's white space. Independent of the locale.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rv {

// Writes the shortest decimal that reads back as `value`, without a terminating zero; returns its
// length. The server passes its own float_to_shortest_decimal_bufn, so that vectors print as real
// does. `out` has room for kMaxFloatText bytes.
using FloatWriter = int (*)(float value, char* out);
inline constexpr int kMaxFloatText = 24;

// A FloatWriter from the standard library, for tests and tools.
int write_float_shortest(float value, char* out);

// A cursor over a literal. `text` must be followed by a NUL byte.
class LiteralReader {
 public:
  // `type` is the name that errors carry.
  LiteralReader(std::string_view text, const char* type) noexcept
      : text_(text), type_(type), at_(text.data()), end_(text.data() + text.size()) {}

  void skip_space() noexcept;
  bool at_end() const noexcept { return at_ == end_; }
  char peek() const noexcept { return at_ == end_ ? '\0' : *at_; }
  bool take(char c) noexcept;

  // One number; 22P02 when there is none. Overflow gives an infinity and sets `overflow`,
  // underflow to zero sets `underflow`; token() is then the text that was read.
  struct Float {
    float value;
    bool overflow;
    bool underflow;
  };
  Float read_float();
  // An integer as strtol reads it, clamped to int32.
  std::int32_t read_int();
  std::string_view token() const noexcept { return token_; }

  // 22P02 invalid input syntax for type ...
  [[noreturn]] void fail(const char* detail = nullptr) const;
  // 22003 "..." is out of range for type ...
  [[noreturn]] void fail_out_of_range() const;

 private:
  std::string_view text_;
  const char* type_;
  const char* at_;
  const char* end_;
  std::string_view token_;
};

}  // namespace rv
