#include "core/graph/operators/accumulator.h"

#include <algorithm>
#include <cmath>

#include "core/graph/charged_vector.h"
#include "core/graph/function.h"
#include "core/graph/hash_index.h"
#include "core/graph/operators/group_values.h"
#include "core/graph/query_error.h"

namespace rv::graph {
namespace {

// There may be an accumulator for each of many groups.
constexpr std::size_t kFirstBlock = 128;

class Count final : public Accumulator {
 public:
  void add(std::span<const Value> args) override {
    if (counts(args)) ++count_;
  }
  Value result(Arena&) override { return Value::integer(count_); }

 private:
  std::int64_t count_ = 0;
};

class Sum final : public Accumulator {
 public:
  explicit Sum(Runtime& runtime) : arena_(runtime.budget(), kFirstBlock) {}
  void add(std::span<const Value> args) override {
    const Value& v = args[0];
    if (v.is_null()) return;
    if (!v.is_number() && !v.is(Kind::duration))
      raise_type("sum() expects numbers or durations, found " + std::string(kind_name(v.kind())));
    if (v.is(Kind::duration) != total_.is(Kind::duration) && some_)
      raise_type("sum() cannot add numbers and durations");
    total_ = some_ ? rv::graph::add(total_, v, arena_) : copy_value(v, arena_);
    some_ = true;
  }
  Value result(Arena&) override { return total_; }

 private:
  Arena arena_;
  Value total_ = Value::integer(0);
  bool some_ = false;
};

class Avg final : public Accumulator {
 public:
  explicit Avg(Runtime& runtime) : arena_(runtime.budget(), kFirstBlock) {}
  void add(std::span<const Value> args) override {
    const Value& v = args[0];
    if (v.is_null()) return;
    ++count_;
    if (v.is(Kind::duration)) {
      total_ = count_ == 1 ? copy_value(v, arena_) : rv::graph::add(total_, v, arena_);
      return;
    }
    if (!v.is_number())
      raise_type("avg() expects numbers or durations, found " + std::string(kind_name(v.kind())));
    // Kahan's compensation: many small values beside large ones.
    const double y = v.as_double() - compensation_;
    const double t = sum_ + y;
    compensation_ = (t - sum_) - y;
    sum_ = t;
  }
  Value result(Arena& arena) override {
    if (count_ == 0) return Value::null();
    if (total_.is(Kind::duration)) return arithmetic('/', total_, Value::integer(count_), arena);
    return Value::floating(sum_ / static_cast<double>(count_));
  }

 private:
  Arena arena_;
  std::int64_t count_ = 0;
  double sum_ = 0, compensation_ = 0;
  Value total_;
};

class Extreme final : public Accumulator {
 public:
  Extreme(Runtime& runtime, bool largest)
      : arena_(runtime.budget(), kFirstBlock), largest_(largest) {}
  void add(std::span<const Value> args) override {
    const Value& v = args[0];
    if (v.is_null()) return;
    if (!best_.is_null()) {
      const int c = order(v, best_);
      if (largest_ ? c <= 0 : c >= 0) return;
    }
    arena_.reset();  // of the value before, which the new one is no part of
    best_ = copy_value(v, arena_);
  }
  Value result(Arena&) override { return best_; }

 private:
  Arena arena_;
  bool largest_;
  Value best_;
};

// How many bytes one of many accumulators keeps, and all of them together.
class Kept {
 public:
  explicit Kept(std::size_t& all) noexcept : all_(all) {}
  void now(std::size_t bytes) noexcept {
    all_ += bytes - own_;
    own_ = bytes;
  }

 private:
  std::size_t& all_;
  std::size_t own_ = 0;
};

class Collect final : public Accumulator {
 public:
  Collect(Runtime& runtime, std::size_t& kept)
      : budget_(*runtime.budget()),
        arena_(runtime.budget(), kFirstBlock),
        items_(runtime.budget()),
        kept_(kept) {}
  void add(std::span<const Value> args) override {
    if (args[0].is_null()) return;
    take_back(args[0]);
    kept_.now(arena_.bytes() + items_.bytes());
  }
  Value result(Arena&) override { return Value::list(items_.all()); }

  void spill(GroupValues& to, std::size_t group) override {
    for (const Value& v : items_.all()) to.append(group, v);
    written_ += arena_.bytes() + items_.size() * sizeof(Value);
    items_.clear();
    arena_.clear();
    kept_.now(0);
    // The list will be in memory at last.
    if (written_ > budget_.limit()) budget_.charge(written_);
  }
  void take_back(const Value& v) override { items_.push_back(copy_value(v, arena_)); }

 private:
  MemoryBudget& budget_;
  Arena arena_;
  ChargedVector<Value> items_;
  Kept kept_;
  std::size_t written_ = 0;
};

// Welford's method.
class Deviation final : public Accumulator {
 public:
  Deviation(bool population, std::string_view name) : population_(population), name_(name) {}
  void add(std::span<const Value> args) override {
    if (args[0].is_null()) return;
    if (!args[0].is_number())
      raise_type(std::string(name_) + "() expects numbers, found " +
                 std::string(kind_name(args[0].kind())));
    const double x = args[0].as_double();
    ++count_;
    const double delta = x - mean_;
    mean_ += delta / static_cast<double>(count_);
    squares_ += delta * (x - mean_);
  }
  Value result(Arena&) override {
    const std::int64_t n = population_ ? count_ : count_ - 1;
    return Value::floating(n < 1 ? 0.0 : std::sqrt(squares_ / static_cast<double>(n)));
  }

 private:
  bool population_;
  std::string_view name_;
  std::int64_t count_ = 0;
  double mean_ = 0, squares_ = 0;
};

class Percentile final : public Accumulator {
 public:
  Percentile(Runtime& runtime, bool continuous, std::size_t& kept)
      : continuous_(continuous), values_(runtime.budget()), kept_(kept) {}
  void add(std::span<const Value> args) override {
    if (args[1].is_null()) raise_argument("a percentile must not be null");
    if (!args[1].is_number())
      raise_type("a percentile must be a number, not " + std::string(kind_name(args[1].kind())));
    percentile_ = args[1].as_double();
    if (!(percentile_ >= 0 && percentile_ <= 1))
      raise_argument("a percentile must lie between 0.0 and 1.0, it is " + to_text(args[1]),
                     "ArgumentError: NumberOutOfRange");
    if (args[0].is_null()) return;
    if (!args[0].is_number())
      raise_type("a percentile is of numbers, not of " + std::string(kind_name(args[0].kind())));
    values_.push_back(args[0]);
    ++count_;
    kept_.now(values_.bytes());
  }
  Value result(Arena&) override {
    if (count_ == 0) return Value::null();
    sort();
    for (const Value& v : values_.all()) take_back(v);
    if (!continuous_) return at_low_;
    const double a = at_low_.as_double();
    const double b = at_high_.as_double();
    const double beyond = place() - std::floor(place());
    return Value::floating(beyond == 0 ? a : a + beyond * (b - a));
  }

  void spill(GroupValues& to, std::size_t group) override {
    sort();
    for (const Value& v : values_.all()) to.append(group, v);
    values_.clear();
    kept_.now(0);
  }
  // In their order.
  void take_back(const Value& v) override {
    const auto at = static_cast<double>(taken_++);
    if (at == std::floor(place())) at_low_ = v;
    if (at == std::ceil(place())) at_high_ = v;
  }

 private:
  void sort() {
    std::sort(values_.all().begin(), values_.all().end(),
              [](const Value& a, const Value& b) { return order(a, b) < 0; });
  }
  // The place of the percentile among the sorted values, which may be between two of them.
  double place() const {
    const auto n = static_cast<double>(count_);
    return continuous_ ? percentile_ * (n - 1) : std::max(std::ceil(percentile_ * n) - 1, 0.0);
  }

  bool continuous_;
  double percentile_ = 0;
  ChargedVector<Value> values_;
  Kept kept_;
  std::uint64_t count_ = 0, taken_ = 0;
  Value at_low_, at_high_;
};

std::unique_ptr<Accumulator> plain(const Expr& call, Runtime& runtime, std::size_t& kept);

// Passes each first argument on once. Once values were spilled, all of them come back by and by,
// equal ones side by side, and only then they are passed on.
class Distinct final : public Accumulator {
 public:
  Distinct(const Expr& call, Runtime& runtime, std::size_t& kept)
      : call_(call),
        runtime_(runtime),
        arena_(runtime.budget(), kFirstBlock),
        index_(runtime.budget()),
        seen_(runtime.budget()),
        kept_(kept),
        inner_(plain(call, runtime, inner_kept_)) {}
  void add(std::span<const Value> args) override {
    if (args.size() > 1) second_ = args[1];
    if (args[0].is_null()) return inner_->add(args);
    const auto [number, fresh] = index_.find_or_add(
        hash(args[0]), [&](std::uint32_t known) { return equivalent(*seen_[known], args[0]); });
    if (!fresh) return;
    seen_.push_back(arena_.make<Value>(copy_value(args[0], arena_)));
    kept_.now(arena_.bytes() + index_.bytes() + seen_.bytes());
    if (!spilled_) inner_->add(args);
  }
  Value result(Arena& arena) override { return inner_->result(arena); }

  void spill(GroupValues& to, std::size_t group) override {
    if (!spilled_) inner_ = plain(call_, runtime_, inner_kept_);
    spilled_ = true;
    auto& seen = seen_.all();
    std::sort(seen.begin(), seen.end(),
              [](const Value* a, const Value* b) { return order(*a, *b) < 0; });
    for (const Value* v : seen) to.append(group, *v);
    seen_.clear();
    index_.clear();
    arena_.clear();
    kept_.now(0);
  }
  void take_back(const Value& v) override {
    if (some_ && equivalent(last_, v)) return;
    some_ = true;
    arena_.reset();
    last_ = copy_value(v, arena_);
    const Value args[] = {last_, second_};
    inner_->add({args, call_.args.size()});
  }

 private:
  const Expr& call_;
  Runtime& runtime_;
  Arena arena_;
  HashIndex index_;  // of seen_
  ChargedVector<const Value*> seen_;
  Kept kept_;
  std::size_t inner_kept_ = 0;  // of what is distinct nothing more is spilled
  std::unique_ptr<Accumulator> inner_;
  Value second_;
  bool spilled_ = false;
  bool some_ = false;  // last_ came back
  Value last_;
};

std::unique_ptr<Accumulator> plain(const Expr& call, Runtime& runtime, std::size_t& kept) {
  if (call.kind == ExprKind::count_star) return std::make_unique<Count>();
  switch (call.function->aggregate) {
    case Aggregate::count:
      return std::make_unique<Count>();
    case Aggregate::sum:
      return std::make_unique<Sum>(runtime);
    case Aggregate::avg:
      return std::make_unique<Avg>(runtime);
    case Aggregate::min:
      return std::make_unique<Extreme>(runtime, false);
    case Aggregate::max:
      return std::make_unique<Extreme>(runtime, true);
    case Aggregate::collect:
      return std::make_unique<Collect>(runtime, kept);
    case Aggregate::stdev:
      return std::make_unique<Deviation>(false, call.function->name);
    case Aggregate::stdevp:
      return std::make_unique<Deviation>(true, call.function->name);
    case Aggregate::percentile_cont:
      return std::make_unique<Percentile>(runtime, true, kept);
    case Aggregate::percentile_disc:
      return std::make_unique<Percentile>(runtime, false, kept);
    case Aggregate::none:
      break;
  }
  throw Error(ErrorCode::internal, "function is no aggregate");
}

}  // namespace

Spills spills(const Expr& call) {
  if (call.kind == ExprKind::count_star) return Spills::no;
  if (call.distinct) return Spills::sorted;
  switch (call.function->aggregate) {
    case Aggregate::collect:
      return Spills::as_they_came;
    case Aggregate::percentile_cont:
    case Aggregate::percentile_disc:
      return Spills::sorted;
    default:
      return Spills::no;
  }
}

bool only_counts(const Expr& call) {
  if (call.kind == ExprKind::count_star) return true;
  return call.function->aggregate == Aggregate::count && !call.distinct;
}

std::unique_ptr<Accumulator> make_accumulator(const Expr& call, Runtime& runtime,
                                              std::size_t& kept) {
  if (!call.distinct) return plain(call, runtime, kept);
  return std::make_unique<Distinct>(call, runtime, kept);
}

}  // namespace rv::graph
