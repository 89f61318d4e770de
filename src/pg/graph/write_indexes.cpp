#include "pg/graph/write_indexes.h"

#include <unordered_map>

#include "pg/base/relation_watch.h"

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
    indexes_ = static_cast<Oid*>(palloc0(sizeof(Oid) * (n + 1)));
    infos_ = static_cast<IndexInfo**>(palloc0(sizeof(IndexInfo*) * (n + 1)));
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
      indexes_[count_] = oid;
      infos_[count_++] = info;
      index_close(index, NoLock);
    }
    MemoryContextSwitchTo(old);
  });
}

void WriteIndexes::open(ResultRelInfo* target, EState* estate) {
  target->ri_NumIndices = count_;
  if (count_ == 0) return;
  target->ri_IndexRelationDescs =
      static_cast<RelationPtr>(palloc0(sizeof(Relation) * static_cast<Size>(count_)));
  target->ri_IndexRelationInfo =
      static_cast<IndexInfo**>(palloc(sizeof(IndexInfo*) * static_cast<Size>(count_)));
  for (int i = 0; i < count_; ++i) {
    target->ri_IndexRelationDescs[i] = index_open(indexes_[i], RowExclusiveLock);
    // A copy: access methods keep notes in it while the statement runs.
    auto* info = static_cast<IndexInfo*>(palloc(sizeof(IndexInfo)));
    *info = *infos_[i];
    info->ii_AmCache = nullptr;
    // CREATE INDEX CONCURRENTLY begins to want entries without a message about the table.
    info->ii_ReadyForInserts = target->ri_IndexRelationDescs[i]->rd_index->indisready;
    info->ii_Context = estate->es_query_cxt;
    target->ri_IndexRelationInfo[i] = info;
  }
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
