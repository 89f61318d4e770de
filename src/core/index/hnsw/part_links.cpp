#include "core/index/hnsw/part_links.h"

#include <algorithm>
#include <cstring>

#include "core/index/hnsw/page_writer.h"
#include "core/index/hnsw/select.h"

namespace rv::index::hnsw {
namespace {

constexpr std::size_t kBatch = 256;

// A node whose links are being united.
struct Joined {
  std::size_t position;
  std::vector<NodeId> links;        // new ones first, each once
  std::vector<std::size_t> places;  // ... where their codes are: kept_ or part
};

class Joiner {
 public:
  Joiner(PageStore& store, const Geometry& geometry, const quant::Codec& codec,
         const CodeArray& codes, const std::vector<NodeId>& ids, const LevelGraph& graph)
      : store_(store),
        geometry_(geometry),
        codec_(codec),
        codes_(codes),
        ids_(ids),
        graph_(graph) {}

  void run(std::size_t begin, std::size_t end, const Work& work) {
    batch_.resize(end - begin);
    kept_.clear();
    for (std::size_t i = begin; i < end; ++i) collect(i, batch_[i - begin]);
    work.for_range(batch_.size(), 32, [this](std::size_t from, std::size_t to) {
      NeighbourSelection select(codec_);
      const auto query = codec_.query();
      for (std::size_t i = from; i < to; ++i) choose(batch_[i], *query, select);
    });
    for (const Joined& node : batch_) write(node);
  }

 private:
  const std::byte* pin(NodeId id) {
    return store_.pin(id / geometry_.node_slots(), kNodePage) + slot_offset(geometry_, id);
  }
  std::size_t links_at() const { return sizeof(NodeHeader) + geometry_.code_bytes; }

  void add(Joined& node, NodeId id, std::size_t place) {
    if (id == ids_[node.position] ||
        std::find(node.links.begin(), node.links.end(), id) != node.links.end())
      return;
    node.links.push_back(id);
    node.places.push_back(place);
  }
  // Links of this part and of earlier ones, and copies of those codes that the part has not.
  void collect(std::size_t position, Joined& node) {
    node.position = position;
    node.links.clear();
    node.places.clear();
    const auto degree = static_cast<std::size_t>(graph_.degree);
    for (std::size_t i = 0; i < graph_.counts[position]; ++i) {
      const std::uint32_t other = graph_.links[position * degree + i];
      add(node, ids_[other], other);
    }
    const std::byte* at = pin(ids_[position]);
    NodeHeader header;
    std::memcpy(&header, at, sizeof header);
    NodeId old[2 * kMaxM];
    std::memcpy(old, at + links_at(), header.link_count * sizeof(NodeId));
    for (std::size_t i = 0; i < header.link_count; ++i) {
      const auto mine = std::lower_bound(ids_.begin(), ids_.end(), old[i]);
      if (mine != ids_.end() && *mine == old[i]) {
        add(node, old[i], static_cast<std::size_t>(mine - ids_.begin()));
        continue;
      }
      const std::size_t before = node.links.size();
      add(node, old[i], ids_.size() + kept_.size() / geometry_.code_bytes);
      if (node.links.size() == before) continue;
      const std::byte* code = pin(old[i]) + sizeof(NodeHeader);
      kept_.insert(kept_.end(), code, code + geometry_.code_bytes);
    }
  }

  const std::byte* code(std::size_t place) const {
    return place < ids_.size() ? codes_[place]
                               : kept_.data() + (place - ids_.size()) * geometry_.code_bytes;
  }
  void choose(Joined& node, quant::CodeQuery& query, NeighbourSelection& select) const {
    const auto most = static_cast<std::size_t>(geometry_.max_links());
    if (node.links.size() <= most) return;
    std::vector<const std::byte*> codes;
    for (const std::size_t place : node.places) codes.push_back(code(place));
    std::vector<float> distance(codes.size()), error(codes.size());
    query.set_code(codes_[node.position]);
    query.distances(codes.data(), static_cast<int>(codes.size()), distance.data(), error.data());
    std::vector<LinkCandidate> candidates;
    for (std::size_t i = 0; i < codes.size(); ++i)
      if (distance[i] == distance[i]) candidates.push_back({distance[i], node.links[i], codes[i]});
    std::sort(candidates.begin(), candidates.end(),
              [](const LinkCandidate& a, const LinkCandidate& b) {
                return a.distance < b.distance || (a.distance == b.distance && a.id < b.id);
              });
    select(candidates, static_cast<int>(most), true);
    node.links.clear();
    for (const LinkCandidate& c : candidates) node.links.push_back(c.id);
  }

  void write(const Joined& node) {
    change_links(store_, geometry_, ids_[node.position], [&node](NodeId* links, std::size_t) {
      std::copy(node.links.begin(), node.links.end(), links);
      return node.links.size();
    });
  }

  PageStore& store_;
  Geometry geometry_;
  const quant::Codec& codec_;
  const CodeArray& codes_;
  const std::vector<NodeId>& ids_;
  const LevelGraph& graph_;
  std::vector<Joined> batch_;
  std::vector<std::byte> kept_;
};

}  // namespace

void write_part_links(PageStore& store, const Geometry& geometry, const quant::Codec& codec,
                      const CodeArray& codes, const std::vector<NodeId>& ids,
                      const LevelGraph& graph, const Work& work) {
  Joiner joiner(store, geometry, codec, codes, ids, graph);
  for (std::size_t i = 0; i < ids.size(); i += kBatch) {
    joiner.run(i, std::min(ids.size(), i + kBatch), work);
    store.unpin_all();
  }
}

}  // namespace rv::index::hnsw
