#include "core/index/hnsw/remove.h"

#include <algorithm>
#include <cstring>

#include "core/index/hnsw/slots.h"

namespace rv::index::hnsw {
// Calls visit(block) for every page of a kind that exists when it is reached. A page keeps its kind
// for ever (invariant 1), so each is asked once, but for those that were never written.
template <class Visit>
void Remover::for_pages(PageKind kind, const std::function<void()>& pause, Visit visit) {
  PageStore& store = graph_.store();
  for (Block block = 1; block < store.blocks(); ++block) {
    if (block >= kinds_.size()) kinds_.resize(std::size_t{block} + 1024, kFreePage);
    PageKind& found = kinds_[block];
    if (found == kFreePage) {
      const PageRead page(store, block, kFreePage);
      found = page.kind();
    }
    if (found == kFreePage) store.note_free(block);  // left unwritten by a crash
    if (found != kind) continue;
    visit(block);
    store.unpin_all();
    store.check_interrupts();
    pause();
  }
}

Remover::Remover(Graph& graph)
    : graph_(graph), select_(graph.codec()), query_(graph.codec().query()) {}

bool Remover::deleted(NodeId id) const noexcept { return id < deleted_.size() && deleted_[id]; }

void Remover::remember(NodeId id) {
  if (deleted_.size() <= id) deleted_.resize(static_cast<std::size_t>(id) + 1024);
  deleted_[id] = true;
}

Remover::Counts Remover::mark(const IsDead& dead, const std::function<void()>& pause) {
  Counts counts;
  deleted_.clear();
  std::vector<NodeId> affected;
  for_pages(kNodePage, pause, [&](Block block) {
    affected.clear();
    {
      const PageRead page(graph_.store(), block, kNodePage);
      const auto* header = page.at<SlottedPageHeader>();
      const std::uint32_t used = std::min<std::uint32_t>(header->used, graph_.meta().node_slots);
      for (std::uint32_t slot = 0; slot < used; ++slot) {
        const auto* node = graph_.node_in(const_cast<std::byte*>(page.bytes()), slot);
        if ((node->flags & kNodeUsed) == 0) continue;
        const NodeId id = graph_.node_id(block, slot);
        if ((node->flags & kNodeDeleted) != 0) {
          remember(id);
          ++counts.nodes_deleted;
          continue;
        }
        // A chain may hold rows beyond upper links: look closer. One row is judged here.
        if (node->aux != kNoRecord || node->tid.offset == 0 || dead(node->tid)) {
          affected.push_back(id);
        } else {
          ++counts.rows_left;
        }
      }
    }
    for (const NodeId id : affected) clean_rows(id, dead, counts);
  });
  return counts;
}

void Remover::clean_rows(NodeId id, const IsDead& dead, Counts& counts) {
  // Records first: each loses its dead rows.
  RecordId at;
  {
    const PageRead page(graph_.store(), graph_.node_block(id), kNodePage);
    at = graph_.node_in(const_cast<std::byte*>(page.bytes()), graph_.node_slot(id))->aux;
  }
  const std::size_t most =
      static_cast<std::size_t>(graph_.store().blocks()) * graph_.meta().aux_slots;
  std::size_t steps = 0;
  std::uint64_t left_in_records = 0;
  while (at != kNoRecord) {
    if (++steps > most)
      graph_.store().fail(graph_.record_block(at), "chain of records without end");
    RecordId next;
    bool change = false;
    {
      const PageRead page(graph_.store(), graph_.record_block(at), kAuxPage);
      const auto* r =
          graph_.record_in(const_cast<std::byte*>(page.bytes()), graph_.record_slot(at));
      if (r->kind == kFreeRecord || r->node != id) break;
      next = r->next;
      if (r->kind == kMoreRows) {
        const int count = std::min<int>(r->count, graph_.geometry().rows_per_record());
        for (int i = 0; i < count; ++i) change |= dead(Graph::rows(r)[i]);
        if (!change) left_in_records += static_cast<std::uint64_t>(count);
      }
    }
    if (change) {
      PageEdits edits(graph_.store());
      std::byte* page = edits.edit(graph_.record_block(at), kAuxPage);
      RecordHeader* r = graph_.record_in(page, graph_.record_slot(at));
      if (r->kind == kMoreRows && r->node == id) {
        auto* rows = reinterpret_cast<HeapTid*>(r + 1);
        const int count = std::min<int>(r->count, graph_.geometry().rows_per_record());
        int kept = 0;
        for (int i = 0; i < count; ++i) {
          if (dead(rows[i]))
            ++counts.rows_removed;
          else
            rows[kept++] = rows[i];
        }
        r->count = static_cast<std::uint16_t>(kept);
        left_in_records += static_cast<std::uint64_t>(kept);
        edits.commit();
      }
    }
    at = next;
  }
  // The node's own row; without any row left the node is deleted.
  PageEdits edits(graph_.store());
  std::byte* page = edits.edit(graph_.node_block(id), kNodePage);
  NodeHeader* node = graph_.node_in(page, graph_.node_slot(id));
  if ((node->flags & (kNodeUsed | kNodeDeleted)) != kNodeUsed) return;
  const bool own = node->tid.offset != 0;
  const bool own_dead = own && dead(node->tid);
  if (own && !own_dead) {
    counts.rows_left += 1 + left_in_records;
    return;
  }
  counts.rows_removed += own_dead ? 1 : 0;
  counts.rows_left += left_in_records;
  node->tid = {0, 0, 0};
  // Records change only under this page's lock: what they hold now is what counts.
  bool empty = true;
  for (RecordId r = node->aux; r != kNoRecord && empty;) {
    const PageRead aux(graph_.store(), graph_.record_block(r), kAuxPage);
    const auto* record =
        graph_.record_in(const_cast<std::byte*>(aux.bytes()), graph_.record_slot(r));
    if (record->kind == kFreeRecord || record->node != id) break;
    empty = record->kind != kMoreRows || record->count == 0;
    r = record->next;
  }
  if (empty) {
    node->flags |= kNodeDeleted;
    remember(id);
    ++counts.nodes_deleted;
  }
  edits.commit();
}

void Remover::repair(const std::function<void()>& pause) {
  if (deleted_.empty()) return;
  for_pages(kNodePage, pause, [&](Block block) {
    std::vector<NodeId> broken;
    {
      const PageRead page(graph_.store(), block, kNodePage);
      const auto* header = page.at<SlottedPageHeader>();
      const std::uint32_t used = std::min<std::uint32_t>(header->used, graph_.meta().node_slots);
      for (std::uint32_t slot = 0; slot < used; ++slot) {
        auto* node = graph_.node_in(const_cast<std::byte*>(page.bytes()), slot);
        const NodeId id = graph_.node_id(block, slot);
        if ((node->flags & kNodeUsed) == 0 || deleted(id)) continue;
        const NodeId* links = graph_.links_of(node);
        const int count = graph_.link_count(node);
        if (std::any_of(links, links + count, [this](NodeId l) { return deleted(l); }))
          broken.push_back(id);
      }
    }
    for (const NodeId id : broken) repair_node(id);
  });
  for_pages(kAuxPage, pause, [&](Block block) {
    std::vector<RecordId> broken;
    {
      const PageRead page(graph_.store(), block, kAuxPage);
      const auto* header = page.at<SlottedPageHeader>();
      const std::uint32_t used = std::min<std::uint32_t>(header->used, graph_.meta().aux_slots);
      for (std::uint32_t slot = 0; slot < used; ++slot) {
        const auto* r = graph_.record_in(const_cast<std::byte*>(page.bytes()), slot);
        if (r->kind != kUpperLinks || deleted(r->node)) continue;
        const UpperLink* links = Graph::upper_links(r);
        if (std::any_of(links, links + graph_.upper_count(r),
                        [this](const UpperLink& l) { return deleted(l.node); }))
          broken.push_back(graph_.record_id(block, slot));
      }
    }
    for (const RecordId id : broken) repair_record(id);
  });
  move_entry();
}

// The live ones of `links`, those that the deleted ones among them lead to, and, where these are
// few, those beyond further deleted ones: when most of a graph goes, the neighbours of neighbours
// have gone too. follow(link, meet) calls meet(next) for everything that `link` leads to.
template <class Link, class NodeOf, class Follow>
std::vector<Link> Remover::live_beyond(NodeId owner, const std::vector<Link>& links, int most,
                                       NodeOf node_of, Follow follow) {
  seen_.clear();
  seen_.insert(owner);
  std::vector<Link> live, gone;
  const auto meet = [&](const Link& l) {
    if (graph_.unwritten(l) || !seen_.insert(node_of(l))) return;
    (deleted(node_of(l)) ? gone : live).push_back(l);
  };
  for (const Link& l : links) meet(l);
  const std::size_t first = gone.size(), enough = static_cast<std::size_t>(most) * 4;
  for (std::size_t g = 0; g < gone.size(); ++g) {
    if (g >= first && (live.size() >= enough || g >= kMostSteps)) break;
    const Link at = gone[g];  // meet() may move the list
    follow(at, meet);
  }
  return live;
}

void Remover::repair_node(NodeId id) {
  const std::size_t code_bytes = graph_.geometry().code_bytes;
  const int most = graph_.geometry().max_links();
  for (int attempt = 0; attempt < 4; ++attempt) {
    std::vector<NodeId> before, candidates;
    {
      const NodeView view = graph_.node(id);
      if (!view.used()) return;
      before.assign(view.links, view.links + graph_.link_count(view.header));
      query_->set_code(view.code);
    }
    candidates = live_beyond(
        id, before, most, [](NodeId l) { return l; },
        [&](NodeId at, const auto& meet) {
          const NodeView gone = graph_.node(at);
          if (!gone.used()) return;
          const int count = graph_.link_count(gone.header);
          NodeId links[2 * kMaxM];
          std::copy_n(gone.links, count, links);
          for (int i = 0; i < count; ++i) meet(links[i]);
        });
    codes_.resize(candidates.size() * code_bytes);
    std::vector<LinkCandidate> chosen;
    for (const NodeId c : candidates) {
      const NodeView view = graph_.node(c);
      if (!view.alive()) continue;
      std::byte* to = codes_.data() + chosen.size() * code_bytes;
      std::memcpy(to, view.code, code_bytes);
      float distance, error;
      const std::byte* p = to;
      query_->distances(&p, 1, &distance, &error);
      chosen.push_back({distance, c, to});
    }
    std::sort(chosen.begin(), chosen.end(), [](const auto& a, const auto& b) {
      return a.distance < b.distance || (a.distance == b.distance && a.id < b.id);
    });
    // What is left of a good list is good: only too many need a choice.
    if (chosen.size() > static_cast<std::size_t>(most)) select_(chosen, most, true);
    PageEdits edits(graph_.store());
    std::byte* page = edits.edit(graph_.node_block(id), kNodePage);
    NodeHeader* node = graph_.node_in(page, graph_.node_slot(id));
    NodeId* links = graph_.links_of(node);
    if ((node->flags & kNodeUsed) == 0) return;
    if (node->link_count != before.size() || !std::equal(before.begin(), before.end(), links))
      continue;
    node->link_count = static_cast<std::uint8_t>(chosen.size());
    for (std::size_t i = 0; i < chosen.size(); ++i) links[i] = chosen[i].id;
    edits.commit();
    return;
  }
}

void Remover::repair_record(RecordId id) {
  const std::size_t code_bytes = graph_.geometry().code_bytes;
  const int most = graph_.geometry().m;
  for (int attempt = 0; attempt < 4; ++attempt) {
    std::vector<UpperLink> before, candidates;
    NodeId owner;
    int level;
    {
      const RecordHeader* r = graph_.record(id);
      if (r->kind != kUpperLinks) return;
      owner = r->node;
      level = r->level;
      before.assign(Graph::upper_links(r), Graph::upper_links(r) + graph_.upper_count(r));
    }
    candidates = live_beyond(
        owner, before, most, [](const UpperLink& l) { return l.node; },
        [&](const UpperLink& at, const auto& meet) {
          const RecordHeader* gone = graph_.record(at.record);
          if (gone->kind != kUpperLinks || gone->node != at.node || gone->level != level) return;
          const int count = graph_.upper_count(gone);
          UpperLink links[kMaxM];
          std::copy_n(Graph::upper_links(gone), count, links);
          for (int i = 0; i < count; ++i) meet(links[i]);
        });
    query_->set_code(graph_.node(owner).code);
    codes_.resize(candidates.size() * code_bytes);
    std::vector<LinkCandidate> chosen;
    for (std::size_t c = 0; c < candidates.size(); ++c) {
      const NodeView view = graph_.node(candidates[c].node);
      if (!view.alive()) continue;
      std::byte* to = codes_.data() + chosen.size() * code_bytes;
      std::memcpy(to, view.code, code_bytes);
      float distance, error;
      const std::byte* p = to;
      query_->distances(&p, 1, &distance, &error);
      chosen.push_back({distance, static_cast<std::uint32_t>(c), to});
    }
    std::sort(chosen.begin(), chosen.end(), [](const auto& a, const auto& b) {
      return a.distance < b.distance || (a.distance == b.distance && a.id < b.id);
    });
    if (chosen.size() > static_cast<std::size_t>(most)) select_(chosen, most, true);
    PageEdits edits(graph_.store());
    std::byte* page = edits.edit(graph_.record_block(id), kAuxPage);
    RecordHeader* r = graph_.record_in(page, graph_.record_slot(id));
    auto* links = reinterpret_cast<UpperLink*>(r + 1);
    if (r->kind != kUpperLinks || r->node != owner) return;
    if (r->count != before.size() || !std::equal(before.begin(), before.end(), links)) continue;
    r->count = static_cast<std::uint16_t>(chosen.size());
    for (std::size_t i = 0; i < chosen.size(); ++i) links[i] = candidates[chosen[i].id];
    edits.commit();
    return;
  }
}

// A deleted entry point gives way to a live node of the highest level there is.
void Remover::move_entry() {
  graph_.refresh();
  const Meta meta = graph_.meta();
  if (meta.entry_node == kNoNode || !deleted(meta.entry_node)) return;
  NodeId best = kNoNode;
  RecordId best_record = kNoRecord;
  int best_level = -1;
  PageStore& store = graph_.store();
  for (Block block = 1; block < store.blocks(); ++block) {
    const PageRead page(store, block, kFreePage);
    const auto* header = page.at<SlottedPageHeader>();
    if (page.kind() == kAuxPage) {
      const std::uint32_t used = std::min<std::uint32_t>(header->used, meta.aux_slots);
      for (std::uint32_t slot = 0; slot < used; ++slot) {
        const auto* r = graph_.record_in(const_cast<std::byte*>(page.bytes()), slot);
        if (r->kind == kUpperLinks && !deleted(r->node) && r->level > best_level) {
          best = r->node;
          best_record = graph_.record_id(block, slot);
          best_level = r->level;
        }
      }
    } else if (page.kind() == kNodePage && best_level < 0) {
      const std::uint32_t used = std::min<std::uint32_t>(header->used, meta.node_slots);
      for (std::uint32_t slot = 0; slot < used && best_level < 0; ++slot) {
        const auto* node = graph_.node_in(const_cast<std::byte*>(page.bytes()), slot);
        if ((node->flags & (kNodeUsed | kNodeDeleted)) != kNodeUsed) continue;
        best = graph_.node_id(block, slot);
        best_record = kNoRecord;
        best_level = 0;
      }
    }
  }
  PageEdits edits(store);
  auto* written = edits.edit_as<Meta>(0, kMetaPage);
  if (written->entry_node != meta.entry_node) return;  // an insert has put a higher one
  written->entry_node = best;
  written->entry_record = best_record;
  written->top_level = static_cast<std::uint32_t>(std::max(0, best_level));
  edits.commit();
}

// `free_slot(page, slot, block)` frees a slot of a deleted node and says so.
template <class FreeSlot>
void Remover::free_slots(SlotKind kind, const std::function<void()>& pause, FreeSlot free_slot) {
  const PageKind pages = kind == SlotKind::node ? kNodePage : kAuxPage;
  const std::uint32_t slots =
      kind == SlotKind::node ? graph_.meta().node_slots : graph_.meta().aux_slots;
  for_pages(pages, pause, [&](Block block) {
    bool any = false;
    {
      PageEdits edits(graph_.store());
      std::byte* page = edits.edit(block, pages);
      auto* header = reinterpret_cast<SlottedPageHeader*>(page);
      const std::uint32_t used = std::min<std::uint32_t>(header->used, slots);
      for (std::uint32_t slot = 0; slot < used; ++slot) {
        if (!free_slot(page, slot, block)) continue;
        ++header->free;
        any = true;
      }
      if (any) edits.commit();
    }
    if (any) chain_free_page(graph_, kind, block);
  });
}

void Remover::free(const std::function<void()>& pause) {
  if (deleted_.empty()) return;
  graph_.refresh();
  const NodeId entry = graph_.meta().entry_node;
  free_slots(SlotKind::node, pause, [&](std::byte* page, std::uint32_t slot, Block block) {
    NodeHeader* node = graph_.node_in(page, slot);
    const NodeId id = graph_.node_id(block, slot);
    if ((node->flags & kNodeDeleted) == 0 || !deleted(id) || id == entry) return false;
    node->flags = 0;
    node->link_count = 0;
    node->aux = kNoRecord;
    ++node->version;
    return true;
  });
  free_slots(SlotKind::record, pause, [&](std::byte* page, std::uint32_t slot, Block) {
    RecordHeader* r = graph_.record_in(page, slot);
    if (r->kind == kFreeRecord || !deleted(r->node) || r->node == entry) return false;
    r->kind = kFreeRecord;
    r->count = 0;
    r->next = kNoRecord;
    return true;
  });
}

Census take_census(Graph& graph) {
  Census c;
  PageStore& store = graph.store();
  for (Block block = 1; block < store.blocks(); ++block) {
    if (block % 32 == 0) store.check_interrupts();
    const PageRead page(store, block, kFreePage);
    const auto* header = page.at<SlottedPageHeader>();
    if (page.kind() == kNodePage) {
      ++c.node_pages;
      for (std::uint32_t slot = 0; slot < graph.meta().node_slots; ++slot) {
        const auto* node = graph.node_in(const_cast<std::byte*>(page.bytes()), slot);
        if (slot >= header->used || (node->flags & kNodeUsed) == 0) {
          ++c.free_slots;
        } else if ((node->flags & kNodeDeleted) != 0) {
          ++c.deleted;
        } else {
          ++c.nodes;
          c.rows += node->tid.offset != 0 ? 1 : 0;
          c.links += static_cast<std::uint64_t>(graph.link_count(node));
          if (c.by_level.size() <= node->level) c.by_level.resize(node->level + std::size_t{1});
          ++c.by_level[node->level];
        }
      }
    } else if (page.kind() == kAuxPage) {
      ++c.aux_pages;
      const std::uint32_t used = std::min<std::uint32_t>(header->used, graph.meta().aux_slots);
      for (std::uint32_t slot = 0; slot < used; ++slot) {
        const auto* r = graph.record_in(const_cast<std::byte*>(page.bytes()), slot);
        if (r->kind == kUpperLinks) ++c.upper_records;
        if (r->kind == kMoreRows) c.rows += r->count;
      }
    } else if (page.kind() == kModelPage) {
      ++c.model_pages;
    }
  }
  return c;
}

}  // namespace rv::index::hnsw
