// Builds the first segment of an index from many documents within a memory limit.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/sparse/index.h"
#include "core/sparse/spill.h"

namespace rv::sparse {

class Builder {
 public:
  using MakeFile = std::function<std::unique_ptr<ScratchFile>()>;
  // `memory` bytes for lists; beyond them sorted runs go to a file.
  Builder(Scoring scoring, std::size_t memory, MakeFile make_file)
      : scoring_(scoring),
        memory_(memory),
        make_file_(std::move(make_file)),
        lists_(new Inverter()) {}

  void add(const Document& d);
  // Writes the segment into an index that has none.
  void finish(index::PageStore& store);
  std::size_t documents() const noexcept { return map_.rows.size(); }
  std::size_t runs() const noexcept { return runs_.size(); }

 private:
  Scoring scoring_;
  std::size_t memory_;
  MakeFile make_file_;
  std::unique_ptr<Inverter> lists_;
  DocumentMap map_;
  std::unique_ptr<ScratchFile> file_;
  std::uint64_t written_ = 0;
  std::vector<Run> runs_;
};

}  // namespace rv::sparse
