#include "core/graph/operators/accumulator.h"

#include <algorithm>
#include <cmath>

#include "core/graph/charged_vector.h"
#include "core/graph/function.h"
#include "core/graph/hash_index.h"
#include "core/graph/query_error.h"

namespace rv::graph {
namespace {

// There may be an accumulator for each of many groups.
constexpr std::size_t kFirstBlock = 128;

class Count final : public Accumulator {
 public:
  void add(std::span<const Value> args) override {
    if (args.empty() || !args[0].is_null()) ++count_;
  }
  void add_times(std::span<const Value> args, std::int64_t times) override {
    if (args.empty() || !args[0].is_null()) count_ += times;
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

class Collect final : public Accumulator {
 public:
  explicit Collect(Runtime& runtime)
      : arena_(runtime.budget(), kFirstBlock), items_(runtime.budget()) {}
  void add(std::span<const Value> args) override {
    if (!args[0].is_null()) items_.push_back(copy_value(args[0], arena_));
  }
  Value result(Arena&) override { return Value::list(items_.all()); }

 private:
  Arena arena_;
  ChargedVector<Value> items_;
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
  Percentile(Runtime& runtime, bool continuous)
      : continuous_(continuous), values_(runtime.budget()) {}
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
  }
  Value result(Arena&) override {
    if (values_.empty()) return Value::null();
    std::sort(values_.all().begin(), values_.all().end(),
              [](const Value& a, const Value& b) { return order(a, b) < 0; });
    const auto n = static_cast<double>(values_.size());
    if (!continuous_) {
      const double rank = std::ceil(percentile_ * n);
      return values_[rank < 1 ? 0 : static_cast<std::size_t>(rank) - 1];
    }
    const double place = percentile_ * (n - 1);
    const auto low = static_cast<std::size_t>(std::floor(place));
    const auto high = static_cast<std::size_t>(std::ceil(place));
    const double a = values_[low].as_double();
    const double b = values_[high].as_double();
    return Value::floating(low == high ? a : a + (place - std::floor(place)) * (b - a));
  }

 private:
  bool continuous_;
  double percentile_ = 0;
  ChargedVector<Value> values_;
};

// Passes each first argument on once.
class Distinct final : public Accumulator {
 public:
  Distinct(Runtime& runtime, std::unique_ptr<Accumulator> inner)
      : arena_(runtime.budget(), kFirstBlock),
        index_(runtime.budget()),
        seen_(runtime.budget()),
        inner_(std::move(inner)) {}
  void add(std::span<const Value> args) override {
    if (args[0].is_null()) return inner_->add(args);
    const auto [number, fresh] = index_.find_or_add(
        hash(args[0]), [&](std::uint32_t known) { return equivalent(*seen_[known], args[0]); });
    if (!fresh) return;
    seen_.push_back(arena_.make<Value>(copy_value(args[0], arena_)));
    inner_->add(args);
  }
  Value result(Arena& arena) override { return inner_->result(arena); }

 private:
  Arena arena_;
  HashIndex index_;  // of seen_
  ChargedVector<const Value*> seen_;
  std::unique_ptr<Accumulator> inner_;
};

std::unique_ptr<Accumulator> plain(const Expr& call, Runtime& runtime) {
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
      return std::make_unique<Collect>(runtime);
    case Aggregate::stdev:
      return std::make_unique<Deviation>(false, call.function->name);
    case Aggregate::stdevp:
      return std::make_unique<Deviation>(true, call.function->name);
    case Aggregate::percentile_cont:
      return std::make_unique<Percentile>(runtime, true);
    case Aggregate::percentile_disc:
      return std::make_unique<Percentile>(runtime, false);
    case Aggregate::none:
      break;
  }
  throw Error(ErrorCode::internal, "function is no aggregate");
}

}  // namespace

std::unique_ptr<Accumulator> make_accumulator(const Expr& call, Runtime& runtime) {
  auto inner = plain(call, runtime);
  if (!call.distinct) return inner;
  return std::make_unique<Distinct>(runtime, std::move(inner));
}

}  // namespace rv::graph
