// An index and its table, opened to compare what the index finds with what there is, in the
// statement's snapshot.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "pg/base/guard.h"

extern "C" {
#include "access/genam.h"
#include "executor/executor.h"
#include "nodes/execnodes.h"
#include "utils/rel.h"
}

namespace rv::pg::learn {

class AuditedIndex {
 public:
  // 42809/0A000 when it is no index ordered by a distance, 42501 without SELECT on the table.
  explicit AuditedIndex(Oid index);
  ~AuditedIndex();
  AuditedIndex(const AuditedIndex&) = delete;
  AuditedIndex& operator=(const AuditedIndex&) = delete;

  Oid type() const noexcept { return type_; }
  Oid id() const { return RelationGetRelid(index_); }
  Oid table() const { return RelationGetRelid(heap_); }
  std::string method() const;
  // A value of the indexed type from what is behind its varlena header.
  static Datum value_of(const std::vector<std::byte>& bytes);
  std::string name() const { return RelationGetRelationName(index_); }
  Relation relation() const noexcept { return index_; }

  // Up to n indexed values, of rows spread over the table by chance.
  std::vector<Datum> sample(std::size_t n, std::uint64_t seed);
  // The k least distances to every query, ascending, by reading the whole table once.
  std::vector<std::vector<double>> exact(const std::vector<Datum>& queries, std::size_t k);
  // The distances of the first k rows that the index returns, and how long that took.
  struct Found {
    std::vector<double> distance;
    double microseconds = 0;
  };
  Found search(Datum query, std::size_t k);

 private:
  // Reads rows with their indexed values in batches; `use(values, n)` sees each batch.
  template <class Use>
  void read_rows(Use&& use);

  Relation index_ = nullptr;
  Relation heap_ = nullptr;
  IndexInfo* info_ = nullptr;
  EState* state_ = nullptr;
  ExprState* predicate_ = nullptr;
  TupleTableSlot* slot_ = nullptr;
  Oid type_ = InvalidOid;
  Oid collation_ = InvalidOid;
  FmgrInfo distance_{};
  bool by_value_ = false;
  int16 length_ = -1;
};

// Share of the exact distances that were found; ties count.
double recall_of(const std::vector<double>& found, const std::vector<double>& exact);

}  // namespace rv::pg::learn
