#include "pg/sparse/statistics.h"

#include <string>
#include <vector>

#include "pg/sparse/callbacks.h"
#include "pg/sparse/options.h"
#include "pg/storage/buffer_store.h"

extern "C" {
#include "access/genam.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
}

namespace rv::pg {
namespace {

constexpr std::size_t kRemembered = 16;

struct Remembered {
  Oid index;
  QueryKind kind;
  std::string payload;
  Moment moment;
  Oid user;
  std::shared_ptr<const PreparedText> text;
};

// An index that is open for reading.
class OpenIndex {
 public:
  explicit OpenIndex(Oid id) : relation_(call([id] { return index_open(id, AccessShareLock); })) {}
  ~OpenIndex() {
    if (std::uncaught_exceptions() == 0) index_close(relation_, AccessShareLock);
  }
  OpenIndex(const OpenIndex&) = delete;
  OpenIndex& operator=(const OpenIndex&) = delete;
  Relation get() const noexcept { return relation_; }

 private:
  Relation relation_;
};

// Document frequencies tell about rows that the caller might not see.
void check_privileges(Relation index) {
  call([index] {
    const Oid table = index->rd_index->indrelid;
    const Oid user = GetUserId();
    if (pg_class_aclcheck(table, user, ACL_SELECT) == ACLCHECK_OK) return;
    const AttrNumber column = index->rd_index->indkey.values[0];
    if (column != 0 && pg_attribute_aclcheck(table, column, user, ACL_SELECT) == ACLCHECK_OK)
      return;
    aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, get_rel_name(table));
  });
}

std::vector<Oid> leaves_of(Relation index) {
  if (index->rd_rel->relkind != RELKIND_PARTITIONED_INDEX) return {RelationGetRelid(index)};
  struct Found {
    const ListCell* cells;
    int count;
  };
  const Found found = call([index] {
    List* all = find_all_inheritors(RelationGetRelid(index), AccessShareLock, nullptr);
    return Found{all->elements, list_length(all)};
  });
  std::vector<Oid> leaves;
  for (int i = 0; i < found.count; ++i) {
    const Oid id = found.cells[i].oid_value;
    if (call([id] { return get_rel_relkind(id); }) == RELKIND_INDEX) leaves.push_back(id);
  }
  return leaves;
}

std::shared_ptr<const PreparedText> prepare(Oid id, QueryKind kind, std::string_view payload) {
  const OpenIndex index(id);
  if (!is_bm25_index(index.get()))
    throw Error(ErrorCode::invalid_argument, "\"" +
                                                 std::string(RelationGetRelationName(index.get())) +
                                                 "\" is not a ruvector_bm25 index");
  check_privileges(index.get());
  auto text = std::make_shared<PreparedText>();
  text->kind = text_kind_of(index.get()->rd_opcintype[0]);
  text->configuration = text_configuration(index.get());
  sparse::Query query = core_query(kind, payload, text->configuration, &text->rough);
  query.bm25 = bm25_parameters(index.get());
  std::vector<std::unique_ptr<OpenIndex>> open;
  std::vector<std::unique_ptr<BufferStore>> stores;
  std::vector<std::unique_ptr<sparse::IndexView>> views;
  std::vector<const sparse::IndexView*> pointers;
  for (const Oid leaf : leaves_of(index.get())) {
    open.push_back(std::make_unique<OpenIndex>(leaf));
    stores.push_back(std::make_unique<BufferStore>(open.back()->get(), BufferStore::Mode::logged));
    views.push_back(std::make_unique<sparse::IndexView>(*stores.back()));
    stores.back()->unpin_all();
    pointers.push_back(views.back().get());
  }
  if (pointers.empty())
    throw Error(ErrorCode::wrong_state, "the partitioned index has no partitions yet");
  text->prepared = std::make_unique<sparse::Prepared>(pointers, std::move(query));
  for (const auto& store : stores) store->unpin_all();
  return text;
}

}  // namespace

bool is_bm25_index(Relation index) {
  return index->rd_indam != nullptr && index->rd_indam->ambuild == sparse_build &&
         index->rd_indam->amsupport == 0;
}

Moment this_moment() {
  Moment m{GetCurrentStatementStartTimestamp(), 0, 0, 0};
  if (ActiveSnapshotSet()) {
    const Snapshot s = GetActiveSnapshot();
    m.xmin = s->xmin;
    m.xmax = s->xmax;
    m.command = s->curcid;
  }
  return m;
}

std::shared_ptr<const PreparedText> prepared_text(Oid index, QueryKind kind,
                                                  std::string_view payload) {
  // Never destroyed: the backend's exit runs no destructors of ours under live frames.
  static auto* const remembered = new std::vector<Remembered>();
  static std::size_t victim = 0;
  const Moment moment = this_moment();
  const Oid user = GetUserId();
  for (const Remembered& r : *remembered)
    if (r.index == index && r.moment == moment && r.kind == kind && r.user == user &&
        r.payload == payload)
      return r.text;
  Remembered fresh{index, kind, std::string(payload), moment, user, prepare(index, kind, payload)};
  auto text = fresh.text;
  if (remembered->size() < kRemembered) {
    remembered->push_back(std::move(fresh));
  } else {
    (*remembered)[victim] = std::move(fresh);
    victim = (victim + 1) % kRemembered;
  }
  return text;
}

}  // namespace rv::pg
