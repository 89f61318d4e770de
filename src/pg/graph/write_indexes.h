// How rows get into the indexes of a table: expressions and predicates made ready once for the
// session instead of for every statement that writes.
#pragma once

#include <memory>

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

  // Inside call(). As ExecOpenIndices() for speculative insertion.
  void open(ResultRelInfo* target, EState* estate);

 private:
  friend std::shared_ptr<WriteIndexes> write_indexes(Relation table);
  void prepare(Relation table);

  MemoryContext context_ = nullptr;
  Oid user_ = InvalidOid;
  int count_ = 0;
  Oid* indexes_ = nullptr;
  IndexInfo** infos_ = nullptr;
};

// Of a table that is open for writing.
std::shared_ptr<WriteIndexes> write_indexes(Relation table);

}  // namespace rv::pg
