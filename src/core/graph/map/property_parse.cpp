// The reader of cypher_map's text form: a recursive-descent parser whose only recursion, lists in
// lists, is bounded by kMaxListDepth.
#include <charconv>
#include <cmath>
#include <vector>

#include "core/base/error.h"
#include "core/graph/map/property_text.h"
#include "core/graph/map/temporal_text.h"

namespace rv::graph {
namespace {

class Parser {
 public:
  explicit Parser(std::string_view text) noexcept : text_(text) {}

  void map(MapBuilder& out) {
    need('{');
    if (!take('}')) {
      do {
        const std::string key = this->key();
        need(':');
        skip_spaces();
        if (take_word("null")) {
          out.remove(key);
        } else {
          value(out.set(key), 0);
        }
      } while (take(','));
      need('}');
    }
    skip_spaces();
    if (at_ != text_.size()) fail("end of the map");
  }

 private:
  [[noreturn]] void fail(const char* expected) const {
    throw Error(ErrorCode::invalid_text,
                "invalid input syntax for type cypher_map at character " + std::to_string(at_ + 1),
                std::string("Expected ") + expected + ".");
  }
  void skip_spaces() noexcept {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r'))
      ++at_;
  }
  char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) noexcept {
    skip_spaces();
    if (peek() != c || at_ == text_.size()) return false;
    ++at_;
    return true;
  }
  void need(char c) {
    const char expected[] = {'"', c, '"', '\0'};
    if (!take(c)) fail(expected);
  }
  static bool is_word(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  }
  std::string_view word() const noexcept {
    std::size_t end = at_;
    while (end < text_.size() && is_word(text_[end])) ++end;
    return text_.substr(at_, end - at_);
  }
  bool take_word(std::string_view w) noexcept {
    if (word() != w) return false;
    at_ += w.size();
    return true;
  }

  std::string key() {
    skip_spaces();
    if (peek() == '"' || peek() == '\'') return string();
    if (peek() != '`') {
      const auto w = word();
      if (w.empty() || (w[0] >= '0' && w[0] <= '9')) fail("a property name");
      at_ += w.size();
      return std::string(w);
    }
    std::string out;
    for (++at_;; ++at_) {
      if (at_ == text_.size()) fail("\"`\"");
      if (text_[at_] == '`') {
        if (at_ + 1 == text_.size() || text_[at_ + 1] != '`') break;
        ++at_;
      }
      out += text_[at_];
    }
    ++at_;
    return out;
  }

  std::uint32_t hex4() {
    std::uint32_t x = 0;
    if (text_.size() - at_ < 4) fail("four hexadecimal digits");
    const auto end = text_.data() + at_ + 4;
    if (std::from_chars(text_.data() + at_, end, x, 16).ptr != end) fail("four hexadecimal digits");
    at_ += 4;
    return x;
  }

  void append_escape(std::string& out) {
    if (at_ == text_.size()) fail("an escape");
    const char c = text_[at_++];
    static constexpr std::string_view kNames = "nrtbf/\\\"'`";
    static constexpr std::string_view kChars = "\n\r\t\b\f/\\\"'`";
    if (const auto i = kNames.find(c); i != std::string_view::npos) {
      out += kChars[i];
      return;
    }
    if (c != 'u') fail("an escape");
    std::uint32_t x = hex4();
    if (x >= 0xd800 && x < 0xdc00) {
      if (text_.substr(at_, 2) != "\\u") fail("a low surrogate");
      at_ += 2;
      const std::uint32_t low = hex4();
      if (low < 0xdc00 || low > 0xdfff) fail("a low surrogate");
      x = 0x10000 + ((x - 0xd800) << 10) + (low - 0xdc00);
    } else if (x == 0 || (x >= 0xdc00 && x < 0xe000)) {
      fail("a character that text can hold");
    }
    const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (x < 0x80) {
      put(x);
    } else if (x < 0x800) {
      put(0xc0 | x >> 6);
      put(0x80 | (x & 63));
    } else if (x < 0x10000) {
      put(0xe0 | x >> 12);
      put(0x80 | (x >> 6 & 63));
      put(0x80 | (x & 63));
    } else {
      put(0xf0 | x >> 18);
      put(0x80 | (x >> 12 & 63));
      put(0x80 | (x >> 6 & 63));
      put(0x80 | (x & 63));
    }
  }

  std::string string() {
    skip_spaces();
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail("a quoted string");
    std::string out;
    for (++at_;;) {
      if (at_ == text_.size()) fail("the end of the string");
      const char c = text_[at_++];
      if (c == quote) return out;
      if (c == '\\') {
        append_escape(out);
      } else {
        out += c;
      }
    }
  }

  double floating() {
    double x = 0;
    const char* const begin = text_.data() + at_;
    const auto r = std::from_chars(begin, text_.data() + text_.size(), x);
    if (r.ec == std::errc::result_out_of_range)
      throw Error(ErrorCode::out_of_range, "number is out of range for a float");
    if (r.ec != std::errc()) fail("a number");
    at_ += static_cast<std::size_t>(r.ptr - begin);
    return x;
  }

  void number(std::string& out) {
    std::size_t end = at_ + (peek() == '-' ? 1 : 0);
    while (end < text_.size() && text_[end] >= '0' && text_[end] <= '9') ++end;
    const bool is_integer = end == text_.size() || (text_[end] != '.' && text_[end] != 'e' &&
                                                    text_[end] != 'E' && !is_word(text_[end]));
    if (!is_integer) return encode_floating(out, floating());
    std::int64_t x = 0;
    const auto r = std::from_chars(text_.data() + at_, text_.data() + end, x);
    if (r.ec == std::errc::result_out_of_range)
      throw Error(
          ErrorCode::out_of_range,
          "integer \"" + std::string(text_.substr(at_, end - at_)) + "\" does not fit 64 bits");
    if (r.ec != std::errc() || r.ptr != text_.data() + end) fail("a value");
    at_ = end;
    encode_integer(out, x);
  }

  void list(std::string& out, int depth) {
    if (depth >= kMaxListDepth)
      throw Error(ErrorCode::too_complex,
                  "list is nested deeper than " + std::to_string(kMaxListDepth) + " levels");
    ListEncoder items(out);
    if (take(']')) return;
    do {
      value(items.item(), depth + 1);
      items.end_item();
    } while (take(','));
    need(']');
  }

  void vector(std::string& out) {
    std::vector<float> x;
    need('[');
    if (!take(']')) {
      do {
        skip_spaces();
        const double d = floating();
        if (!std::isfinite(static_cast<float>(d)))
          throw Error(ErrorCode::out_of_range, "vector element is out of range for a float32");
        x.push_back(static_cast<float>(d));
      } while (take(','));
      need(']');
    }
    encode_vector(out, x);
  }

  void point(std::string& out) {
    StoredPoint p{0, 2, 0, 0, 0};
    bool seen[4] = {};
    need('{');
    do {
      skip_spaces();
      const auto name = key();
      need(':');
      skip_spaces();
      const double d = take_word("NaN")        ? std::nan("")
                       : take_word("Infinity") ? HUGE_VAL
                                               : signed_floating();
      const std::size_t i = name == "srid" ? 0 : name == "x" ? 1 : name == "y" ? 2 : 3;
      if (i == 3 && name != "z") fail("srid, x, y or z");
      seen[i] = true;
      if (i == 0 && !(d >= 0 && d <= 1e6)) fail("an srid");
      if (i == 0) p.srid = static_cast<std::int32_t>(d);
      if (i == 1) p.x = d;
      if (i == 2) p.y = d;
      if (i == 3) p.z = d;
    } while (take(','));
    need('}');
    if (!seen[0] || !seen[1] || !seen[2]) fail("srid, x and y");
    if (seen[3]) p.dimensions = 3;
    encode_point(out, p);
  }

  double signed_floating() {
    if (text_.substr(at_, 9) == "-Infinity") {
      at_ += 9;
      return -HUGE_VAL;
    }
    return floating();
  }

  void call(std::string& out, std::string_view function) {
    need('(');
    if (function == "vector") {
      vector(out);
    } else if (function == "point") {
      point(out);
    } else {
      const std::string text = string();
      if (function == "date") encode_date(out, parse_date(text));
      if (function == "localtime") encode_local_time(out, parse_local_time(text));
      if (function == "time") encode_time(out, parse_time(text));
      if (function == "localdatetime") encode_local_datetime(out, parse_local_datetime(text));
      if (function == "datetime") encode_datetime(out, parse_datetime(text));
      if (function == "duration") encode_duration(out, parse_duration(text));
    }
    need(')');
  }

  void value(std::string& out, int depth) {
    skip_spaces();
    const char c = peek();
    if (c == '\'' || c == '"') return encode_string(out, string());
    if (take('[')) return list(out, depth);
    if (c == '{')
      throw Error(ErrorCode::data_exception, "a property cannot hold a map", {},
                  "Use several properties, or a list.");
    if (text_.substr(at_, 9) == "-Infinity") return encode_floating(out, signed_floating());
    if (c == '-' || (c >= '0' && c <= '9')) return number(out);
    if (take_word("true")) return encode_boolean(out, true);
    if (take_word("false")) return encode_boolean(out, false);
    if (take_word("null")) return encode_null(out);
    if (take_word("NaN")) return encode_floating(out, std::nan(""));
    if (take_word("Infinity")) return encode_floating(out, HUGE_VAL);
    for (const char* f :
         {"vector", "point", "date", "localtime", "time", "localdatetime", "datetime", "duration"})
      if (take_word(f)) return call(out, f);
    fail("a value");
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

void parse_map(std::string_view text, std::string& out) {
  MapBuilder map;
  Parser(text).map(map);
  map.finish(out);
}

}  // namespace rv::graph
