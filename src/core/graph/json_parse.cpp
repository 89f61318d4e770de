#include <charconv>

#include "core/graph/eval.h"
#include "core/graph/json.h"
#include "core/graph/parser.h"
#include "core/graph/unicode.h"

namespace rv::graph {
namespace {

class JsonParser {
 public:
  JsonParser(std::string_view text, Arena& arena) : t_(text), arena_(arena) {}
  Value run() {
    const Value v = value(0);
    space();
    if (i_ != t_.size()) fail();
    return v;
  }

 private:
  [[noreturn]] void fail() const {
    throw Error(ErrorCode::invalid_text, "invalid JSON at byte " + std::to_string(i_ + 1));
  }
  void space() {
    while (i_ < t_.size() && (t_[i_] == ' ' || t_[i_] == '\n' || t_[i_] == '\t' || t_[i_] == '\r'))
      ++i_;
  }
  char at() const { return i_ < t_.size() ? t_[i_] : '\0'; }
  bool take(std::string_view s) {
    if (t_.substr(i_, s.size()) != s) return false;
    i_ += s.size();
    return true;
  }

  Value value(int depth) {
    if (depth > kMaxNesting)
      throw Error(ErrorCode::too_complex,
                  "parameters are nested deeper than " + std::to_string(kMaxNesting) + " levels");
    space();
    switch (at()) {
      case '{':
        return object(depth);
      case '[':
        return array(depth);
      case '"':
        return Value::string(arena_.copy(std::string_view(string())));
      case 't':
        if (take("true")) return Value::boolean(true);
        fail();
      case 'f':
        if (take("false")) return Value::boolean(false);
        fail();
      case 'n':
        if (take("null")) return Value::null();
        fail();
      default:
        return number();
    }
  }

  Value object(int depth) {
    ++i_;
    std::vector<MapEntry> entries;
    space();
    if (take("}")) return Value::map({});
    do {
      space();
      if (at() != '"') fail();
      const std::string_view key = arena_.copy(std::string_view(string()));
      space();
      if (!take(":")) fail();
      entries.push_back({key, value(depth + 1)});
      space();
    } while (take(","));
    if (!take("}")) fail();
    return make_map(arena_, std::move(entries));
  }

  Value array(int depth) {
    ++i_;
    std::vector<Value> items;
    space();
    if (take("]")) return Value::list({});
    do {
      items.push_back(value(depth + 1));
      space();
    } while (take(","));
    if (!take("]")) fail();
    return make_list(arena_, items);
  }

  char32_t hex4() {
    char32_t c = 0;
    const auto r = std::from_chars(t_.data() + i_, t_.data() + std::min(i_ + 4, t_.size()),
                                   reinterpret_cast<std::uint32_t&>(c), 16);
    if (r.ptr != t_.data() + i_ + 4) fail();
    i_ += 4;
    return c;
  }

  std::string string() {
    ++i_;
    std::string out;
    for (;;) {
      if (i_ >= t_.size()) fail();
      const char c = t_[i_++];
      if (c == '"') return out;
      if (c != '\\') {
        out += c;
        continue;
      }
      const char e = at();
      ++i_;
      switch (e) {
        case 'n':
          out += '\n';
          break;
        case 't':
          out += '\t';
          break;
        case 'r':
          out += '\r';
          break;
        case 'b':
          out += '\b';
          break;
        case 'f':
          out += '\f';
          break;
        case '"':
        case '\\':
        case '/':
          out += e;
          break;
        case 'u': {
          char32_t u = hex4();
          if (u >= 0xD800 && u < 0xDC00 && take("\\u")) {
            const char32_t low = hex4();
            if (low < 0xDC00 || low > 0xDFFF) fail();
            u = 0x10000 + ((u - 0xD800) << 10) + (low - 0xDC00);
          }
          unicode::append(out, u);
          break;
        }
        default:
          fail();
      }
    }
  }

  Value number() {
    const std::size_t start = i_;
    bool floating = false;
    while (i_ < t_.size() && ((at() >= '0' && at() <= '9') || at() == '-' || at() == '+' ||
                              at() == '.' || at() == 'e' || at() == 'E')) {
      floating = floating || at() == '.' || at() == 'e' || at() == 'E';
      ++i_;
    }
    const char* end = t_.data() + i_;
    if (!floating) {
      std::int64_t n = 0;
      const auto r = std::from_chars(t_.data() + start, end, n);
      if (r.ec == std::errc() && r.ptr == end) return Value::integer(n);
      if (r.ec != std::errc::result_out_of_range) fail();
    }
    double d = 0;
    const auto r = std::from_chars(t_.data() + start, end, d);
    if (r.ptr != end || start == i_ || r.ec == std::errc::invalid_argument) fail();
    if (r.ec == std::errc::result_out_of_range)
      throw Error(ErrorCode::out_of_range, "number in JSON is out of range");
    return Value::floating(d);
  }

  std::string_view t_;
  Arena& arena_;
  std::size_t i_ = 0;
};

}  // namespace

Value parse_json(std::string_view text, Arena& arena) { return JsonParser(text, arena).run(); }

}  // namespace rv::graph
