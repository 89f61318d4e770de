// Splits text into words for hashing: UTF-8, case folded, light English suffix stripping.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rv::text {

// The words of `input`: runs of letters and digits, lower case. Latin, Greek and Cyrillic letters
// are folded; other letters stay as they are. Bytes that are no UTF-8 separate words. No locale is
// consulted, so the result is the same everywhere.
std::vector<std::string> split_words(std::string_view input);

// Strips plural and verb endings of English words (s, es, ies, ing, ed, ly) so that forms of a word
// meet; words shorter than five letters stay.
std::string stem(std::string_view word);

// One of the most frequent English words, which tell little about a text.
bool is_common(std::string_view word) noexcept;

}  // namespace rv::text
