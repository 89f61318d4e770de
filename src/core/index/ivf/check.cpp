#include "core/index/ivf/check.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/error.h"
#include "core/index/ivf/centres.h"

namespace rv::index::ivf {
namespace {

class Checker {
 public:
  Checker(PageStore& store, const Report& report, const std::function<void(RowId)>& row)
      : store_(store), report_(report), row_(row) {}

  Totals run() {
    if (!guarded(0, [&] { index_ = open(store_); })) return totals_;
    blocks_at_start_ = store_.blocks();
    seen_.assign(blocks_at_start_, false);
    for (Block b = 0; b < index_->meta.entries; ++b) seen_[b] = true;
    check_centres();
    for (std::uint32_t list = 0; list < index_->lists(); ++list)
      guarded(head_place(store_, *index_, list).block, [&] { check_list(list); });
    check_unreached();
    return totals_;
  }

 private:
  // Runs a check; what it throws about the index is a finding.
  template <class F>
  bool guarded(Block block, F f) {
    try {
      f();
      return true;
    } catch (const Error& e) {
      if (e.code() != ErrorCode::corrupted_index && e.code() != ErrorCode::corrupted_data) throw;
      report_({block, -1, e.what()});
      return false;
    }
  }

  void check_centres() {
    std::vector<float> centre(index_->dim());
    const CentreLayout layout = centre_layout(store_.content_bytes(), index_->dim());
    for (std::uint32_t i = 0; i < index_->lists(); ++i) {
      const auto block = static_cast<Block>(
          index_->meta.centres +
          (layout.rows_per_page > 0 ? i / layout.rows_per_page : i * layout.pages_per_row));
      guarded(block, [&] {
        read_centre(store_, *index_, i, centre.data());
        if (!std::all_of(centre.begin(), centre.end(), [](float v) { return std::isfinite(v); }))
          report_({block, static_cast<int>(i), "centre is not finite"});
        else if (!code_fits_centre(store_, *index_, i, centre.data()))
          report_({block, static_cast<int>(i), "code of the centre is not its own"});
      });
      store_.check_interrupts();
    }
    store_.unpin_all();
  }

  void check_list(std::uint32_t list) {
    const ListHead head = read_head(store_, *index_, list);
    const Block place = head_place(store_, *index_, list).block;
    if (head.first == kNoBlock) {
      ++totals_.empty_lists;
      if (head.insert != kNoBlock)
        report_({place, static_cast<int>(list), "an empty list has a page for inserts"});
      return;
    }
    bool hint_found = false;
    std::uint64_t entries = 0;
    for (Block at = head.first; at != kNoBlock;) {
      if (at >= seen_.size()) {
        const Block now = store_.blocks();  // the index may have grown
        if (at >= now) store_.fail(at, "there is no such block");
        seen_.resize(now, false);
      }
      if (seen_[at]) {
        report_({at, -1, "page is reached a second time, by list " + std::to_string(list)});
        break;
      }
      seen_[at] = true;
      hint_found = hint_found || at == head.insert;
      const PageRead page(store_, at, kListPage);
      const ListPage* p = checked_list_page(store_, page.bytes(), at, *index_, list);
      for (std::size_t i = 0; i < p->count; ++i) {
        const RowId row = *page.at<RowId>(row_offset(i));
        if ((row & 0xFFFF) == 0 || (row >> 16) >= kNoBlock)
          report_({at, static_cast<int>(i), "entry points to no row"});
        else if (row_)
          row_(row);
      }
      entries += p->count;
      ++totals_.pages;
      at = p->next;
    }
    if (!hint_found)
      report_({place, static_cast<int>(list), "page for inserts is not in the list"});
    totals_.entries += entries;
    totals_.largest_list = std::max(totals_.largest_list, entries);
    store_.check_interrupts();
  }

  // A page that is in no list and cannot be read was allocated by something that did not finish.
  // Pages that came after the start may be in lists that were walked before.
  void check_unreached() {
    for (Block b = index_->meta.entries; b < blocks_at_start_; ++b) {
      if (seen_[b]) continue;
      try {
        const PageRead page(store_, b, kFreePage);
        if (page.kind() == kListPage && page.at<ListPage>()->count > 0)
          report_({b, -1, "page with entries is in no list"});
        else if (page.kind() != kFreePage && page.kind() != kListPage)
          report_({b, -1, "page of kind " + std::to_string(page.kind()) + " among the lists"});
      } catch (const Error& e) {
        if (e.code() != ErrorCode::corrupted_index) throw;
        report_({b, -1, std::string("page is not in use: ") + e.what(), true});
      }
      store_.check_interrupts();
    }
  }

  PageStore& store_;
  const Report& report_;
  const std::function<void(RowId)>& row_;
  std::shared_ptr<const Description> index_;
  std::vector<bool> seen_;
  Block blocks_at_start_ = 0;
  Totals totals_;
};

}  // namespace

Totals check(PageStore& store, const Report& report, const std::function<void(RowId)>& row) {
  return Checker(store, report, row).run();
}

}  // namespace rv::index::ivf
