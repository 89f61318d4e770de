#include "core/index/ivf/search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace rv::index::ivf {
namespace {

constexpr std::size_t kLeastHeld = 1024;
constexpr std::size_t kLeastOrdered = 32;
constexpr std::size_t kMostCodes = 1024;  // on a page
// Of the next list; the processor goes on by itself, and more requests would only wait.
constexpr std::size_t kTouched = 1024;

}  // namespace

std::uint32_t default_probes(std::uint32_t lists) noexcept {
  const double wanted = std::ceil(2.5 * std::sqrt(static_cast<double>(lists)));
  return std::min(lists, static_cast<std::uint32_t>(wanted));
}

Search::Search(PageStore& store, std::shared_ptr<const Description> index, std::size_t memory)
    : store_(store),
      index_(std::move(index)),
      query_(index_->codec->query()),
      centres_(*index_),
      distance_(index_->lists()),
      error_(index_->lists()),
      limit_(std::max(memory / (2 * sizeof(Candidate)), kLeastHeld)),
      exact_(index_->meta.rerank == static_cast<std::uint8_t>(Rerank::none)),
      probes_(index_->lists()) {}

void Search::start(const float* query, std::uint32_t max_lists) {
  query_->set(query);
  centres_.measure(store_, query, distance_.data(), error_.data());
  store_.unpin_all();
  probes_.resize(index_->lists());
  for (std::uint32_t i = 0; i < index_->lists(); ++i) probes_[i] = {distance_[i], i};
  begin_ = end_ = sorted_ = 0;
  const std::size_t most = std::min<std::size_t>(max_lists, probes_.size());
  if (most < probes_.size())
    std::nth_element(probes_.begin(), probes_.begin() + static_cast<std::ptrdiff_t>(most),
                     probes_.end());
  probes_.resize(most);
  order_.clear();
  counts_ = {};
}

// Brings the nearest `count` probes into order. Most searches need but a few of many; those that go
// on get twice as many each time, so that each is moved a few times only.
void Search::order(std::size_t count) {
  if (count <= sorted_) return;
  count = std::min(probes_.size(), std::max({count, 2 * sorted_, kLeastOrdered}));
  const auto at = [this](std::size_t i) {
    return probes_.begin() + static_cast<std::ptrdiff_t>(i);
  };
  if (count < probes_.size()) std::nth_element(at(sorted_), at(count), probes_.end());
  std::sort(at(sorted_), at(count));
  sorted_ = count;
}

bool Search::probe(std::uint32_t count) {
  begin_ = end_;
  end_ = std::min(probes_.size(), begin_ + count);
  if (begin_ == end_) return false;
  order(end_ + 1);
  counts_.lists += end_ - begin_;
  resumed_ = false;
  read_window();
  return true;
}

void Search::widen(std::uint32_t count) {
  const std::size_t from = end_;
  end_ = std::max(from, std::min(probes_.size(), begin_ + count));
  if (end_ == from) return;
  order(end_ + 1);
  counts_.lists += end_ - from;
  read_lists(from);
  order_.clear();
  hand_on();
}

// Reads the window's lists and hands the nearest candidates on. What does not fit is read again
// when the order gets there.
void Search::read_window() {
  held_.clear();
  dropped_ = false;
  read_lists(begin_);
  hand_on();
}

// The lists of the probes from `from` on; the begin of each is asked for before the list ahead of
// it is read.
void Search::read_lists(std::size_t from) {
  if (from >= end_) return;
  Block next = read_head(store_, *index_, probes_[from].list).first;
  for (std::size_t i = from; i < end_; ++i) {
    const Block first = next;
    if (i + 1 < end_) {
      next = read_head(store_, *index_, probes_[i + 1].list).first;
      if (next != kNoBlock) store_.touch(next, 0, kTouched);
    }
    read_list(probes_[i].list, first);
  }
}

void Search::hand_on() {
  float horizon = std::numeric_limits<float>::infinity();
  if (dropped_) {
    last_ = held_.front();  // the farthest
    resumed_ = true;
    horizon = last_.bound;
  }
  order_.set_horizon(horizon);
  order_.add(held_);
}

// All candidates of a part of a page. Where they fit, which is nearly always, they are only written
// down.
void Search::hold(const Candidate* candidates, std::size_t count) {
  if (!resumed_ && held_.size() + count < limit_) {
    held_.insert(held_.end(), candidates, candidates + count);
    return;
  }
  for (std::size_t i = 0; i < count; ++i) hold_nearest(candidates[i]);
}

void Search::hold_nearest(const Candidate& c) {
  if (resumed_ && !(last_ < c)) return;
  if (held_.size() < limit_) {
    held_.push_back(c);
    if (held_.size() == limit_) std::make_heap(held_.begin(), held_.end());
    return;
  }
  dropped_ = true;
  if (!(c < held_.front())) return;
  std::pop_heap(held_.begin(), held_.end());
  held_.back() = c;
  std::push_heap(held_.begin(), held_.end());
}

void Search::read_list(std::uint32_t list, Block first) {
  const std::size_t bytes = index_->meta.code_bytes;
  const std::size_t capacity = list_page_capacity(store_.content_bytes(), bytes);
  float distance[kMostCodes], error[kMostCodes];
  const std::byte* codes[kMostCodes];
  Candidate candidates[kMostCodes];
  ChainGuard chain(store_);
  for (Block at = first; at != kNoBlock;) {
    chain.step(at);
    {
      const PageRead page(store_, at, kListPage);
      const ListPage* head = checked_list_page(store_, page.bytes(), at, *index_, list);
      const std::size_t n = head->count;
      for (std::size_t from = 0; from < n; from += kMostCodes) {
        const std::size_t count = std::min(kMostCodes, n - from);
        for (std::size_t i = 0; i < count; ++i)
          codes[i] = page.bytes() + code_offset(capacity, bytes, from + i);
        query_->distances(codes, static_cast<int>(count), distance, error);
        for (std::size_t i = 0; i < count; ++i) {
          const bool exact = exact_ || error[i] == 0;
          float bound = exact ? distance[i] : distance[i] - LazyOrder::kCaution * error[i];
          // A damaged code may give no number; it comes last.
          if (std::isnan(bound)) bound = std::numeric_limits<float>::max();
          const RowId row = *page.at<RowId>(row_offset(from + i));
          store_.check_row(at, static_cast<std::uint32_t>(row >> 16));
          candidates[i] = {row, bound, exact};
        }
        hold(candidates, count);
      }
      counts_.codes += n;
      at = head->next;
    }
    ++counts_.pages;
    store_.check_interrupts();
  }
}

}  // namespace rv::index::ivf
