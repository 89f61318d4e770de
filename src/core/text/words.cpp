#include "core/text/words.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace rv::text {
namespace {

constexpr std::array<std::string_view, 78> kCommon = {
    "a",     "about", "after", "all",  "also",  "an",    "and",   "any",  "are",  "as",
    "at",    "be",    "been",  "but",  "by",    "can",   "could", "do",   "for",  "from",
    "had",   "has",   "have",  "he",   "her",   "him",   "his",   "how",  "if",   "in",
    "into",  "is",    "it",    "its",  "just",  "more",  "most",  "my",   "no",   "not",
    "of",    "on",    "one",   "only", "or",    "other", "our",   "out",  "over", "she",
    "so",    "some",  "such",  "than", "that",  "the",   "their", "them", "then", "there",
    "these", "they",  "this",  "to",   "up",    "was",   "we",    "were", "what", "when",
    "which", "who",   "will",  "with", "would", "you",   "your",  "yours"};

// Decodes one character at `at`; returns its length, 0 when the bytes are no UTF-8.
std::size_t decode(std::string_view s, std::size_t at, char32_t& out) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[at + i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) {
    out = first;
    return 1;
  }
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0;
  if (length == 0 || first > 0xF4 || s.size() - at < length) return 0;
  char32_t c = first & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0u) != 0x80u) return 0;
    c = (c << 6) | (byte(i) & 0x3Fu);
  }
  constexpr char32_t kLeast[5] = {0, 0, 0x80, 0x800, 0x10000};
  if (c < kLeast[length] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) return 0;
  out = c;
  return length;
}

void encode(char32_t c, std::string& out) {
  const auto put = [&out](char32_t b) { out.push_back(static_cast<char>(b)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | (c >> 6));
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | (c >> 12));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | (c >> 18));
    put(0x80 | ((c >> 12) & 0x3F));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  }
}

char32_t fold(char32_t c) {
  if (c >= 'A' && c <= 'Z') return c + 32;
  if (c >= 0xC0 && c <= 0xDE && c != 0xD7) return c + 32;  // Latin-1
  if (c >= 0x100 && c <= 0x137) return c | 1;              // Latin Extended-A pairs
  if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E)) return c + (c & 1);
  if (c >= 0x14A && c <= 0x177) return c | 1;
  if (c >= 0x391 && c <= 0x3A9 && c != 0x3A2) return c + 32;  // Greek
  if (c >= 0x410 && c <= 0x42F) return c + 32;                // Cyrillic
  if (c >= 0x400 && c <= 0x40F) return c + 80;
  return c;
}

bool is_word_character(char32_t c) {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  if (c < 0xC0) return c == 0xAA || c == 0xB5 || c == 0xBA;
  if (c == 0xD7 || c == 0xF7) return false;
  if (c >= 0x2000 && c <= 0x206F) return false;  // punctuation
  if (c >= 0x3000 && c <= 0x3004) return false;
  if (c >= 0xFF00 && c <= 0xFF0F) return false;
  return c != 0xFEFF && c != 0xFFFD;
}

bool ends_with(std::string_view w, std::string_view end) {
  return w.size() >= end.size() && w.substr(w.size() - end.size()) == end;
}

}  // namespace

std::vector<std::string> split_words(std::string_view input) {
  std::vector<std::string> words;
  std::string word;
  const auto finish = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  for (std::size_t at = 0; at < input.size();) {
    char32_t c = 0;
    const std::size_t length = decode(input, at, c);
    if (length == 0 || !is_word_character(c)) {
      finish();
      at += std::max<std::size_t>(length, 1);
      continue;
    }
    encode(fold(c), word);
    at += length;
  }
  finish();
  return words;
}

std::string stem(std::string_view w) {
  const auto cut = [&](std::size_t n) { return std::string(w.substr(0, w.size() - n)); };
  if (w.size() < 5) {
    return w.size() == 4 && ends_with(w, "s") && !ends_with(w, "ss") ? cut(1) : std::string(w);
  }
  if (ends_with(w, "ies")) return cut(3) + "y";
  if (ends_with(w, "sses") || ends_with(w, "ches") || ends_with(w, "shes") || ends_with(w, "xes"))
    return cut(2);
  if (w.size() >= 6 && ends_with(w, "ing")) return cut(3);
  if (w.size() >= 6 && ends_with(w, "ed")) return cut(2);
  if (w.size() >= 6 && ends_with(w, "ly")) return cut(2);
  if (ends_with(w, "s") && !ends_with(w, "ss") && !ends_with(w, "us") && !ends_with(w, "is"))
    return cut(1);
  return std::string(w);
}

bool is_common(std::string_view word) noexcept {
  return std::binary_search(kCommon.begin(), kCommon.end(), word);
}

}  // namespace rv::text
