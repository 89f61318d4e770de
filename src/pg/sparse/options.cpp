#include "pg/sparse/options.h"

#include "pg/sparse/callbacks.h"

extern "C" {
#include "access/reloptions.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_ts_config.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/syscache.h"
#include "utils/varlena.h"
}

namespace rv::pg {
namespace {

struct SparseReloptions {
  int32 vl_len_;
  int pending_pages;
  double pruning;
  int quantization;
};
struct Bm25Reloptions {
  int32 vl_len_;
  int pending_pages;
  double k1, b;
  int text_config;  // offset of the string
};

constexpr int kDefaultPendingPages = 128;
constexpr double kMostPruning = 0.9;
relopt_enum_elt_def quantizations[] = {{"u8", static_cast<int>(sparse::Quantization::u8)},
                                       {"float32", static_cast<int>(sparse::Quantization::float32)},
                                       {nullptr, 0}};
SparseSettings settings = {1.0, 100};
relopt_kind sparse_kind, bm25_kind;

// A name without a schema must mean the same on every search_path: only built-in configurations
// may be written so. (From PostgreSQL 17 on, CREATE INDEX does not search for others anyway.)
void check_configuration(const char* name) {
  if (name == nullptr || name[0] == '\0') return;
  List* names = textToQualifiedNameList(cstring_to_text(name));
  const bool qualified = list_length(names) > 1;
  const Oid config = get_ts_config_oid(names, !qualified);
  if (qualified) return;
  HeapTuple tuple = SearchSysCache1(TSCONFIGOID, ObjectIdGetDatum(config));
  if (HeapTupleIsValid(tuple)) {
    const Oid schema = reinterpret_cast<Form_pg_ts_config>(GETSTRUCT(tuple))->cfgnamespace;
    ReleaseSysCache(tuple);
    if (schema == PG_CATALOG_NAMESPACE) return;
  }
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                  errmsg("text_config \"%s\" needs its schema", name),
                  errhint("Only PostgreSQL's own configurations are found without one: write "
                          "text_config = 'schema.%s'.",
                          name)));
}

void define_reloptions() {
  sparse_kind = add_reloption_kind();
  bm25_kind = add_reloption_kind();
  for (const relopt_kind kind : {sparse_kind, bm25_kind})
    add_int_reloption(kind, "pending_pages",
                      "Pages of new rows that are kept as they are before they become a segment",
                      kDefaultPendingPages, 1, 1000000, AccessExclusiveLock);
  add_real_reloption(sparse_kind, "pruning",
                     "Share of each vector's weight that is left out of the index", 0, 0,
                     kMostPruning, AccessExclusiveLock);
  add_enum_reloption(sparse_kind, "quantization", "How weights are kept", quantizations,
                     static_cast<int>(sparse::Quantization::u8),
                     "Valid values are \"u8\" and \"float32\".", AccessExclusiveLock);
  add_real_reloption(bm25_kind, "k1", "How soon repeated words stop counting", 1.2, 0, 1000,
                     AccessExclusiveLock);
  add_real_reloption(bm25_kind, "b", "How much the length of a text counts", 0.75, 0, 1,
                     AccessExclusiveLock);
  add_string_reloption(bm25_kind, "text_config", "Text search configuration", "",
                       check_configuration, AccessExclusiveLock);
}

}  // namespace

const SparseSettings& sparse_settings() noexcept { return settings; }

bytea* sparse_reloptions(Datum reloptions, bool validate) {
  static const relopt_parse_elt parse[] = {
      {"pending_pages", RELOPT_TYPE_INT, offsetof(SparseReloptions, pending_pages)},
      {"pruning", RELOPT_TYPE_REAL, offsetof(SparseReloptions, pruning)},
      {"quantization", RELOPT_TYPE_ENUM, offsetof(SparseReloptions, quantization)}};
  return static_cast<bytea*>(build_reloptions(reloptions, validate, sparse_kind,
                                              sizeof(SparseReloptions), parse, lengthof(parse)));
}

bytea* bm25_reloptions(Datum reloptions, bool validate) {
  static const relopt_parse_elt parse[] = {
      {"pending_pages", RELOPT_TYPE_INT, offsetof(Bm25Reloptions, pending_pages)},
      {"k1", RELOPT_TYPE_REAL, offsetof(Bm25Reloptions, k1)},
      {"b", RELOPT_TYPE_REAL, offsetof(Bm25Reloptions, b)},
      {"text_config", RELOPT_TYPE_STRING, offsetof(Bm25Reloptions, text_config)}};
  return static_cast<bytea*>(build_reloptions(reloptions, validate, bm25_kind,
                                              sizeof(Bm25Reloptions), parse, lengthof(parse)));
}

namespace {

// BM25 indexes have other options, of which only the first is the same.
const SparseReloptions* vector_options(Relation index) {
  return index->rd_indam->amsupport == 0
             ? nullptr
             : reinterpret_cast<const SparseReloptions*>(index->rd_options);
}

}  // namespace

double pruning_of(Relation index) {
  const auto* o = vector_options(index);
  return o == nullptr ? 0 : o->pruning;
}

sparse::Options index_options(Relation index) {
  const auto* any = reinterpret_cast<const SparseReloptions*>(index->rd_options);
  const auto* o = vector_options(index);
  return {
      static_cast<std::uint32_t>(any == nullptr ? kDefaultPendingPages : any->pending_pages),
      o == nullptr ? sparse::Quantization::u8 : static_cast<sparse::Quantization>(o->quantization),
      pruning_of(index) > 0};
}

sparse::Bm25 bm25_parameters(Relation index) {
  const auto* o = reinterpret_cast<const Bm25Reloptions*>(index->rd_options);
  return o == nullptr ? sparse::Bm25{} : sparse::Bm25{o->k1, o->b};
}

Oid text_configuration(Relation index) {
  const auto* o = reinterpret_cast<const Bm25Reloptions*>(index->rd_options);
  if (o == nullptr || o->text_config == 0) return InvalidOid;
  const char* name = reinterpret_cast<const char*>(o) + o->text_config;
  if (name[0] == '\0') return InvalidOid;
  return call(
      [name] { return get_ts_config_oid(textToQualifiedNameList(cstring_to_text(name)), false); });
}

void define_sparse_settings();
void define_sparse_settings() {
  define_reloptions();
  register_sparse_inspection();
  DefineCustomRealVariable(
      "ruvector.sparse_query_share",
      "Share of a sparse query's weight that an index scan looks up.",
      "1 is exact. Below it the scan is approximate: only the heaviest terms that hold this share "
      "are looked up, and ruvector.sparse_candidates rows are compared exactly.",
      &settings.query_share, 1.0, 0.01, 1.0, PGC_USERSET, 0, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("ruvector.sparse_candidates",
                          "Rows that an approximate sparse index scan compares exactly at a time.",
                          "Three to ten times the LIMIT of the query is a good choice.",
                          &settings.candidates, 100, 1, 1000000, PGC_USERSET, 0, nullptr, nullptr,
                          nullptr);
}

}  // namespace rv::pg
