// Every attention type against independent values (numpy, float64).
#include <map>
#include <set>

#include "../base/golden.h"
#include "core/attention/attend.h"

namespace rv::attention {
namespace {

using golden::Json;

Tensor tensor_of(const Json& value) {
  Tensor t;
  for (const Json* level = &value; level->is_array() && !level->empty(); level = &(*level)[0])
    t.shape.push_back(level->size());
  t.data = golden::flat(value);
  return t;
}

Matrix matrix_of(const Json& value) {
  const Tensor t = tensor_of(value);
  if (t.shape.size() == 1) return {1, t.shape[0], t.data};
  return {t.shape.at(0), t.shape.at(1), t.data};
}

// [heads, n, d] to [n, heads * d]: heads lie side by side.
Matrix heads_side_by_side(const Json& value) {
  Matrix out(value[0].size(), value.size() * value[0][0].size());
  for (std::size_t h = 0; h < value.size(); ++h)
    place_columns(matrix_of(value[h]), h * value[0][0].size(), out);
  return out;
}

Matrix joined(const Json& inputs, std::initializer_list<const char*> names) {
  std::size_t cols = 0;
  for (const char* n : names) cols += inputs.at(n)[0].size();
  Matrix out(inputs.at(*names.begin()).size(), cols);
  std::size_t at = 0;
  for (const char* n : names) {
    place_columns(matrix_of(inputs.at(n)), at, out);
    at += inputs.at(n)[0].size();
  }
  return out;
}

struct Prepared {
  std::string type;
  Inputs in;
  Params params;
};

Prepared prepare(const std::string& name, const Json& k) {
  const std::string type = name.substr(0, name.find('/'));
  const Json &in = k.at("inputs"), &given = k.at("params");
  Prepared p;
  p.type = type == "flash" ? "scaled_dot_product" : type;
  const std::map<std::string, int> where = {{"Q", 0},       {"X", 0}, {"x", 0},      {"xi", 0},
                                            {"Q_space", 0}, {"H", 0}, {"K", 1},      {"Y", 1},
                                            {"K_space", 1}, {"V", 2}, {"V_space", 2}};
  if (type == "mixed_curvature") {
    p.in = {joined(in, {"Q_e", "Q_h", "Q_s"}), joined(in, {"K_e", "K_h", "K_s"}),
            joined(in, {"V_e", "V_h", "V_s"})};
    p.params.set("dims", Tensor{{3}, {2, 2, 3}});
  } else if (type == "dual_space") {
    p.in = {joined(in, {"Q", "Q_h"}), joined(in, {"K", "K_h"}), matrix_of(in.at("V"))};
    p.params.set("dims", Tensor{{2}, {3, 3}});
  } else if (type == "differential") {
    p.in = {joined(in, {"Q", "Q2"}), joined(in, {"K", "K2"}), matrix_of(in.at("V"))};
  } else {
    for (const auto& [key, value] : in.items()) {
      if (type == "feedback" && key == "X") {
        p.params.set("layers", tensor_of(value));
      } else if (type == "compressive" && key == "X") {
        p.in.k = matrix_of(value);
      } else if (where.contains(key)) {
        Matrix m = value[0].is_array() && value[0][0].is_array() ? heads_side_by_side(value)
                                                                 : matrix_of(value);
        (where.at(key) == 0 ? p.in.q : where.at(key) == 1 ? p.in.k : p.in.v) = std::move(m);
      } else if (value.is_number()) {
        if (key != "num_nodes") p.params.set(key, value.get<double>());
      } else {
        p.params.set(key, tensor_of(value));
      }
    }
  }
  if (type == "synthesizer" && p.in.q.empty()) p.in.q = Matrix(p.in.v.rows, 1);
  if (type == "pma") p.in.q = p.in.k;
  if (type == "talking_heads") p.params.set("num_heads", 2.0);
  for (const auto& [key, value] : given.items()) {
    static const std::set<std::string> prose = {"layout_note", "ties",         "bucket",
                                                "kernel",      "pinv",         "compression",
                                                "num_nodes",   "block_size_q", "block_size_kv"};
    if (prose.contains(key) || (key == "layout" && type == "multi_head")) continue;
    if (value.is_boolean())
      p.params.set(key, value.get<bool>());
    else if (value.is_number())
      p.params.set(key, value.get<double>());
    else if (value.is_string())
      p.params.set(key, value.get<std::string>());
    else
      p.params.set(key, tensor_of(value));
  }
  return p;
}

// The result under the names the golden file uses.
std::map<std::string, std::vector<double>> results(const std::string& type, const Evaluated& e,
                                                   const Json& expected) {
  std::map<std::string, std::vector<double>> out;
  out["output"] = e.output.data;
  if (!e.weights.empty()) out["weights"] = e.weights.data;
  if (type == "realformer") out["scores"] = e.scores.data;
  if (type == "mixed_curvature") {
    out["out_e"] = columns(e.output, 0, 2).data;
    out["out_h"] = columns(e.output, 2, 2).data;
    out["out_s"] = columns(e.output, 4, 3).data;
  }
  if (expected.contains("output") && expected.at("output")[0].is_array() &&
      expected.at("output")[0][0].is_array()) {
    const std::size_t heads = expected.at("output").size(), d = e.output.cols / heads;
    out["output"].clear();
    for (std::size_t h = 0; h < heads; ++h) {
      const Matrix m = columns(e.output, h * d, d);
      out["output"].insert(out["output"].end(), m.data.begin(), m.data.end());
    }
  }
  return out;
}

void check(bool exact) {
  const Json cases = golden::cases("attention.json");
  if (cases.empty()) GTEST_SKIP() << "no golden/attention.json: set RUVECTOR_SHARED";
  int checked = 0;
  for (const Json& k : cases) {
    const auto name = k.at("name").get<std::string>();
    SCOPED_TRACE(name);
    try {
      Prepared p = prepare(name, k);
      const Json& expected = k.at("expected");
      const Json& tolerance = k.at("tolerance").at(exact ? "float64" : "float32");
      if (p.type == "maxsim") {
        std::vector<std::vector<float>> q, d;
        for (const Json& r : k.at("inputs").at("Q")) q.push_back(r.get<std::vector<float>>());
        for (const Json& r : k.at("inputs").at("D")) d.push_back(r.get<std::vector<float>>());
        std::vector<const float*> pq, pd;
        for (const auto& r : q) pq.push_back(r.data());
        for (const auto& r : d) pd.push_back(r.data());
        EXPECT_TRUE(golden::close({maxsim(pq, pd, 4)}, expected.at("score"), tolerance));
        ++checked;
        continue;
      }
      Options options;
      options.exact = exact;
      if (exact) options.want = Want::output | Want::weights;
      if (p.type == "realformer" && exact) options.want |= static_cast<unsigned>(Want::scores);
      if (name == "flash") {
        for (const double size : golden::flat(k.at("params").at("block_size_kv"))) {
          options.blocks = {2, static_cast<std::size_t>(size)};
          EXPECT_TRUE(golden::close(attend(p.type, p.in, p.params, options).output.data,
                                    expected.at("output"), tolerance))
              << size;
        }
      }
      const Evaluated got = attend(p.type, p.in, p.params, options);
      const auto named = results(p.type, got, expected);
      bool any = false;
      for (const auto& [what, value] : expected.items()) {
        if (!named.contains(what) || named.at(what).empty() ||
            (what == "weights" && p.type == "product_key"))
          continue;
        any = true;
        EXPECT_TRUE(golden::close(named.at(what), value, tolerance)) << what;
      }
      EXPECT_TRUE(any);
      ++checked;
    } catch (const std::exception& e) {
      ADD_FAILURE() << e.what();
    }
  }
  EXPECT_GE(checked, 86);
}

TEST(AttentionGolden, EveryTypeAgreesInFloat64) { check(true); }
TEST(AttentionGolden, EveryTypeAgreesOnTheFastPath) { check(false); }

}  // namespace
}  // namespace rv::attention
