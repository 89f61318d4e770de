// What a backend keeps of the files of indexes: one value for each of the last `kept` relations
// that were asked for. A value belongs to the file, not to the name: REINDEX and TRUNCATE give a
// relation a new file. Where an index is built into the file it has (a table that the same
// transaction created is truncated), forget() must be called.
//
// Values are shared: who holds one keeps it, also when the cache has moved on.
#pragma once

#include <list>
#include <memory>
#include <utility>

#include "pg/base/pg.h"

extern "C" {
#include "utils/rel.h"
}

namespace rv::pg {

template <class T>
class FileCache {
 public:
  explicit FileCache(std::size_t kept) : kept_(kept) {}

  // Null when nothing is kept.
  std::shared_ptr<T> find(Relation relation) {
    for (auto it = entries_.begin(); it != entries_.end(); ++it)
      if (it->relation == RelationGetRelid(relation) &&
          it->file == rv_relation_file_number(relation)) {
        entries_.splice(entries_.begin(), entries_, it);  // the last used stays longest
        return it->value;
      }
    return nullptr;
  }
  void put(Relation relation, std::shared_ptr<T> value) {
    forget(relation);
    entries_.push_front(
        {RelationGetRelid(relation), rv_relation_file_number(relation), std::move(value)});
    if (entries_.size() > kept_) entries_.pop_back();
  }
  void forget(Relation relation) {
    entries_.remove_if(
        [relation](const Entry& e) { return e.relation == RelationGetRelid(relation); });
  }

 private:
  struct Entry {
    Oid relation;
    Oid file;
    std::shared_ptr<T> value;
  };
  std::size_t kept_;
  std::list<Entry> entries_;
};

}  // namespace rv::pg
