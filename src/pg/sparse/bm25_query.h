// The type bm25query: what is looked for in a BM25 index, and in which one.
#pragma once

#include <string_view>

#include "core/sparse/query.h"
#include "pg/base/guard.h"
#include "pg/sparse/tokens.h"

namespace rv::pg {

enum class QueryKind : int32 {
  words = 0,   // a text; every word of it counts, none is required
  tsquery = 1  // a tsquery; its words outside of NOT count, and the document must match
};

// The stored form. `data` is the text without a header, or a whole tsquery.
struct Bm25QueryData {
  int32 vl_len_;
  Oid index;  // InvalidOid: the one that is scanned
  QueryKind kind;
  char data[FLEXIBLE_ARRAY_MEMBER];
};
inline constexpr Size kBm25QueryHeader = offsetof(Bm25QueryData, data);

inline std::string_view payload_of(const Bm25QueryData* q) noexcept {
  return {q->data, VARSIZE(q) - kBm25QueryHeader};
}
Datum make_bm25_query(Oid index, QueryKind kind, std::string_view payload);
const Bm25QueryData* bm25_query_argument(FunctionCallInfo fcinfo, int n);

// What the core looks for. `rough` is set when the index can only say that a row may match
// (phrases, weight labels); `@@` decides.
sparse::Query core_query(QueryKind kind, std::string_view payload, Oid configuration, bool* rough);

}  // namespace rv::pg
