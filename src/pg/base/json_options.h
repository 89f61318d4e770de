// A jsonb object of options: each key is read once with its type and range; keys that nobody asked
// for are an error, so that a misspelt option is never silently ignored.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "pg/base/guard.h"

namespace rv::pg {

class JsonOptions {
 public:
  // A NULL or SQL-null jsonb is an empty object; anything else than an object is 22023.
  JsonOptions(Datum jsonb, bool is_null);

  double number(const char* key, double otherwise, double least, double most);
  int integer(const char* key, int otherwise, int least, int most);
  bool boolean(const char* key, bool otherwise);
  std::string text(const char* key, const std::string& otherwise);
  bool has(const char* key) const { return values_.contains(key); }
  // 22023 when a key was given that was not read, naming those that were.
  void finish() const;

 private:
  struct Value {
    char kind;  // 'n'umber, 'b'oolean, 's'tring, 'z' null, 'o' other
    std::string text;
  };
  const Value* find(const char* key);
  std::map<std::string, Value> values_;
  std::vector<std::string> asked_;
};

// `s` as a JSON string literal, quotes included.
std::string json_quoted(const std::string& s);
// A number as JSON; what is not finite becomes null.
std::string json_number(double v);

}  // namespace rv::pg
