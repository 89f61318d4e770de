#include "pg/base/json_options.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

extern "C" {
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
}

namespace rv::pg {

JsonOptions::JsonOptions(Datum jsonb, bool is_null) {
  if (is_null) return;
  struct Pair {
    const char* key;
    int key_length;
    char kind;
    const char* value;
    int value_length;
  };
  Pair* pairs = nullptr;
  const int n = call([&]() -> int {
    Jsonb* j = DatumGetJsonbP(jsonb);
    if (JB_ROOT_IS_SCALAR(j) || !JB_ROOT_IS_OBJECT(j)) return -1;
    pairs = static_cast<Pair*>(palloc(sizeof(Pair) * Size(JB_ROOT_COUNT(j) + 1)));
    int count = 0;
    JsonbValue v;
    JsonbIterator* it = JsonbIteratorInit(&j->root);
    for (JsonbIteratorToken token = JsonbIteratorNext(&it, &v, true); token != WJB_DONE;
         token = JsonbIteratorNext(&it, &v, true)) {
      if (token == WJB_KEY) {
        pairs[count] = {v.val.string.val, v.val.string.len, 'o', "", 0};
      } else if (token == WJB_VALUE) {
        Pair& p = pairs[count++];
        if (v.type == jbvString) {
          p.kind = 's';
          p.value = v.val.string.val;
          p.value_length = v.val.string.len;
        } else if (v.type == jbvNumeric) {
          p.kind = 'n';
          p.value =
              DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(v.val.numeric)));
          p.value_length = static_cast<int>(strlen(p.value));
        } else if (v.type == jbvBool) {
          p.kind = 'b';
          p.value = v.val.boolean ? "t" : "f";
          p.value_length = 1;
        } else if (v.type == jbvNull) {
          p.kind = 'z';
        }
      }
    }
    return count;
  });
  if (n < 0) throw Error(ErrorCode::invalid_argument, "options must be a JSON object");
  for (int i = 0; i < n; ++i)
    values_[std::string(pairs[i].key, static_cast<std::size_t>(pairs[i].key_length))] = {
        pairs[i].kind,
        std::string(pairs[i].value, static_cast<std::size_t>(pairs[i].value_length))};
}

const JsonOptions::Value* JsonOptions::find(const char* key) {
  asked_.emplace_back(key);
  const auto it = values_.find(key);
  return it == values_.end() || it->second.kind == 'z' ? nullptr : &it->second;
}

double JsonOptions::number(const char* key, double otherwise, double least, double most) {
  const Value* v = find(key);
  if (v == nullptr) return otherwise;
  const double x = v->kind == 'n' ? std::strtod(v->text.c_str(), nullptr) : std::nan("");
  if (!(x >= least && x <= most))
    throw Error(ErrorCode::invalid_argument,
                std::string("option \"") + key + "\" must be a number between " +
                    json_number(least) + " and " + json_number(most) + ", not " + v->text);
  return x;
}

int JsonOptions::integer(const char* key, int otherwise, int least, int most) {
  const double x = number(key, otherwise, least, most);
  if (x != std::floor(x))
    throw Error(
        ErrorCode::invalid_argument,
        std::string("option \"") + key + "\" must be a whole number, not " + json_number(x));
  return static_cast<int>(x);
}

bool JsonOptions::boolean(const char* key, bool otherwise) {
  const Value* v = find(key);
  if (v == nullptr) return otherwise;
  if (v->kind != 'b')
    throw Error(ErrorCode::invalid_argument,
                std::string("option \"") + key + "\" must be true or false, not " + v->text);
  return v->text == "t";
}

std::string JsonOptions::text(const char* key, const std::string& otherwise) {
  const Value* v = find(key);
  if (v == nullptr) return otherwise;
  if (v->kind != 's')
    throw Error(ErrorCode::invalid_argument,
                std::string("option \"") + key + "\" must be a string");
  return v->text;
}

void JsonOptions::finish() const {
  for (const auto& [key, value] : values_) {
    if (std::find(asked_.begin(), asked_.end(), key) != asked_.end()) continue;
    std::string known;
    for (const std::string& a : asked_) known += (known.empty() ? "" : ", ") + a;
    throw Error(ErrorCode::invalid_argument, "unknown option \"" + key + "\"", {},
                "The options are " + known + ".");
  }
}

std::string json_quoted(const std::string& s) {
  const char* text = s.c_str();
  const char* out = call([text] {
    StringInfoData buffer;
    initStringInfo(&buffer);
    escape_json(&buffer, text);
    return static_cast<const char*>(buffer.data);
  });
  return out;
}

std::string json_number(double v) {
  if (!std::isfinite(v)) return "null";
  // As %.10g, in a fifth of the time: a routing decision writes a hundred numbers.
  char buffer[40];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, v, std::chars_format::general, 10).ptr;
  return {buffer, end};
}

}  // namespace rv::pg
