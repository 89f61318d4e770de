// UTF-8 for the lexer and the string functions. Malformed bytes count as characters of one byte.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace rv::graph::unicode {

// Bytes of the character at i.
std::size_t length_at(std::string_view text, std::size_t i) noexcept;
char32_t decode_at(std::string_view text, std::size_t i) noexcept;
void append(std::string& out, char32_t c);

// Bytes of the white space or identifier letter (letter, underscore, non-ASCII letter or mark) at
// i; 0 when there is none.
std::size_t space_at(std::string_view text, std::size_t i) noexcept;
std::size_t identifier_at(std::string_view text, std::size_t i) noexcept;
// A typographic dash or arrow head at i: its ASCII form and bytes.
std::pair<std::string_view, std::size_t> dash_at(std::string_view text, std::size_t i) noexcept;

std::size_t count(std::string_view text) noexcept;
// Byte offset of character n, or the size of the text when it is shorter.
std::size_t offset(std::string_view text, std::size_t n) noexcept;
std::string upper(std::string_view text);
std::string lower(std::string_view text);

}  // namespace rv::graph::unicode
