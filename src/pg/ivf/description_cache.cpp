#include "pg/ivf/description_cache.h"

#include "core/base/no_destructor.h"
#include "pg/storage/file_cache.h"

namespace rv::pg::ivf {
namespace {

FileCache<const index::ivf::Description>& cache() {
  static NoDestructor<FileCache<const index::ivf::Description>> descriptions(8);
  return *descriptions;
}

}  // namespace

std::shared_ptr<const index::ivf::Description> description_of(Relation index,
                                                              index::PageStore& store) {
  auto description = cache().find(index);
  if (description != nullptr) return description;
  description = index::ivf::open(store);
  store.unpin_all();
  cache().put(index, description);
  return description;
}

void forget_description(Relation index) { cache().forget(index); }

}  // namespace rv::pg::ivf
