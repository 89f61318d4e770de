#include "core/index/hnsw/parted_build.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "core/index/hnsw/hubs.h"
#include "core/index/hnsw/page_writer.h"

namespace rv::index::hnsw {
namespace {

constexpr std::size_t kMostLeaders = 4096, kMostParts = 1024;
constexpr std::size_t kLeadersPerPart = 8;
constexpr std::size_t kLeastCapacity = 4096;
constexpr int kNear = 6;  // leaders among which a neighbour part is looked for
// Rows come once as nodes and up to twice as guests, and parts differ in size.
constexpr double kPlannedShare = 0.3, kMostShare = 0.6;

LevelParams part_params(const Options& options, std::uint64_t seed) noexcept {
  LevelParams p = level_params(options, 2 * options.m, seed);
  // A guest is compared in two parts: fewer leaves in each make the same effort.
  p.partition.fan = std::max(3, p.partition.fan * 3 / 5);
  p.hubs = false;  // of the whole, not of each part
  return p;
}

std::span<const std::byte> bytes_of(const void* p, std::size_t n) {
  return {static_cast<const std::byte*>(p), n};
}

}  // namespace

std::unique_ptr<CodeArray> encode_leaders(const quant::Codec& codec, const float* sample,
                                          std::size_t count) {
  auto codes = std::make_unique<CodeArray>(codec.code_bytes());
  const std::size_t n = std::min(count, 2 * kMostLeaders);
  for (std::size_t i = 0; i < n; ++i)
    codec.encode(sample + i * count / n * static_cast<std::size_t>(codec.dim()), codes->append());
  return codes;
}

PartedPlan plan_parts(const quant::Codec& codec, const Options& options, std::size_t memory,
                      std::size_t rows) {
  const std::size_t row = codec.code_bytes() + sizeof(PartedBuild::Row) + sizeof(NodeId) +
                          level_bytes_per_member(part_params(options, 1));
  PartedPlan plan{};
  plan.capacity = std::max(kLeastCapacity, memory / 4 * 3 / row);
  plan.parts = std::clamp<std::size_t>(
      static_cast<std::size_t>(std::ceil(static_cast<double>(rows) /
                                         (kPlannedShare * static_cast<double>(plan.capacity)))),
      1, kMostParts);
  plan.bytes = plan.capacity * row + memory / 5;
  return plan;
}

PartedBuild::PartedBuild(std::shared_ptr<const quant::Codec> codec, const Options& options,
                         const Work& work, std::uint64_t seed, std::size_t memory,
                         std::size_t expected_rows, std::unique_ptr<CodeArray> leaders,
                         MakeScratchFile make_file)
    : codec_(std::move(codec)),
      options_(options),
      work_(work),
      seed_(seed),
      make_file_(std::move(make_file)),
      rng_(seed),
      params_(part_params(options, seed)),
      expected_rows_(std::max<std::size_t>(expected_rows, 1)),
      codes_(std::move(leaders)),
      upper_codes_(codec_->code_bytes()) {
  const PartedPlan plan = plan_parts(*codec_, options, memory, expected_rows_);
  const std::size_t code = codec_->code_bytes();
  capacity_ = plan.capacity;
  const LevelParams upper = level_params(options_, options_.m, seed);
  most_upper_ = std::max<std::size_t>(kLeastCapacity / 2,
                                      memory / 5 / (code + level_bytes_per_member(upper) + 16));
  upper_share_ = std::min(1.0 / options_.m,
                          static_cast<double>(most_upper_) / static_cast<double>(expected_rows_));
  group_leaders(std::min(plan.parts, std::clamp<std::size_t>(codes_->size() / 2, 1, kMostParts)));
  batch_rows_ = std::clamp<std::size_t>(memory / 16 / code, 256, 8192);
}

// Divides leaders into parts of about equal weight, each of neighbours: a part grows around a seed.
void PartedBuild::group_leaders(std::size_t parts) {
  parts_.resize(parts);
  const std::size_t sample = codes_->size();
  if (sample == 0) {  // nothing is known: a leader that is near to nothing
    std::memset(codes_->append(), 0, codes_->code_bytes());
  }
  const std::size_t count =
      std::clamp<std::size_t>(parts * kLeadersPerPart, 1, std::min(kMostLeaders, codes_->size()));
  leaders_.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    leaders_.push_back(static_cast<std::uint32_t>(i * codes_->size() / count));
  part_of_.assign(count, 0);
  if (parts == 1) return;

  std::vector<std::uint32_t> all(codes_->size()), near(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint32_t>(i);
  const auto assigner = make_assigner(*codec_, *codes_);
  assigner->lead(leaders_);
  assigner->assign(all.data(), 0, all.size(), 1, near.data());
  std::vector<std::size_t> weight(count, 1);
  for (const std::uint32_t l : near)
    if (l != ~0u) ++weight[l];

  const auto query = codec_->query();
  std::vector<const std::byte*> codes(count);
  for (std::size_t l = 0; l < count; ++l) codes[l] = (*codes_)[leaders_[l]];
  std::vector<float> distance(count), error(count);
  std::vector<std::uint32_t> open(count);
  for (std::size_t l = 0; l < count; ++l) open[l] = static_cast<std::uint32_t>(l);
  std::size_t left = all.size() + count;
  for (std::size_t part = 0; part < parts && !open.empty(); ++part) {
    const std::size_t target = left / (parts - part);
    query->set_code(codes[open.front()]);
    query->distances(codes.data(), static_cast<int>(count), distance.data(), error.data());
    std::stable_sort(open.begin(), open.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return distance[a] < distance[b]; });
    std::size_t taken = 0, got = 0;
    while (taken < open.size() && (got == 0 || got + weight[open[taken]] / 2 <= target)) {
      got += weight[open[taken]];
      part_of_[open[taken++]] = static_cast<std::uint16_t>(part);
    }
    left -= std::min(left, got);
    open.erase(open.begin(), open.begin() + static_cast<std::ptrdiff_t>(taken));
  }
  for (const std::uint32_t l : open) part_of_[l] = static_cast<std::uint16_t>(parts - 1);
}

void PartedBuild::add(const float* vectors, const HeapTid* tids, std::size_t count) {
  const auto dim = static_cast<std::size_t>(codec_->dim());
  for (std::size_t done = 0; done < count;) {
    const std::size_t n = std::min(count - done, batch_rows_ - batch_.size());
    std::vector<std::byte*> to(n);
    for (auto& p : to) p = codes_->append();
    work_.for_range(n, 64, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) codec_->encode(vectors + (done + i) * dim, to[i]);
    });
    batch_.insert(batch_.end(), tids + done, tids + done + n);
    done += n;
    if (batch_.size() == batch_rows_) flush();
  }
}

void PartedBuild::add_code(const std::byte* code, HeapTid tid) {
  std::memcpy(codes_->append(), code, codes_->code_bytes());
  batch_.push_back(tid);
  if (batch_.size() == batch_rows_) flush();
}

// The batch goes to the files of its parts.
void PartedBuild::flush() {
  const std::size_t n = batch_.size();
  if (n == 0) return;
  const auto first = static_cast<std::uint32_t>(codes_->size() - n);
  std::vector<std::uint32_t> ids(n), near(n * kNear);
  for (std::size_t i = 0; i < n; ++i) ids[i] = first + static_cast<std::uint32_t>(i);
  work_.for_range(n, 1024, [&](std::size_t begin, std::size_t end) {
    const auto assigner = make_assigner(*codec_, *codes_);
    assigner->lead(leaders_);
    assigner->assign(ids.data(), begin, end, kNear, near.data());
  });
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t* leaders = near.data() + i * kNear;
    const std::uint16_t home = leaders[0] == ~0u ? std::uint16_t{0} : part_of_[leaders[0]];
    Row row{batch_[i], {kNoPart, kNoPart}};
    int neighbours = 0;
    for (int f = 1; f < kNear && neighbours < kGuestParts; ++f) {
      if (leaders[f] == ~0u) break;
      const std::uint16_t part = part_of_[leaders[f]];
      if (part != home && part != row.neighbours[0]) row.neighbours[neighbours++] = part;
    }
    Part& to = parts_[home];
    if (to.rows == nullptr) to.rows = make_file_();
    to.rows->append(bytes_of(&row, sizeof row));
    to.rows->append(bytes_of((*codes_)[ids[i]], codes_->code_bytes()));
    ++to.row_count;
  }
  rows_ += n;
  for (std::size_t i = 0; i < n; ++i) codes_->drop_last();
  batch_.clear();
}

int PartedBuild::random_level() {
  const double u = rng_.uniform();
  if (u >= upper_share_ || upper_ids_.size() >= 2 * most_upper_) return 0;
  const double above = -std::log(1.0 - rng_.uniform()) / std::log(static_cast<double>(options_.m));
  return std::min(1 + static_cast<int>(above), kMaxLevel);
}

void PartedBuild::place_part(PageStore& store, std::size_t number) {
  Part& part = parts_[number];
  const auto most = static_cast<std::size_t>(kMostShare * static_cast<double>(capacity_));
  const std::size_t code_bytes = codec_->code_bytes();
  const std::size_t entry = sizeof(Row) + code_bytes;
  std::vector<std::byte> image(entry);
  for (std::size_t at = 0; at < part.row_count;) {
    CodeArray codes(code_bytes);
    CodeTable table(codes);
    std::vector<Row> rows;
    std::vector<std::pair<std::uint32_t, HeapTid>> extra;
    for (; at < part.row_count && rows.size() < most; ++at) {
      part.rows->read(at * entry, image);
      Row row;
      std::memcpy(&row, image.data(), sizeof row);
      std::memcpy(codes.append(), image.data() + sizeof row, code_bytes);
      const std::uint32_t equal = table.enter(hash_code(image.data() + sizeof row, code_bytes));
      if (equal == rows.size()) {
        rows.push_back(row);
      } else {
        codes.drop_last();
        extra.emplace_back(equal, row.tid);
      }
      if (at % 4096 == 0) work_.poll();
    }
    table.clear();
    place(store, number, codes, rows, extra);
  }
  part.rows.reset();
}

// Nodes without links, in the order of nearness.
void PartedBuild::place(PageStore& store, std::size_t number, const CodeArray& codes,
                        const std::vector<Row>& rows,
                        std::vector<std::pair<std::uint32_t, HeapTid>>& extra) {
  const Geometry g{store.content_bytes(), options_.m, codes.code_bytes()};
  const std::size_t n = rows.size();
  std::vector<std::uint32_t> members(n), order;
  for (std::size_t i = 0; i < n; ++i) members[i] = static_cast<std::uint32_t>(i);
  PartitionParams near = params_.partition;
  near.fan = 1;
  order.reserve(n);
  for (const Leaf& leaf : codec_->expanded_dim() > 0
                              ? partition(*codec_, codes, members, near, work_)
                              : partition_by_query(*codec_, codes, members, near, work_))
    for (const std::uint32_t id : leaf) order.push_back(id & ~kPrimary);

  std::vector<int> levels(n);
  for (int& level : levels) level = random_level();
  const Block first = write_nodes(
      store, g, n,
      [&](std::size_t i, std::byte* to) {
        NodeHeader h{};
        h.tid = rows[order[i]].tid;
        h.aux = kNoRecord;
        h.flags = kNodeUsed;
        h.level = static_cast<std::uint8_t>(levels[order[i]]);
        std::memcpy(to, &h, sizeof h);
        std::memcpy(to + sizeof h, codes[order[i]], g.code_bytes);
      },
      [](std::size_t, std::size_t) {});
  placed_.push_back({number, first, n});
  std::vector<NodeId> id_of(n);
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t node = order[i];
    const NodeId id = id_of[node] = slot_id(first, i, g.node_slots());
    for (const std::uint16_t neighbour : rows[node].neighbours) {
      if (neighbour == kNoPart) continue;
      Part& other = parts_[neighbour];
      if (other.guests == nullptr) other.guests = make_file_();
      other.guests->append(bytes_of(&id, sizeof id));
      other.guests->append(bytes_of(codes[node], g.code_bytes));
      ++other.guest_count;
    }
    if (levels[node] > 0) {
      std::memcpy(upper_codes_.append(), codes[node], g.code_bytes);
      upper_ids_.push_back(id);
      upper_levels_.push_back(static_cast<std::uint8_t>(levels[node]));
    }
  }
  write_extra(store, id_of, extra);
}

// Further rows of equal vectors.
void PartedBuild::write_extra(PageStore& store, const std::vector<NodeId>& id_of,
                              std::vector<std::pair<std::uint32_t, HeapTid>>& extra) {
  if (extra.empty()) return;
  const Geometry g{store.content_bytes(), options_.m, codec_->code_bytes()};
  std::stable_sort(extra.begin(), extra.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  RecordWriter out(store, g);
  std::vector<std::pair<NodeId, RecordId>> chains;
  std::vector<HeapTid> tids;
  for (std::size_t at = 0; at < extra.size();) {
    const std::uint32_t node = extra[at].first;
    tids.clear();
    for (; at < extra.size() && extra[at].first == node; ++at) tids.push_back(extra[at].second);
    chains.emplace_back(id_of[node], out.next_id());
    out.put_rows(id_of[node], tids.data(), tids.size());
  }
  out.finish();
  for (const auto& [id, record] : chains) set_first_record(store, g, id, record);
}

void PartedBuild::link_part(PageStore& store, const Placed& placed) {
  const Geometry g{store.content_bytes(), options_.m, codec_->code_bytes()};
  Part& part = parts_[placed.part];
  CodeArray codes(g.code_bytes);
  std::vector<NodeId> own, ids;
  own.reserve(placed.count);
  for (std::size_t i = 0; i < placed.count; ++i)
    own.push_back(slot_id(placed.first, i, g.node_slots()));
  const std::size_t room = capacity_ > placed.count ? capacity_ - placed.count : 0;
  const std::size_t guests = std::min(part.guest_count, room);
  // Ids ascend in both, so that pages are visited in their order.
  std::vector<std::byte> image(sizeof(NodeId) + g.code_bytes);
  const auto take_own = [&](std::size_t& next, NodeId before) {
    for (; next < own.size() && own[next] < before; ++next) {
      const std::byte* page = store.pin(own[next] / g.node_slots(), kNodePage);
      std::memcpy(codes.append(), page + slot_offset(g, own[next]) + sizeof(NodeHeader),
                  g.code_bytes);
      ids.push_back(own[next]);
    }
  };
  std::size_t next = 0;
  for (std::size_t i = 0; i < guests; ++i) {
    // When there are too many, some from everywhere.
    part.guests->read(i * part.guest_count / guests * image.size(), image);
    NodeId id;
    std::memcpy(&id, image.data(), sizeof id);
    take_own(next, id);
    std::memcpy(codes.append(), image.data() + sizeof id, g.code_bytes);
    ids.push_back(id);
    if (i % 4096 == 0) work_.poll();
  }
  take_own(next, kNoNode);
  store.unpin_all();
  std::vector<std::uint32_t> members(ids.size());
  for (std::size_t i = 0; i < members.size(); ++i) members[i] = static_cast<std::uint32_t>(i);
  const LevelGraph graph = build_level(*codec_, codes, members, params_, work_);
  write_part_links(store, g, *codec_, codes, ids, graph, work_);
}

void PartedBuild::write_upper_levels(PageStore& store) {
  const Geometry g{store.content_bytes(), options_.m, codec_->code_bytes()};
  const std::size_t n = upper_ids_.size();
  const int top = n == 0 ? 0 : *std::max_element(upper_levels_.begin(), upper_levels_.end());
  std::vector<std::size_t> first_of(n + 1);
  for (std::size_t i = 0; i < n; ++i) first_of[i + 1] = first_of[i] + upper_levels_[i];
  RecordWriter out(store, g);
  // By record, level by level: a record's place is known before it is written.
  std::vector<std::vector<UpperLink>> links(first_of[n]);
  for (int l = 1; l <= top; ++l) {
    std::vector<std::uint32_t> members;
    for (std::size_t i = 0; i < n; ++i)
      if (upper_levels_[i] >= l) members.push_back(static_cast<std::uint32_t>(i));
    const auto level = static_cast<std::size_t>(l);
    const LevelGraph graph = build_level(*codec_, upper_codes_, members,
                                         level_params(options_, options_.m, seed_), work_);
    for (std::size_t p = 0; p < members.size(); ++p)
      for (std::size_t i = 0; i < graph.counts[p]; ++i) {
        const std::uint32_t other =
            members[graph.links[p * static_cast<std::size_t>(graph.degree) + i]];
        links[first_of[members[p]] + level - 1].push_back(
            {out.id(first_of[other] + level - 1), upper_ids_[other]});
      }
  }
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t l = 1; l <= upper_levels_[i]; ++l) {
      const auto& entries = links[first_of[i] + l - 1];
      const RecordHeader header{
          kUpperLinks,
          static_cast<std::uint8_t>(l),
          static_cast<std::uint16_t>(entries.size()),
          upper_ids_[i],
          l < upper_levels_[i] ? out.id(out.written() + 1) : first_record(store, g, upper_ids_[i]),
          0};
      out.put(header, entries.data(), entries.size() * sizeof(UpperLink));
      if (out.written() % 1024 == 0) work_.poll();
    }
  out.finish();
  for (std::size_t i = 0; i < n; ++i)
    set_first_record(store, g, upper_ids_[i], out.id(first_of[i]));

  link_hubs(store);

  PageEdits edits(store);
  auto* meta = edits.edit_as<Meta>(0, kMetaPage);
  const auto entry = static_cast<std::size_t>(
      std::max_element(upper_levels_.begin(), upper_levels_.end()) - upper_levels_.begin());
  meta->entry_node = n == 0 ? slot_id(placed_.front().first, 0, g.node_slots()) : upper_ids_[entry];
  meta->entry_record =
      n == 0 ? kNoRecord : out.id(first_of[entry] + static_cast<std::size_t>(top) - 1);
  meta->top_level = static_cast<std::uint32_t>(top);
  const Placed& last = placed_.back();
  meta->node_page = last.count % g.node_slots() == 0
                        ? kNoBlock
                        : last.first + static_cast<Block>(last.count / g.node_slots());
  meta->aux_page = out.page_with_room();
  meta->built_rows = rows_;
  edits.commit();
}

// Far links on the lowest level, between nodes of the upper ones: these are a sample of all.
void PartedBuild::link_hubs(PageStore& store) {
  if (upper_ids_.size() < 3) return;
  const Geometry g{store.content_bytes(), options_.m, codec_->code_bytes()};
  std::vector<std::uint32_t> members(upper_ids_.size());
  std::iota(members.begin(), members.end(), 0u);
  const auto hubs = choose_hubs(members.size(), seed_);
  auto far = far_links(*codec_, upper_codes_, members, hubs, g.max_links(), seed_, work_);
  for (std::size_t i = 0; i < hubs.size(); ++i) {
    for (std::uint32_t& f : far[i]) f = upper_ids_[f];
    change_links(store, g, upper_ids_[hubs[i]], [&](NodeId* links, std::size_t count) {
      return add_far_links(far[i], links, count, static_cast<std::size_t>(g.max_links()));
    });
  }
}

void PartedBuild::finish(PageStore& store,
                         const std::function<void(std::size_t, std::size_t)>& progress) {
  flush();
  codes_.reset();
  if (rows_ == 0) return;
  std::size_t done = 0;
  for (std::size_t part = 0; part < parts_.size(); ++part) {
    place_part(store, part);
    done += parts_[part].row_count;
    progress(done, 2 * rows_);
  }
  for (const Placed& placed : placed_) {
    link_part(store, placed);
    done += placed.count;
    progress(std::min(done, 2 * rows_), 2 * rows_);
  }
  parts_.clear();
  write_upper_levels(store);
  store.unpin_all();
  progress(2 * rows_, 2 * rows_);
}

}  // namespace rv::index::hnsw
