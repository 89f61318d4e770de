#include <algorithm>

#include "core/gnn/model.h"

namespace rv::gnn {
namespace {

// Values a layer holds while it computes, in floats, and what it computes.
struct Cost {
  double floats;
  double operations;
};

Cost layer_cost(const LayerSpec& s, double n, double e) {
  const double in = static_cast<double>(s.in), width = static_cast<double>(s.width());
  const double hidden = static_cast<double>(s.hidden), heads = static_cast<double>(s.heads);
  const double edges = e + n;  // with self-loops
  Cost c{n * width, 2 * n * in * width};
  switch (s.type) {
    case LayerType::gcn:
    case LayerType::sgc:
    case LayerType::appnp: {
      const double narrow = s.type == LayerType::appnp ? width : std::min(in, width);
      const double hops = static_cast<double>(s.reach());
      c.floats += (1 + hops) * n * narrow + edges;
      c.operations = (s.type == LayerType::appnp ? 0 : c.operations) + hops * 2 * edges * narrow;
      break;
    }
    case LayerType::sage:
      c.floats += 2 * n * width + n * in + edges;
      c.operations = 2 * c.operations + 2 * edges * in;
      if (s.aggregator == Aggregator::pool) {
        c.floats += 2 * n * hidden;
        c.operations += 2 * n * in * hidden;
      } else if (s.aggregator == Aggregator::lstm) {
        c.floats += 4 * n * hidden;
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
      c.floats += 3 * n * hidden + n * in;
      c.operations = 2 * n * hidden * (in + width) + 2 * e * std::min(in, hidden);
      break;
    case LayerType::linear:
      break;
  }
  return c;
}

double graph_bytes(double n, double e) { return n * 16 + e * 12 + (e + n) * 8; }

}  // namespace

Estimate estimate_inference(std::span<const LayerSpec> layers, std::size_t nodes,
                            std::size_t edges) {
  const double n = static_cast<double>(nodes), e = static_cast<double>(edges);
  double largest = 0;
  Estimate out;
  for (const LayerSpec& s : layers) {
    const Cost c = layer_cost(s, n, e);
    largest = std::max(largest, c.floats + n * static_cast<double>(s.in));
    out.operations += c.operations;
  }
  out.bytes = static_cast<std::size_t>(graph_bytes(n, e) + 4 * largest);
  return out;
}

Estimate estimate_training(std::span<const LayerSpec> layers, std::size_t nodes,
                           std::size_t edges) {
  const double n = static_cast<double>(nodes), e = static_cast<double>(edges);
  Estimate out;
  double floats = n * static_cast<double>(layers.empty() ? 0 : layers.front().in);
  for (const LayerSpec& s : layers) {
    const Cost c = layer_cost(s, n, e);
    floats += 2 * c.floats + (s.dropout > 0 ? n * static_cast<double>(s.in) : 0);
    out.operations += 3 * c.operations;
  }
  out.bytes = static_cast<std::size_t>(2 * graph_bytes(n, e) + 4 * floats);
  return out;
}

}  // namespace rv::gnn
