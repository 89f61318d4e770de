#include "pg/ivf/options.h"

#include <algorithm>

#include "core/index/ivf/search.h"
#include "core/types/dense.h"

extern "C" {
#include "access/reloptions.h"
#include "utils/guc.h"
}

namespace rv::pg::ivf {
namespace {

relopt_kind kind;

int probes_setting = 0;
int iterative_setting = static_cast<int>(IterativeScan::relaxed_order);
int max_probes_setting = kMostLists;
// Whether somebody has set them: then they win over the index's options.
bool iterative_is_set = false, max_probes_is_set = false;

const config_enum_entry iterative_values[] = {
    {"off", static_cast<int>(IterativeScan::off), false},
    {"relaxed_order", static_cast<int>(IterativeScan::relaxed_order), false},
    {nullptr, 0, false}};

relopt_enum_elt_def quantization_values[] = {{"none", static_cast<int>(quant::CodecKind::none)},
                                             {"sq8", static_cast<int>(quant::CodecKind::sq8)},
                                             {"rabitq", static_cast<int>(quant::CodecKind::rabitq)},
                                             {"binary", static_cast<int>(quant::CodecKind::binary)},
                                             {"pq", static_cast<int>(quant::CodecKind::pq)},
                                             {nullptr, 0}};
relopt_enum_elt_def rerank_values[] = {{"none", static_cast<int>(index::ivf::Rerank::none)},
                                       {"heap", static_cast<int>(index::ivf::Rerank::heap)},
                                       {nullptr, 0}};
relopt_enum_elt_def iterative_options[] = {
    {"off", static_cast<int>(IterativeScan::off)},
    {"relaxed_order", static_cast<int>(IterativeScan::relaxed_order)},
    {nullptr, 0}};

// A check hook learns where a value comes from, an assign hook applies it.
bool note_source(int*, void** extra, GucSource source) {
  return rv_guc_note_source(extra, source > PGC_S_DYNAMIC_DEFAULT);
}
void assign_iterative(int, void* extra) {
  iterative_is_set = extra != nullptr && *static_cast<bool*>(extra);
}
void assign_max_probes(int, void* extra) {
  max_probes_is_set = extra != nullptr && *static_cast<bool*>(extra);
}

void define_reloptions() {
  kind = add_reloption_kind();
  add_int_reloption(kind, "lists", "Number of inverted lists; by default from the number of rows",
                    0, 1, kMostLists, AccessExclusiveLock);
  add_enum_reloption(kind, "quantization", "How vectors are kept in the index", quantization_values,
                     -1,
                     "Valid values are \"auto\", \"none\", \"sq8\", \"rabitq\", \"binary\" and "
                     "\"pq\".",
                     AccessExclusiveLock);
  add_int_reloption(kind, "bits", "Bits a dimension (rabitq) or a subspace (pq)", 0, 1, 8,
                    AccessExclusiveLock);
  add_int_reloption(kind, "subspaces", "Subspaces of pq", 0, 1, rv::kMaxDim, AccessExclusiveLock);
  add_enum_reloption(kind, "rerank", "Where exact distances come from", rerank_values,
                     static_cast<int>(index::ivf::Rerank::heap),
                     "Valid values are \"none\" and \"heap\".", AccessExclusiveLock);
  add_int_reloption(kind, "probes", "Lists that a scan looks at", 0, 1, kMostLists,
                    ShareUpdateExclusiveLock);
  add_enum_reloption(kind, "iterative_scan", "Whether a scan goes on to further lists",
                     iterative_options, static_cast<int>(IterativeScan::unset),
                     "Valid values are \"off\" and \"relaxed_order\".", ShareUpdateExclusiveLock);
  add_int_reloption(kind, "max_probes", "Lists that an iterative scan looks at in all", 0, 1,
                    kMostLists, ShareUpdateExclusiveLock);
}

}  // namespace

const Options* options_of(Relation index) {
  return reinterpret_cast<const Options*>(index->rd_options);
}

bytea* parse_options(Datum reloptions, bool validate) {
  static const relopt_parse_elt table[] = {
      {"lists", RELOPT_TYPE_INT, offsetof(Options, lists)},
      {"quantization", RELOPT_TYPE_ENUM, offsetof(Options, quantization)},
      {"bits", RELOPT_TYPE_INT, offsetof(Options, bits)},
      {"subspaces", RELOPT_TYPE_INT, offsetof(Options, subspaces)},
      {"rerank", RELOPT_TYPE_ENUM, offsetof(Options, rerank)},
      {"probes", RELOPT_TYPE_INT, offsetof(Options, probes)},
      {"iterative_scan", RELOPT_TYPE_ENUM, offsetof(Options, iterative_scan)},
      {"max_probes", RELOPT_TYPE_INT, offsetof(Options, max_probes)}};
  return call([&] {
    return static_cast<bytea*>(
        build_reloptions(reloptions, validate, kind, sizeof(Options), table, lengthof(table)));
  });
}

quant::CodecSpec codec_spec(Relation index, const IndexedVectors& vectors) {
  const Options* o = options_of(index);
  const int asked = o != nullptr ? o->quantization : -1;
  quant::CodecSpec spec;
  spec.metric = vectors.metric();
  spec.dim = vectors.dim();
  spec.half = vectors.opclass().type == ElementType::halfvec;
  if (vectors.bits()) {
    if (asked > 0)
      throw Error(ErrorCode::invalid_argument, "bit strings cannot be quantized further", {},
                  "Leave quantization out.");
    spec.kind = quant::CodecKind::none;
    spec.bits = 1;
    return spec;
  }
  const int bits = o != nullptr ? o->bits : 0, subspaces = o != nullptr ? o->subspaces : 0;
  if (asked >= 0)
    spec.kind = static_cast<quant::CodecKind>(asked);
  else
    spec.kind = bits > 0 ? quant::CodecKind::rabitq : quant::default_kind(spec.metric, spec.dim);
  if (spec.metric == quant::Metric::l1 &&
      (spec.kind == quant::CodecKind::rabitq || spec.kind == quant::CodecKind::binary))
    throw Error(ErrorCode::invalid_argument,
                "quantization \"rabitq\" and \"binary\" do not support L1 distance", {},
                "Use quantization \"sq8\", \"pq\" or \"none\".");
  if (bits != 0 && spec.kind != quant::CodecKind::rabitq && spec.kind != quant::CodecKind::pq)
    throw Error(ErrorCode::invalid_argument, "bits are an option of rabitq and pq");
  if (subspaces != 0 && spec.kind != quant::CodecKind::pq)
    throw Error(ErrorCode::invalid_argument, "subspaces are an option of pq");
  if (spec.kind == quant::CodecKind::pq && bits != 0 && bits != 4 && bits != 8)
    throw Error(ErrorCode::invalid_argument,
                "bits of pq must be 4 or 8, not " + std::to_string(bits));
  if (subspaces > spec.dim)
    throw Error(ErrorCode::invalid_argument, "subspaces " + std::to_string(subspaces) +
                                                 " exceed the column's " +
                                                 std::to_string(spec.dim) + " dimensions");
  spec.bits = bits;
  spec.subspaces = subspaces;
  return spec;
}

ScanSettings scan_settings(Relation index, std::uint32_t lists) {
  const Options* o = options_of(index);
  ScanSettings s{};
  auto iterative = static_cast<IterativeScan>(iterative_setting);
  if (!iterative_is_set && o != nullptr && o->iterative_scan >= 0)
    iterative = static_cast<IterativeScan>(o->iterative_scan);
  s.iterative = iterative == IterativeScan::relaxed_order;
  int most = max_probes_setting;
  if (!max_probes_is_set && o != nullptr && o->max_probes > 0) most = o->max_probes;
  int probes = probes_setting;
  if (probes == 0 && o != nullptr) probes = o->probes;
  if (probes > 0) {
    s.probes = static_cast<std::uint32_t>(probes);
    most = std::max(most, probes);
  } else {
    s.probes = std::min(index::ivf::default_probes(lists), static_cast<std::uint32_t>(most));
  }
  s.probes = std::min(s.probes, lists);
  s.max_probes = s.iterative ? std::min(static_cast<std::uint32_t>(most), lists) : s.probes;
  return s;
}

void define_settings() {
  define_reloptions();
  DefineCustomIntVariable(
      "ivfflat.probes", "Sets the number of probes",
      "Valid range is 1..lists; 0 takes the index's option or a number that suits its lists.",
      &probes_setting, 0, 0, kMostLists, PGC_USERSET, 0, nullptr, nullptr, nullptr);
  DefineCustomEnumVariable("ivfflat.iterative_scan", "Sets the mode for iterative scans", nullptr,
                           &iterative_setting, static_cast<int>(IterativeScan::relaxed_order),
                           iterative_values, PGC_USERSET, 0, note_source, assign_iterative,
                           nullptr);
  DefineCustomIntVariable("ivfflat.max_probes", "Sets the max number of probes for iterative scans",
                          nullptr, &max_probes_setting, kMostLists, 1, kMostLists, PGC_USERSET, 0,
                          note_source, assign_max_probes, nullptr);
  rv_reserve_guc_prefix("ivfflat");
}

}  // namespace rv::pg::ivf
