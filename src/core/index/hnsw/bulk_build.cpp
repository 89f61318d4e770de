#include "core/index/hnsw/bulk_build.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "core/index/hnsw/page_writer.h"
#include "core/index/hnsw/reach.h"

namespace rv::index::hnsw {
// ef_construction means effort, as it does for insertion: 64 takes 12 candidates from each of 5
// leaves, which gives the recall of insertion at 64.
LevelParams level_params(const Options& options, int degree, std::uint64_t seed) noexcept {
  LevelParams p;
  p.degree = degree;
  const int ef = std::max(options.ef_construction, 2 * options.m);
  p.per_leaf = std::clamp(ef * 3 / 16, 4, 64);
  p.partition.fan = std::clamp(3 + ef / 32, 3, 12);
  p.partition.leaf_size = std::clamp(6 * p.per_leaf, 384, 1024);
  p.partition.seed = seed;
  return p;
}

BulkBuild::BulkBuild(std::shared_ptr<const quant::Codec> codec, const Options& options,
                     const Work& work, std::uint64_t seed)
    : codec_(std::move(codec)),
      options_(options),
      work_(work),
      seed_(seed),
      codes_(codec_->code_bytes()),
      table_(codes_) {}

std::size_t BulkBuild::bytes_per_row(const quant::Codec& codec, const Options& options) noexcept {
  return codec.code_bytes() + sizeof(HeapTid) + 2 * sizeof(std::uint64_t) + 8 +
         level_bytes_per_member(level_params(options, 2 * options.m, 1));
}

std::size_t BulkBuild::bytes_when_built() const noexcept {
  return codes_.size() * bytes_per_row(*codec_, options_) + extra_.size() * sizeof(ExtraRow);
}

void BulkBuild::add(const float* vectors, const HeapTid* tids, std::size_t count) {
  const std::size_t first = codes_.size();
  if (first + count >= kPrimary)
    throw Error(ErrorCode::limit_exceeded, "more than 2147483647 vectors in one build");
  std::vector<std::byte*> to(count);
  for (auto& p : to) p = codes_.append();
  const auto dim = static_cast<std::size_t>(codec_->dim());
  std::vector<std::uint64_t> hashes(count);
  work_.for_range(count, 64, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      codec_->encode(vectors + i * dim, to[i]);
      hashes[i] = hash_code(to[i], codes_.code_bytes());
    }
  });
  // Repetitions leave gaps, which the codes behind them fill.
  for (std::size_t i = 0; i < count; ++i) codes_.drop_last();
  for (std::size_t i = 0; i < count; ++i) {
    std::byte* slot = codes_.append();
    if (slot != to[i]) std::memcpy(slot, to[i], codes_.code_bytes());
    take_row(hashes[i], tids[i]);
  }
}

// The last code is that of `tid`; when an equal one is there, that takes the row.
void BulkBuild::take_row(std::uint64_t hash, HeapTid tid) {
  ++rows_;
  const auto node = static_cast<std::uint32_t>(codes_.size() - 1);
  const std::uint32_t equal = table_.enter(hash);
  if (equal == node) {
    tids_.push_back(tid);
  } else {
    codes_.drop_last();
    extra_.push_back({equal, tid});
  }
}

void BulkBuild::hand_over(const std::function<void(const std::byte*, HeapTid)>& take) {
  for (std::size_t i = 0; i < codes_.size(); ++i) take(codes_[i], tids_[i]);
  for (const ExtraRow& row : extra_) take(codes_[row.node], row.tid);
}

// Nodes become numbered in the order of the partition, so that the codes of neighbours, which
// everything from here on is about, lie together.
void BulkBuild::renumber(const std::vector<std::uint32_t>& order) {
  codes_.reorder(order);
  std::vector<HeapTid> tids(tids_.size());
  for (std::size_t i = 0; i < order.size(); ++i) tids[i] = tids_[order[i]];
  tids_ = std::move(tids);
  const std::vector<std::uint32_t> number = places_of(order);
  for (ExtraRow& row : extra_) row.node = number[row.node];
}

void BulkBuild::build(const std::function<void(std::size_t, std::size_t)>& progress) {
  table_.clear();
  const std::size_t n = codes_.size();
  std::vector<std::uint32_t> all(n);
  std::iota(all.begin(), all.end(), 0u);
  const LevelParams base = level_params(options_, 2 * options_.m, seed_);
  LevelPartition parts = partition_level(*codec_, codes_, all, base, work_);
  renumber(parts.order);

  levels_.resize(n);
  Rng rng(seed_);
  const double scale = 1 / std::log(static_cast<double>(options_.m));
  int top = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const int level = std::min(static_cast<int>(-std::log(1.0 - rng.uniform()) * scale), kMaxLevel);
    levels_[i] = static_cast<std::uint8_t>(level);
    top = std::max(top, level);
  }
  graphs_.resize(static_cast<std::size_t>(top) + 1);
  // Upper levels are small, and every search depends on them; three times the effort instead of
  // half as much again took a tenth of the build and changed no recall at 60,000 x 768 and
  // 200,000 x 128.
  Options more = options_;
  more.ef_construction = std::max(96, 3 * options_.ef_construction / 2);
  const LevelParams upper = level_params(more, options_.m, seed_);
  for (int l = top; l > 0; --l) {
    Level& level = graphs_[static_cast<std::size_t>(l)];
    for (std::size_t i = 0; i < n; ++i)
      if (levels_[i] >= l) level.members.push_back(static_cast<std::uint32_t>(i));
    level.graph = build_level(*codec_, codes_, level.members, upper, work_);
    progress(level.members.size(), n);
  }
  graphs_[0].graph = link_level(*codec_, codes_, all, std::move(parts.leaves), base, work_);
  graphs_[0].members = std::move(all);
  progress(n, n);
}

std::size_t BulkBuild::link_unreached(int least) {
  return graphs_.empty() ? 0 : hnsw::link_unreached(graphs_[0].graph, least);
}

void BulkBuild::write(PageStore& store,
                      const std::function<void(std::size_t, std::size_t)>& progress) {
  const std::size_t n = codes_.size();
  if (n == 0) return;
  const Geometry g{store.content_bytes(), options_.m, codes_.code_bytes()};
  const std::uint32_t node_slots = g.node_slots(), aux_slots = g.aux_slots();
  const LevelGraph& base = graphs_[0].graph;

  // Places: nodes, then the records of those that have any.
  const Block first_node = store.blocks();
  const auto node_pages = static_cast<Block>((n + node_slots - 1) / node_slots);
  const Block first_aux = first_node + node_pages;
  const auto node_id = [&](std::uint32_t node) { return slot_id(first_node, node, node_slots); };
  const auto record_id = [&](std::size_t record) { return slot_id(first_aux, record, aux_slots); };
  std::sort(extra_.begin(), extra_.end(),
            [](const ExtraRow& a, const ExtraRow& b) { return a.node < b.node; });
  const auto per_record = static_cast<std::size_t>(g.rows_per_record());
  std::vector<std::uint32_t> first_record(n, kNoRecord);
  struct Owner {
    std::uint32_t node;
    std::size_t extra_begin, extra_end;
  };
  std::vector<Owner> owners;
  std::size_t records = 0, at = 0;
  for (std::size_t node = 0; node < n; ++node) {
    const std::size_t begin = at;
    while (at < extra_.size() && extra_[at].node == node) ++at;
    const std::size_t mine = levels_[node] + (at - begin + per_record - 1) / per_record;
    if (mine == 0) continue;
    first_record[node] = static_cast<std::uint32_t>(records);
    records += mine;
    owners.push_back({static_cast<std::uint32_t>(node), begin, at});
  }

  write_nodes(
      store, g, n,
      [&](std::size_t node, std::byte* to) {
        NodeHeader h{};
        h.tid = tids_[node];
        h.aux = first_record[node] == kNoRecord ? kNoRecord : record_id(first_record[node]);
        h.flags = kNodeUsed;
        h.level = levels_[node];
        h.link_count = base.counts[node];
        std::memcpy(to, &h, sizeof h);
        std::memcpy(to + sizeof h, codes_[node], g.code_bytes);
        std::byte* links = to + sizeof h + g.code_bytes;
        for (std::size_t l = 0; l < base.counts[node]; ++l) {
          const NodeId id = node_id(base.links[node * static_cast<std::size_t>(base.degree) + l]);
          std::memcpy(links + l * sizeof id, &id, sizeof id);
        }
      },
      progress);

  // Positions of upper members by node, a level at a time.
  std::vector<std::vector<std::uint32_t>> position(graphs_.size());
  for (std::size_t l = 1; l < graphs_.size(); ++l) {
    position[l].resize(n);
    for (std::size_t i = 0; i < graphs_[l].members.size(); ++i)
      position[l][graphs_[l].members[i]] = static_cast<std::uint32_t>(i);
  }
  RecordWriter records_out(store, g);
  std::vector<HeapTid> rows;
  for (const Owner& owner : owners) {
    const std::size_t levels = levels_[owner.node];
    const std::size_t last = first_record[owner.node] + levels +
                             (owner.extra_end - owner.extra_begin + per_record - 1) / per_record;
    for (std::size_t l = 1; l <= levels; ++l) {
      const Level& level = graphs_[l];
      const std::size_t at_position = position[l][owner.node];
      std::vector<UpperLink> links;
      for (std::size_t i = 0; i < level.graph.counts[at_position]; ++i) {
        const std::uint32_t other =
            level.members
                [level.graph.links[at_position * static_cast<std::size_t>(level.graph.degree) + i]];
        links.push_back({record_id(first_record[other] + l - 1), node_id(other)});
      }
      const RecordHeader header{
          kUpperLinks,
          static_cast<std::uint8_t>(l),
          static_cast<std::uint16_t>(links.size()),
          node_id(owner.node),
          records_out.written() + 1 < last ? record_id(records_out.written() + 1) : kNoRecord,
          0};
      records_out.put(header, links.data(), links.size() * sizeof(UpperLink));
    }
    rows.clear();
    for (std::size_t e = owner.extra_begin; e < owner.extra_end; ++e) rows.push_back(extra_[e].tid);
    records_out.put_rows(node_id(owner.node), rows.data(), rows.size());
    if ((records_out.written() & 1023) < 4) work_.poll();
  }
  records_out.finish();

  // The entry point: the first node of the highest level.
  const std::uint32_t entry = graphs_.back().members.front();
  const auto top = static_cast<std::uint32_t>(graphs_.size() - 1);
  PageEdits last(store);
  auto* meta = last.edit_as<Meta>(0, kMetaPage);
  meta->entry_node = node_id(entry);
  meta->top_level = top;
  meta->entry_record = top == 0 ? kNoRecord : record_id(first_record[entry] + top - 1);
  meta->node_page = n % node_slots == 0 ? kNoBlock : first_aux - 1;
  meta->aux_page = records_out.page_with_room();
  meta->built_rows = rows_;
  last.commit();
  progress(n, n);
}

}  // namespace rv::index::hnsw
