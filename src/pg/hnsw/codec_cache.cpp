#include <list>

#include "pg/hnsw/hnsw.h"

namespace rv::pg::hnsw {
namespace {

constexpr std::size_t kKept = 16;

struct Entry {
  Oid relation;
  Oid file;  // a REINDEX or TRUNCATE makes a new one
  std::shared_ptr<const quant::Codec> codec;
};

std::list<Entry>& entries() {
  // Never destroyed: exit() runs destructors of statics under live frames.
  static auto* const list = new std::list<Entry>;
  return *list;
}

}  // namespace

std::shared_ptr<const quant::Codec> cached_codec(Relation index) {
  auto& list = entries();
  for (auto it = list.begin(); it != list.end(); ++it)
    if (it->relation == RelationGetRelid(index) && it->file == rv_relation_file_number(index)) {
      list.splice(list.begin(), list, it);
      return it->codec;
    }
  return nullptr;
}

void cache_codec(Relation index, std::shared_ptr<const quant::Codec> codec) {
  if (cached_codec(index) != nullptr) return;
  auto& list = entries();
  list.push_front({RelationGetRelid(index), rv_relation_file_number(index), std::move(codec)});
  if (list.size() > kKept) list.pop_back();
}

}  // namespace rv::pg::hnsw
