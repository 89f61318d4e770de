#include "pg/sparse/tokens.h"

#include <algorithm>

#include "pg/base/datum.h"

extern "C" {
#include "catalog/pg_type.h"
#include "tsearch/ts_type.h"
#include "tsearch/ts_utils.h"
}

namespace rv::pg {
namespace {

void parse_text(Oid configuration, ParsedText* words, const text* t) {
  parsetext(configuration, words, VARDATA_ANY(t), static_cast<int32>(VARSIZE_ANY_EXHDR(t)));
}

// Runs in the tokenizer's own memory.
ParsedText parsed(TextKind kind, Oid configuration, Datum value) {
  ParsedText words{};
  words.lenwords = 64;
  words.words = static_cast<ParsedWord*>(palloc(sizeof(ParsedWord) * 64));
  if (kind == TextKind::text) {
    parse_text(configuration, &words, DatumGetTextPP(value));
    return words;
  }
  ArrayType* array = DatumGetArrayTypeP(value);
  Datum* elements;
  bool* nulls;
  int count;
  deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
  for (int i = 0; i < count; ++i)
    if (!nulls[i]) parse_text(configuration, &words, DatumGetTextPP(elements[i]));
  return words;
}

void put(sparse::Document& out, const char* word, std::size_t size, std::uint32_t n) {
  out.terms.push_back({{word, size}, n});
  out.length += n;
}

// Sorts by lexeme and adds up equal ones.
void collapse(std::vector<sparse::Term>& terms) {
  std::sort(terms.begin(), terms.end(),
            [](const sparse::Term& a, const sparse::Term& b) { return a.key < b.key; });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    if (kept > 0 && terms[kept - 1].key == terms[i].key)
      terms[kept - 1].value += terms[i].value;
    else
      terms[kept++] = terms[i];
  }
  terms.resize(kept);
}

}  // namespace

TextKind text_kind_of(Oid type) {
  switch (type) {
    case TEXTOID:
    case VARCHAROID:
      return TextKind::text;
    case TEXTARRAYOID:
      return TextKind::text_array;
    case TSVECTOROID:
      return TextKind::tsvector;
    default:
      throw Error(ErrorCode::type_mismatch,
                  "type " + std::to_string(type) + " is not text, text[] or tsvector");
  }
}

Tokenizer::Tokenizer(TextKind kind, Oid configuration)
    : kind_(kind), configuration_(configuration), memory_(scratch_context("ruvector tokens")) {
  if (kind != TextKind::tsvector && !OidIsValid(configuration))
    throw Error(ErrorCode::invalid_argument,
                "a BM25 index on text needs a text search configuration", {},
                "Add WITH (text_config = 'english').");
}

void Tokenizer::count(Datum value, sparse::Document& out) {
  out.length = 0;
  out.terms.clear();
  MemoryContextReset(memory_);
  if (kind_ == TextKind::tsvector) {
    const TSVector v = call([&] {
      MemoryContext old = MemoryContextSwitchTo(memory_);
      const TSVector detoasted = DatumGetTSVectorCopy(value);
      MemoryContextSwitchTo(old);
      return detoasted;
    });
    const WordEntry* entries = ARRPTR(v);
    for (int i = 0; i < v->size; ++i)
      put(out, STRPTR(v) + entries[i].pos, entries[i].len,
          entries[i].haspos ? static_cast<std::uint32_t>(POSDATALEN(v, &entries[i])) : 1);
  } else {
    const ParsedText words = call([&] {
      MemoryContext old = MemoryContextSwitchTo(memory_);
      const ParsedText w = parsed(kind_, configuration_, value);
      MemoryContextSwitchTo(old);
      return w;
    });
    for (int i = 0; i < words.curwords; ++i) {
      const ParsedWord& w = words.words[i];
      // A dictionary may give one lexeme twice for a word; a tsvector keeps one position.
      bool again = false;
      for (int j = i - 1;
           j >= 0 && !again && words.words[j].pos.pos == w.pos.pos && w.pos.pos < MAXENTRYPOS - 1;
           --j)
        again = words.words[j].len == w.len && std::memcmp(words.words[j].word, w.word, w.len) == 0;
      if (!again) put(out, w.word, w.len, 1);
    }
  }
  collapse(out.terms);
}

bool Tokenizer::matches(Datum value, Datum tsquery) {
  MemoryContextReset(memory_);
  return call([&] {
    MemoryContext old = MemoryContextSwitchTo(memory_);
    Datum vector = value;
    if (kind_ != TextKind::tsvector) {
      ParsedText words = parsed(kind_, configuration_, value);
      vector = TSVectorGetDatum(make_tsvector(&words));
    }
    const bool result = DatumGetBool(DirectFunctionCall2(ts_match_vq, vector, tsquery));
    MemoryContextSwitchTo(old);
    return result;
  });
}

}  // namespace rv::pg
