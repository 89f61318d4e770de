#include "core/index/hnsw/insert.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/base/error.h"
#include "core/index/hnsw/slots.h"

namespace rv::index::hnsw {

Inserter::Inserter(Graph& graph)
    : graph_(graph),
      query_(graph.codec().query()),
      link_query_(graph.codec().query()),
      search_(graph, *query_),
      link_distances_(graph, *link_query_),
      select_(graph.codec()),
      code_(graph.geometry().code_bytes) {}

// Levels are geometric: a node is on level l or above with probability m^-l.
static int random_level(Rng& rng, int m) {
  const double level = -std::log(1.0 - rng.uniform()) / std::log(static_cast<double>(m));
  return std::min(static_cast<int>(level), kMaxLevel);
}

const std::byte* Inserter::keep_code(NodeId node) {
  std::byte* to = kept_codes_.data() + kept_ * code_.size();
  std::memcpy(to, graph_.node(node).code, code_.size());
  ++kept_;
  return to;
}

void Inserter::to_links(const std::vector<Candidate>& found, std::vector<LinkCandidate>& links) {
  links.clear();
  kept_ = 0;
  kept_codes_.resize(found.size() * code_.size());
  for (const Candidate& c : found) links.push_back({c.distance, c.node, keep_code(c.node)});
}

void Inserter::insert(const float* x, HeapTid tid, Rng& rng, int ef_construction) {
  graph_.codec().encode(x, code_.data());
  query_->set_link(x);
  const int m = graph_.geometry().m;
  const int ef =
      ef_construction > 0 ? ef_construction : std::max<int>(graph_.meta().ef_construction, 2 * m);
  graph_.refresh();
  if (graph_.meta().entry_node == kNoNode && first_node(tid)) return;

  search_.begin(ef);
  const std::vector<Candidate> found = search_.batch();
  // An equal vector has an equal code; its node takes the row.
  for (const Candidate& c : found)
    if (std::memcmp(graph_.node(c.node).code, code_.data(), code_.size()) == 0 &&
        add_row(c.node, tid))
      return;

  const int level = random_level(rng, m);
  std::vector<LinkCandidate> links;
  to_links(found, links);
  select_(links, m, false);
  const NodeId node = write_node(tid, level, links);

  // Upper levels, from the top, so that each is searched from the one above.
  const int top = static_cast<int>(graph_.meta().top_level);
  RecordId above = kNoRecord;
  struct Level {
    int level;
    std::vector<UpperCandidate> chosen;
  };
  std::vector<Level> levels;
  UpperCandidate at{};
  if (level > 0 && top > 0 && search_.descend(std::min(level, top), at)) {
    for (int l = std::min(level, top); l >= 1; --l) {
      const auto near = search_.search_level(l, {at}, ef);
      std::vector<Candidate> candidates;
      for (const UpperCandidate& c : near)
        if (c.node != node && c.record != kNoRecord) candidates.push_back({c.distance, 0, c.node});
      std::vector<LinkCandidate> upper;
      to_links(candidates, upper);
      select_(upper, m, false);
      Level entry{l, {}};
      for (const LinkCandidate& c : upper)
        for (const UpperCandidate& n : near)
          if (n.node == c.id) {
            entry.chosen.push_back(n);
            break;
          }
      levels.push_back(std::move(entry));
      if (!near.empty()) at = near.front();
      at.record = l > 1 ? graph_.upper_record(at.node, l - 1) : kNoRecord;
    }
  }
  // Records from the highest level down: each points to the next higher one.
  RecordId highest = kNoRecord;
  for (int l = level; l >= 1; --l) {
    std::vector<UpperLink> entries;
    for (const Level& e : levels)
      if (e.level == l)
        for (const UpperCandidate& c : e.chosen) entries.push_back({c.record, c.node});
    above = write_record(kUpperLinks, l, node, above, entries.data(), sizeof(UpperLink),
                         static_cast<int>(entries.size()));
    for (const Level& e : levels)
      if (e.level == l)
        for (const UpperCandidate& c : e.chosen) link_back_upper(c, node, above, l);
    if (l == level) highest = above;
  }
  if (above != kNoRecord) chain_record(node, above);
  // Last: an entry point without its chain, as a crash would leave it, has no way down.
  if (level > top) publish_entry(node, highest, level);

  bool linked = links.empty();
  for (const LinkCandidate& c : links) linked |= link_back(c.id, node, c.distance);
  if (!linked) link_detour(links, node);
  graph_.store().unpin_all();
}

// When none of its neighbours wants a link to it, the node would be out of reach. It takes the
// place of a link to a node that it leads to itself: what could be reached still can.
void Inserter::link_detour(const std::vector<LinkCandidate>& neighbours, NodeId node) {
  for (const LinkCandidate& c : neighbours) {
    PageEdits edits(graph_.store());
    std::byte* page = edits.edit(graph_.node_block(c.id), kNodePage);
    NodeHeader* header = graph_.node_in(page, graph_.node_slot(c.id));
    if ((header->flags & (kNodeUsed | kNodeDeleted)) != kNodeUsed) continue;
    NodeId* links = graph_.links_of(header);
    for (int i = graph_.link_count(header) - 1; i >= 0; --i) {
      if (std::none_of(neighbours.begin(), neighbours.end(),
                       [&](const LinkCandidate& n) { return n.id == links[i]; }))
        continue;
      links[i] = node;
      edits.commit();
      return;
    }
  }
}

// The first node of an empty graph becomes its entry. False when somebody else was first.
bool Inserter::first_node(HeapTid tid) {
  const NodeId node = write_node(tid, 0, {});
  {
    PageEdits edits(graph_.store());
    auto* meta = edits.edit_as<Meta>(0, kMetaPage);
    if (meta->entry_node == kNoNode) {
      meta->entry_node = node;
      meta->entry_record = kNoRecord;
      meta->top_level = 0;
      edits.commit();
      graph_.store().unpin_all();
      return true;
    }
  }
  // Two sessions inserted the first row at once: link ours to theirs.
  graph_.refresh();
  const NodeId entry = graph_.meta().entry_node;
  {
    PageEdits edits(graph_.store());
    std::byte* page = edits.edit(graph_.node_block(node), kNodePage);
    NodeHeader* header = graph_.node_in(page, graph_.node_slot(node));
    graph_.links_of(header)[0] = entry;
    header->link_count = 1;
    edits.commit();
  }
  link_back(entry, node, 0);
  return true;
}

NodeId Inserter::write_node(HeapTid tid, int level, const std::vector<LinkCandidate>& links) {
  for (;;) {
    const Block block = page_with_free_slot(graph_, SlotKind::node);
    {
      PageEdits edits(graph_.store());
      std::byte* page = edits.edit(block, kNodePage);
      std::uint32_t slot;
      if (take_slot(graph_, SlotKind::node, page, &slot)) {
        NodeHeader* header = graph_.node_in(page, slot);
        header->tid = tid;
        header->aux = kNoRecord;
        header->flags = kNodeUsed;
        header->level = static_cast<std::uint8_t>(level);
        std::memcpy(graph_.code_of(header), code_.data(), code_.size());
        NodeId* ids = graph_.links_of(header);
        std::size_t n = 0;
        for (const LinkCandidate& c : links) ids[n++] = c.id;
        header->link_count = static_cast<std::uint8_t>(n);
        edits.commit();
        return graph_.node_id(block, slot);
      }
    }
    page_is_full(graph_, SlotKind::node, block);
  }
}

RecordId Inserter::write_record(RecordKind kind, int level, NodeId node, RecordId next,
                                const void* entries, std::size_t entry_bytes, int count) {
  for (;;) {
    const Block block = page_with_free_slot(graph_, SlotKind::record);
    {
      PageEdits edits(graph_.store());
      std::byte* page = edits.edit(block, kAuxPage);
      std::uint32_t slot;
      if (take_slot(graph_, SlotKind::record, page, &slot)) {
        RecordHeader* record = graph_.record_in(page, slot);
        record->kind = kind;
        record->level = static_cast<std::uint8_t>(level);
        record->count = static_cast<std::uint16_t>(count);
        record->node = node;
        record->next = next;
        if (count > 0)
          std::memcpy(record + 1, entries, entry_bytes * static_cast<std::size_t>(count));
        edits.commit();
        return graph_.record_id(block, slot);
      }
    }
    page_is_full(graph_, SlotKind::record, block);
  }
}

void Inserter::chain_record(NodeId node, RecordId record) {
  PageEdits edits(graph_.store());
  std::byte* page = edits.edit(graph_.node_block(node), kNodePage);
  graph_.node_in(page, graph_.node_slot(node))->aux = record;
  edits.commit();
}

// Where a chain ends, read under the node's page lock.
struct Inserter::Chain {
  RecordId last_upper = kNoRecord;   // rows records hang behind it
  RecordId newest_rows = kNoRecord;  // the only one of them that may have room
  int rows_in_newest = 0;
};

Inserter::Chain Inserter::walk_chain(NodeId node, RecordId first) {
  Chain chain;
  for (RecordId at = first; at != kNoRecord;) {
    const PageRead page(graph_.store(), graph_.record_block(at), kAuxPage);
    const auto* r = graph_.record_in(const_cast<std::byte*>(page.bytes()), graph_.record_slot(at));
    if (r->node != node || (r->kind != kUpperLinks && r->kind != kMoreRows))
      graph_.store().fail(graph_.record_block(at), "record of another node in a chain");
    if (r->kind == kMoreRows) {
      chain.newest_rows = at;
      chain.rows_in_newest = r->count;
      return chain;
    }
    chain.last_upper = at;
    at = r->next;
  }
  return chain;
}

// A further row of an equal vector. False when the node is being deleted.
bool Inserter::add_row(NodeId node, HeapTid tid) {
  RecordId fresh = kNoRecord;
  for (;;) {
    RecordId newest;
    {
      PageEdits edits(graph_.store());
      std::byte* page = edits.edit(graph_.node_block(node), kNodePage);
      NodeHeader* header = graph_.node_in(page, graph_.node_slot(node));
      if ((header->flags & (kNodeUsed | kNodeDeleted)) != kNodeUsed ||
          std::memcmp(graph_.code_of(header), code_.data(), code_.size()) != 0)
        return false;
      if (header->tid.offset == 0) {
        header->tid = tid;
        edits.commit();
        return true;
      }
      const Chain chain = walk_chain(node, header->aux);
      newest = chain.newest_rows;
      if (newest != kNoRecord && chain.rows_in_newest < graph_.geometry().rows_per_record()) {
        std::byte* aux = edits.edit(graph_.record_block(newest), kAuxPage);
        RecordHeader* r = graph_.record_in(aux, graph_.record_slot(newest));
        reinterpret_cast<HeapTid*>(r + 1)[r->count++] = tid;
        edits.commit();
        return true;
      }
      if (fresh != kNoRecord && newest == newest_of_fresh_) {
        if (chain.last_upper == kNoRecord) {
          header->aux = fresh;
        } else {
          std::byte* aux = edits.edit(graph_.record_block(chain.last_upper), kAuxPage);
          graph_.record_in(aux, graph_.record_slot(chain.last_upper))->next = fresh;
        }
        edits.commit();
        return true;
      }
    }
    // A record cannot be written while the node's page is locked: write it, then look again.
    fresh = write_record(kMoreRows, 0, node, newest, &tid, sizeof(HeapTid), 1);
    newest_of_fresh_ = newest;
  }
}

// False when `to` has better links.
bool Inserter::link_back(NodeId to, NodeId node, float distance) {
  const int most = graph_.geometry().max_links();
  for (int attempt = 0; attempt < 4; ++attempt) {
    // What it has now, and, when that is full, what it should have.
    std::vector<NodeId> before;
    {
      const NodeView view = graph_.node(to);
      if (!view.alive()) return false;
      before.assign(view.links, view.links + graph_.link_count(view.header));
    }
    if (std::find(before.begin(), before.end(), node) != before.end()) return true;
    std::vector<NodeId> after = before;
    if (static_cast<int>(before.size()) < most) {
      after.push_back(node);
    } else {
      kept_ = 0;
      kept_codes_.resize((before.size() + 2) * code_.size());
      link_query_->set_code(keep_code(to));
      std::vector<Candidate> found;
      link_distances_(before.data(), static_cast<int>(before.size()), found);
      found.push_back({distance, 0, node});
      std::sort(found.begin(), found.end(), nearer);
      std::vector<LinkCandidate> links;
      for (const Candidate& c : found)
        if (c.node != to) links.push_back({c.distance, c.node, keep_code(c.node)});
      select_(links, most, false);
      after.clear();
      for (const LinkCandidate& c : links) after.push_back(c.id);
      if (std::find(after.begin(), after.end(), node) == after.end()) return false;
    }
    PageEdits edits(graph_.store());
    std::byte* page = edits.edit(graph_.node_block(to), kNodePage);
    NodeHeader* header = graph_.node_in(page, graph_.node_slot(to));
    if ((header->flags & (kNodeUsed | kNodeDeleted)) != kNodeUsed) return false;
    NodeId* links = graph_.links_of(header);
    if (header->link_count != before.size() || !std::equal(before.begin(), before.end(), links))
      continue;  // changed meanwhile
    std::copy(after.begin(), after.end(), links);
    header->link_count = static_cast<std::uint8_t>(after.size());
    edits.commit();
    return true;
  }
  return false;
}

void Inserter::link_back_upper(const UpperCandidate& to, NodeId node, RecordId record, int level) {
  const int most = graph_.geometry().m;
  for (int attempt = 0; attempt < 4; ++attempt) {
    std::vector<UpperLink> before;
    {
      const RecordHeader* r = graph_.record(to.record);
      if (r->kind != kUpperLinks || r->node != to.node || r->level != level) return;
      before.assign(Graph::upper_links(r), Graph::upper_links(r) + graph_.upper_count(r));
    }
    std::vector<UpperLink> after = before;
    if (static_cast<int>(before.size()) < most) {
      after.push_back({record, node});
    } else {
      kept_ = 0;
      kept_codes_.resize((before.size() + 2) * code_.size());
      link_query_->set_code(keep_code(to.node));
      std::vector<NodeId> ids;
      ids.reserve(before.size());
      for (const UpperLink& l : before) ids.push_back(l.node);
      std::vector<Candidate> found;
      link_distances_(ids.data(), static_cast<int>(ids.size()), found);
      found.push_back({to.distance, 0, node});
      std::sort(found.begin(), found.end(), nearer);
      std::vector<LinkCandidate> links;
      links.reserve(found.size());
      for (const Candidate& c : found) links.push_back({c.distance, c.node, keep_code(c.node)});
      select_(links, most, false);
      after.clear();
      bool wanted = false;
      for (const LinkCandidate& c : links) {
        if (c.id == node) {
          after.push_back({record, node});
          wanted = true;
          continue;
        }
        for (const UpperLink& l : before)
          if (l.node == c.id) {
            after.push_back(l);
            break;
          }
      }
      if (!wanted) return;
    }
    PageEdits edits(graph_.store());
    std::byte* page = edits.edit(graph_.record_block(to.record), kAuxPage);
    RecordHeader* r = graph_.record_in(page, graph_.record_slot(to.record));
    if (r->kind != kUpperLinks || r->node != to.node || r->level != level) return;
    auto* links = reinterpret_cast<UpperLink*>(r + 1);
    if (r->count != before.size() || !std::equal(before.begin(), before.end(), links)) continue;
    std::copy(after.begin(), after.end(), links);
    r->count = static_cast<std::uint16_t>(after.size());
    edits.commit();
    return;
  }
}

void Inserter::publish_entry(NodeId node, RecordId record, int level) {
  PageEdits edits(graph_.store());
  auto* meta = edits.edit_as<Meta>(0, kMetaPage);
  if (meta->entry_node != kNoNode && static_cast<int>(meta->top_level) >= level) return;
  meta->entry_node = node;
  meta->entry_record = record;
  meta->top_level = static_cast<std::uint32_t>(level);
  edits.commit();
}

}  // namespace rv::index::hnsw
