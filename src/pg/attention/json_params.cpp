#include "pg/attention/json_params.h"

extern "C" {
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
}

namespace rv::pg {
namespace {

enum class Kind { begin_array, end_array, begin_object, end_object, key, number, flag, word, null };

struct Token {
  Kind kind;
  const char* text;
  int length;
  double number;
};

struct Tokens {
  Token* items;
  std::size_t count;
};

// One walk inside PostgreSQL; what comes out is plain memory of the current context.
Tokens tokens_of(Datum datum) {
  return call([datum] {
    Jsonb* jsonb = DatumGetJsonbP(datum);
    std::size_t capacity = 64, count = 0;
    auto* items = static_cast<Token*>(palloc(capacity * sizeof(Token)));
    JsonbIterator* it = JsonbIteratorInit(&jsonb->root);
    JsonbValue v;
    JsonbIteratorToken token;
    while ((token = JsonbIteratorNext(&it, &v, false)) != WJB_DONE) {
      if (count == capacity) {
        capacity *= 2;
        items = static_cast<Token*>(repalloc_huge(items, capacity * sizeof(Token)));
      }
      Token& t = items[count++];
      t = {Kind::null, nullptr, 0, 0};
      switch (token) {
        case WJB_BEGIN_ARRAY:
          t.kind = Kind::begin_array;
          break;
        case WJB_END_ARRAY:
          t.kind = Kind::end_array;
          break;
        case WJB_BEGIN_OBJECT:
          t.kind = Kind::begin_object;
          break;
        case WJB_END_OBJECT:
          t.kind = Kind::end_object;
          break;
        default:
          if (token == WJB_KEY || v.type == jbvString) {
            t = {token == WJB_KEY ? Kind::key : Kind::word, v.val.string.val, v.val.string.len, 0};
          } else if (v.type == jbvNumeric) {
            t.kind = Kind::number;
            t.number =
                DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(v.val.numeric)));
          } else if (v.type == jbvBool) {
            t.kind = Kind::flag;
            t.number = v.val.boolean ? 1 : 0;
          }
      }
    }
    return Tokens{items, count};
  });
}

// The array that begins at `at`; leaves `at` behind its end.
attention::Tensor array_of(const Tokens& all, std::size_t& at, const std::string& name) {
  attention::Tensor t;
  std::vector<std::size_t> open;  // elements seen on each level
  std::size_t depth_of_numbers = 0;
  const auto fail = [&name] {
    throw Error(ErrorCode::invalid_argument,
                "parameter \"" + name + "\" must be a rectangular array of numbers");
  };
  do {
    const Token& token = all.items[at++];
    switch (token.kind) {
      case Kind::begin_array:
        if (!open.empty()) ++open.back();
        open.push_back(0);
        if (open.size() > 8) fail();
        if (t.shape.size() < open.size()) t.shape.resize(open.size(), SIZE_MAX);
        break;
      case Kind::end_array: {
        std::size_t& expected = t.shape[open.size() - 1];
        if (expected == SIZE_MAX) expected = open.back();
        if (expected != open.back()) fail();
        open.pop_back();
        break;
      }
      case Kind::number:
      case Kind::flag:
        if (depth_of_numbers == 0) depth_of_numbers = open.size();
        if (open.size() != depth_of_numbers) fail();
        ++open.back();
        t.data.push_back(token.number);
        break;
      default:
        fail();
    }
  } while (!open.empty());
  if (t.data.empty() || t.shape.size() != depth_of_numbers) fail();
  return t;
}

}  // namespace

void read_params(Datum jsonb, attention::Params& into) {
  const Tokens all = tokens_of(jsonb);
  if (all.count < 2 || all.items[0].kind != Kind::begin_object)
    throw Error(ErrorCode::invalid_argument, "parameters must be a JSON object");
  std::size_t at = 1;
  while (all.items[at].kind == Kind::key) {
    const std::string name(all.items[at].text, static_cast<std::size_t>(all.items[at].length));
    const Token& value = all.items[++at];
    switch (value.kind) {
      case Kind::number:
        into.set(name, value.number);
        ++at;
        break;
      case Kind::flag:
        into.set(name, value.number != 0);
        ++at;
        break;
      case Kind::word:
        into.set(name, std::string(value.text, static_cast<std::size_t>(value.length)));
        ++at;
        break;
      case Kind::null:
        ++at;
        break;
      case Kind::begin_array:
        into.set(name, array_of(all, at, name));
        break;
      default:
        throw Error(ErrorCode::invalid_argument,
                    "parameter \"" + name + "\" must be a number, a boolean, a string or an array");
    }
  }
}

}  // namespace rv::pg
