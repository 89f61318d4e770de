#include <algorithm>

#include "core/gnn/model.h"

namespace rv::gnn {
namespace {

// Values a layer holds while it computes, in floats, and what it computes.
struct Cost {
  double floats;
  double operations;
  double traced;  // floats of training alone: for the derivative, and three for each weight
};

// Layers that transform their input first, so that sparse features stay sparse.
bool transforms_sparse(const LayerSpec& s) {
  if (s.type == LayerType::appnp) return false;
  if (s.type != LayerType::sage) return true;
  return s.aggregator == Aggregator::mean || s.aggregator == Aggregator::sum ||
         s.aggregator == Aggregator::gcn || s.aggregator == Aggregator::pool ||
         s.aggregator == Aggregator::lstm;
}

// `stored`: the numbers that the input's rows hold, n * in unless they are sparse.
Cost layer_cost(const LayerSpec& s, double n, double e, double stored) {
  const double in = static_cast<double>(s.in), width = static_cast<double>(s.width());
  const double hidden = static_cast<double>(s.hidden), heads = static_cast<double>(s.heads);
  const double edges = e + n;  // with self-loops
  const bool sparse = stored < n * in && transforms_sparse(s);
  Cost c{n * width, 2 * (sparse ? stored : n * in) * width, 3 * in * width};
  switch (s.type) {
    case LayerType::gcn:
    case LayerType::sgc:
    case LayerType::appnp: {
      const bool narrows = s.type != LayerType::appnp && (sparse || width < in);
      const double narrow = narrows ? width : in;
      const double hops = static_cast<double>(s.reach());
      c.floats += (1 + hops) * n * narrow + edges;
      c.operations = (s.type == LayerType::appnp ? 0 : c.operations) + hops * 2 * edges * narrow;
      break;
    }
    case LayerType::sage:
      c.floats += 2 * n * width + (sparse ? 0 : n * in) + edges;
      c.operations = 2 * c.operations + 2 * edges * (sparse ? width : in);
      if (s.aggregator == Aggregator::pool) {
        c.floats += 2 * n * hidden;
        c.operations += 2 * n * in * hidden;
      } else if (s.aggregator == Aggregator::lstm) {
        c.floats += 7 * n * hidden;
        c.traced += 11 * e * hidden + 12 * hidden * (in + hidden);
        c.operations += 8 * n * in * hidden + 8 * e * hidden * hidden;
      } else if (s.aggregator == Aggregator::set2set) {
        const double steps = static_cast<double>(s.steps);
        c.floats += steps * n * in * 10;
        c.operations += steps * (24 * n * in * in + 4 * e * in);
      }
      break;
    case LayerType::gat:
    case LayerType::gatv2:
      c.floats += 2 * n * width + edges * heads;
      c.operations += 2 * edges * width + (s.type == LayerType::gatv2 ? 4 : 0) * edges * width +
                      20 * edges * heads;
      break;
    case LayerType::gin:
      c.floats += 3 * n * hidden + (sparse ? 0 : n * in);
      c.operations = 2 * hidden * ((sparse ? stored : n * in) + n * width) +
                     2 * e * (sparse ? hidden : std::min(in, hidden));
      break;
    case LayerType::linear:
      break;
  }
  return c;
}

// What the first layer's input holds: values and their columns when sparse.
double stored_values(std::span<const LayerSpec> layers, double n, std::size_t sparse_values) {
  const double dense = layers.empty() ? 0 : n * static_cast<double>(layers.front().in);
  return sparse_values == 0 ? dense : std::min(dense, 2 * static_cast<double>(sparse_values));
}

double graph_bytes(double n, double e) { return n * 16 + e * 12 + (e + n) * 8; }

}  // namespace

Estimate estimate_inference(std::span<const LayerSpec> layers, std::size_t nodes, std::size_t edges,
                            std::size_t sparse_values) {
  const double n = static_cast<double>(nodes), e = static_cast<double>(edges);
  double largest = 0;
  double stored = stored_values(layers, n, sparse_values);
  Estimate out;
  for (const LayerSpec& s : layers) {
    const Cost c = layer_cost(s, n, e, stored);
    largest = std::max(largest, c.floats + stored);
    out.operations += c.operations;
    stored = n * static_cast<double>(s.width());
  }
  out.bytes = static_cast<std::size_t>(graph_bytes(n, e) + 4 * largest);
  return out;
}

Estimate estimate_training(std::span<const LayerSpec> layers, std::size_t nodes, std::size_t edges,
                           std::size_t sparse_values) {
  const double n = static_cast<double>(nodes), e = static_cast<double>(edges);
  Estimate out;
  double stored = stored_values(layers, n, sparse_values), floats = stored;
  for (const LayerSpec& s : layers) {
    const Cost c = layer_cost(s, n, e, stored);
    floats += 2 * c.floats + c.traced + (s.dropout > 0 ? stored : 0);
    out.operations += 3 * c.operations;
    stored = n * static_cast<double>(s.width());
  }
  out.bytes = static_cast<std::size_t>(2 * graph_bytes(n, e) + 4 * floats);
  return out;
}

}  // namespace rv::gnn
