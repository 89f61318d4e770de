// Queries prepared with the statistics of a BM25 index, shared by everything in a statement: the
// index scan and the operator in the SELECT list must score alike while others insert.
#pragma once

#include <memory>

#include "core/sparse/query.h"
#include "pg/sparse/bm25_query.h"

extern "C" {
#include "utils/rel.h"
}

namespace rv::pg {

struct PreparedText {
  std::unique_ptr<sparse::Prepared> prepared;
  bool rough;  // see core_query()
  TextKind kind;
  Oid configuration;
};

// Names the moment: a statement under one snapshot.
struct Moment {
  int64 statement;
  uint32 xmin, xmax, command;
  bool operator==(const Moment&) const = default;
};
Moment this_moment();

// Of the index, or of all partitions of a partitioned one. 42501 when the caller may not read the
// column, 42809 when it is no BM25 index.
std::shared_ptr<const PreparedText> prepared_text(Oid index, QueryKind kind,
                                                  std::string_view payload);

// Whether `index` is a BM25 index of ours; partitioned ones too.
bool is_bm25_index(Relation index);

}  // namespace rv::pg
