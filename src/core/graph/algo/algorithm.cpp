// The table of algorithms: options in, rows out.
#include "core/graph/algo/algorithm.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "core/graph/algo/community.h"
#include "core/graph/algo/paths.h"
#include "core/graph/algo/rank.h"
#include "core/graph/algo/similarity.h"

namespace rv::graph {
namespace {

using Node = Csr::Node;
using Run = AlgorithmRun;
constexpr std::int64_t kMax = 2'147'483'647;

const Poll& poll() { return algorithm_host().poll; }
WorkerPool* pool() {
  const auto make = algorithm_host().pool;
  return make == nullptr ? nullptr : make();
}

Value node(const Run& r, Node n) { return Value::node(r.graph.id(n)); }
Value number(double x) { return Value::floating(x); }
Value integer(std::size_t x) { return Value::integer(static_cast<std::int64_t>(x)); }

template <class Scores, class Make>
void emit(Run& r, const Scores& scores, Make make) {
  for (Node n = 0; n < r.graph.node_count(); ++n) {
    const Value row[] = {node(r, n), make(scores[n])};
    r.rows.row(row);
  }
}
void emit_scores(Run& r, const std::vector<double>& scores) {
  for (Node n = 0; n < r.graph.node_count(); ++n) {
    if (std::isnan(scores[n])) continue;  // not in the sample
    const Value row[] = {node(r, n), number(scores[n])};
    r.rows.row(row);
  }
}

std::uint64_t seed(Run& r) {
  return static_cast<std::uint64_t>(r.options.integer("seed", 1, INT64_MIN, INT64_MAX));
}

void run_pagerank(Run& r) {
  PageRankOptions o;
  o.damping = r.options.number("dampingFactor", o.damping);
  o.iterations = static_cast<int>(r.options.integer("iterations", o.iterations, 1, kMax));
  o.tolerance = r.options.number("tolerance", o.tolerance);
  std::vector<Node> personal;
  const Value on = r.options.any("personalizedOn");
  const auto add = [&](const Value& v) {
    if (!v.is(Kind::node) && !v.is(Kind::integer))
      throw Error(ErrorCode::invalid_argument,
                  "option \"personalizedOn\" must be a node or a list of nodes");
    const std::int64_t id = v.is(Kind::node) ? v.as_node() : v.as_integer();
    const Node n = r.graph.find(id);
    if (n == Csr::kNone)
      throw Error(ErrorCode::invalid_argument,
                  "node " + std::to_string(id) + " of \"personalizedOn\" is not in the graph");
    personal.push_back(n);
  };
  if (on.is(Kind::list)) {
    for (const Value& v : on.as_list()) add(v);
  } else if (!on.is_null()) {
    add(on);
  }
  o.personal = personal;
  r.options.check();
  emit_scores(r, pagerank(r.graph, o, pool(), poll()));
}

void run_eigenvector(Run& r) {
  const int iterations = static_cast<int>(r.options.integer("iterations", 100, 1, kMax));
  const double tolerance = r.options.number("tolerance", 1e-7);
  r.options.check();
  emit_scores(r, eigenvector_centrality(r.graph, iterations, tolerance, poll()));
}

void run_degree(Run& r) {
  r.options.check();
  for (Node n = 0; n < r.graph.node_count(); ++n) {
    double sum = 0;
    for (std::size_t k = 0; k < r.graph.degree(n); ++k) sum += r.graph.weight(r.graph.begin(n) + k);
    const Value row[] = {node(r, n), number(sum)};
    r.rows.row(row);
  }
}

void run_closeness(Run& r, bool harmonic) {
  const auto sample = static_cast<std::size_t>(r.options.integer("samplingSize", 0, 0, kMax));
  const auto s = seed(r);
  r.options.check();
  emit_scores(r, closeness(r.graph, harmonic, sample, s, poll()));
}

void run_betweenness(Run& r) {
  const auto sample = static_cast<std::size_t>(r.options.integer("samplingSize", 0, 0, kMax));
  const auto s = seed(r);
  // The graph has already been turned; here it only matters whether pairs are seen twice.
  const bool directed =
      orientation_option(r.options, Orientation::natural) != Orientation::undirected;
  r.options.check();
  emit_scores(r, betweenness(r.graph, directed, sample, s, poll()));
}

void run_groups(Run& r, Groups (*find)(const Csr&, const Poll&)) {
  r.options.check();
  emit(r, find(r.graph, poll()), integer);
}

void run_label_propagation(Run& r) {
  const int iterations = static_cast<int>(r.options.integer("iterations", 10, 1, kMax));
  const auto s = seed(r);
  r.options.check();
  emit(r, label_propagation(r.graph, iterations, s, poll()), integer);
}

void run_communities(Run& r, Groups (*find)(const Csr&, const LouvainOptions&, const Poll&)) {
  LouvainOptions o;
  o.resolution = r.options.number("resolution", o.resolution);
  o.levels = static_cast<int>(r.options.integer("maxLevels", o.levels, 1, kMax));
  o.tolerance = r.options.number("tolerance", o.tolerance);
  o.seed = seed(r);
  r.options.check();
  emit(r, find(r.graph, o, poll()), integer);
}

void run_triangles(Run& r) {
  r.options.check();
  emit(r, triangles(r.graph, poll()), integer);
}
void run_clustering(Run& r) {
  r.options.check();
  emit_scores(r, clustering_coefficients(r.graph, poll()));
}
void run_cores(Run& r) {
  r.options.check();
  emit(r, core_numbers(r.graph, poll()), integer);
}

// The ends of a search: missing ones have no edges, so only a node itself can be reached.
bool lonely(Run& r, bool depth) {
  if (r.ends[0] != Csr::kNone) return false;
  if (depth || (r.ends.size() == 2 && r.end_ids[0] != r.end_ids[1])) {
    if (r.ends.size() == 2) return true;
    const Value row[] = {Value::node(r.end_ids[0]), Value::integer(0), Value()};
    r.rows.row(row);
  }
  return true;
}

void run_visits(Run& r, std::vector<Visit> (*walk)(const Csr&, Node, std::uint32_t, const Poll&)) {
  const auto depth = static_cast<std::uint32_t>(r.options.integer("maxDepth", kMax, 0, kMax));
  r.options.check();
  if (lonely(r, true)) return;
  for (const Visit& v : walk(r.graph, r.ends[0], depth, poll())) {
    const Value row[] = {node(r, v.node), Value::integer(v.depth),
                         v.parent == Csr::kNone ? Value() : node(r, v.parent)};
    r.rows.row(row);
  }
}

void emit_path(Run& r, std::size_t index, const WeightedPath& p) {
  auto* nodes = r.arena.array<Value>(p.nodes.size());
  for (std::size_t i = 0; i < p.nodes.size(); ++i) nodes[i] = node(r, p.nodes[i]);
  const Value row[] = {integer(index), Value::list({nodes, p.nodes.size()}), number(p.cost)};
  r.rows.row(row);
}

bool no_way(const Run& r) { return r.ends[0] == Csr::kNone || r.ends[1] == Csr::kNone; }

void run_dijkstra(Run& r) {
  r.options.check();
  if (no_way(r)) return;
  if (const auto p = shortest_path(r.graph, r.ends[0], r.ends[1], poll())) emit_path(r, 0, *p);
}

void run_single_source(Run& r) {
  r.options.check();
  if (r.ends[0] == Csr::kNone) return;
  const auto d = dijkstra(r.graph, r.ends[0], Csr::kNone, nullptr, poll());
  for (Node n = 0; n < d.size(); ++n) {
    if (std::isinf(d[n])) continue;
    const Value row[] = {node(r, n), number(d[n])};
    r.rows.row(row);
  }
}

// Great-circle distance in metres, or straight distance for x and y.
void run_astar(Run& r) {
  const auto x = r.options.text("longitudeProperty", "");
  const auto y = r.options.text("latitudeProperty", "");
  const bool sphere = !x.empty() || !y.empty();
  const std::string east(sphere ? x : r.options.text("xProperty", "x"));
  const std::string north(sphere ? y : r.options.text("yProperty", "y"));
  const double scale = r.options.number("scale", 1);
  r.options.check();
  if (no_way(r)) return;
  if (!r.property) throw Error(ErrorCode::invalid_argument, "A* needs the coordinates of nodes");
  const Node end = r.ends[1];
  const double ex = r.property(end, east);
  const double ey = r.property(end, north);
  std::vector<double> known(r.graph.node_count(), -1);
  const auto estimate = [&](Node n) {
    if (known[n] >= 0) return known[n];
    const double nx = r.property(n, east);
    const double ny = r.property(n, north);
    double d = 0;
    if (!std::isnan(nx + ny + ex + ey)) {
      if (sphere) {
        constexpr double kRadians = std::numbers::pi / 180;
        const double a = std::pow(std::sin((ny - ey) * kRadians / 2), 2) +
                         std::cos(ny * kRadians) * std::cos(ey * kRadians) *
                             std::pow(std::sin((nx - ex) * kRadians / 2), 2);
        d = 2 * 6'371'009.0 * std::asin(std::fmin(1, std::sqrt(a)));
      } else {
        d = std::hypot(nx - ex, ny - ey);
      }
    }
    return known[n] = d * scale;
  };
  if (const auto p = a_star(r.graph, r.ends[0], end, estimate, poll())) emit_path(r, 0, *p);
}

void run_yens(Run& r) {
  const auto k = static_cast<std::size_t>(r.options.integer("k", 3, 1, 1'000'000));
  r.options.check();
  if (no_way(r)) return;
  std::size_t i = 0;
  for (const auto& p : k_shortest_paths(r.graph, r.ends[0], r.ends[1], k, poll()))
    emit_path(r, i++, p);
}

void run_all_shortest(Run& r) {
  const auto limit = static_cast<std::size_t>(r.options.integer("limit", 1'000'000, 1, kMax));
  r.options.check();
  if (no_way(r)) return;
  std::size_t i = 0;
  for (const auto& p : all_shortest_paths(r.graph, r.ends[0], r.ends[1], limit, poll()))
    emit_path(r, i++, p);
}

void run_spanning_tree(Run& r) {
  r.options.check();
  for (const auto& e : minimum_spanning_forest(r.graph, poll())) {
    const Value row[] = {node(r, e.source), node(r, e.target), number(e.weight)};
    r.rows.row(row);
  }
}

void run_topological(Run& r) {
  r.options.check();
  std::size_t i = 0;
  for (const Node n : topological_order(r.graph, poll())) {
    const Value row[] = {node(r, n), integer(i++)};
    r.rows.row(row);
  }
}

void run_similarity(Run& r) {
  const auto metric = r.options.text("metric", "jaccard");
  const auto top = static_cast<std::size_t>(r.options.integer("topK", 10, 1, kMax));
  const auto degree = static_cast<std::size_t>(r.options.integer("degreeCutoff", 1, 1, kMax));
  const double cutoff = r.options.number("similarityCutoff", 1e-42);
  r.options.check();
  const Similarity kind = metric == "jaccard"   ? Similarity::jaccard
                          : metric == "overlap" ? Similarity::overlap
                          : metric == "cosine"
                              ? Similarity::cosine
                              : throw Error(ErrorCode::invalid_argument,
                                            "unknown metric \"" + std::string(metric) + "\"", {},
                                            "Use jaccard, overlap or cosine.");
  for (const auto& p : node_similarity(r.graph, kind, top, cutoff, degree, poll())) {
    const Value row[] = {node(r, p.a), node(r, p.b), number(p.score)};
    r.rows.row(row);
  }
}

void run_link(Run& r) {
  const LinkScore kind = parse_link_score(r.options.text("metric", "adamicAdar"));
  r.options.check();
  const double score =
      no_way(r) ? 0 : link_score(r.graph.undirected(true), kind, r.ends[0], r.ends[1]);
  const Value row[] = {Value::node(r.end_ids[0]), Value::node(r.end_ids[1]), number(score)};
  r.rows.row(row);
}

void run_walks(Run& r) {
  const auto length = static_cast<std::size_t>(r.options.integer("walkLength", 80, 1, 1'000'000));
  const auto walks = static_cast<std::size_t>(r.options.integer("walksPerNode", 10, 1, 1'000'000));
  const double p = r.options.number("returnFactor", 1);
  const double q = r.options.number("inOutFactor", 1);
  const auto s = seed(r);
  r.options.check();
  for (Node n = 0; n < r.graph.node_count(); ++n)
    for (std::size_t i = 0; i < walks; ++i) {
      const auto walk =
          random_walk(r.graph, n, length, p, q,
                      mix64(s ^ mix64(static_cast<std::uint64_t>(r.graph.id(n)) * 1'000'003 + i)));
      auto* nodes = r.arena.array<Value>(walk.size());
      for (std::size_t k = 0; k < walk.size(); ++k) nodes[k] = node(r, walk[k]);
      const Value row[] = {node(r, n), Value::list({nodes, walk.size()})};
      r.rows.row(row);
      poll()();
    }
}

void run_fast_rp(Run& r) {
  const auto dim = static_cast<std::size_t>(r.options.integer("embeddingDimension", 128, 1, 16000));
  const double normalization = r.options.number("normalizationStrength", 0);
  std::vector<double> weights;
  const Value given = r.options.any("iterationWeights");
  if (given.is(Kind::list)) {
    for (const Value& v : given.as_list()) {
      if (!v.is_number())
        throw Error(ErrorCode::invalid_argument,
                    "option \"iterationWeights\" must be a list of numbers");
      weights.push_back(v.as_double());
    }
  } else {
    weights = {0.0, 1.0, 1.0};
  }
  const auto s = seed(r);
  r.options.check();
  const auto x = fast_rp(r.graph, dim, weights, normalization, s, poll());
  for (Node n = 0; n < r.graph.node_count(); ++n) {
    const Value row[] = {
        node(r, n), Value::vector(r.arena.copy(std::span<const float>(x.data() + n * dim, dim)))};
    r.rows.row(row);
  }
}

Field out(const char* name, FieldType type) { return {name, type, true, false}; }
std::vector<Field> one(const char* name, FieldType type) {
  return {out("node", FieldType::node), out(name, type)};
}
std::vector<Field> path_fields() {
  return {out("index", FieldType::integer), out("nodes", FieldType::list),
          out("cost", FieldType::floating)};
}

std::vector<Algorithm> make_table() {
  using enum Orientation;
  const auto score = one("score", FieldType::floating);
  const auto community = one("community", FieldType::integer);
  const std::vector<Field> visits = {out("node", FieldType::node), out("depth", FieldType::integer),
                                     out("parent", FieldType::node)};
  return {
      {"pagerank", 0, natural, true, score, run_pagerank},
      {"eigenvector", 0, natural, true, score, run_eigenvector},
      {"degree", 0, natural, true, score, run_degree},
      {"closeness", 0, natural, false, score, [](Run& r) { run_closeness(r, false); }},
      {"harmonic", 0, natural, false, score, [](Run& r) { run_closeness(r, true); }},
      {"betweenness", 0, natural, false, score, run_betweenness},
      {"wcc", 0, natural, false, one("component", FieldType::integer),
       [](Run& r) { run_groups(r, weak_components); }},
      {"scc", 0, natural, false, one("component", FieldType::integer),
       [](Run& r) { run_groups(r, strong_components); }},
      {"labelPropagation", 0, natural, true, community, run_label_propagation},
      {"louvain", 0, natural, true, community, [](Run& r) { run_communities(r, louvain); }},
      {"leiden", 0, natural, true, community, [](Run& r) { run_communities(r, leiden); }},
      {"triangleCount", 0, natural, false, one("triangles", FieldType::integer), run_triangles},
      {"clusteringCoefficient", 0, natural, false, one("coefficient", FieldType::floating),
       run_clustering},
      {"kcore", 0, natural, false, one("core", FieldType::integer), run_cores},
      {"bfs", 1, natural, false, visits, [](Run& r) { run_visits(r, breadth_first); }},
      {"dfs", 1, natural, false, visits, [](Run& r) { run_visits(r, depth_first); }},
      {"shortestPaths", 1, natural, true, one("cost", FieldType::floating), run_single_source},
      {"dijkstra", 2, natural, true, path_fields(), run_dijkstra},
      {"astar", 2, natural, true, path_fields(), run_astar},
      {"yens", 2, natural, true, path_fields(), run_yens},
      {"allShortestPaths", 2, natural, true, path_fields(), run_all_shortest},
      {"spanningTree",
       0,
       natural,
       true,
       {out("source", FieldType::node), out("target", FieldType::node),
        out("weight", FieldType::floating)},
       run_spanning_tree},
      {"topologicalSort", 0, natural, false, one("position", FieldType::integer), run_topological},
      {"nodeSimilarity",
       0,
       natural,
       false,
       {out("node1", FieldType::node), out("node2", FieldType::node),
        out("similarity", FieldType::floating)},
       run_similarity},
      {"linkPrediction",
       2,
       natural,
       false,
       {out("node1", FieldType::node), out("node2", FieldType::node),
        out("score", FieldType::floating)},
       run_link},
      {"randomWalk", 0, natural, true, one("walk", FieldType::list), run_walks},
      {"fastRP", 0, natural, true, one("embedding", FieldType::vector), run_fast_rp},
  };
}

std::string plain(std::string_view name) {
  std::string result;
  for (const char c : name)
    if (c != '_') result += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return result;
}

}  // namespace

std::span<const Algorithm> algorithms() {
  static const auto* const table = new std::vector<Algorithm>(make_table());
  return *table;
}

const Algorithm* find_algorithm(std::string_view name) {
  const std::string wanted = plain(name);
  for (const auto& a : algorithms())
    if (plain(a.name) == wanted) return &a;
  return nullptr;
}

}  // namespace rv::graph
