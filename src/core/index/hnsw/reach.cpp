#include "core/index/hnsw/reach.h"

#include <algorithm>

namespace rv::index::hnsw {
namespace {

// How many links lead to each node, by node id; counting stops at 255.
std::vector<std::uint8_t> count_incoming(Graph& graph) {
  const Block blocks = graph.store().blocks();
  std::vector<std::uint8_t> incoming(static_cast<std::size_t>(blocks) * graph.meta().node_slots);
  for (Block b = 1; b < blocks; ++b) {
    if (b % 32 == 0) graph.store().check_interrupts();
    const PageRead page(graph.store(), b, kFreePage);
    if (page.kind() != kNodePage) continue;
    const std::uint32_t used = page.at<SlottedPageHeader>()->used;
    for (std::uint32_t s = 0; s < used; ++s) {
      auto* node = graph.node_in(const_cast<std::byte*>(page.bytes()), s);
      if ((node->flags & kNodeUsed) == 0) continue;
      const NodeId* links = graph.links_of(node);
      for (int i = 0; i < graph.link_count(node); ++i)
        if (links[i] < incoming.size() && incoming[links[i]] < 255) ++incoming[links[i]];
    }
  }
  return incoming;
}

// Puts a link to `node` into a list of `count` links with room for `most`; false when it is there
// or nothing may go.
bool put_link(std::uint32_t* links, int& count, int most, std::uint32_t node, int least,
              std::vector<std::uint8_t>& incoming) {
  if (std::find(links, links + count, node) != links + count) return false;
  if (count < most) {
    links[count++] = node;
  } else {
    std::uint32_t* full = std::max_element(
        links, links + count,
        [&](std::uint32_t a, std::uint32_t b) { return incoming[a] < incoming[b]; });
    if (incoming[*full] <= least + 1) return false;
    if (incoming[*full] < 255) --incoming[*full];
    *full = node;
  }
  ++incoming[node];
  return true;
}

bool take_link(Graph& graph, NodeId from, NodeId node, int least,
               std::vector<std::uint8_t>& incoming) {
  PageEdits edits(graph.store());
  std::byte* page = edits.edit(graph.node_block(from), kNodePage);
  NodeHeader* header = graph.node_in(page, graph.node_slot(from));
  if ((header->flags & (kNodeUsed | kNodeDeleted)) != kNodeUsed) return false;
  int count = graph.link_count(header);
  if (!put_link(graph.links_of(header), count, graph.geometry().max_links(), node, least, incoming))
    return false;
  header->link_count = static_cast<std::uint8_t>(count);
  edits.commit();
  return true;
}

}  // namespace

std::size_t link_unreached(Graph& graph, int least) {
  std::vector<std::uint8_t> incoming = count_incoming(graph);
  const Block blocks = graph.store().blocks();
  std::size_t set = 0;
  std::vector<NodeId> poor, chosen;
  for (Block b = 1; b < blocks; ++b) {
    if (b % 32 == 0) graph.store().check_interrupts();
    poor.clear();
    {
      const PageRead page(graph.store(), b, kFreePage);
      if (page.kind() != kNodePage) continue;
      const std::uint32_t used = page.at<SlottedPageHeader>()->used;
      for (std::uint32_t s = 0; s < used; ++s) {
        const auto* node = graph.node_in(const_cast<std::byte*>(page.bytes()), s);
        if ((node->flags & (kNodeUsed | kNodeDeleted)) == kNodeUsed &&
            incoming[graph.node_id(b, s)] < least)
          poor.push_back(graph.node_id(b, s));
      }
    }
    for (const NodeId node : poor) {
      const NodeView view = graph.node(node);
      chosen.assign(view.links, view.links + graph.link_count(view.header));
      for (std::size_t i = 0; i < chosen.size() && incoming[node] < least; ++i)
        set += take_link(graph, chosen[i], node, least, incoming) ? 1 : 0;
    }
    graph.store().unpin_all();
  }
  return set;
}

std::size_t link_unreached(LevelGraph& graph, int least) {
  const auto degree = static_cast<std::size_t>(graph.degree);
  std::vector<std::uint8_t> incoming(graph.counts.size());
  for (std::size_t p = 0; p < graph.counts.size(); ++p)
    for (std::size_t i = 0; i < graph.counts[p]; ++i)
      if (std::uint8_t& n = incoming[graph.links[p * degree + i]]; n < 255) ++n;
  std::size_t set = 0;
  std::vector<std::uint32_t> chosen;
  for (std::uint32_t p = 0; p < graph.counts.size(); ++p) {
    if (incoming[p] >= least) continue;
    const std::uint32_t* links = graph.links.data() + p * degree;
    chosen.assign(links, links + graph.counts[p]);
    for (std::size_t i = 0; i < chosen.size() && incoming[p] < least; ++i) {
      int count = graph.counts[chosen[i]];
      if (!put_link(&graph.links[chosen[i] * degree], count, graph.degree, p, least, incoming))
        continue;
      graph.counts[chosen[i]] = static_cast<std::uint8_t>(count);
      ++set;
    }
  }
  return set;
}

}  // namespace rv::index::hnsw
