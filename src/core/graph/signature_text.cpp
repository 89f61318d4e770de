#include "core/graph/signature_text.h"

#include <cctype>
#include <string>

#include "core/base/error.h"

namespace rv::graph {
namespace {

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Signature signature() {
    Signature s;
    s.name = name("the name of the procedure");
    s.inputs = fields();
    if (take("::")) {
      if (word() == "VOID") {
        at_ += 4;
      } else {
        s.outputs = fields();
      }
    }
    spaces();
    if (at_ != text_.size()) fail("the end");
    s.nothing = s.outputs.empty();
    return s;
  }

 private:
  [[noreturn]] void fail(const char* expected) const {
    throw Error(ErrorCode::syntax_error,
                "invalid signature of a procedure at character " + std::to_string(at_ + 1),
                std::string("Expected ") + expected + ".",
                "For example my.search(text :: STRING, k :: INTEGER?) :: (id :: INTEGER).");
  }
  void spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t'))
      ++at_;
  }
  bool take(std::string_view s) {
    spaces();
    if (text_.substr(at_, s.size()) != s) return false;
    at_ += s.size();
    return true;
  }
  void need(std::string_view s) {
    if (!take(s)) fail(s == "(" ? "\"(\"" : s == ")" ? "\")\"" : "\"::\"");
  }
  std::string_view word() {
    spaces();
    std::size_t end = at_;
    while (end < text_.size() && (static_cast<unsigned char>(text_[end]) >= 0x80 ||
                                  std::isalnum(static_cast<unsigned char>(text_[end])) != 0 ||
                                  text_[end] == '_' || text_[end] == '.'))
      ++end;
    return text_.substr(at_, end - at_);
  }
  std::string name(const char* expected) {
    const auto w = word();
    if (w.empty()) fail(expected);
    at_ += w.size();
    return std::string(w);
  }
  std::vector<Field> fields() {
    std::vector<Field> out;
    need("(");
    if (take(")")) return out;
    do {
      Field f;
      f.name = name("the name of a field");
      need("::");
      f.type = type();
      f.nullable = take("?");
      out.push_back(std::move(f));
    } while (take(","));
    need(")");
    return out;
  }
  FieldType type() {
    std::string w = name("a type");
    for (char& c : w)
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    if (w == "LIST" || w == "LIST?") {
      if (take("OF")) {
        type();
        take("?");
      }
      return FieldType::list;
    }
    static constexpr struct {
      std::string_view name;
      FieldType type;
    } kTypes[] = {
        {"ANY", FieldType::any},
        {"BOOLEAN", FieldType::boolean},
        {"INTEGER", FieldType::integer},
        {"FLOAT", FieldType::floating},
        {"NUMBER", FieldType::number},
        {"STRING", FieldType::string},
        {"MAP", FieldType::map},
        {"NODE", FieldType::node},
        {"RELATIONSHIP", FieldType::relationship},
        {"PATH", FieldType::path},
        {"DATE", FieldType::temporal},
        {"TIME", FieldType::temporal},
        {"LOCALTIME", FieldType::temporal},
        {"DATETIME", FieldType::temporal},
        {"LOCALDATETIME", FieldType::temporal},
        {"DURATION", FieldType::temporal},
        {"POINT", FieldType::point},
        {"VECTOR", FieldType::vector},
    };
    for (const auto& t : kTypes)
      if (t.name == w) return t.type;
    fail("a type of Cypher");
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Signature parse_signature(std::string_view text) { return Parser(text).signature(); }

}  // namespace rv::graph
