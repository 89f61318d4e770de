// Builds a jsonb value directly, not by way of its text: parsing a text of a hundred numbers takes
// as long as a whole routing decision.
#pragma once

#include <string_view>
#include <vector>

#include "pg/base/guard.h"

namespace rv::pg {

// Calls mirror the text from left to right. Texts are kept by reference until finish(). Keys may
// come in any order; in jsonb's own (shorter ones first, then by bytes) they cost least.
class JsonbWriter {
 public:
  // `calls`: about how many there will be.
  explicit JsonbWriter(std::size_t calls = 64) { steps_.reserve(calls); }
  JsonbWriter& object() { return push(Kind::object); }
  JsonbWriter& array() { return push(Kind::array); }
  JsonbWriter& end() { return push(Kind::end); }  // of the innermost object or array
  JsonbWriter& key(std::string_view k) { return push(Kind::key, k); }
  JsonbWriter& text(std::string_view v) { return push(Kind::text, v); }
  JsonbWriter& boolean(bool v) { return push(Kind::boolean, {}, v ? 1 : 0); }
  // Ten significant digits, as json_number() writes; null for what is not finite.
  JsonbWriter& number(double v) { return push(Kind::number, {}, v); }

  // The jsonb, in the current memory context.
  Datum finish() const;

 private:
  enum class Kind : unsigned char { object, array, end, key, text, boolean, number };
  struct Step {
    Kind kind;
    double number;
    std::string_view text;
  };
  JsonbWriter& push(Kind kind, std::string_view text = {}, double number = 0) {
    steps_.push_back({kind, number, text});
    return *this;
  }
  std::vector<Step> steps_;
};

// Order of keys in a jsonb object.
inline bool jsonb_key_less(std::string_view a, std::string_view b) noexcept {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

}  // namespace rv::pg
