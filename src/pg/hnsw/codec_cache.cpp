#include "core/base/no_destructor.h"
#include "pg/hnsw/hnsw.h"
#include "pg/storage/file_cache.h"

namespace rv::pg::hnsw {
namespace {

FileCache<const quant::Codec>& cache() {
  static NoDestructor<FileCache<const quant::Codec>> codecs(16);
  return *codecs;
}

}  // namespace

index::hnsw::Graph open_graph(Relation index, BufferStore& store) {
  auto known = cache().find(index);
  const bool read = known == nullptr;
  index::hnsw::Graph graph(store, std::move(known));
  if (read) cache().put(index, graph.shared_codec());
  return graph;
}

void forget_codec(Relation index) { cache().forget(index); }

}  // namespace rv::pg::hnsw
