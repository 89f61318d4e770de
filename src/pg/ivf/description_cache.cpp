#include "pg/ivf/description_cache.h"

namespace rv::pg::ivf {
namespace {

struct Entry {
  Oid relation = InvalidOid;
  Oid file = InvalidOid;
  std::shared_ptr<const index::ivf::Description> description;
};
constexpr int kEntries = 8;

Entry* entries() {
  // Never destroyed: the backend's exit runs no destructors of ours under live frames.
  static Entry* const table = new Entry[kEntries];
  return table;
}

int next_victim = 0;

}  // namespace

std::shared_ptr<const index::ivf::Description> description_of(Relation index,
                                                              index::PageStore& store) {
  const Oid relation = RelationGetRelid(index);
  const Oid file = rv_relation_file_number(index);
  Entry* table = entries();
  for (int i = 0; i < kEntries; ++i)
    if (table[i].relation == relation && table[i].file == file) return table[i].description;
  auto description = index::ivf::open(store);
  store.unpin_all();
  table[next_victim] = {relation, file, description};
  next_victim = (next_victim + 1) % kEntries;
  return description;
}

void forget_description(Relation index) {
  Entry* table = entries();
  for (int i = 0; i < kEntries; ++i)
    if (table[i].relation == RelationGetRelid(index)) table[i] = {};
}

}  // namespace rv::pg::ivf
