// Models in the extension's tables: what they are made of, their versions, their weights.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/gnn/model.h"
#include "pg/base/spi.h"

namespace rv::pg {

struct StoredModel {
  std::string name;
  int version = 0;
  std::vector<gnn::LayerSpec> layers;
  std::uint64_t seed = 0;
  std::vector<std::string> classes;  // of a classifier, by output column
  std::unique_ptr<gnn::Model<float>> model;
};

// Layers from their jsonb form, each one's input the width of the one before.
std::vector<gnn::LayerSpec> parse_layers(SqlSession& session, Datum jsonb, std::size_t in_dim);

// 42704 when there is no such model or it is not visible to the caller. version < 0: the current.
StoredModel load_model(SqlSession& session, const std::string& name, int version, bool weights,
                       bool read_only);

// The weights as `version` of the model.
void save_weights(SqlSession& session, const std::string& name, int version,
                  const gnn::Model<float>& model);

// 55000 when the caller may not change the model; locks it until the end of
// the transaction and returns the number of its next version.
int lock_for_change(SqlSession& session, const std::string& name);

}  // namespace rv::pg
