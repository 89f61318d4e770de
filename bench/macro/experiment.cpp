// Data in, index built; the measuring phases are in phases.cpp.
#include "experiment.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <stdexcept>

#include "core/simd/distance.h"
#include "process.h"

namespace rv::bench {
namespace {

void replace_all(std::string& s, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = s.find(from, at)) != std::string::npos; at += to.size())
    s.replace(at, from.size(), to);
}

std::string settings(const std::string& list) {
  std::string sql = "SET client_min_messages = warning";
  for (const auto& setting : split(list, ';')) sql += "; SET " + setting;
  return sql;
}

// What a halfvec column stores, so that the true neighbours are those of the stored values.
void round_to_half(Matrix& m) {
  std::vector<std::uint16_t> halves(m.values.size());
  simd::kernels().float_to_half(m.values.data(), halves.data(), halves.size());
  simd::kernels().half_to_float(halves.data(), m.values.data(), halves.size());
}

}  // namespace

Experiment::Experiment(const Options& options)
    : o_(options),
      client_(options.text("connect")),
      table_(quote_identifier(options.text("schema")) + ".t"),
      column_type_(options.text("type")),
      type_(column_type_ == "halfvec" ? VectorType::halfvec : VectorType::vector),
      metric_(metric_of(options.text("metric"))),
      k_(options.number("k")) {
  if (column_type_ != "vector" && column_type_ != "halfvec")
    throw std::runtime_error("--type is vector or halfvec");
  preset_ = settings(o_.text("set"));
  if (o_.given("select")) {
    sql_ = o_.text("select");
    replace_all(sql_, "{table}", table_);
    replace_all(sql_, "{k}", std::to_string(k_));
  } else {
    sql_ = "SELECT id FROM " + table_;
    if (o_.given("where")) sql_ += " WHERE " + o_.text("where");
    sql_ += std::string(" ORDER BY v ") + operator_of(metric_) + " $1::" + column_type_ +
            " LIMIT " + std::to_string(k_);
  }
}

Experiment::~Experiment() {
  try {
    if (schema_made_ && !o_.given("keep"))
      client_.run("DROP SCHEMA " + quote_identifier(o_.text("schema")) + " CASCADE");
  } catch (const std::exception& e) {
    std::fprintf(stderr, "ruvector_bench: %s\n", e.what());
  }
}

void Experiment::read_data() {
  const std::size_t queries = o_.number("queries");
  if (o_.given("base")) {
    base_ = read_vectors(o_.text("base"), o_.number("rows"));
    queries_ = read_vectors(o_.text("query"), queries);
  } else {
    const std::size_t rows = o_.number("rows") > 0 ? o_.number("rows") : 10000;
    const std::size_t centres = std::max<std::size_t>(1, rows / 100);
    base_ = make_clusters(rows, o_.number("dim"), 1, centres);
    queries_ = make_clusters(queries, o_.number("dim"), 2, centres);
  }
  if (base_.dim != queries_.dim)
    throw std::runtime_error("rows have " + std::to_string(base_.dim) +
                             " dimensions, queries have " + std::to_string(queries_.dim));
  if (type_ == VectorType::halfvec) {
    round_to_half(base_);
    round_to_half(queries_);
  }
  if (o_.given("attributes")) {
    attributes_ = read_csv(o_.text("attributes"), base_.rows());
    std::erase_if(attributes_, [](const Column& c) { return c.name == "id"; });
    for (const auto& c : attributes_)
      if (c.values.size() != base_.rows())
        throw std::runtime_error(o_.text("attributes") + " has " + std::to_string(c.values.size()) +
                                 " rows, the data has " + std::to_string(base_.rows()));
  }
  if (o_.given("where-attribute")) {
    for (auto& c : read_csv(o_.text("query-attributes"), queries_.rows()))
      if (c.name == o_.text("where-attribute")) query_attribute_ = std::move(c.values);
    if (query_attribute_.size() != queries_.rows())
      throw std::runtime_error("no column " + o_.text("where-attribute") + " for every query in " +
                               o_.text("query-attributes"));
  }
}

void Experiment::load(Json& out) {
  client_.run("SET client_min_messages = warning");
  client_.run("CREATE EXTENSION IF NOT EXISTS " + quote_identifier(o_.text("extension")));
  // Fails when somebody has one: nothing of theirs is dropped.
  client_.run("CREATE SCHEMA " + quote_identifier(o_.text("schema")));
  schema_made_ = true;
  std::string columns =
      "id bigint PRIMARY KEY, v " + column_type_ + "(" + std::to_string(base_.dim) + ")";
  for (const auto& c : attributes_) columns += ", " + quote_identifier(c.name) + " " + c.sql_type();
  client_.run("CREATE TABLE " + table_ + " (" + columns + ") WITH (autovacuum_enabled = off)");
  out.field("load_s", seconds_of([&] { client_.load(table_, type_, base_, attributes_); }));
  client_.run("VACUUM ANALYZE " + table_);
  out.field("table_bytes", std::stod(client_.value("SELECT pg_table_size('" + table_ + "')")));
}

void Experiment::build(Json& out) {
  std::string also = o_.text("also");
  replace_all(also, "{table}", table_);
  for (const auto& statement : split(also, ';')) client_.run(statement);
  if (!o_.given("index")) return;
  client_.run(settings(o_.text("build-set")));
  BackendWatch watch(client_.backend_pid());
  const double seconds = seconds_of(
      [&] { client_.run("CREATE INDEX bench_index ON " + table_ + " USING " + o_.text("index")); });
  out.field("index", o_.text("index"))
      .field("build_set", o_.text("build-set"))
      .field("build_s", seconds)
      .field("build_cpu_s", watch.stop())
      .field("build_workers", watch.workers())
      .field("index_bytes",
             std::stod(client_.value("SELECT pg_relation_size('" +
                                     quote_identifier(o_.text("schema")) + ".bench_index')")));
  client_.run("VACUUM ANALYZE " + table_);
}

// Rows of the table that satisfy the filter of the query and `condition`.
Candidates Experiment::candidates(const std::string& condition) {
  std::string sql = "SELECT id FROM " + table_ + " WHERE " + condition;
  if (o_.given("where")) sql += " AND (" + o_.text("where") + ")";
  // $1 is not needed but must have a type; the filter's attribute is $2.
  client_.prepare("candidates", sql + " AND $1::" + column_type_ + " IS NOT NULL ORDER BY id");
  auto known = std::make_shared<std::map<std::string, std::vector<std::size_t>>>();
  return [this, known](std::size_t q) {
    const std::string key = query_attribute_.empty() ? "" : query_attribute_[q];
    auto found = known->find(key);
    if (found == known->end())
      found = known->emplace(key, client_.execute("candidates", parameters(q)).ids).first;
    return found->second;
  };
}

void Experiment::find_truth() {
  if (o_.given("truth")) {
    truth_ = given_truth(read_ids(o_.text("truth"), queries_.rows()), base_, queries_, k_, metric_);
  } else {
    truth_ = search_truth(base_, queries_, k_, metric_,
                          o_.given("where") ? candidates("true") : Candidates());
  }
}

Json Experiment::run() {
  read_data();
  Json out;
  load(out);
  find_truth();
  build(out);
  client_.run(preset_);
  out.field("name", o_.text("name"))
      .field("extension", o_.text("extension"))
      .field("version", client_.value("SELECT extversion FROM pg_extension WHERE extname = '" +
                                      o_.text("extension") + "'"))
      .field("server", client_.value("SHOW server_version"))
      .field("cpu", cpu_model())
      .field("cores", std::thread::hardware_concurrency())
      .field("type", column_type_)
      .field("metric", o_.text("metric"))
      .field("base", o_.text("base"))
      .field("rows", static_cast<double>(base_.rows()))
      .field("dim", static_cast<double>(base_.dim))
      .field("queries", static_cast<double>(queries_.rows()))
      .field("k", static_cast<double>(k_))
      .field("set", o_.text("set"))
      .field("where", o_.text("where"))
      .field("select", o_.text("select"));
  for (const char* name : {"shared_buffers", "maintenance_work_mem", "fsync", "jit"})
    out.field(name, client_.value(std::string("SHOW ") + name));
  out.raw("results", sweep());
  if (o_.number("inserts") > 0) inserts(out);
  if (o_.number("delete") > 0) deletes(out);
  return out;
}

}  // namespace rv::bench
