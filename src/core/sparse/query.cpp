#include "core/sparse/query.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "core/sparse/index.h"

namespace rv::sparse {
namespace {

constexpr std::size_t kFilterBits = 8192;

std::size_t filter_bit(std::string_view key) noexcept {
  std::uint32_t first = 0, last = 0;
  if (key.size() >= 4) {
    std::memcpy(&first, key.data(), 4);
    std::memcpy(&last, key.data() + key.size() - 4, 4);
  } else {
    std::memcpy(&first, key.data(), key.size());
  }
  const std::uint64_t h =
      (std::uint64_t{first} * 0x9E3779B1u) ^ (std::uint64_t{last} * 0x85EBCA77u);
  return static_cast<std::size_t>((h * 0x9E3779B97F4A7C15ULL) >> 51);  // 13 bits
}

}  // namespace

IndexView::IndexView(index::PageStore& store) : store_(store), meta_(read_meta(store)) {
  for (std::uint32_t i = 0; i < meta_.segments; ++i)
    segments_.push_back(std::make_unique<SegmentReader>(store, meta_.scoring, meta_.segment[i].id,
                                                        meta_.segment[i].root));
}

void IndexView::each_pending(const std::function<void(const PendingDocument&)>& each) const {
  for (const Block head : {meta_.flushing_head, meta_.pending_head})
    read_pending(store_, head, each);
}

Prepared::Prepared(const std::vector<const IndexView*>& views, Query query)
    : scoring_(views.front()->meta().scoring), query_(std::move(query)), filter_(kFilterBits / 64) {
  if (!query_.prefixes.empty()) expand_prefixes(views);
  sort_terms();
  for (const QueryTerm& t : query_.terms) {
    const std::size_t bit = filter_bit(t.key);
    filter_[bit / 64] |= std::uint64_t{1} << (bit % 64);
  }
  if (scoring_ != Scoring::bm25) return;
  df_.assign(query_.terms.size(), 0);
  for (const IndexView* view : views) gather_statistics(*view);
  for (std::size_t t = 0; t < df_.size(); ++t)
    weight_.push_back(bm25_idf(documents_, df_[t]) * query_.terms[t].weight * (query_.bm25.k1 + 1));
}

void Prepared::expand_prefixes(const std::vector<const IndexView*>& views) {
  std::set<std::string> found;
  for (const QueryTerm& p : query_.prefixes) {
    found.clear();
    const auto add = [&](std::string_view key) {
      found.emplace(key);
      if (found.size() > kMaxPrefixTerms)
        throw Error(ErrorCode::limit_exceeded,
                    "prefix \"" + p.key + "\" stands for more than " +
                        std::to_string(kMaxPrefixTerms) + " terms",
                    {}, "Use a longer prefix.");
    };
    for (const IndexView* view : views) {
      for (const auto& segment : view->segments())
        for (DictionaryCursor at(*segment, p.key); at.valid() && at.key().starts_with(p.key);
             at.next())
          add(at.key());
      view->each_pending([&](const PendingDocument& d) {
        PendingEntries entries(d);
        for (Term t; entries.next(t);)
          if (t.key.starts_with(p.key)) add(t.key);
      });
    }
    for (const std::string& key : found) query_.terms.push_back({key, p.weight, p.operands});
  }
}

void Prepared::sort_terms() {
  auto& terms = query_.terms;
  std::sort(terms.begin(), terms.end(),
            [](const QueryTerm& a, const QueryTerm& b) { return a.key < b.key; });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    if (kept > 0 && terms[kept - 1].key == terms[i].key) {
      terms[kept - 1].weight += terms[i].weight;
      terms[kept - 1].operands |= terms[i].operands;
    } else {
      if (kept != i) terms[kept] = std::move(terms[i]);
      ++kept;
    }
  }
  terms.resize(kept);
}

int Prepared::find(std::string_view key) const noexcept {
  const std::size_t bit = filter_bit(key);
  if ((filter_[bit / 64] >> (bit % 64) & 1) == 0) return -1;
  const auto it =
      std::lower_bound(query_.terms.begin(), query_.terms.end(), key,
                       [](const QueryTerm& t, std::string_view k) { return t.key < k; });
  return it != query_.terms.end() && it->key == key ? static_cast<int>(it - query_.terms.begin())
                                                    : -1;
}

void Prepared::gather_statistics(const IndexView& view) {
  for (std::uint32_t i = 0; i < view.meta().segments; ++i) {
    documents_ += static_cast<double>(view.meta().segment[i].scored);
    length_ += static_cast<double>(view.meta().segment[i].length);
    for (std::size_t t = 0; t < df_.size(); ++t)
      if (const auto term = view.segments()[i]->find(query_.terms[t].key)) df_[t] += term->df;
  }
  view.each_pending([this](const PendingDocument& d) {
    if (d.row.kind == RowKind::dead || d.row.kind == RowKind::null) return;
    documents_ += 1;
    length_ += d.length;
    PendingEntries entries(d);
    for (Term t; entries.next(t);)
      if (const int at = find(t.key); at >= 0) df_[static_cast<std::size_t>(at)] += 1;
  });
}

double Prepared::score(const std::vector<Term>& document, std::uint32_t length) const {
  const double norm_of_document = norm(length);
  double sum = 0;
  std::uint64_t operands = 0;
  // Both are in key order: the sum is taken in the order of the query's terms, as the index does.
  std::size_t t = 0;
  for (const Term& d : document) {
    while (t < query_.terms.size() && query_.terms[t].key < d.key) ++t;
    if (t == query_.terms.size()) break;
    if (query_.terms[t].key != d.key) continue;
    operands |= query_.terms[t].operands;
    if (query_.terms[t].weight > 0) sum += bm25_term(weight_[t], d.value, norm_of_document);
  }
  if (query_.matches && !query_.matches(operands)) return 0;
  return sum;
}

}  // namespace rv::sparse
