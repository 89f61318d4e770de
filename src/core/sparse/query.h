// What is looked for, and what the index knows about it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/sparse/document.h"
#include "core/sparse/pending.h"
#include "core/sparse/ranking.h"
#include "core/sparse/segment_reader.h"

namespace rv::sparse {

struct QueryTerm {
  std::string key;
  double weight;           // of the vector's entry; BM25: occurrences in the query, 0: only matched
  std::uint64_t operands;  // bits of the match condition that an occurrence makes true
};

struct Query {
  std::vector<QueryTerm> terms;
  std::vector<QueryTerm>
      prefixes;  // BM25: every term of the index that begins so, scored by itself
  // BM25: whether a document with these operands matches at all; documents that do not score 0.
  // Empty: every document does.
  std::function<bool(std::uint64_t operands)> matches;
  Bm25 bm25;
  // Vectors only: no bound holds, every row has to be compared.
  bool irregular = false;
  // NULL, or (cosine) a zero vector: every row is NULL or NaN.
  bool null = false, undefined = false;
};

// More terms than this from one query's prefixes are refused (54000).
inline constexpr std::size_t kMaxPrefixTerms = 4096;

// The index as it was at one moment: the meta page and what it referred to.
class IndexView {
 public:
  explicit IndexView(index::PageStore& store);
  const Meta& meta() const noexcept { return meta_; }
  const std::vector<std::unique_ptr<SegmentReader>>& segments() const noexcept { return segments_; }
  index::PageStore& store() const noexcept { return store_; }
  // Every document that is not in a segment, dead ones too.
  void each_pending(const std::function<void(const PendingDocument&)>& each) const;

 private:
  index::PageStore& store_;
  Meta meta_;
  std::vector<std::unique_ptr<SegmentReader>> segments_;
};

// A query with its prefixes expanded, its terms sorted and each once, and for BM25 with the
// statistics of the index: dead documents count until their segment is rewritten.
class Prepared {
 public:
  Prepared(const IndexView& view, Query query) : Prepared(std::vector{&view}, std::move(query)) {}
  // The statistics of several indexes together: the partitions of a table.
  Prepared(const std::vector<const IndexView*>& views, Query query);

  Scoring scoring() const noexcept { return scoring_; }
  const Query& query() const noexcept { return query_; }
  const std::vector<QueryTerm>& terms() const noexcept { return query_.terms; }
  // Position of a key among the terms; -1 when it is none of them.
  int find(std::string_view key) const noexcept;

  // BM25
  double documents() const noexcept { return documents_; }
  double average_length() const noexcept { return documents_ > 0 ? length_ / documents_ : 0; }
  double df(std::size_t term) const noexcept { return df_[term]; }
  // idf times occurrences times (k1 + 1)
  double weight(std::size_t term) const noexcept { return weight_[term]; }
  double norm(std::uint32_t length) const noexcept {
    return bm25_norm(query_.bm25, length, average_length());
  }
  // The score of a document, the same to the last bit as the index gives.
  double score(const std::vector<Term>& document, std::uint32_t length) const;

 private:
  void expand_prefixes(const std::vector<const IndexView*>& views);
  void sort_terms();
  void gather_statistics(const IndexView& view);

  Scoring scoring_;
  Query query_;
  std::vector<std::uint64_t> filter_;  // a bit for the hash of every key
  double documents_ = 0, length_ = 0;
  std::vector<double> df_, weight_;
};

}  // namespace rv::sparse
