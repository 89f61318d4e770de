// Evaluates expressions over the rows of a batch.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/graph/batch.h"
#include "core/graph/compare.h"
#include "core/graph/plan.h"
#include "core/graph/runtime.h"
#include "core/graph/value_list.h"

namespace rv::graph {

// Belongs to one operator. Results live in `arena` or where the row's values live.
class Evaluator {
 public:
  Evaluator(Runtime& runtime, Arena& arena, const std::vector<Fetch>& fetches);

  // The rows that follow come from this batch. Forgets what was read ahead.
  void start(const Batch& batch);
  // The next batch is of another execution.
  void rest() noexcept;
  Value operator()(const Expr& e, std::uint32_t row) {
    row_ = row;
    return eval(e);
  }
  // A predicate: true, false or unknown; other values are a type error.
  Truth test(const Expr& e, std::uint32_t row) {
    row_ = row;
    return truth_of(e);
  }
  Value property(const Value& base, int name_index);
  Runtime& runtime() noexcept { return runtime_; }
  Arena& arena() noexcept { return arena_; }

 private:
  // Of a node or relationship; `what` names it where it was deleted.
  Value entity_property(const Value& entity, NameId key, const char* what);
  Value eval(const Expr& e);
  Truth truth_of(const Expr& e);
  Value logical(const Expr& e);
  Value compare_chain(const Expr& e);
  Value arithmetic(const Expr& e);
  Value in_list(const Expr& e);
  struct AskedList;
  AskedList* asked_list(const Expr& e);
  Value string_predicate(const Expr& e);
  Value property_of(const Expr& e);
  Value index_of(const Expr& e);
  Value slice_of(const Expr& e);
  Value make_map(const Expr& e);
  Value map_projection(const Expr& e);
  Value has_labels(const Expr& e);
  Value call(const Expr& e);
  Value case_of(const Expr& e);
  Value list_comprehension(const Expr& e);
  Value quantifier(const Expr& e);
  Value reduce(const Expr& e);
  Value subquery(const Expr& e);

  struct Column {
    bool read = false;
    const Value* values = nullptr;  // of each row
    const bool* found = nullptr;
    std::vector<std::span<const NameId>> labels;
    // Room for this column and those that are read with it.
    std::vector<Value> room;
    std::unique_ptr<bool[]> flags;
    std::uint32_t flag_room = 0;
  };
  Column& column(int fetch);
  // An expression that the planner shared between two operators is read ahead by one of them only.
  bool reads_ahead(const Expr& e, int key) const {
    const auto i = static_cast<std::size_t>(e.fetch);
    return e.fetch >= 0 && i < fetches_.size() && fetches_[i].slot == e.args[0]->slot &&
           fetches_[i].key_index == key;
  }
  void read_column(int fetch, Column& c);
  void read_labels(const Fetch& f, Column& c);
  void read_properties(const Fetch& f, Column& c);
  template <class Read>
  void read_some(std::span<const std::int64_t> ids, std::span<const std::uint32_t> rows,
                 std::size_t keys, Column& c, Read read);

  // The right side of an IN whose list stays the same from row to row.
  struct AskedList {
    AskedList(const Expr& e, MemoryBudget* budget) : expr(&e), arena(budget, 256) {}
    const Expr* expr;
    Arena arena;  // of a list that is written out
    Value list;
    std::span<const Value> last;  // the items that were looked through
    std::uint32_t asked = 0;      // how often these
    bool no_room = false;
    std::unique_ptr<ValueSet> set;
  };

  Runtime& runtime_;
  Arena& arena_;
  const std::vector<Fetch>& fetches_;
  std::vector<Column> columns_;
  std::vector<std::unique_ptr<AskedList>> asked_lists_;
  // Of the column that is being read.
  std::vector<std::int64_t> nodes_, relationships_;
  std::vector<std::uint32_t> node_rows_, relationship_rows_;
  std::vector<NameId> keys_;
  const Batch* batch_ = nullptr;
  std::uint32_t row_ = 0;
};

// --- pieces that functions share ---
Value add(const Value& a, const Value& b, Arena& arena);
Value arithmetic(char op, const Value& a, const Value& b, Arena& arena);
Value make_list(Arena& arena, std::span<const Value> items);
// Sorts the entries; of equal keys the last one stays.
Value make_map(Arena& arena, std::vector<MapEntry> entries);
const Value* find_entry(const Value& map, std::string_view key);
Value make_string(Arena& arena, std::string_view text);
// The text of a scalar as toString() gives it; raises for others.
std::string to_text(const Value& v);
std::string float_text(double d);
// All properties of a node or relationship as a map; null for null.
Value properties_of(const Value& entity, Runtime& runtime, Arena& arena);
std::span<const NameId> labels_of(NodeId node, Runtime& runtime, Arena& arena);
[[noreturn]] void raise_deleted(const char* what);
bool matches(const LabelExpr& e, std::span<const NameId> names, Runtime& runtime);
bool matches_type(const LabelExpr& e, std::string_view type);
// A value with everything it points to in another arena.
Value copy_value(const Value& v, Arena& arena);
Value* copy_values(std::span<const Value> values, Arena& arena);

}  // namespace rv::graph
