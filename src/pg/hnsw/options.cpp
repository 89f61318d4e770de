#include "pg/hnsw/options.h"

#include <string>

extern "C" {
#include "utils/guc.h"
}

namespace rv::pg::hnsw {
namespace {

int ef_search_setting = 40;
int iterative_setting = static_cast<int>(Iterative::relaxed_order);
int max_scan_tuples_setting = 20000;
double memory_multiplier = 1;

// Whether the value comes from the session rather than from the default. A check hook learns the
// source, an assign hook applies it.
bool ef_search_set = false, iterative_set = false, max_scan_tuples_set = false;

bool check_int(int*, void** extra, GucSource source) {
  return rv_guc_note_source(extra, source > PGC_S_DYNAMIC_DEFAULT);
}
void assign_ef(int, void* extra) { ef_search_set = extra != nullptr && *static_cast<bool*>(extra); }
void assign_iterative(int, void* extra) {
  iterative_set = extra != nullptr && *static_cast<bool*>(extra);
}
void assign_max(int, void* extra) {
  max_scan_tuples_set = extra != nullptr && *static_cast<bool*>(extra);
}

const config_enum_entry iterative_settings[] = {
    {"off", static_cast<int>(Iterative::off), false},
    {"relaxed_order", static_cast<int>(Iterative::relaxed_order), false},
    {"strict_order", static_cast<int>(Iterative::strict_order), false},
    {nullptr, 0, false}};

// PostgreSQL's relopt tables take char*, not const char*.
relopt_enum_elt_def iterative_options[] = {
    {"off", static_cast<int>(Iterative::off)},
    {"relaxed_order", static_cast<int>(Iterative::relaxed_order)},
    {"strict_order", static_cast<int>(Iterative::strict_order)},
    {nullptr, 0}};
relopt_enum_elt_def quantization_options[] = {
    {"auto", -1},
    {"none", static_cast<int>(quant::CodecKind::none)},
    {"sq8", static_cast<int>(quant::CodecKind::sq8)},
    {"rabitq", static_cast<int>(quant::CodecKind::rabitq)},
    {"binary", static_cast<int>(quant::CodecKind::binary)},
    {"pq", static_cast<int>(quant::CodecKind::pq)},
    {nullptr, 0}};
relopt_enum_elt_def rerank_options[] = {{"heap", static_cast<int>(Rerank::heap)},
                                        {"none", static_cast<int>(Rerank::none)},
                                        {nullptr, 0}};

relopt_kind option_kind;

const StoredOptions* stored(Relation index) {
  return reinterpret_cast<const StoredOptions*>(index->rd_options);
}

}  // namespace

bytea* parse_options(Datum reloptions, bool validate) {
  static const relopt_parse_elt table[] = {
      {"m", RELOPT_TYPE_INT, offsetof(StoredOptions, m)},
      {"ef_construction", RELOPT_TYPE_INT, offsetof(StoredOptions, ef_construction)},
      {"quantization", RELOPT_TYPE_ENUM, offsetof(StoredOptions, quantization)},
      {"bits", RELOPT_TYPE_INT, offsetof(StoredOptions, bits)},
      {"rerank", RELOPT_TYPE_ENUM, offsetof(StoredOptions, rerank)},
      {"ef_search", RELOPT_TYPE_INT, offsetof(StoredOptions, ef_search)},
      {"iterative_scan", RELOPT_TYPE_ENUM, offsetof(StoredOptions, iterative_scan)}};
  return call([&] {
    return static_cast<bytea*>(build_reloptions(reloptions, validate, option_kind,
                                                sizeof(StoredOptions), table, lengthof(table)));
  });
}

int option_m(Relation index) { return stored(index) != nullptr ? stored(index)->m : kDefaultM; }
int option_ef_construction(Relation index) {
  return stored(index) != nullptr ? stored(index)->ef_construction : kDefaultEfConstruction;
}
Rerank option_rerank(Relation index) {
  return stored(index) != nullptr ? static_cast<Rerank>(stored(index)->rerank) : Rerank::heap;
}

quant::CodecSpec codec_spec(Relation index, const IndexedVectors& vectors) {
  const StoredOptions* o = stored(index);
  quant::CodecSpec spec;
  spec.metric = vectors.metric();
  spec.dim = vectors.dim();
  spec.half = vectors.opclass().type == ElementType::halfvec;
  spec.bits = o != nullptr ? o->bits : 0;
  const int asked = o != nullptr ? o->quantization : -1;
  const bool bit_type = vectors.bits();
  if (bit_type && asked > 0)
    throw Error(ErrorCode::not_supported, "bit strings cannot be quantized further", {},
                "Leave the option quantization out.");
  if (vectors.sketched() && asked == static_cast<int>(quant::CodecKind::none))
    throw Error(ErrorCode::not_supported, "quantization none is not possible for sparsevec", {},
                "Leave the option quantization out.");
  if (spec.metric == quant::Metric::hyperbolic) {
    if (asked > 0)
      throw Error(ErrorCode::not_supported, "points of hyperbolic space cannot be quantized", {},
                  "Leave the option quantization out.");
    spec.kind = quant::CodecKind::none;
  } else if (asked >= 0) {
    spec.kind = static_cast<quant::CodecKind>(asked);
  } else if (vectors.opclass().distance == DistanceKind::hamming) {
    spec.kind = quant::CodecKind::none;
    spec.bits = 1;
  } else if (vectors.opclass().distance == DistanceKind::jaccard) {
    spec.kind = quant::CodecKind::rabitq;
    spec.bits = spec.dim <= 4000 ? 4 : spec.dim <= 8000 ? 2 : 1;
    if (spec.dim > 48000) {  // does not fit on a page: navigate by differing bits
      spec.kind = quant::CodecKind::none;
      spec.metric = quant::Metric::l2;
    }
  } else {
    spec.kind =
        spec.bits > 0 ? quant::CodecKind::rabitq : quant::default_kind(spec.metric, spec.dim);
  }
  if (bit_type && asked == static_cast<int>(quant::CodecKind::none)) {
    spec.kind = quant::CodecKind::none;
    spec.metric = quant::Metric::l2;
    spec.bits = 1;
  }
  return spec;
}

int ef_search(Relation index) {
  const StoredOptions* o = stored(index);
  if (!ef_search_set && o != nullptr && o->ef_search > 0) return o->ef_search;
  return ef_search_setting;
}

Iterative iterative_scan(Relation index) {
  const StoredOptions* o = stored(index);
  if (!iterative_set && o != nullptr && o->iterative_scan >= 0)
    return static_cast<Iterative>(o->iterative_scan);
  return static_cast<Iterative>(iterative_setting);
}

int max_scan_tuples() { return max_scan_tuples_setting; }
bool max_scan_tuples_is_set() { return max_scan_tuples_set; }
double scan_memory_bytes() { return memory_multiplier * work_mem * 1024.0; }

void add_graph_reloptions(relopt_kind kind) {
  const LOCKMODE lock = AccessExclusiveLock;
  add_int_reloption(kind, "m", "Max number of connections", kDefaultM, 2, 100, lock);
  add_int_reloption(kind, "ef_construction", "Size of the dynamic candidate list for construction",
                    kDefaultEfConstruction, 4, 1000, lock);
  add_int_reloption(kind, "ef_search",
                    "Size of the dynamic candidate list for search; 0 takes hnsw.ef_search", 0, 0,
                    1000, ShareUpdateExclusiveLock);
  add_enum_reloption(
      kind, "iterative_scan", "Mode of iterative scans, where hnsw.iterative_scan is not set",
      iterative_options, -1, "Valid values are \"off\", \"relaxed_order\" and \"strict_order\".",
      ShareUpdateExclusiveLock);
}

void define_settings() {
  option_kind = add_reloption_kind();
  add_graph_reloptions(option_kind);
  const LOCKMODE lock = AccessExclusiveLock;
  add_enum_reloption(
      option_kind, "quantization", "How vectors are kept in the index", quantization_options, -1,
      "Valid values are \"auto\", \"none\", \"sq8\", \"rabitq\", \"binary\" and \"pq\".", lock);
  add_int_reloption(option_kind, "bits", "Bits a dimension of the codes; 0 chooses", 0, 0, 8, lock);
  add_enum_reloption(option_kind, "rerank", "Where the exact order of candidates comes from",
                     rerank_options, static_cast<int>(Rerank::heap),
                     "Valid values are \"heap\" and \"none\".", lock);

  DefineCustomIntVariable("hnsw.ef_search",
                          "Sets the size of the dynamic candidate list for search",
                          "Valid range is 1..1000.", &ef_search_setting, 40, 1, 1000, PGC_USERSET,
                          0, check_int, assign_ef, nullptr);
  DefineCustomEnumVariable("hnsw.iterative_scan", "Sets the mode for iterative scans", nullptr,
                           &iterative_setting, static_cast<int>(Iterative::relaxed_order),
                           iterative_settings, PGC_USERSET, 0, check_int, assign_iterative,
                           nullptr);
  DefineCustomIntVariable(
      "hnsw.max_scan_tuples", "Sets the max number of tuples to visit for iterative scans", nullptr,
      &max_scan_tuples_setting, 20000, 1, INT_MAX, PGC_USERSET, 0, check_int, assign_max, nullptr);
  DefineCustomRealVariable(
      "hnsw.scan_mem_multiplier", "Sets the multiple of work_mem to use for iterative scans",
      nullptr, &memory_multiplier, 1, 1, 1000, PGC_USERSET, 0, nullptr, nullptr, nullptr);
  rv_reserve_guc_prefix("hnsw");
}

}  // namespace rv::pg::hnsw
