#include "pg/graph/row_values.h"

#include <algorithm>

#include "pg/graph/by_table.h"

namespace rv::pg {
namespace {

constexpr std::size_t kLongestText =
    200;  // longer ones take more room than a visit of the row saves
constexpr std::size_t kSharedTexts = 1024;  // of a property

auto& all_values() { return ByTable<std::shared_ptr<RowValues>>::session(); }

bool is_small(const graph::Value& v) {
  switch (v.kind()) {
    case graph::Kind::null:
    case graph::Kind::boolean:
    case graph::Kind::integer:
    case graph::Kind::floating:
    case graph::Kind::date:
    case graph::Kind::local_time:
    case graph::Kind::time:
    case graph::Kind::local_datetime:
      return true;
    case graph::Kind::string:
      return v.as_string().size() <= kLongestText;
    default:
      return false;
  }
}

}  // namespace

bool RowValues::note(Column& column, std::int64_t id, BlockNumber block,
                     const graph::Value& value) {
  const auto n = static_cast<std::uint64_t>(id) / kChunk;
  if (id < 0 || n >= kMostChunks || !is_small(value)) return true;
  if (n >= column.chunks_.size() || column.chunks_[n] == nullptr) {
    const std::size_t pointers =
        n >= column.chunks_.size() ? (n + 1 - column.chunks_.size()) * sizeof(void*) : 0;
    if (all_values().bytes() + pointers + sizeof(Chunk) > kRowValuesBytes) return false;
    if (pointers > 0) column.chunks_.resize(n + 1);
    column.chunks_[n] = std::make_unique<Chunk>();
    bytes_ += pointers + sizeof(Chunk);
  }
  Entry& entry = (*column.chunks_[n])[static_cast<std::size_t>(id % kChunk)];
  if (value.is(graph::Kind::string) && !value.as_string().empty()) {
    const std::string_view text = value.as_string();
    const auto known = column.texts_.find(text);
    if (known != column.texts_.end()) {
      entry.value = graph::Value::string(*known);
    } else {
      if (all_values().bytes() > kRowValuesBytes) return false;
      const std::string_view copy = texts_.copy(text);
      if (column.texts_.size() < kSharedTexts) column.texts_.insert(copy);
      entry.value = graph::Value::string(copy);
    }
  } else {
    entry.value = value;
  }
  entry.block = block;
  return true;
}

bool RowValues::is_second_visit(Column& column, BlockNumber block) {
  if (block >= blocks_) return false;
  if (column.visits_.empty()) {
    if (all_values().bytes() + blocks_ > kRowValuesBytes) return false;
    column.visits_.resize(blocks_);
    bytes_ += blocks_;
  }
  Column::Visits& visits = column.visits_[block];
  if (visits == Column::kOften) return false;
  visits = visits == Column::kNever ? Column::kOnce : Column::kOften;
  return visits == Column::kOften;
}

std::shared_ptr<RowValues> row_values(Oid table) {
  const auto* values = all_values().find(table);
  return values == nullptr ? nullptr : *values;
}

std::shared_ptr<RowValues> new_row_values(Oid table, BlockNumber blocks, std::uint64_t map) {
  return all_values()[table] = std::make_shared<RowValues>(blocks, map);
}

void forget_row_values(Oid table) noexcept { all_values().forget(table); }

}  // namespace rv::pg
