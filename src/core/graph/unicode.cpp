#include "core/graph/unicode.h"

namespace rv::graph::unicode {
namespace {

bool continues(std::string_view text, std::size_t i) {
  return i < text.size() && (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80;
}

// Simple case mapping of the alphabets that have case: Latin, Greek, Cyrillic, Armenian.
char32_t map_case(char32_t c, bool up) {
  if (c < 0x80) {
    if (up && c >= 'a' && c <= 'z') return c - 32;
    if (!up && c >= 'A' && c <= 'Z') return c + 32;
    return c;
  }
  if (up) {
    if (c == 0xFF) return 0x178;
    if ((c >= 0xE0 && c <= 0xFE && c != 0xF7)) return c - 32;
    if (c == 0xB5) return 0x39C;
    if (c == 0x3C2) return 0x3A3;
    if (c >= 0x3B1 && c <= 0x3C9) return c - 32;
    if (c == 0x3AC) return 0x386;
    if (c >= 0x3AD && c <= 0x3AF) return c - 37;
    if (c == 0x3CC) return 0x38C;
    if (c == 0x3CD || c == 0x3CE) return c - 63;
    if (c >= 0x430 && c <= 0x44F) return c - 32;
    if (c >= 0x450 && c <= 0x45F) return c - 80;
    if (c >= 0x561 && c <= 0x586) return c - 48;
  } else {
    if (c == 0x178) return 0xFF;
    if (c >= 0xC0 && c <= 0xDE && c != 0xD7) return c + 32;
    if (c >= 0x391 && c <= 0x3A9 && c != 0x3A2) return c + 32;
    if (c == 0x386) return 0x3AC;
    if (c >= 0x388 && c <= 0x38A) return c + 37;
    if (c == 0x38C) return 0x3CC;
    if (c == 0x38E || c == 0x38F) return c + 63;
    if (c >= 0x410 && c <= 0x42F) return c + 32;
    if (c >= 0x400 && c <= 0x40F) return c + 80;
    if (c >= 0x531 && c <= 0x556) return c + 48;
  }
  // Latin Extended-A and Additional: pairs of upper and lower, even and odd with exceptions.
  const bool even_upper = (c >= 0x100 && c <= 0x137 && c != 0x130 && c != 0x131) ||
                          (c >= 0x14A && c <= 0x177) || (c >= 0x1E00 && c <= 0x1E95) ||
                          (c >= 0x1EA0 && c <= 0x1EFF) || (c >= 0x460 && c <= 0x481) ||
                          (c >= 0x48A && c <= 0x4BF) || (c >= 0x4D0 && c <= 0x52F);
  const bool odd_upper = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E);
  if (even_upper) return up ? (c & ~char32_t{1}) : (c | 1);
  if (odd_upper) {
    if (up) return (c & 1) == 0 ? c - 1 : c;
    return (c & 1) == 1 ? c + 1 : c;
  }
  return c;
}

std::string convert(std::string_view text, bool up) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t n = length_at(text, i);
    const char32_t c = decode_at(text, i);
    if (n == 1 && c >= 0x80) {
      out += text[i];
    } else if (up && c == 0xDF) {
      out += "SS";
    } else {
      append(out, map_case(c, up));
    }
    i += n;
  }
  return out;
}

}  // namespace

std::size_t length_at(std::string_view text, std::size_t i) noexcept {
  const auto c = static_cast<unsigned char>(text[i]);
  if (c >= 0xC2 && c < 0xE0 && continues(text, i + 1)) return 2;
  if (c >= 0xE0 && c < 0xF0 && continues(text, i + 1) && continues(text, i + 2)) return 3;
  if (c >= 0xF0 && c < 0xF5 && continues(text, i + 1) && continues(text, i + 2) &&
      continues(text, i + 3))
    return 4;
  return 1;
}

char32_t decode_at(std::string_view text, std::size_t i) noexcept {
  const std::size_t n = length_at(text, i);
  char32_t c = static_cast<unsigned char>(text[i]);
  if (n == 1) return c;
  c &= 0x7FU >> n;
  for (std::size_t k = 1; k < n; ++k)
    c = (c << 6) | (static_cast<unsigned char>(text[i + k]) & 0x3FU);
  return c;
}

void append(std::string& out, char32_t c) {
  const auto byte = [&out](char32_t b) { out += static_cast<char>(b); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xC0 | (c >> 6));
    byte(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    byte(0xE0 | (c >> 12));
    byte(0x80 | ((c >> 6) & 0x3F));
    byte(0x80 | (c & 0x3F));
  } else {
    byte(0xF0 | (c >> 18));
    byte(0x80 | ((c >> 12) & 0x3F));
    byte(0x80 | ((c >> 6) & 0x3F));
    byte(0x80 | (c & 0x3F));
  }
}

std::size_t space_at(std::string_view text, std::size_t i) noexcept {
  if (i >= text.size()) return 0;
  const char c = text[i];
  if (c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1C && c <= 0x1F)) return 1;
  if (static_cast<unsigned char>(c) < 0x80) return 0;
  switch (decode_at(text, i)) {
    case 0xA0:
    case 0x1680:
    case 0x180E:
    case 0x2028:
    case 0x2029:
    case 0x202F:
    case 0x205F:
    case 0x3000:
    case 0xFEFF:
      return length_at(text, i);
    default:
      break;
  }
  const char32_t u = decode_at(text, i);
  return u >= 0x2000 && u <= 0x200A ? length_at(text, i) : 0;
}

std::size_t identifier_at(std::string_view text, std::size_t i) noexcept {
  if (i >= text.size()) return 0;
  const auto c = static_cast<unsigned char>(text[i]);
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_') return 1;
  if (c < 0x80) return 0;
  const std::size_t n = length_at(text, i);
  if (n == 1) return 0;
  const char32_t u = decode_at(text, i);
  // Not a letter: Latin-1 signs, general punctuation to dingbats, CJK and full-width signs,
  // pictographs.
  if (u < 0xC0) return u == 0xAA || u == 0xB5 || u == 0xBA ? n : 0;
  if (u == 0xD7 || u == 0xF7) return 0;
  if ((u >= 0x2000 && u <= 0x206F && u != 0x203F && u != 0x2040) || (u >= 0x2190 && u <= 0x2BFF))
    return 0;
  if ((u >= 0x20A0 && u <= 0x20CF) || (u >= 0x3000 && u <= 0x3004) || (u >= 0x3008 && u <= 0x3020))
    return 0;
  if ((u >= 0xFE10 && u <= 0xFE6F) || (u >= 0xFF00 && u <= 0xFF20) || (u >= 0xE000 && u <= 0xF8FF))
    return 0;
  if (u >= 0x1F000 && u <= 0x1FAFF) return 0;
  return n;
}

std::pair<std::string_view, std::size_t> dash_at(std::string_view text, std::size_t i) noexcept {
  switch (decode_at(text, i)) {
    case 0xAD:
    case 0x2010:
    case 0x2011:
    case 0x2012:
    case 0x2013:
    case 0x2014:
    case 0x2015:
    case 0x2212:
    case 0xFE58:
    case 0xFE63:
    case 0xFF0D:
      return {"-", length_at(text, i)};
    case 0x27E8:
    case 0x3008:
    case 0xFE64:
    case 0xFF1C:
      return {"<", length_at(text, i)};
    case 0x27E9:
    case 0x3009:
    case 0xFE65:
    case 0xFF1E:
      return {">", length_at(text, i)};
    default:
      return {"", 0};
  }
}

std::size_t count(std::string_view text) noexcept {
  std::size_t n = 0;
  for (std::size_t i = 0; i < text.size(); i += length_at(text, i)) ++n;
  return n;
}

std::size_t offset(std::string_view text, std::size_t n) noexcept {
  std::size_t i = 0;
  for (; n > 0 && i < text.size(); --n) i += length_at(text, i);
  return i;
}

std::string upper(std::string_view text) { return convert(text, true); }
std::string lower(std::string_view text) { return convert(text, false); }

}  // namespace rv::graph::unicode
