#include "pg/graph/catalog.h"

#include <unordered_map>

#include "pg/base/datum.h"
#include "pg/base/relation_watch.h"
#include "pg/graph/writer.h"

extern "C" {
#include "access/genam.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "executor/spi.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
}

namespace rv::pg {
namespace {

constexpr std::size_t kMaxNameBytes = 65'535;

// NUL-terminated copy; too long names cannot be names of relations.
struct CName {
  explicit CName(std::string_view name) : fits(name.size() < NAMEDATALEN) {
    if (fits) name.copy(data, name.size());
  }
  bool fits;
  char data[NAMEDATALEN] = {};
};

// Inside call(); nullptr when there is no such type.
const char* type_name_of(Oid type) {
  HeapTuple t = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
  if (!HeapTupleIsValid(t)) return nullptr;
  const char* name = pstrdup(NameStr(reinterpret_cast<Form_pg_type>(GETSTRUCT(t))->typname));
  ReleaseSysCache(t);
  return name;
}

}  // namespace

GraphTables look_up_graph(std::string_view name) {
  const CName schema(name);
  GraphTables g;
  if (!schema.fits) return g;
  call([&] {
    const Oid ns = get_namespace_oid(schema.data, true);
    if (!OidIsValid(ns)) return;
    const auto find = [ns](const char* relation) { return get_relname_relid(relation, ns); };
    g.node = find("node");
    if (!OidIsValid(g.node)) return;
    g.map_type = get_atttype(g.node, kNodeProperties);
    const char* type_name = OidIsValid(g.map_type) ? type_name_of(g.map_type) : nullptr;
    if (type_name == nullptr || std::strcmp(type_name, "cypher_map") != 0) return;
    g.node_label = find("node_label");
    g.edge = find("edge");
    g.name = find("name");
    g.node_key = find("node_pkey");
    g.node_label_key = find("node_label_pkey");
    g.edge_key = find("edge_pkey");
    g.edge_out = find("edge_out");
    g.edge_in = find("edge_in");
    g.name_key = find("name_pkey");
    g.name_by_name = find("name_by_name");
    g.node_ids = find("node_id_seq");
    g.edge_ids = find("edge_id_seq");
    g.name_ids = find("name_id_seq");
    g.schema = ns;
  });
  return g;
}

namespace {

// The graphs this session used. Any message about a schema or a changed relation may mean one of
// them, so the names are looked up again after each.
std::unordered_map<std::string, GraphTables>& known_graphs();
std::uint64_t schema_news = 0;

void forget_graphs(Oid) noexcept { known_graphs().clear(); }

std::unordered_map<std::string, GraphTables>& known_graphs() {
  static auto* const graphs = [] {
    auto* made = new std::unordered_map<std::string, GraphTables>;
    watch_relations(forget_graphs);
    call([] {
      CacheRegisterSyscacheCallback(
          NAMESPACEOID,
          [](Datum, int, uint32) {
            ++schema_news;
            known_graphs().clear();
          },
          0);
    });
    return made;
  }();
  return *graphs;
}

GraphTables known_graph(std::string_view name) {
  const std::string key(name);
  if (const auto it = known_graphs().find(key); it != known_graphs().end()) return it->second;
  const std::uint64_t before = graph_news();
  const GraphTables g = look_up_graph(name);
  // Undoing what this transaction made sends the same messages.
  if (OidIsValid(g.name_ids) && graph_news() == before) known_graphs().emplace(key, g);
  return g;
}

}  // namespace

namespace {

// Raises what is wrong with what was found, or with the user's right to it.
void check_graph(std::string_view name, const GraphTables& g) {
  if (!OidIsValid(g.schema))
    throw Error(ErrorCode::undefined_object, "graph \"" + std::string(name) + "\" does not exist",
                {}, "Create it with ruvector_create_graph().");
  for (const Oid part :
       {g.node_label, g.edge, g.name, g.node_key, g.node_label_key, g.edge_key, g.edge_out,
        g.edge_in, g.name_key, g.name_by_name, g.node_ids, g.edge_ids, g.name_ids})
    if (!OidIsValid(part))
      throw Error(ErrorCode::wrong_state, "graph \"" + std::string(name) +
                                              "\" is not complete: a table, index or sequence "
                                              "of it is missing");
  call([&g] {
    const AclResult r = rv_namespace_aclcheck(g.schema, GetUserId(), ACL_USAGE);
    if (r != ACLCHECK_OK) aclcheck_error(r, OBJECT_SCHEMA, get_namespace_name(g.schema));
  });
}

}  // namespace

GraphTables find_graph(std::string_view name) {
  const GraphTables g = known_graph(name);
  check_graph(name, g);
  return g;
}

std::uint64_t graph_news() noexcept { return relation_news() + schema_news; }

GraphTables open_graph(std::string_view name) {
  for (GraphTables g = find_graph(name);;) {
    const std::uint64_t before = graph_news();
    call([&g] { LockRelationOid(g.node, AccessShareLock); });
    if (graph_news() == before) return g;
    const GraphTables locked = find_graph(name);
    if (locked == g) return g;
    g = locked;
  }
}

namespace {

// What a user was found to be allowed to do with a table. Grants, row security and triggers change
// the relation, which is news of it; roles send messages of their own.
struct Allowed {
  Oid table = InvalidOid, user = InvalidOid;
  std::uint64_t news = 0;
  AclMode modes = 0;
};

Allowed& allowed_slot(Oid table) {
  static Allowed slots[64];
  return slots[table % 64];
}

std::uint64_t role_news() {
  static std::uint64_t news = 0;
  static const bool watching = [] {
    known_graphs();  // relation_news() counts from now on
    call([] {
      for (const int cache : {AUTHOID, AUTHMEMROLEMEM})
        CacheRegisterSyscacheCallback(
            cache, [](Datum, int, uint32) { ++news; }, 0);
    });
    return true;
  }();
  (void)watching;
  return news;
}

}  // namespace

void check_table_access(Oid table, AclMode mode) {
  const Oid user = GetUserId();
  const std::uint64_t news = relation_news() + role_news();
  Allowed& known = allowed_slot(table);
  const bool same = known.table == table && known.user == user && known.news == news;
  if (same && (known.modes & mode) == mode) return;
  call([table, mode] {
    // pg_class_aclcheck() is content with any one of several modes.
    if (pg_class_aclmask(table, GetUserId(), mode, ACLMASK_ALL) != mode)
      aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, get_rel_name(table));
    if (check_enable_rls(table, InvalidOid, false) == RLS_ENABLED)
      ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                      errmsg("table \"%s\" of the graph has row security, which graph queries "
                             "cannot apply",
                             get_rel_name(table)),
                      errhint("Disable row security on the table, or grant access by graph.")));
    if ((mode & (ACL_INSERT | ACL_UPDATE | ACL_DELETE)) == 0) return;
    Relation rel = table_open(table, AccessShareLock);
    if (rel->trigdesc != nullptr)
      ereport(ERROR,
              (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
               errmsg("table \"%s\" of the graph has triggers, which graph queries do not fire",
                      RelationGetRelationName(rel)),
               errhint("Drop the triggers.")));
    table_close(rel, NoLock);
  });
  known = {table, user, news, mode | (same ? known.modes : 0)};
}

std::string quoted(std::string_view text) {
  const std::string copy(text);
  const char* s = copy.c_str();
  return call([s] { return quote_identifier(s); });
}

std::string literal(std::string_view text) {
  const std::string copy(text);
  const char* s = copy.c_str();
  return call([s]() -> const char* { return quote_literal_cstr(s); });
}

std::string qualified(std::string_view schema, std::string_view relation) {
  return quoted(schema) + "." + quoted(relation);
}

std::string extension_schema(FunctionCallInfo fcinfo) {
  const Oid function = fcinfo->flinfo->fn_oid;
  return quoted(call(
      [function]() -> const char* { return get_namespace_name(get_func_namespace(function)); }));
}

std::string type_schema(Oid type) {
  return quoted(call([type]() -> const char* {
    HeapTuple t = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
    if (!HeapTupleIsValid(t)) elog(ERROR, "cache lookup failed for type %u", type);
    const Oid ns = reinterpret_cast<Form_pg_type>(GETSTRUCT(t))->typnamespace;
    ReleaseSysCache(t);
    return get_namespace_name(ns);
  }));
}

void run_sql(const std::string& sql) {
  const char* text = sql.c_str();
  call([text] {
    if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
    const int r = SPI_execute(text, false, 0);
    if (r < 0) elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(r));
    SPI_finish();
  });
}

int32 find_graph_name(const GraphTables& g, bool is_type, std::string_view name) {
  check_table_access(g.name, ACL_SELECT);
  return call([&g, is_type, name] {
    Relation rel = table_open(g.name, AccessShareLock);
    // REINDEX CONCURRENTLY may have put another index in the place of that of `g`.
    const Oid by_name = get_relname_relid("name_by_name", g.schema);
    Relation index = index_open(by_name, AccessShareLock);
    ScanKeyData keys[2];
    text* key = cstring_to_text_with_len(name.data(), static_cast<int>(name.size()));
    ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_CHAREQ, CharGetDatum(is_type ? 't' : 'l'));
    ScanKeyEntryInitialize(&keys[1], 0, 2, BTEqualStrategyNumber, InvalidOid,
                           TupleDescAttr(rel->rd_att, kNameName - 1)->attcollation, F_TEXTEQ,
                           PointerGetDatum(key));
    PushActiveSnapshot(GetLatestSnapshot());
    IndexScanDesc scan = rv_index_beginscan(rel, index, GetActiveSnapshot(), 2);
    index_rescan(scan, keys, 2, nullptr, 0);
    TupleTableSlot* slot = table_slot_create(rel, nullptr);
    int32 id = kNoGraphName;
    if (index_getnext_slot(scan, ForwardScanDirection, slot)) {
      bool is_null;
      id = DatumGetInt32(slot_getattr(slot, kNameId, &is_null));
    }
    ExecDropSingleTupleTableSlot(slot);
    index_endscan(scan);
    PopActiveSnapshot();
    index_close(index, NoLock);
    table_close(rel, NoLock);
    pfree(key);
    return id;
  });
}

int32 make_graph_name(const GraphTables& g, bool is_type, std::string_view name) {
  const int32 found = find_graph_name(g, is_type, name);
  if (found != kNoGraphName) return found;
  if (name.empty())
    throw Error(ErrorCode::invalid_argument,
                std::string(is_type ? "relationship type" : "label") + " must not be empty");
  if (name.size() > kMaxNameBytes / 32)
    throw Error(ErrorCode::limit_exceeded, "label or type of " + std::to_string(name.size()) +
                                               " bytes exceeds the limit of " +
                                               std::to_string(kMaxNameBytes / 32));
  TableWriter writer(g.name);
  const Oid ids = g.name_ids;
  for (;;) {
    const auto id = call([ids] { return static_cast<int32>(nextval_internal(ids, false)); });
    const Datum text = text_datum(name);
    const Datum values[] = {Int32GetDatum(id), CharGetDatum(is_type ? 't' : 'l'), text};
    ItemPointerData existing;
    if (writer.insert_unless_conflicting(values, &existing)) {
      writer.close();
      call([] { CommandCounterIncrement(); });
      return id;
    }
    const int32 other = find_graph_name(g, is_type, name);
    if (other != kNoGraphName) {
      writer.close();
      return other;
    }
    check_interrupts();  // the other session rolled back, or was undone: try again
  }
}

}  // namespace rv::pg
