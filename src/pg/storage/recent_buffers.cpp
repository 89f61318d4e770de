#include "pg/storage/recent_buffers.h"

#include "core/base/no_destructor.h"
#include "pg/storage/file_cache.h"

namespace rv::pg {
namespace {

FileCache<RecentBuffers>& cache() {
  static NoDestructor<FileCache<RecentBuffers>> tables(kRecentRelations);
  return *tables;
}

}  // namespace

std::shared_ptr<RecentBuffers> recent_buffers(Relation relation) {
  auto table = cache().find(relation);
  if (table == nullptr) {
    table = std::make_shared<RecentBuffers>();
    cache().put(relation, table);
  }
  return table;
}

void forget_recent_buffers(Relation relation) { cache().forget(relation); }

}  // namespace rv::pg
