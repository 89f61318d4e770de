// How rows get into the indexes of a table: expressions and predicates made ready once for the
// session instead of for every statement that writes.
#pragma once

#include <memory>
#include <span>

#include "pg/base/guard.h"

extern "C" {
#include "nodes/execnodes.h"
}

namespace rv::pg {

// Belongs to the session; a statement keeps it while it uses it.
class WriteIndexes {
 public:
  ~WriteIndexes();
  WriteIndexes() = default;
  WriteIndexes(const WriteIndexes&) = delete;
  WriteIndexes& operator=(const WriteIndexes&) = delete;

  int count() const noexcept { return count_; }
  // Does the index take rows with these labels, or of this type? What its predicate says otherwise
  // is evaluated with the row.
  bool takes(int index, std::span<const int32> names) const noexcept;
  // Inside call(). As ExecOpenIndices() for speculative insertion, of one of the indexes: appends
  // it to those of `target`, which has room for all.
  void open(int index, ResultRelInfo* target, EState* estate) const;

 private:
  friend std::shared_ptr<WriteIndexes> write_indexes(Relation table);
  void prepare(Relation table);
  struct Index {
    Oid oid;
    IndexInfo* info;
    bool of_name;  // of the rows with one label, or of one type
    int32 name;
  };

  MemoryContext context_ = nullptr;
  Oid user_ = InvalidOid;
  int count_ = 0;
  Index* indexes_ = nullptr;
};

// Of a table that is open for writing.
std::shared_ptr<WriteIndexes> write_indexes(Relation table);

}  // namespace rv::pg
