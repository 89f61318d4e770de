#include "core/sparse/search.h"

#include "core/sparse/pages.h"
#include "core/sparse/ranker.h"

namespace rv::sparse {

Search::~Search() = default;

Search::Search(const IndexView& view, const Prepared& prepared, SearchOptions options)
    : view_(view), prepared_(prepared), options_(options), phase_(Phase::irregular) {
  const Query& q = prepared.query();
  if (q.null || q.undefined || q.irregular) {
    view.each_pending([this](const PendingDocument& d) { pending_.push_back(d.row); });
    if (q.null) phase_ = Phase::null;
    if (!q.null && q.undefined) phase_ = Phase::undefined;
  } else if (prepared.scoring() == Scoring::bm25) {
    ranker_ = std::make_unique<RankerOf<double>>(view, prepared, options, pending_, statistics_);
  } else {
    ranker_ = std::make_unique<RankerOf<float>>(view, prepared, options, pending_, statistics_);
  }
}

bool Search::any_of(RowKind kind) const {
  for (const auto& segment : view_.segments()) {
    const SegmentRoot& r = segment->root();
    const std::uint32_t n = kind == RowKind::null        ? r.nulls
                            : kind == RowKind::undefined ? r.undefined
                                                         : r.irregular;
    if (n > 0) return true;
  }
  return std::any_of(pending_.begin(), pending_.end(),
                     [kind](const Row& r) { return r.kind == kind; });
}

// Walks all rows; kind `plain` stands for every living row.
bool Search::next_unranked(RowKind kind, Row& out) {
  if (kind != RowKind::plain && document_ == 0 && segment_ == 0 && row_ == 0 && !any_of(kind))
    return false;
  for (;;) {
    while (row_ < rows_.size()) {
      const Row& r = rows_[row_++];
      if (r.kind == RowKind::dead || (kind != RowKind::plain && r.kind != kind)) continue;
      out = r;
      return true;
    }
    view_.store().check_interrupts();
    row_ = 0;
    if (segment_ < view_.segments().size()) {
      const SegmentReader& segment = *view_.segments()[segment_];
      segment.rows(document_, rows_per_page(view_.store()), rows_);
      document_ += static_cast<std::uint32_t>(rows_.size());
      if (rows_.empty()) {
        ++segment_;
        document_ = 0;
      }
    } else if (segment_ == view_.segments().size()) {
      rows_ = pending_;
      ++segment_;
    } else {
      return false;
    }
  }
}

bool Search::next(Hit& out) {
  const Query& q = prepared_.query();
  const auto enter = [this](Phase p) {
    phase_ = p;
    segment_ = 0;
    document_ = 0;
    rows_.clear();
    row_ = 0;
  };
  for (;;) {
    switch (phase_) {
      case Phase::irregular:
        // With an irregular query every row that has a score is one.
        while (next_unranked(q.irregular ? RowKind::plain : RowKind::irregular, out.row)) {
          if (out.row.kind == RowKind::null || out.row.kind == RowKind::undefined) continue;
          out.kind = Hit::Value::bound;
          out.value = std::numeric_limits<double>::infinity();
          ++statistics_.hits;
          return true;
        }
        enter(q.irregular ? Phase::undefined : Phase::ranked);
        break;
      case Phase::ranked: {
        std::uint64_t document;
        double value;
        while (ranker_->next(&document, &value)) {
          std::uint64_t base = 0;
          std::size_t s = 0;
          for (; s < view_.segments().size(); ++s) {
            const std::uint64_t size =
                (std::uint64_t{view_.segments()[s]->root().docs} + kWindow - 1) / kWindow * kWindow;
            if (document < base + size) break;
            base += size;
          }
          out.row = s < view_.segments().size()
                        ? view_.segments()[s]->row(static_cast<std::uint32_t>(document - base))
                        : pending_[document - base];
          if (out.row.kind != RowKind::plain) continue;
          out.kind = prepared_.scoring() == Scoring::bm25 || value == 0 ? Hit::Value::exact
                                                                        : Hit::Value::bound;
          out.value = value;
          ++statistics_.hits;
          return true;
        }
        enter(Phase::undefined);
        break;
      }
      case Phase::undefined:
        while (next_unranked(q.undefined ? RowKind::plain : RowKind::undefined, out.row)) {
          if (out.row.kind == RowKind::null) continue;
          out.kind = Hit::Value::undefined;
          ++statistics_.hits;
          return true;
        }
        enter(Phase::null);
        break;
      case Phase::null:
        if (next_unranked(q.null ? RowKind::plain : RowKind::null, out.row)) {
          out.kind = Hit::Value::null;
          ++statistics_.hits;
          return true;
        }
        enter(Phase::end);
        break;
      case Phase::end:
        return false;
    }
  }
}

}  // namespace rv::sparse
