// Sorted runs of inverted lists in a scratch file: what an index build does not keep in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/scratch_file.h"
#include "core/sparse/term_source.h"

namespace rv::sparse {

using rv::ScratchFile;

// Where a run lies.
struct Run {
  std::uint64_t start, end;
};

// Appends everything that `terms` has; `written` is the size of the file, which grows.
Run spill_run(TermSource& terms, ScratchFile& file, std::uint64_t* written);

class SpilledTerms final : public TermSource {
 public:
  // The run's documents are numbered from `base` on.
  SpilledTerms(ScratchFile& file, Run run, std::uint32_t base = 0)
      : file_(file), base_(base), at_(run.start), end_(run.end) {}
  bool next() override;
  std::string_view key() const override { return key_; }
  float error() const override { return 0; }
  void read(std::vector<Posting>& out) override;

 private:
  void take(void* to, std::size_t bytes);
  void skip(std::uint64_t bytes);

  static constexpr std::size_t kBuffer = 64 * 1024;
  ScratchFile& file_;
  std::uint32_t base_;
  std::uint64_t at_, end_;  // of the file; the buffer holds what comes before at_
  std::vector<std::byte> buffer_;
  std::size_t used_ = 0;
  std::string key_;
  std::uint32_t count_ = 0;  // postings of the current term that were not read
};

}  // namespace rv::sparse
