#include "core/sparse/spill.h"

#include <algorithm>
#include <cstring>

#include "core/base/error.h"

namespace rv::sparse {

Run spill_run(TermSource& terms, ScratchFile& file, std::uint64_t* written) {
  const Run run{*written, 0};
  std::vector<Posting> list;
  std::vector<std::byte> out;
  const auto put = [&out](const void* p, std::size_t n) {
    const auto* b = static_cast<const std::byte*>(p);
    out.insert(out.end(), b, b + n);
  };
  const auto write = [&] {
    file.append(out);
    *written += out.size();
    out.clear();
  };
  while (terms.next()) {
    list.clear();
    terms.read(list);
    const std::uint32_t head[2] = {static_cast<std::uint32_t>(terms.key().size()),
                                   static_cast<std::uint32_t>(list.size())};
    put(head, sizeof head);
    put(terms.key().data(), terms.key().size());
    put(list.data(), list.size() * sizeof(Posting));
    if (out.size() >= 256 * 1024) write();
  }
  write();
  return {run.start, *written};
}

void SpilledTerms::take(void* to, std::size_t bytes) {
  auto* p = static_cast<std::byte*>(to);
  while (bytes > 0) {
    if (used_ == buffer_.size()) {
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(kBuffer, end_ - at_));
      if (n == 0) throw Error(ErrorCode::internal, "a spilled run ends early");
      buffer_.resize(n);
      file_.read(at_, buffer_);
      at_ += n;
      used_ = 0;
    }
    const std::size_t part = std::min(bytes, buffer_.size() - used_);
    std::memcpy(p, buffer_.data() + used_, part);
    p += part;
    used_ += part;
    bytes -= part;
  }
}

void SpilledTerms::skip(std::uint64_t bytes) {
  const std::uint64_t buffered = buffer_.size() - used_;
  if (bytes <= buffered) {
    used_ += static_cast<std::size_t>(bytes);
  } else {
    at_ += bytes - buffered;
    used_ = buffer_.size();
  }
}

bool SpilledTerms::next() {
  skip(std::uint64_t{count_} * sizeof(Posting));
  count_ = 0;
  if (at_ == end_ && used_ == buffer_.size()) return false;
  std::uint32_t head[2];
  take(head, sizeof head);
  key_.resize(head[0]);
  take(key_.data(), key_.size());
  count_ = head[1];
  return true;
}

void SpilledTerms::read(std::vector<Posting>& out) {
  const std::size_t before = out.size();
  out.resize(before + count_);
  take(out.data() + before, count_ * sizeof(Posting));
  if (base_ != 0)
    for (std::size_t i = before; i < out.size(); ++i) out[i].doc += base_;
  count_ = 0;
}

}  // namespace rv::sparse
