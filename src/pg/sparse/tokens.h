// Texts as bags of lexemes, through PostgreSQL's text search configurations.
#pragma once

#include <string>
#include <vector>

#include "core/sparse/document.h"
#include "pg/base/guard.h"
#include "pg/base/memory.h"

namespace rv::pg {

// A context for scratch below the current one.
inline MemoryContext scratch_context(const char* name) {
  return call([name] {
    return AllocSetContextCreateInternal(CurrentMemoryContext, name, ALLOCSET_DEFAULT_SIZES);
  });
}

// What a BM25 index can index.
enum class TextKind { text, text_array, tsvector };
TextKind text_kind_of(Oid type);  // 42804 for another type

// Counts the lexemes of one value after the other. parsetext() is what to_tsvector() uses, but
// without a tsvector's limits on positions, so that frequencies and lengths of long texts are
// right.
class Tokenizer {
 public:
  Tokenizer(TextKind kind, Oid configuration);
  // Fills length and terms, whose keys are valid until the next call.
  void count(Datum value, sparse::Document& out);
  // Whether the value matches the tsquery, as `@@` does.
  bool matches(Datum value, Datum tsquery);

 private:
  TextKind kind_;
  Oid configuration_;
  // A child of the context that was current at construction: it ends with that one, which may own
  // this object.
  MemoryContext memory_;
};

}  // namespace rv::pg
