#include "core/index/hnsw/check.h"

#include <algorithm>
#include <unordered_set>
#include <vector>

namespace rv::index::hnsw {
namespace {

class Checker {
 public:
  Checker(Graph& graph, const std::function<void(const Problem&)>& report)
      : graph_(graph), report_(report) {}

  void run() {
    blocks_ = graph_.store().blocks();
    kinds_.resize(blocks_);
    for (Block b = 0; b < blocks_; ++b) kinds_[b] = PageRead(graph_.store(), b, kFreePage).kind();
    read_nodes();
    check_meta();
    check_nodes();
    check_records();
    check_reachable();
    check_chain(graph_.meta().free_node_pages, kNodePage);
    check_chain(graph_.meta().free_aux_pages, kAuxPage);
  }

 private:
  enum State : std::uint8_t { none, alive, deleted, freed };

  void add(Severity severity, Block block, const std::string& item, const std::string& message) {
    report_({severity, block, item, message});
  }
  State state_of(NodeId id) const {
    return id < states_.size() ? static_cast<State>(states_[id]) : none;
  }
  static std::string name(NodeId id) { return "node " + std::to_string(id); }

  void read_nodes() {
    const std::uint32_t slots = graph_.meta().node_slots;
    states_.resize(static_cast<std::size_t>(blocks_) * slots);
    for (Block b = 1; b < blocks_; ++b) {
      if (b % 32 == 0) graph_.store().check_interrupts();
      if (kinds_[b] != kNodePage) {
        if (kinds_[b] == kFreePage)
          add(Severity::info, b, "page", "unwritten; vacuum makes it usable");
        else if (kinds_[b] != kModelPage && kinds_[b] != kAuxPage)
          add(Severity::error, b, "page", "page of unknown kind " + std::to_string(kinds_[b]));
        continue;
      }
      const PageRead page(graph_.store(), b, kNodePage);
      const auto* header = page.at<SlottedPageHeader>();
      if (header->used > slots) add(Severity::error, b, "page", "more slots used than a page has");
      std::uint32_t free = 0;
      for (std::uint32_t s = 0; s < std::min<std::uint32_t>(header->used, slots); ++s) {
        const auto* node = graph_.node_in(const_cast<std::byte*>(page.bytes()), s);
        const State state = (node->flags & kNodeUsed) == 0      ? freed
                            : (node->flags & kNodeDeleted) != 0 ? deleted
                                                                : alive;
        states_[graph_.node_id(b, s)] = state;
        free += state == freed ? 1 : 0;
      }
      if (free != header->free)
        add(Severity::warning, b, "page",
            "count of freed slots is " + std::to_string(header->free) + ", there are " +
                std::to_string(free));
    }
  }

  void check_meta() {
    const Meta& meta = graph_.meta();
    const bool any =
        std::any_of(states_.begin(), states_.end(), [](std::uint8_t s) { return s == alive; });
    if (meta.entry_node == kNoNode) {
      if (any) add(Severity::error, 0, "meta", "no entry point, but there are nodes");
      return;
    }
    const State entry = state_of(meta.entry_node);
    if (entry == none || entry == freed)
      add(Severity::error, 0, "meta", "entry point " + name(meta.entry_node) + " does not exist");
    if (meta.top_level > 0 &&
        graph_.upper_record(meta.entry_node, static_cast<int>(meta.top_level)) != meta.entry_record)
      add(Severity::error, 0, "meta", "entry point has no record of the top level");
  }

  void check_nodes() {
    const std::uint32_t slots = graph_.meta().node_slots;
    std::unordered_set<std::uint64_t> rows;
    std::vector<HeapTid> tids;
    for (NodeId id = 0; id < states_.size(); ++id) {
      if (id % (32 * slots) == 0) {
        graph_.store().unpin_all();
        graph_.store().check_interrupts();
      }
      if (states_[id] != alive && states_[id] != deleted) continue;
      const Block block = graph_.node_block(id);
      std::vector<NodeId> links;
      {
        const PageRead page(graph_.store(), block, kNodePage);
        auto* node = graph_.node_in(const_cast<std::byte*>(page.bytes()), graph_.node_slot(id));
        const NodeId* first = graph_.links_of(node);
        links.assign(first, first + graph_.link_count(node));
        if (node->link_count > links.size())
          add(Severity::error, block, name(id), "more links than m allows");
      }
      int dangling = 0;
      for (auto link = links.begin(); link != links.end(); ++link) {
        const NodeId to = *link;
        if (to == id) add(Severity::error, block, name(id), "link to itself");
        if (std::find(links.begin(), link, to) != link)
          add(Severity::error, block, name(id), "the same link twice");
        const State s = state_of(to);
        if (s == none)
          add(Severity::error, block, name(id), "link to " + name(to) + ", which cannot exist");
        dangling += s == freed ? 1 : 0;
      }
      if (dangling > 0)
        add(Severity::info, block, name(id), std::to_string(dangling) + " links to freed nodes");
      if (states_[id] == deleted) continue;
      tids.clear();
      graph_.heap_rows(id, tids);
      if (tids.empty()) add(Severity::warning, block, name(id), "no heap row");
      for (const HeapTid t : tids) {
        const std::uint64_t key = static_cast<std::uint64_t>(t.block_high) << 32 |
                                  static_cast<std::uint64_t>(t.block_low) << 16 | t.offset;
        if (!rows.insert(key).second)
          add(Severity::error, block, name(id),
              "heap row (" + std::to_string(table_block(t)) + "," + std::to_string(t.offset) +
                  ") is in the index twice");
      }
    }
  }

  void check_records() {
    for (Block b = 1; b < blocks_; ++b) {
      if (kinds_[b] != kAuxPage) continue;
      if (b % 32 == 0) graph_.store().check_interrupts();
      const PageRead page(graph_.store(), b, kAuxPage);
      const auto* header = page.at<SlottedPageHeader>();
      const std::uint32_t slots = graph_.meta().aux_slots;
      if (header->used > slots) add(Severity::error, b, "page", "more records than a page has");
      for (std::uint32_t s = 0; s < std::min<std::uint32_t>(header->used, slots); ++s) {
        const auto* r = graph_.record_in(const_cast<std::byte*>(page.bytes()), s);
        const std::string item = "record " + std::to_string(graph_.record_id(b, s));
        if (r->kind == kFreeRecord) continue;
        if (r->kind != kUpperLinks && r->kind != kMoreRows) {
          add(Severity::error, b, item, "unknown kind " + std::to_string(r->kind));
          continue;
        }
        const State owner = state_of(r->node);
        if (owner == none)
          add(Severity::error, b, item, "belongs to " + name(r->node) + ", which cannot exist");
        if (r->kind == kMoreRows) {
          if (r->count > graph_.geometry().rows_per_record())
            add(Severity::error, b, item, "more heap rows than a record has room for");
          continue;
        }
        if (r->count > graph_.geometry().m)
          add(Severity::error, b, item, "more links than m allows");
        if (r->level == 0 || r->level > kMaxLevel) add(Severity::error, b, item, "bad level");
        for (int i = 0; i < graph_.upper_count(r); ++i) {
          const UpperLink l = Graph::upper_links(r)[i];
          if (state_of(l.node) == none)
            add(Severity::error, b, item, "link to " + name(l.node) + ", which cannot exist");
          if (l.record == kNoRecord || graph_.record_block(l.record) >= blocks_ ||
              kinds_[graph_.record_block(l.record)] != kAuxPage)
            add(Severity::error, b, item,
                "link to record " + std::to_string(l.record) + ", which cannot exist");
        }
      }
    }
  }

  // From the entry point along links of level 0. Upper levels lead to further places.
  void check_reachable() {
    const Meta& meta = graph_.meta();
    if (meta.entry_node == kNoNode) return;
    std::vector<bool> seen(states_.size());
    std::vector<NodeId> open;
    const auto visit = [&](NodeId id) {
      const State s = state_of(id);
      if ((s == alive || s == deleted) && !seen[id]) {
        seen[id] = true;
        open.push_back(id);
      }
    };
    visit(meta.entry_node);
    for (Block b = 1; b < blocks_; ++b) {
      if (kinds_[b] != kAuxPage) continue;
      const PageRead page(graph_.store(), b, kAuxPage);
      const auto* header = page.at<SlottedPageHeader>();
      for (std::uint32_t s = 0; s < std::min<std::uint32_t>(header->used, meta.aux_slots); ++s) {
        const auto* r = graph_.record_in(const_cast<std::byte*>(page.bytes()), s);
        if (r->kind == kUpperLinks) visit(r->node);
      }
    }
    std::size_t steps = 0;
    while (!open.empty()) {
      const NodeId id = open.back();
      open.pop_back();
      const NodeView view = graph_.node(id);
      const int count = graph_.link_count(view.header);
      for (int i = 0; i < count; ++i)
        if (!graph_.unwritten(view.links[i])) visit(view.links[i]);
      if (++steps % 1024 == 0) {
        graph_.store().unpin_all();
        graph_.store().check_interrupts();
      }
    }
    graph_.store().unpin_all();
    std::size_t lost = 0;
    NodeId example = kNoNode;
    for (NodeId id = 0; id < states_.size(); ++id)
      if (states_[id] == alive && !seen[id]) {
        ++lost;
        example = id;
      }
    if (lost > 0)
      add(Severity::warning, graph_.node_block(example), name(example),
          std::to_string(lost) +
              " nodes that no link leads to, this one among them; they are found "
              "only by scans that are read to their end");
  }

  void check_chain(Block head, PageKind kind) {
    std::size_t steps = 0;
    for (Block b = head; b != kNoBlock && b != kChainEnd;) {
      if (b >= blocks_ || kinds_[b] != kind) {
        add(Severity::error, b, "free chain", "leads to a page of another kind");
        return;
      }
      if (++steps > blocks_) {
        add(Severity::error, b, "free chain", "has no end");
        return;
      }
      const PageRead page(graph_.store(), b, kind);
      b = page.at<SlottedPageHeader>()->next_free;
      if (b == kNoBlock) add(Severity::error, head, "free chain", "ends without its mark");
    }
  }

  Graph& graph_;
  const std::function<void(const Problem&)>& report_;
  Block blocks_ = 0;
  std::vector<PageKind> kinds_;
  std::vector<std::uint8_t> states_;  // by node id
};

}  // namespace

void check(Graph& graph, const std::function<void(const Problem&)>& report) {
  Checker(graph, report).run();
}

}  // namespace rv::index::hnsw
