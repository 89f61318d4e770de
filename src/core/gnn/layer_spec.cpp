#include <cmath>
#include <cstdlib>

#include "core/gnn/layer.h"

namespace rv::gnn {
namespace {

constexpr std::size_t kMaxUnits = 16000;  // a row must fit into a vector

template <class Enum>
struct Named {
  const char* name;
  Enum value;
};
constexpr Named<LayerType> kTypes[] = {
    {"gcn", LayerType::gcn}, {"sage", LayerType::sage},   {"graphsage", LayerType::sage},
    {"gat", LayerType::gat}, {"gatv2", LayerType::gatv2}, {"gin", LayerType::gin},
    {"sgc", LayerType::sgc}, {"appnp", LayerType::appnp}, {"linear", LayerType::linear}};
constexpr Named<Aggregator> kAggregators[] = {{"mean", Aggregator::mean},
                                              {"sum", Aggregator::sum},
                                              {"max", Aggregator::max},
                                              {"min", Aggregator::min},
                                              {"std", Aggregator::std},
                                              {"pool", Aggregator::pool},
                                              {"gcn", Aggregator::gcn},
                                              {"lstm", Aggregator::lstm},
                                              {"attention", Aggregator::attention},
                                              {"set2set", Aggregator::set2set}};
constexpr Named<Activation> kActivations[] = {
    {"none", Activation::none}, {"relu", Activation::relu},
    {"elu", Activation::elu},   {"leaky_relu", Activation::leaky_relu},
    {"tanh", Activation::tanh}, {"sigmoid", Activation::sigmoid}};

template <class Enum, std::size_t N>
Enum find(const Named<Enum> (&table)[N], std::string_view name, const char* what) {
  for (const auto& n : table)
    if (name == n.name) return n.value;
  std::string all;
  for (const auto& n : table) {
    if (!all.empty()) all += ", ";
    all += n.name;
  }
  throw Error(ErrorCode::invalid_argument,
              std::string("unknown ") + what + " \"" + std::string(name) + "\"", {},
              "Known are " + all + ".");
}

class Reader {
 public:
  explicit Reader(std::size_t position) : where_("layer " + std::to_string(position)) {}

  [[noreturn]] void fail(const std::string& what, const std::string& hint = {}) const {
    throw Error(ErrorCode::invalid_argument, where_ + ": " + what, {}, hint);
  }
  double number(const std::string& name, const std::string& text, double least, double most) const {
    char* end = nullptr;
    const double v = std::strtod(text.c_str(), &end);
    if (end == text.c_str() || *end != '\0' || !(v >= least && v <= most))
      fail("\"" + name + "\" must be a number between " + shown(least) + " and " + shown(most) +
           ", not " + text);
    return v;
  }
  std::size_t count(const std::string& name, const std::string& text, std::size_t most) const {
    const double v = number(name, text, 1, static_cast<double>(most));
    if (v != std::floor(v)) fail("\"" + name + "\" must be a whole number, not " + text);
    return static_cast<std::size_t>(v);
  }
  bool boolean(const std::string& name, const std::string& text) const {
    if (text == "true") return true;
    if (text == "false") return false;
    fail("\"" + name + "\" must be true or false, not " + text);
  }

 private:
  static std::string shown(double v) {
    std::string s = std::to_string(v);
    s.erase(s.find_last_not_of('0') + 1);
    if (s.back() == '.') s.pop_back();
    return s;
  }
  std::string where_;
};

void apply(LayerSpec& spec, const Reader& read, const std::string& name, const std::string& value) {
  if (name == "type") return;
  if (name == "in") {
    spec.in = read.count(name, value, kMaxUnits);
  } else if (name == "out") {
    spec.out = read.count(name, value, kMaxUnits);
  } else if (name == "activation") {
    spec.activation = find(kActivations, value, "activation");
  } else if (name == "aggregator") {
    spec.aggregator = parse_aggregator(value);
  } else if (name == "bias") {
    spec.bias = read.boolean(name, value);
  } else if (name == "self_loops") {
    spec.self_loops = read.boolean(name, value);
  } else if (name == "normalize") {
    spec.normalize = read.boolean(name, value);
  } else if (name == "heads") {
    spec.heads = read.count(name, value, 64);
  } else if (name == "concat") {
    spec.concat = read.boolean(name, value);
  } else if (name == "negative_slope") {
    spec.negative_slope = read.number(name, value, 0, 1);
  } else if (name == "dropout") {
    spec.dropout = read.number(name, value, 0, 0.99);
  } else if (name == "attention_dropout") {
    spec.attention_dropout = read.number(name, value, 0, 0.99);
  } else if (name == "eps") {
    spec.eps = read.number(name, value, -10, 10);
  } else if (name == "train_eps") {
    spec.train_eps = read.boolean(name, value);
  } else if (name == "hidden") {
    spec.hidden = read.count(name, value, kMaxUnits);
  } else if (name == "hops") {
    spec.hops = read.count(name, value, 100);
  } else if (name == "alpha") {
    spec.alpha = read.number(name, value, 0, 1);
  } else if (name == "steps") {
    spec.steps = read.count(name, value, 20);
  } else if (name == "weight_decay") {
    spec.weight_decay = read.number(name, value, 0, 1);
  } else {
    read.fail("unknown attribute \"" + name + "\"",
              "Known are type, out, activation, aggregator, bias, self_loops, normalize, heads, "
              "concat, negative_slope, dropout, attention_dropout, eps, train_eps, hidden, hops, "
              "alpha, steps, weight_decay.");
  }
}

}  // namespace

Aggregator parse_aggregator(std::string_view name) {
  return find(kAggregators, name, "aggregator");
}

const char* type_name(LayerType type) noexcept {
  for (const auto& t : kTypes)
    if (t.value == type) return t.name;
  return "";
}

LayerSpec parse_layer(const Attributes& attributes, std::size_t in, std::size_t position) {
  const Reader read(position);
  LayerSpec spec;
  bool typed = false;
  for (const auto& [name, value] : attributes)
    if (name == "type") {
      spec.type = find(kTypes, value, "layer type");
      typed = true;
    }
  if (!typed) read.fail("\"type\" is missing", "For example {\"type\": \"gcn\", \"out\": 16}.");
  if (spec.type == LayerType::sage) spec.normalize = false;
  for (const auto& [name, value] : attributes) apply(spec, read, name, value);
  if (spec.in != 0 && in != 0 && spec.in != in)
    read.fail("its input has " + std::to_string(in) + " columns, not " + std::to_string(spec.in));
  if (in != 0) spec.in = in;
  if (spec.type == LayerType::appnp) {
    if (spec.out != 0 && spec.out != spec.in)
      read.fail("appnp keeps the number of columns, " + std::to_string(spec.in),
                "Put a linear layer before it.");
    spec.out = spec.in;
  }
  if (spec.out == 0) read.fail("\"out\" is missing");
  if (spec.width() > kMaxUnits)
    read.fail("heads times out is " + std::to_string(spec.width()) + ", the limit is " +
              std::to_string(kMaxUnits));
  if (spec.hidden == 0)
    spec.hidden =
        spec.type == LayerType::sage && spec.aggregator == Aggregator::lstm ? spec.in : spec.out;
  return spec;
}

}  // namespace rv::gnn
