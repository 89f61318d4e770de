// One run: the data set, the server, and the phases that measure it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "client.h"
#include "data.h"
#include "options.h"
#include "report.h"
#include "truth.h"

namespace rv::bench {

class Experiment {
 public:
  explicit Experiment(const Options& options);
  ~Experiment();
  Experiment(const Experiment&) = delete;
  Experiment& operator=(const Experiment&) = delete;

  Json run();
  // Plans that did not use the index although there is one (--allow-scan: none counts).
  const std::vector<std::string>& scans() const { return scans_; }

 private:
  void read_data();
  void load(Json& out);
  void build(Json& out);
  void find_truth();
  std::string sweep();  // a JSON array, one result per value
  std::string measure(const std::string& setting);
  void inserts(Json& out);
  std::string insert_rows(bool one_transaction, std::int64_t first_id);
  void deletes(Json& out);

  Client::Parameters parameters(std::size_t query) const;
  std::string explain(std::size_t query);
  double queries_per_second(int clients, const std::string& setting) const;
  std::string explain_arguments(std::size_t query) const;
  Candidates candidates(const std::string& condition);
  double wal_position();

  const Options& o_;
  Client client_;
  std::string table_, column_type_, sql_, preset_;
  VectorType type_;
  Metric metric_;
  std::size_t k_;
  Matrix base_, queries_;
  std::vector<Column> attributes_;
  std::vector<std::string> query_attribute_;  // one per query, or none
  Truth truth_;
  std::vector<std::string> scans_;
  bool schema_made_ = false;
};

}  // namespace rv::bench
