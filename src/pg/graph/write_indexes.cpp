#include "pg/graph/write_indexes.h"

#include <algorithm>
#include <unordered_map>

#include "pg/base/relation_watch.h"
#include "pg/graph/property_index.h"

extern "C" {
#include "access/genam.h"
#include "catalog/index.h"
#include "executor/executor.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/relcache.h"
}

namespace rv::pg {
namespace {

using Tables = std::unordered_map<Oid, std::shared_ptr<WriteIndexes>>;

void forget(Oid table) noexcept;

Tables& known() {
  static auto* const tables = [] {
    auto* made = new Tables;
    watch_relations(forget);
    return made;
  }();
  return *tables;
}

void forget(Oid table) noexcept {
  if (OidIsValid(table)) {
    known().erase(table);
  } else {
    known().clear();
  }
}

}  // namespace

WriteIndexes::~WriteIndexes() {
  if (context_ != nullptr) MemoryContextDelete(context_);
}

void WriteIndexes::prepare(Relation table) {
  call([this, table] {
    context_ = AllocSetContextCreateInternal(CacheMemoryContext, "graph write indexes",
                                             ALLOCSET_SMALL_SIZES);
    MemoryContext old = MemoryContextSwitchTo(context_);
    EState* estate = CreateExecutorState();  // goes with the context
    List* indexes = RelationGetIndexList(table);
    const auto n = static_cast<Size>(list_length(indexes));
    indexes_ = static_cast<Index*>(palloc0(sizeof(Index) * (n + 1)));
    ListCell* cell;
    foreach (cell, indexes) {
      const Oid oid = lfirst_oid(cell);
      Relation index = index_open(oid, RowExclusiveLock);
      IndexInfo* info = BuildIndexInfo(index);
      if (info->ii_Unique) BuildSpeculativeIndexInfo(index, info);
      if (info->ii_Expressions != NIL)
        info->ii_ExpressionsState = ExecPrepareExprList(info->ii_Expressions, estate);
      if (info->ii_Predicate != NIL)
        info->ii_PredicateState = ExecPrepareQual(info->ii_Predicate, estate);
      Index& made = indexes_[count_++];
      made.oid = oid;
      made.info = info;
      made.of_name = name_of_predicate(info->ii_Predicate, &made.name);
      index_close(index, NoLock);
    }
    MemoryContextSwitchTo(old);
  });
}

bool WriteIndexes::takes(int index, std::span<const int32> names) const noexcept {
  const Index& x = indexes_[index];
  return !x.of_name || std::find(names.begin(), names.end(), x.name) != names.end();
}

void WriteIndexes::open(int index, ResultRelInfo* target, EState* estate) const {
  Relation opened = index_open(indexes_[index].oid, RowExclusiveLock);
  // A copy: access methods keep notes in it while the statement runs.
  auto* info = static_cast<IndexInfo*>(MemoryContextAlloc(estate->es_query_cxt, sizeof(IndexInfo)));
  *info = *indexes_[index].info;
  info->ii_AmCache = nullptr;
  // CREATE INDEX CONCURRENTLY begins to want entries without a message about the table.
  info->ii_ReadyForInserts = opened->rd_index->indisready;
  info->ii_Context = estate->es_query_cxt;
  const int last = target->ri_NumIndices++;
  target->ri_IndexRelationDescs[last] = opened;
  target->ri_IndexRelationInfo[last] = info;
}

std::shared_ptr<WriteIndexes> write_indexes(Relation table) {
  const Oid oid = RelationGetRelid(table);
  const Oid user = GetUserId();  // who may call the functions in the expressions
  if (const auto it = known().find(oid); it != known().end() && it->second->user_ == user)
    return it->second;
  const std::uint64_t before = relation_news();
  auto made = std::make_shared<WriteIndexes>();
  made->user_ = user;
  made->prepare(table);
  // For this transaction what was found is right, the lock on the table sees to that. Indexes that
  // are made concurrently may have been announced meanwhile: later ones look again.
  if (relation_news() == before) known()[oid] = made;
  return made;
}

}  // namespace rv::pg
