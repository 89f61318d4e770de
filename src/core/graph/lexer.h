// Splits a Cypher query into tokens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rv::graph {

enum class Tok : std::uint8_t {
  end,
  word,       // an identifier or keyword; Token::text keeps its case
  quoted,     // `an identifier in backticks`, unescaped in text
  string,     // unescaped in text
  integer,    // value in integer; too_large when it needs 2^63 or more
  floating,   // value in number
  parameter,  // $name, the name in text
  symbol,     // ( ) [ ] { } , . .. : :: ; | || & ! = <> < <= > >= =~ + += - * / % ^ ->  ...
};

struct Token {
  Tok kind = Tok::end;
  std::uint32_t position = 0;  // bytes from the start of the query
  std::uint32_t length = 0;
  bool space_before = false;
  bool too_large = false;
  std::int64_t integer = 0;  // bits of the value when too_large is 2^63 exactly
  double number = 0;
  std::string text;

  bool symbol(std::string_view s) const { return kind == Tok::symbol && text == s; }
};

// The tokens with one Tok::end at the last place. Syntax errors carry their place.
std::vector<Token> tokenize(std::string_view query);

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

}  // namespace rv::graph
