#include "core/sparse/ranker.h"

#include <cstring>
#include <type_traits>

#include "core/sparse/pages.h"

namespace rv::sparse {
namespace {

constexpr std::uint32_t kNormTable = 4096;
constexpr std::size_t kLargestBatch = 65536;
constexpr std::uint32_t kSelectStep = 4096;

// Rounding: of the sums here, of the tables, and of the float32 inner product that they bound.
constexpr double kSumSlack = 1.2e-7;
// Of the float32 norms of two vectors with as many entries as there can be.
constexpr double kNormSlack = 1.5e-4;

double norm_beyond(const void* prepared, std::uint32_t length) {
  return static_cast<const Prepared*>(prepared)->norm(length);
}

}  // namespace

template <class T>
Search::RankerOf<T>::RankerOf(const IndexView& view, const Prepared& prepared,
                              const SearchOptions& options, std::vector<Row>& pending,
                              SearchStatistics& statistics)
    : view_(view),
      prepared_(prepared),
      statistics_(statistics),
      batch_(std::max(options.batch, 1u)) {
  for (const auto& segment : view.segments()) {
    base_.push_back(documents_);
    // A window never spans two segments, so each begins on a window's boundary.
    documents_ += (std::uint64_t{segment->root().docs} + kWindow - 1) / kWindow * kWindow;
  }
  keep_ = documents_ * sizeof(T) <= options.memory;
  sums_.resize(
      static_cast<std::size_t>(std::min<std::uint64_t>(documents_, keep_ ? documents_ : kWindow)));
  const auto chosen = chosen_terms(options.share);
  find_terms(chosen);
  if constexpr (std::is_same_v<T, double>) {
    numerators_.resize(256);
    lengths_.resize(kWindow);
    norm_values_.resize(kNormTable);
    for (std::uint32_t i = 0; i < kNormTable; ++i) norm_values_[i] = prepared.norm(i);
    norms_ = {norm_values_.data(), kNormTable, norm_beyond, &prepared};
    if (prepared.query().matches) operands_.resize(kWindow);
  } else {
    table_.resize(256);
  }
  double pending_magnitude = 0;  // the largest sum of magnitudes of a pending document
  view.each_pending([&](const PendingDocument& d) {
    double magnitude = 0;
    pending.push_back(d.row);
    T value = untouched();
    PendingEntries entries(d);
    std::uint64_t operands = 0;
    std::size_t last = 0;
    // Entries are in key order, and so are the terms.
    for (Term t; entries.next(t);) {
      const int found = prepared_.find(t.key);
      if (found < 0) continue;
      const auto term = static_cast<std::size_t>(found);
      while (last < chosen.size() && chosen[last] < term) ++last;
      if (last == chosen.size()) break;
      if (chosen[last] != term) continue;
      ++statistics_.postings;
      if constexpr (std::is_same_v<T, double>) {
        operands |= prepared_.terms()[term].operands;
        if (prepared_.terms()[term].weight > 0)
          value += bm25_term(prepared_.weight(term), t.value, prepared_.norm(d.length));
      } else {
        const double part = prepared_.terms()[term].weight * weight_of(t.value);
        magnitude += std::fabs(part);
        value += static_cast<float>(part);
      }
    }
    if (prepared_.query().matches && !prepared_.query().matches(operands)) value = untouched();
    pending_.push_back(value);
    pending_magnitude = std::max(pending_magnitude, magnitude);
  });
  documents_ += pending_.size();
  if constexpr (std::is_same_v<T, float>) {
    double sum = 0;
    std::vector<double> largest(prepared.terms().size());
    for (const auto& segment : terms_)
      for (const SegmentTerm& t : segment)
        largest[t.term] = std::max(largest[t.term], largest_contribution(t));
    for (const double x : largest) sum += x;
    sum += pending_magnitude;
    double slack = sum * (static_cast<double>(prepared.terms().size()) + 8) * kSumSlack + 1e-30;
    if (prepared.scoring() == Scoring::cosine) slack += kNormSlack;
    slack_ = static_cast<float>(slack);
    kernels().finish_bounds(pending_.data(), pending_.size(), slack_);
  }
}

// The heaviest terms that hold the share, in key order.
template <class T>
std::vector<std::size_t> Search::RankerOf<T>::chosen_terms(double share) const {
  const auto& terms = prepared_.terms();
  std::vector<std::size_t> chosen(terms.size());
  std::iota(chosen.begin(), chosen.end(), std::size_t{0});
  if (share >= 1) return chosen;
  std::stable_sort(chosen.begin(), chosen.end(), [&terms](std::size_t a, std::size_t b) {
    return std::fabs(terms[a].weight) > std::fabs(terms[b].weight);
  });
  double total = 0, sum = 0;
  for (const QueryTerm& t : terms) total += std::fabs(t.weight);
  std::size_t n = 0;
  while (n < chosen.size() && sum < share * total) sum += std::fabs(terms[chosen[n++]].weight);
  chosen.resize(n);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

template <class T>
void Search::RankerOf<T>::find_terms(const std::vector<std::size_t>& chosen) {
  terms_.resize(view_.segments().size());
  for (std::size_t s = 0; s < terms_.size(); ++s)
    for (const std::size_t t : chosen)
      if (const auto entry = view_.segments()[s]->find(prepared_.terms()[t].key))
        terms_[s].push_back({t, *entry});
}

template <class T>
double Search::RankerOf<T>::largest_contribution(const SegmentTerm& t) const {
  const double top = static_cast<double>(t.entry.low) + 255.0 * t.entry.step;
  const double bottom = static_cast<double>(t.entry.low) - t.entry.error;
  return std::fabs(prepared_.terms()[t.term].weight) * std::max(std::fabs(top), std::fabs(bottom));
}

template <class T>
void Search::RankerOf<T>::fill_table(const SegmentTerm& t, float* table) const {
  const double weight = prepared_.terms()[t.term].weight;
  // A negative weight turns the bound of the value around.
  const double low = static_cast<double>(t.entry.low) - (weight < 0 ? t.entry.error : 0.0);
  for (int code = 0; code < 256; ++code)
    table[code] =
        static_cast<float>(weight * (low + static_cast<double>(t.entry.step) * code)) + 0.0f;
}

template <class T>
void Search::RankerOf<T>::add_block(const SegmentTerm& t, const BlockView& block, T* sums) {
  statistics_.postings += block.count;
  if constexpr (std::is_same_v<T, float>) {
    if (block.values == nullptr) {
      kernels().add_impacts(block.docs, block.codes, block.count, table_.data(), sums);
    } else {
      // As in fill_table().
      const double weight = prepared_.terms()[t.term].weight;
      kernels().add_values(block.docs, block.values, block.count, static_cast<float>(weight),
                           weight < 0 ? -t.entry.error : 0.0f, sums);
    }
  } else {
    const QueryTerm& term = prepared_.terms()[t.term];
    if (!operands_.empty())
      for (std::uint32_t i = 0; i < block.count; ++i) operands_[block.docs[i]] |= term.operands;
    if (term.weight <= 0) return;
    if (block.escape_count == 0) {
      kernels().add_terms(block.docs, block.codes, block.count, numerators_.data(), lengths_.data(),
                          norms_, sums);
      return;
    }
    std::uint32_t escape = 0;
    for (std::uint32_t i = 0; i < block.count; ++i) {
      std::uint32_t tf = block.codes[i];
      if (tf == 255)
        tf = load_at<std::uint32_t>(reinterpret_cast<const std::byte*>(block.escapes) +
                                    std::size_t{4} * escape++);
      sums[block.docs[i]] +=
          bm25_term(prepared_.weight(t.term), tf, prepared_.norm(lengths_[block.docs[i]]));
    }
  }
}

template <class T>
void Search::RankerOf<T>::score_window(std::size_t s, std::uint32_t window,
                                       std::vector<ListCursor>& lists, T* sums) {
  const SegmentReader& segment = *view_.segments()[s];
  const std::uint32_t first = window * kWindow;
  const std::uint32_t count = std::min(kWindow, segment.root().docs - first);
  std::fill_n(sums, count, untouched());
  if constexpr (std::is_same_v<T, double>) {
    if (!lists.empty()) segment.lengths(first, count, lengths_.data());
    std::fill(operands_.begin(), operands_.end(), 0);
  }
  BlockView block;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    const SegmentTerm& t = terms_[s][i];
    if constexpr (std::is_same_v<T, float>) {
      fill_table(t, table_.data());
    } else {
      for (int tf = 0; tf < 256; ++tf)
        numerators_[static_cast<std::size_t>(tf)] = prepared_.weight(t.term) * tf;
    }
    while (lists[i].next(window + 1, block)) add_block(t, block, sums);
    view_.store().check_interrupts();
  }
  if constexpr (std::is_same_v<T, float>) {
    kernels().finish_bounds(sums, count, slack_);
  } else if (!operands_.empty()) {
    std::uint64_t last = ~std::uint64_t{0};
    bool accepted = false;
    for (std::uint32_t d = 0; d < count; ++d) {
      if (operands_[d] != last) {
        last = operands_[d];
        accepted = prepared_.query().matches(last);
      }
      if (!accepted) sums[d] = untouched();
    }
  }
}

// Keeps the best batch_ candidates.
template <class T>
void Search::RankerOf<T>::shrink() {
  if (best_.size() <= batch_) return;
  std::nth_element(best_.begin(), best_.begin() + static_cast<std::ptrdiff_t>(batch_) - 1,
                   best_.end(), [](const Candidate& a, const Candidate& b) { return a.before(b); });
  best_.resize(batch_);
  above_ = best_.back().value;
}

// Documents come in ascending order, so one that only equals the worst of a full batch is worse.
template <class T>
void Search::RankerOf<T>::select(const T* x, std::uint32_t count, std::uint64_t base) {
  positions_.resize(kSelectStep);
  for (std::uint32_t from = 0; from < count; from += kSelectStep) {
    const std::uint32_t to = std::min(count, from + kSelectStep);
    std::size_t n;
    if constexpr (std::is_same_v<T, float>)
      n = kernels().collect_float(x, from, to, above_, positions_.data());
    else
      n = kernels().collect_double(x, from, to, above_, positions_.data());
    for (std::size_t i = 0; i < n; ++i) {
      const Candidate c{x[positions_[i]], base + positions_[i]};
      if (frontier_.before(c)) best_.push_back(c);
    }
    if (best_.size() >= 2 * batch_) shrink();
  }
}

template <class T>
bool Search::RankerOf<T>::run_round() {
  ++statistics_.rounds;
  best_.clear();
  at_ = 0;
  above_ = -std::numeric_limits<T>::infinity();
  for (std::size_t s = 0; s < terms_.size(); ++s) {
    const SegmentReader& segment = *view_.segments()[s];
    std::vector<ListCursor> lists;
    if (!scored_ || !keep_)
      for (const SegmentTerm& t : terms_[s]) lists.emplace_back(segment, t.entry);
    for (std::uint32_t w = 0; std::uint64_t{w} * kWindow < segment.root().docs; ++w) {
      T* sums = sums_.data() + (keep_ ? base_[s] + std::uint64_t{w} * kWindow : 0);
      if (!scored_ || !keep_) score_window(s, w, lists, sums);
      select(sums, std::min(kWindow, segment.root().docs - w * kWindow),
             base_[s] + std::uint64_t{w} * kWindow);
    }
  }
  select(pending_.data(), static_cast<std::uint32_t>(pending_.size()),
         documents_ - pending_.size());
  scored_ = true;
  view_.store().unpin_all();
  shrink();
  std::sort(best_.begin(), best_.end(),
            [](const Candidate& a, const Candidate& b) { return a.before(b); });
  if (best_.empty()) return false;
  frontier_ = best_.back();
  batch_ = std::min(batch_ * 4, kLargestBatch);
  return true;
}

template <class T>
bool Search::RankerOf<T>::next(std::uint64_t* document, double* value) {
  if (at_ == best_.size() && !run_round()) return false;
  *document = best_[at_].document;
  *value = static_cast<double>(best_[at_].value);
  ++at_;
  return true;
}

template class Search::RankerOf<float>;
template class Search::RankerOf<double>;

}  // namespace rv::sparse
