// Rows of attached tables, as SQL gives them.
#pragma once

#include <functional>
#include <unordered_map>
#include <vector>

#include "pg/graph/attachment.h"

namespace rv::pg {

// A row while it is visited.
class AttachedRow {
 public:
  AttachedRow(const Datum* values, const bool* nulls, const Oid* types)
      : values_(values), nulls_(nulls), types_(types) {}
  std::int64_t integer(std::size_t column) const {
    return static_cast<std::int64_t>(values_[column]);
  }
  // A key of the table; 22003 when it does not fit into an id.
  std::int64_t key(std::size_t column, const Attachment& table) const;
  graph::Value value(std::size_t column, graph::Arena& arena) const;

 private:
  const Datum* values_;
  const bool* nulls_;
  const Oid* types_;
};

// Runs the query with $1 = keys (bigint[]) as the caller and visits its rows.
void each_attached_row(const std::string& sql, std::span<const std::int64_t> keys,
                       const std::function<void(AttachedRow)>& visit);

// Where each key was asked for; a key may be asked for more than once.
class KeyPlaces {
 public:
  KeyPlaces(std::span<const std::int64_t> keys, const std::vector<std::uint32_t>& places) {
    for (std::size_t i = 0; i < keys.size(); ++i) places_[keys[i]].push_back(places[i]);
  }
  const std::vector<std::uint32_t>& of(std::int64_t key) const {
    static const std::vector<std::uint32_t> none;
    const auto at = places_.find(key);
    return at == places_.end() ? none : at->second;
  }

 private:
  std::unordered_map<std::int64_t, std::vector<std::uint32_t>> places_;
};

}  // namespace rv::pg
