#include "pg/storage/recent_buffers.h"

namespace rv::pg {
namespace {

struct Table {
  Oid relation = InvalidOid;
  Oid file = InvalidOid;
  std::vector<RecentBuffer> buffers;
};

int next_victim = 0;

}  // namespace

std::vector<RecentBuffer>& recent_buffers(Relation relation) {
  // Never destroyed: the backend's exit runs no destructors of ours under live frames.
  static Table* const tables = new Table[kRecentRelations];
  const Oid id = RelationGetRelid(relation);
  const Oid file = rv_relation_file_number(relation);
  for (int i = 0; i < kRecentRelations; ++i)
    if (tables[i].relation == id && tables[i].file == file) return tables[i].buffers;
  Table& t = tables[next_victim];
  next_victim = (next_victim + 1) % kRecentRelations;
  t.relation = id;
  t.file = file;
  t.buffers.clear();
  return t.buffers;
}

}  // namespace rv::pg
