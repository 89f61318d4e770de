// ruvector_version(), ruvector_simd_info(), ruvector_features().
#include <string>

#include "core/simd/cpu.h"
#include "pg/base/datum.h"
#include "pg/feature_list.h"

extern "C" {
#include "funcapi.h"
#include "utils/jsonb.h"
}

namespace {

const char* description_of(std::string_view feature) {
  if (feature == "core")
    return "vector, halfvec, sparsevec and bit types, distances, text embedding";
  if (feature == "sparse") return "inverted index for SPLADE and BM25, hybrid search";
  if (feature == "hyperbolic") return "Poincare and Lorentz distances and index";
  if (feature == "attention") return "attention mechanisms";
  if (feature == "gnn") return "graph neural network layers and training";
  if (feature == "graph") return "property graph and Cypher";
  if (feature == "learning") return "self-tuning search and ReasoningBank";
  return "routing of requests to agents and models";
}

}  // namespace

RV_FUNCTION(rv_version)
{ return rv::pg::text_datum(RUVECTOR_VERSION); }

RV_FUNCTION(rv_simd_info)
{
  std::string json = std::string(R"({"level": ")") + rv::simd::kernels().name + R"(", "best": ")" +
                     rv::simd::level_name(rv::simd::cpu_level()) + R"(", "available": [)";
  for (int i = 0; i <= static_cast<int>(rv::simd::cpu_level()); ++i) {
    if (i > 0) json += ", ";
    json += '"';
    json += rv::simd::level_name(static_cast<rv::simd::Level>(i));
    json += '"';
  }
  // What the levels need, and whether this CPU (and the operating system) has it.
  json += R"(], "cpu_features": {)";
  const char* separator = "";
  for (const auto& feature : rv::simd::cpu_features()) {
    json +=
        std::string(separator) + '"' + feature.name + "\": " + (feature.found() ? "true" : "false");
    separator = ", ";
  }
  json += "}, \"needs\": {";
  for (int i = 0; i < rv::simd::kLevels; ++i) {
    const auto level = static_cast<rv::simd::Level>(i);
    std::string names;
    for (const auto& feature : rv::simd::cpu_features())
      if (feature.level == level)
        names += std::string(names.empty() ? "\"" : ", \"") + feature.name + '"';
    if (names.empty()) continue;
    if (json.back() != '{') json += ", ";
    json += std::string("\"") + rv::simd::level_name(level) + "\": [" + names + "]";
  }
  json += "}}";
  const char* text = json.c_str();
  return rv::pg::call([text] { return DirectFunctionCall1(jsonb_in, CStringGetDatum(text)); });
}

// A feature is enabled when its option was on and this version has code for it.
RV_FUNCTION(rv_features)
{
  rv::pg::call([fcinfo] {
    rv_init_materialized_srf(fcinfo);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    const auto put = [result](const char* name, bool built) {
      Datum values[3] = {CStringGetTextDatum(name), BoolGetDatum(built),
                         CStringGetTextDatum(description_of(name))};
      bool nulls[3] = {false, false, false};
      tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    };
    put("core", true);
    for (const rv::pg::Feature& f : rv::pg::kFeatures) put(f.name, f.built);
  });
  return Datum(0);
}
