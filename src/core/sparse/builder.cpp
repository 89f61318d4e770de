#include "core/sparse/builder.h"

#include "core/base/error.h"

namespace rv::sparse {

void Builder::add(const Document& d) {
  if (map_.rows.size() == 0xFFFFFFFFu - kWindow)
    throw Error(ErrorCode::limit_exceeded, "more documents than one index can hold");
  lists_->add(d);
  map_.rows.push_back(d.row);
  if (scoring_ == Scoring::bm25) map_.lengths.push_back(d.length);
  map_.length += d.length;
  if (lists_->bytes() + map_.bytes() <= memory_ || lists_->bytes() < memory_ / 4) return;
  if (file_ == nullptr) file_ = make_file_();
  runs_.push_back(spill_run(*lists_, *file_, &written_));
  const std::uint32_t next = lists_->next_doc();
  lists_.reset();  // before the next one takes memory
  lists_ = std::make_unique<Inverter>(next);
}

void Builder::finish(index::PageStore& store) {
  std::vector<std::unique_ptr<SpilledTerms>> spilled;
  std::vector<TermSource*> sources;
  for (const Run& r : runs_) {
    spilled.push_back(std::make_unique<SpilledTerms>(*file_, r));
    sources.push_back(spilled.back().get());
  }
  sources.push_back(lists_.get());
  MergedTerms merged(std::move(sources));
  install_first_segment(store, map_, merged);
}

}  // namespace rv::sparse
