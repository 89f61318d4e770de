// CREATE ACCESS METHOD ruvector_hyperbolic: the hnsw engine under the name and with the options of
// hyperbolic space. Its operator classes exist for hnsw, too; the difference is in WITH (...).
#include "pg/am/am_routine.h"
#include "pg/base/settings.h"
#include "pg/hnsw/hnsw.h"
#include "pg/hnsw/options.h"

using namespace rv;
using namespace rv::pg;

namespace {

enum class WantedModel { any = -1, poincare = 0, lorentz = 1 };

// hnsw reads the first part.
struct StoredHyperbolicOptions {
  hnsw::StoredOptions hnsw;
  int model;
  double curvature;
};

relopt_enum_elt_def models[] = {{"poincare", static_cast<int>(WantedModel::poincare)},
                                {"lorentz", static_cast<int>(WantedModel::lorentz)},
                                {nullptr, 0}};
relopt_kind option_kind;

bytea* parse_options(Datum reloptions, bool validate) {
  static const relopt_parse_elt table[] = {
      {"m", RELOPT_TYPE_INT, offsetof(StoredHyperbolicOptions, hnsw.m)},
      {"ef_construction", RELOPT_TYPE_INT, offsetof(StoredHyperbolicOptions, hnsw.ef_construction)},
      {"ef_search", RELOPT_TYPE_INT, offsetof(StoredHyperbolicOptions, hnsw.ef_search)},
      {"iterative_scan", RELOPT_TYPE_ENUM, offsetof(StoredHyperbolicOptions, hnsw.iterative_scan)},
      {"model", RELOPT_TYPE_ENUM, offsetof(StoredHyperbolicOptions, model)},
      {"curvature", RELOPT_TYPE_REAL, offsetof(StoredHyperbolicOptions, curvature)}};
  auto* parsed = call([&] {
    return static_cast<StoredHyperbolicOptions*>(build_reloptions(reloptions, validate, option_kind,
                                                                  sizeof(StoredHyperbolicOptions),
                                                                  table, lengthof(table)));
  });
  if (parsed != nullptr) {
    // What hnsw has and this method has not: zero would mean "none" and "heap" asked for.
    parsed->hnsw.quantization = -1;
    parsed->hnsw.bits = 0;
    parsed->hnsw.rerank = static_cast<int>(hnsw::Rerank::heap);
  }
  return reinterpret_cast<bytea*>(parsed);
}

// The options must say what the operator class and the operators do: an index returns exactly the
// order of its operator.
void check_options(Relation index) {
  const auto* o = reinterpret_cast<const StoredHyperbolicOptions*>(index->rd_options);
  if (o == nullptr) return;
  const bool lorentz = vector_opclass(index).distance == DistanceKind::lorentz;
  const auto model = static_cast<WantedModel>(o->model);
  if (model != WantedModel::any && (model == WantedModel::lorentz) != lorentz)
    throw Error(ErrorCode::invalid_argument,
                std::string("model \"") + (lorentz ? "poincare" : "lorentz") +
                    "\" does not fit the operator class",
                {},
                lorentz ? "vector_poincare_ops is the operator class of the Poincare ball."
                        : "vector_lorentz_ops is the operator class of the Lorentz model.");
  if (o->curvature != -1)
    throw Error(ErrorCode::not_supported,
                "an index measures at curvature -1, as its operators do, not " +
                    std::to_string(o->curvature),
                {},
                "Index the expression ruvector_to_unit_curvature(column, curvature) and order by "
                "the same of the query: neighbours are the same.");
}

}  // namespace

namespace rv::pg {

void define_hyperbolic_settings() {
  option_kind = add_reloption_kind();
  const LOCKMODE lock = AccessExclusiveLock;
  hnsw::add_graph_reloptions(option_kind);
  add_enum_reloption(option_kind, "model", "Model of hyperbolic space that the column holds",
                     models, static_cast<int>(WantedModel::any),
                     "Valid values are \"poincare\" and \"lorentz\".", lock);
  add_real_reloption(option_kind, "curvature", "Curvature of the space", -1, -1e6, -1e-6, lock);
}

}  // namespace rv::pg

RV_EXPORT IndexBuildResult* rv_hyperbolic_build(Relation heap, Relation index, IndexInfo* info);
IndexBuildResult* rv_hyperbolic_build(Relation heap, Relation index, IndexInfo* info) {
  boundary([&] { check_options(index); });
  return rv_hnsw_build(heap, index, info);
}

RV_EXPORT void rv_hyperbolic_build_empty(Relation index);
void rv_hyperbolic_build_empty(Relation index) {
  boundary([&] { check_options(index); });
  rv_hnsw_build_empty(index);
}

RV_EXPORT bytea* rv_hyperbolic_options(Datum reloptions, bool validate);
bytea* rv_hyperbolic_options(Datum reloptions, bool validate) {
  return boundary([&] { return parse_options(reloptions, validate); });
}

RV_FUNCTION(rv_hyperbolic_handler)
{
  AmTraits traits = hnsw::traits();
  traits.build = rv_hyperbolic_build;
  traits.build_empty = rv_hyperbolic_build_empty;
  traits.options = rv_hyperbolic_options;
  return make_am_routine(traits);
}
