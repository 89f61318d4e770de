#include "core/sparse/builder.h"

#include "core/base/error.h"

namespace rv::sparse {
namespace {

template <class T>
std::span<const std::byte> bytes_of(const std::vector<T>& v) noexcept {
  return std::as_bytes(std::span<const T>(v));
}

// Appends n elements that lie at `offset` of the file, and moves it behind them.
template <class T>
void read_elements(ScratchFile& file, std::uint64_t* offset, std::size_t n, std::vector<T>& out) {
  const std::size_t before = out.size();
  out.resize(before + n);
  if (n > 0) file.read(*offset, std::as_writable_bytes(std::span<T>(out).subspan(before)));
  *offset += n * sizeof(T);
}

}  // namespace

void Builder::check_room(std::size_t more) const {
  if (map_.rows.size() + more > 0xFFFFFFFFu - kWindow)
    throw Error(ErrorCode::limit_exceeded, "more documents than one index can hold");
}

void Builder::spill() {
  if (file_ == nullptr) file_ = make_file_();
  runs_.push_back(spill_run(*lists_, *file_, &written_));
  const std::uint32_t next = lists_->next_doc();
  lists_.reset();  // before the next one takes memory
  lists_ = std::make_unique<Inverter>(next);
}

void Builder::add(const Document& d) {
  check_room(1);
  lists_->add(d);
  map_.rows.push_back(d.row);
  if (scoring_ == Scoring::bm25) map_.lengths.push_back(d.length);
  map_.length += d.length;
  if (lists_->bytes() + map_.bytes() <= memory_ || lists_->bytes() < memory_ / 4) return;
  spill();
}

Part Builder::hand_over() {
  spill();
  const Part part{written_, map_.length, static_cast<std::uint32_t>(runs_.size()),
                  static_cast<std::uint32_t>(map_.rows.size())};
  file_->append(bytes_of(runs_));
  file_->append(bytes_of(map_.rows));
  if (!map_.lengths.empty()) file_->append(bytes_of(map_.lengths));
  return part;
}

void Builder::join(std::unique_ptr<ScratchFile> file, const Part& part) {
  check_room(part.docs);
  Joined other{std::move(file), {}, static_cast<std::uint32_t>(map_.rows.size())};
  std::uint64_t at = part.end;
  read_elements(*other.file, &at, part.runs, other.runs);
  read_elements(*other.file, &at, part.docs, map_.rows);
  if (scoring_ == Scoring::bm25) read_elements(*other.file, &at, part.docs, map_.lengths);
  map_.length += part.length;
  joined_.push_back(std::move(other));
}

void Builder::finish(index::PageStore& store, const Options& options) {
  std::vector<std::unique_ptr<SpilledTerms>> spilled;
  std::vector<TermSource*> sources;
  const auto add_runs = [&](ScratchFile& file, const std::vector<Run>& runs, std::uint32_t base) {
    for (const Run& r : runs) {
      spilled.push_back(std::make_unique<SpilledTerms>(file, r, base));
      sources.push_back(spilled.back().get());
    }
  };
  if (file_ != nullptr) add_runs(*file_, runs_, 0);
  sources.push_back(lists_.get());
  for (const Joined& j : joined_) add_runs(*j.file, j.runs, j.base);
  MergedTerms merged(std::move(sources));
  install_first_segment(store, map_, merged, options);
  joined_.clear();
}

}  // namespace rv::sparse
