#include "core/sparse/term_source.h"

#include <algorithm>
#include <cstddef>

namespace rv::sparse {

bool MergedTerms::next() {
  const auto later = [this](std::size_t a, std::size_t b) {
    const int order = sources_[a]->key().compare(sources_[b]->key());
    return order != 0 ? order > 0 : a > b;
  };
  const auto advance = [&](std::size_t i) {
    if (!sources_[i]->next()) return;
    heap_.push_back(i);
    std::push_heap(heap_.begin(), heap_.end(), later);
  };
  if (started_) {
    for (const std::size_t i : current_) advance(i);
  } else {
    for (std::size_t i = 0; i < sources_.size(); ++i) advance(i);
    started_ = true;
  }
  current_.clear();
  while (!heap_.empty() && (current_.empty() ||
                            sources_[heap_.front()]->key() == sources_[current_.front()]->key())) {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    current_.push_back(heap_.back());
    heap_.pop_back();
  }
  return !current_.empty();
}

float MergedTerms::error() const {
  float error = 0;
  for (const std::size_t i : current_) error = std::max(error, sources_[i]->error());
  return error;
}

void MergedTerms::read(std::vector<Posting>& out) {
  for (const std::size_t i : current_) sources_[i]->read(out);
}

}  // namespace rv::sparse
