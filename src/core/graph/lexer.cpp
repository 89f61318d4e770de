#include "core/graph/lexer.h"

#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "core/graph/query_error.h"
#include "core/graph/unicode.h"

namespace rv::graph {
namespace {

class Lexer {
 public:
  explicit Lexer(std::string_view query) : q_(query) {}

  std::vector<Token> run() {
    if (q_.size() > std::numeric_limits<std::uint32_t>::max() / 2)
      throw Error(ErrorCode::limit_exceeded, "query is longer than 2 GB");
    std::vector<Token> out;
    do {
      const bool space = skip_space();
      Token t;
      t.position = static_cast<std::uint32_t>(i_);
      t.space_before = space;
      read(t);
      t.length = static_cast<std::uint32_t>(i_) - t.position;
      out.push_back(std::move(t));
    } while (out.back().kind != Tok::end);
    return out;
  }

 private:
  [[noreturn]] void fail(std::size_t at, const std::string& message, std::string_view detail) {
    throw query_error(ErrorCode::syntax_error, q_, at, message,
                      "SyntaxError: " + std::string(detail));
  }
  char at(std::size_t k) const { return i_ + k < q_.size() ? q_[i_ + k] : '\0'; }

  bool skip_space() {
    const std::size_t start = i_;
    while (i_ < q_.size()) {
      if (std::size_t n = unicode::space_at(q_, i_); n > 0) {
        i_ += n;
      } else if (at(0) == '/' && at(1) == '/') {
        while (i_ < q_.size() && q_[i_] != '\n' && q_[i_] != '\r') ++i_;
      } else if (at(0) == '/' && at(1) == '*') {
        const std::size_t end = q_.find("*/", i_ + 2);
        if (end == std::string_view::npos) fail(i_, "comment is not closed", "UnexpectedSyntax");
        i_ = end + 2;
      } else {
        break;
      }
    }
    return i_ > start;
  }

  void read(Token& t) {
    if (i_ >= q_.size()) return;
    const char c = q_[i_];
    if (c == '\'' || c == '"') return read_string(t, c);
    if (c == '`') {
      t.kind = Tok::quoted;
      return read_quoted(t);
    }
    if (c == '$') return read_parameter(t);
    if (is_digit(c) || (c == '.' && is_digit(at(1)))) return read_number(t);
    if (const std::size_t n = unicode::identifier_at(q_, i_); n > 0) {
      t.kind = Tok::word;
      t.text = read_word();
      return;
    }
    read_symbol(t);
  }

  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  std::string read_word() {
    const std::size_t start = i_;
    for (std::size_t n = 1; i_ < q_.size() && n > 0; i_ += n)
      n = is_digit(q_[i_]) ? 1 : unicode::identifier_at(q_, i_);
    return std::string(q_.substr(start, i_ - start));
  }

  void read_quoted(Token& t) {
    const std::size_t start = i_++;
    for (;;) {
      if (i_ >= q_.size()) fail(start, "quoted name is not closed", "UnexpectedSyntax");
      if (q_[i_] == '`') {
        if (at(1) != '`') break;
        ++i_;
      }
      t.text += q_[i_++];
    }
    ++i_;
  }

  void read_parameter(Token& t) {
    const std::size_t start = i_++;
    t.kind = Tok::parameter;
    if (at(0) == '`') return read_quoted(t);
    t.text = read_word();
    if (t.text.empty()) fail(start, "a parameter needs a name after $", "InvalidParameterUse");
  }

  void read_string(Token& t, char quote) {
    const std::size_t start = i_++;
    t.kind = Tok::string;
    for (;;) {
      if (i_ >= q_.size()) fail(start, "string is not closed", "UnexpectedSyntax");
      const char c = q_[i_++];
      if (c == quote) return;
      if (c != '\\') {
        t.text += c;
        continue;
      }
      if (i_ >= q_.size()) fail(start, "string is not closed", "UnexpectedSyntax");
      read_escape(t);
    }
  }

  void read_escape(Token& t) {
    const char e = q_[i_++];
    switch (e) {
      case 'n':
        t.text += '\n';
        return;
      case 't':
        t.text += '\t';
        return;
      case 'r':
        t.text += '\r';
        return;
      case 'b':
        t.text += '\b';
        return;
      case 'f':
        t.text += '\f';
        return;
      case '\\':
      case '\'':
      case '"':
      case '`':
      case '/':
        t.text += e;
        return;
      case 'u':
        read_code_point(t, 4);
        return;
      case 'U':
        read_code_point(t, 8);
        return;
      default:
        fail(i_ - 2, std::string("unknown escape \\") + e, "UnexpectedSyntax");
    }
  }

  void read_code_point(Token& t, std::size_t digits) {
    const std::size_t start = i_ - 2;
    char32_t c = hex_digits(digits, start);
    if (digits == 4 && c >= 0xD800 && c < 0xDC00 && at(0) == '\\' && at(1) == 'u') {
      i_ += 2;
      const char32_t low = hex_digits(4, start);
      if (low < 0xDC00 || low > 0xDFFF) bad_code_point(start);
      c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    }
    if (c == 0 || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) bad_code_point(start);
    unicode::append(t.text, c);
  }
  char32_t hex_digits(std::size_t digits, std::size_t start) {
    char32_t c = 0;
    for (std::size_t k = 0; k < digits; ++k, ++i_) {
      const int d = hex(at(0));
      if (d < 0) bad_code_point(start);
      c = c * 16 + static_cast<char32_t>(d);
    }
    return c;
  }
  [[noreturn]] void bad_code_point(std::size_t start) {
    fail(start, "invalid Unicode escape in a string", "InvalidUnicodeLiteral");
  }
  static int hex(char c) {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  }

  void read_number(Token& t) {
    const std::size_t start = i_;
    if (at(0) == '0' && (at(1) == 'x' || at(1) == 'X')) return read_radix(t, 16);
    if (at(0) == '0' && (at(1) == 'o' || at(1) == 'O')) return read_radix(t, 8);
    bool floating = false;
    while (is_digit(at(0))) ++i_;
    if (at(0) == '.' && is_digit(at(1))) {
      floating = true;
      ++i_;
      while (is_digit(at(0))) ++i_;
    }
    if (at(0) == 'e' || at(0) == 'E') {
      const std::size_t sign = at(1) == '-' || at(1) == '+' ? 1 : 0;
      if (is_digit(at(1 + sign))) {
        floating = true;
        i_ += 1 + sign;
        while (is_digit(at(0))) ++i_;
      }
    }
    reject_letters(start);
    const std::string_view digits = q_.substr(start, i_ - start);
    if (floating) {
      t.kind = Tok::floating;
      // Not from_chars: it leaves the value alone on overflow and underflow alike.
      t.number = std::strtod(std::string(digits).c_str(), nullptr);
      if (std::isinf(t.number))
        fail(start, "number " + std::string(digits) + " is too large for a float",
             "FloatingPointOverflow");
      return;
    }
    t.kind = Tok::integer;
    set_integer(t, digits, 10);
  }

  void read_radix(Token& t, int base) {
    const std::size_t start = i_;
    i_ += 2;
    const std::size_t from = i_;
    while (std::isalnum(static_cast<unsigned char>(at(0))) != 0) ++i_;
    const std::string_view digits = q_.substr(from, i_ - from);
    bool good = !digits.empty();
    for (const char c : digits) good = good && hex(c) >= 0 && hex(c) < base;
    if (!good) fail(start, "invalid number literal", "InvalidNumberLiteral");
    t.kind = Tok::integer;
    set_integer(t, digits, base);
  }

  void reject_letters(std::size_t start) {
    if (unicode::identifier_at(q_, i_) > 0)
      fail(start, "invalid number literal", "InvalidNumberLiteral");
  }

  void set_integer(Token& t, std::string_view digits, int base) {
    std::uint64_t value = 0;
    const auto r = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    constexpr std::uint64_t limit = std::uint64_t{1} << 63;
    if (r.ec != std::errc() || value > limit)
      fail(i_ - digits.size(), "integer " + std::string(digits) + " is too large",
           "IntegerOverflow");
    t.too_large = value == limit;
    t.integer =
        t.too_large ? std::numeric_limits<std::int64_t>::min() : static_cast<std::int64_t>(value);
  }

  void read_symbol(Token& t) {
    static constexpr std::string_view kTwo[] = {"..", "::", "<>", "<=", ">=", "=~", "+=", "||"};
    t.kind = Tok::symbol;
    for (const auto s : kTwo) {
      if (q_.substr(i_, 2) == s) {
        t.text = s;
        i_ += 2;
        return;
      }
    }
    // Dashes and arrow heads that word processors make.
    if (const auto [ascii, n] = unicode::dash_at(q_, i_); n > 0) {
      t.text = ascii;
      i_ += n;
      return;
    }
    static constexpr std::string_view kOne = "()[]{},.:;|&!=<>+-*/%^";
    if (kOne.find(q_[i_]) == std::string_view::npos) {
      const std::size_t n = unicode::length_at(q_, i_);
      fail(i_, "unexpected character \"" + std::string(q_.substr(i_, n)) + "\"",
           n > 1 ? "InvalidUnicodeCharacter" : "UnexpectedSyntax");
    }
    t.text = q_[i_++];
  }

  std::string_view q_;
  std::size_t i_ = 0;
};

}  // namespace

std::vector<Token> tokenize(std::string_view query) { return Lexer(query).run(); }

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char x = a[i] >= 'a' && a[i] <= 'z' ? static_cast<char>(a[i] - 32) : a[i];
    const char y = b[i] >= 'a' && b[i] <= 'z' ? static_cast<char>(b[i] - 32) : b[i];
    if (x != y) return false;
  }
  return true;
}

}  // namespace rv::graph
