#include "core/index/hnsw/partition.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "core/base/rng.h"
#include "core/quant/code_kernels.h"

namespace rv::index::hnsw {

namespace {

constexpr std::size_t kAhead = 6;  // codes that are asked for before they are needed

}  // namespace

std::byte* CodeArray::append() {
  if (size_ == chunks_.size() * kChunk) {
    // As much again as there is, up to what large pages are given for.
    const std::size_t chunk = kChunk * code_bytes_;
    const std::size_t most = (std::size_t{32} << 20) / chunk + 1;
    const std::size_t count = std::clamp<std::size_t>(chunks_.size(), 1, most);
    std::byte* block = blocks_.emplace_back(count * chunk).data();
    for (std::size_t c = 0; c < count; ++c) chunks_.push_back(block + c * chunk);
  }
  return at(size_++);
}

void CodeArray::reorder(const std::vector<std::uint32_t>& order) {
  std::vector<std::byte> first(code_bytes_);
  std::vector<bool> placed(size_);
  for (std::size_t start = 0; start < size_; ++start) {
    if (placed[start]) continue;
    std::memcpy(first.data(), at(start), code_bytes_);
    std::size_t to = start;
    for (std::size_t from = order[to]; from != start; from = order[to]) {
      prefetch(order[from]);
      std::memcpy(at(to), at(from), code_bytes_);
      placed[to] = true;
      to = from;
    }
    std::memcpy(at(to), first.data(), code_bytes_);
    placed[to] = true;
  }
}

PackedCodes::PackedCodes(const quant::Codec& codec)
    : codec_(codec), dim_(static_cast<std::size_t>(codec.expanded_dim())) {}

void PackedCodes::assign(const CodeArray& codes, const std::uint32_t* ids, std::size_t count) {
  count_ = count;
  columns_ = (count + 63) / 64 * 64;
  rows_.resize(count * dim_);
  packed_.resize(columns_ * dim_);
  sums_.assign(columns_, 0);
  norms_.assign(columns_, 2e30f);  // padding is never near
  scales_.assign(columns_, 0);
  dots_.resize(4 * columns_);
  for (std::size_t i = 0; i < count; ++i) {
    if (i + kAhead < count) codes.prefetch(ids[i + kAhead] & ~kPrimary);
    std::int8_t* row = rows_.data() + i * dim_;
    const auto e = codec_.expand(codes[ids[i] & ~kPrimary], row);
    norms_[i] = e.norm;
    scales_[i] = e.scale;
    sums_[i] = quant::pack_column(row, dim_, i, packed_.data());
  }
  // Stale columns would only cost exactness of numbers that padding discards.
}

void PackedCodes::nearest(const std::int8_t* const* rows, const quant::Codec::Expanded* expanded,
                          int row_count, const std::size_t* skip, int k, float* best,
                          std::uint32_t* index, int* found) {
  const auto& kernels = quant::code_kernels();
  const std::int8_t* four[4];
  for (int r = 0; r < 4; ++r) four[r] = rows[std::min(r, row_count - 1)];
  kernels.rows4(four, packed_.data(), sums_.data(), dim_, columns_, dots_.data(), columns_);
  for (int r = 0; r < row_count; ++r)
    found[r] = kernels.nearest(dots_.data() + static_cast<std::size_t>(r) * columns_, norms_.data(),
                               scales_.data(), expanded[r].norm, expanded[r].scale, columns_,
                               skip[r], k, best + r * k, index + r * k);
}

void PackedCodes::distances(std::size_t i, float* out) {
  const std::int8_t* four[4] = {row(i), row(i), row(i), row(i)};
  quant::code_kernels().rows4(four, packed_.data(), sums_.data(), dim_, columns_, dots_.data(),
                              columns_);
  for (std::size_t j = 0; j < count_; ++j)
    out[j] = norms_[i] + norms_[j] - scales_[i] * scales_[j] * static_cast<float>(dots_[j]);
}

namespace {

using MakeAssigner = std::unique_ptr<Assigner> (*)(const quant::Codec&, const CodeArray&);

void assign_range(const quant::Codec& codec, const CodeArray& codes, const std::uint32_t* ids,
                  std::size_t begin, std::size_t end, PackedCodes& leaders, int fan,
                  std::uint32_t* near) {
  const auto dim = static_cast<std::size_t>(codec.expanded_dim());
  std::vector<std::int8_t> rows(4 * dim);
  std::vector<float> best(4 * static_cast<std::size_t>(fan));
  std::vector<std::uint32_t> index(4 * static_cast<std::size_t>(fan));
  const std::size_t skip[4] = {~std::size_t{0}, ~std::size_t{0}, ~std::size_t{0}, ~std::size_t{0}};
  for (std::size_t i = begin; i < end; i += 4) {
    const int n = static_cast<int>(std::min<std::size_t>(4, end - i));
    const std::int8_t* pointers[4];
    quant::Codec::Expanded expanded[4];
    for (std::size_t next = i + 4; next < std::min(i + 8, end); ++next)
      codes.prefetch(ids[next] & ~kPrimary);
    for (int r = 0; r < n; ++r) {
      auto* row = rows.data() + static_cast<std::size_t>(r) * dim;
      expanded[r] = codec.expand(codes[ids[i + static_cast<std::size_t>(r)] & ~kPrimary], row);
      pointers[r] = row;
    }
    int found[4];
    leaders.nearest(pointers, expanded, n, skip, fan, best.data(), index.data(), found);
    for (int r = 0; r < n; ++r)
      for (int f = 0; f < fan; ++f)
        near[(i + static_cast<std::size_t>(r)) * static_cast<std::size_t>(fan) +
             static_cast<std::size_t>(f)] =
            f < found[r] ? index[static_cast<std::size_t>(r) * static_cast<std::size_t>(fan) +
                                 static_cast<std::size_t>(f)]
                         : ~0u;
  }
}

class ProductAssigner final : public Assigner {
 public:
  ProductAssigner(const quant::Codec& codec, const CodeArray& codes)
      : codec_(codec), codes_(codes), packed_(codec) {}
  void lead(const std::vector<std::uint32_t>& leaders) override {
    packed_.assign(codes_, leaders.data(), leaders.size());
  }
  void assign(const std::uint32_t* ids, std::size_t begin, std::size_t end, int fan,
              std::uint32_t* near) override {
    assign_range(codec_, codes_, ids, begin, end, packed_, fan, near);
  }

 private:
  const quant::Codec& codec_;
  const CodeArray& codes_;
  PackedCodes packed_;
};

class QueryAssigner final : public Assigner {
 public:
  QueryAssigner(const quant::Codec& codec, const CodeArray& codes)
      : codes_(codes), query_(codec.query()) {}
  void lead(const std::vector<std::uint32_t>& leaders) override {
    leaders_.clear();
    for (const std::uint32_t l : leaders) leaders_.push_back(codes_[l]);
    distance_.resize(leaders.size());
    error_.resize(leaders.size());
    rank_.resize(leaders.size());
  }
  void assign(const std::uint32_t* ids, std::size_t begin, std::size_t end, int fan,
              std::uint32_t* near) override {
    const std::size_t n = leaders_.size();
    const auto f = std::min<std::size_t>(static_cast<std::size_t>(fan), n);
    for (std::size_t i = begin; i < end; ++i) {
      query_->set_code(codes_[ids[i] & ~kPrimary]);
      query_->distances(leaders_.data(), static_cast<int>(n), distance_.data(), error_.data());
      for (std::size_t l = 0; l < n; ++l) rank_[l] = static_cast<std::uint32_t>(l);
      std::partial_sort(rank_.begin(), rank_.begin() + static_cast<std::ptrdiff_t>(f), rank_.end(),
                        [this](std::uint32_t a, std::uint32_t b) {
                          return distance_[a] < distance_[b] ||
                                 (distance_[a] == distance_[b] && a < b);
                        });
      for (std::size_t r = 0; r < static_cast<std::size_t>(fan); ++r)
        near[i * static_cast<std::size_t>(fan) + r] = r < f ? rank_[r] : ~0u;
    }
  }

 private:
  const CodeArray& codes_;
  std::unique_ptr<quant::CodeQuery> query_;
  std::vector<const std::byte*> leaders_;
  std::vector<float> distance_, error_;
  std::vector<std::uint32_t> rank_;
};

template <class A>
std::unique_ptr<Assigner> make(const quant::Codec& codec, const CodeArray& codes) {
  return std::make_unique<A>(codec, codes);
}

std::vector<std::uint32_t> choose_leaders(const std::vector<std::uint32_t>& ids, std::size_t count,
                                          Rng& rng) {
  std::vector<std::uint32_t> leaders;
  for (std::size_t i = 0; i < count; ++i) leaders.push_back(ids[rng.below(ids.size())] & ~kPrimary);
  std::sort(leaders.begin(), leaders.end());
  leaders.erase(std::unique(leaders.begin(), leaders.end()), leaders.end());
  return leaders;
}

// Divides one cluster until all parts are leaves; small neighbours in leader order share a leaf.
void divide(Assigner& assigner, Leaf cluster, const PartitionParams& params, Rng& rng, int depth,
            std::vector<Leaf>& out) {
  const auto most = static_cast<std::size_t>(params.leaf_size);
  if (cluster.size() <= most) {
    if (!cluster.empty()) out.push_back(std::move(cluster));
    return;
  }
  const std::size_t wanted = std::clamp<std::size_t>(cluster.size() / (most / 3), 2,
                                                     static_cast<std::size_t>(params.leaders));
  const auto leaders = choose_leaders(cluster, wanted, rng);
  assigner.lead(leaders);
  std::vector<std::uint32_t> near(cluster.size());
  assigner.assign(cluster.data(), 0, cluster.size(), 1, near.data());
  std::vector<Leaf> parts(leaders.size());
  for (std::size_t i = 0; i < cluster.size(); ++i)
    parts[near[i] == ~0u ? 0 : near[i]].push_back(cluster[i]);
  Leaf rest;
  const auto flush = [&] {
    if (!rest.empty()) out.push_back(std::move(rest));
    rest.clear();
  };
  for (Leaf& part : parts) {
    if (part.empty()) continue;
    if (part.size() > most) {
      // A part that does not get smaller (equal vectors) is cut instead.
      if (part.size() == cluster.size() || depth > 20) {
        for (std::size_t at = 0; at < part.size(); at += most)
          out.emplace_back(
              part.begin() + static_cast<std::ptrdiff_t>(at),
              part.begin() + static_cast<std::ptrdiff_t>(std::min(part.size(), at + most)));
      } else {
        divide(assigner, std::move(part), params, rng, depth + 1, out);
      }
    } else if (part.size() >= most / 3) {
      out.push_back(std::move(part));
    } else {
      if (rest.size() + part.size() > most) flush();
      rest.insert(rest.end(), part.begin(), part.end());
    }
  }
  flush();
}

std::vector<Leaf> partition_with(MakeAssigner make_assigner, const quant::Codec& codec,
                                 const CodeArray& codes, const std::vector<std::uint32_t>& members,
                                 const PartitionParams& params, const Work& work) {
  const std::size_t n = members.size();
  const auto most = static_cast<std::size_t>(params.leaf_size);
  std::vector<Leaf> clusters;
  if (n <= most) {
    Leaf all(members);
    for (auto& id : all) id |= kPrimary;
    return {std::move(all)};
  }
  Rng rng(params.seed);
  const auto fan = static_cast<std::size_t>(params.fan);
  const std::size_t wanted = std::clamp<std::size_t>(n * fan / (most * 3 / 4), fan,
                                                     static_cast<std::size_t>(params.leaders));
  const auto leaders = choose_leaders(members, wanted, rng);
  std::vector<std::uint32_t> near(n * fan);
  work.for_range(n, 2048, [&](std::size_t begin, std::size_t end) {
    const auto assigner = make_assigner(codec, codes);
    assigner->lead(leaders);
    assigner->assign(members.data(), begin, end, static_cast<int>(fan), near.data());
  });
  clusters.resize(leaders.size());
  std::vector<std::size_t> sizes(leaders.size());
  for (std::uint32_t c : near)
    if (c != ~0u) ++sizes[c];
  for (std::size_t c = 0; c < clusters.size(); ++c) clusters[c].reserve(sizes[c]);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t f = 0; f < fan; ++f)
      if (const std::uint32_t c = near[i * fan + f]; c != ~0u)
        clusters[c].push_back(f == 0 ? members[i] | kPrimary : members[i]);
  near.clear();
  near.shrink_to_fit();

  std::vector<std::vector<Leaf>> leaves(clusters.size());
  work.for_range(clusters.size(), 1, [&](std::size_t begin, std::size_t end) {
    const auto assigner = make_assigner(codec, codes);
    for (std::size_t c = begin; c < end; ++c) {
      Rng own(params.seed ^ mix64(c + 1));
      divide(*assigner, std::move(clusters[c]), params, own, 0, leaves[c]);
    }
  });
  std::vector<Leaf> out;
  for (auto& part : leaves)
    for (Leaf& leaf : part) out.push_back(std::move(leaf));
  return out;
}

}  // namespace

std::unique_ptr<Assigner> make_assigner(const quant::Codec& codec, const CodeArray& codes) {
  return codec.expanded_dim() > 0 ? make<ProductAssigner>(codec, codes)
                                  : make<QueryAssigner>(codec, codes);
}

std::vector<Leaf> partition(const quant::Codec& codec, const CodeArray& codes,
                            const std::vector<std::uint32_t>& members,
                            const PartitionParams& params, const Work& work) {
  return partition_with(make<ProductAssigner>, codec, codes, members, params, work);
}

std::vector<Leaf> partition_by_query(const quant::Codec& codec, const CodeArray& codes,
                                     const std::vector<std::uint32_t>& members,
                                     const PartitionParams& params, const Work& work) {
  return partition_with(make<QueryAssigner>, codec, codes, members, params, work);
}

}  // namespace rv::index::hnsw
