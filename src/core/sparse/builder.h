// Builds the first segment of an index from many documents within a memory limit, by one process or
// by several: each inverts the rows that it reads, and one of them puts the parts together.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "core/sparse/index.h"
#include "core/sparse/spill.h"

namespace rv::sparse {

// What a builder has left in its file for another process.
struct Part {
  std::uint64_t end;     // of the runs; their places, the rows and the lengths follow
  std::uint64_t length;  // sum of the documents' lengths
  std::uint32_t runs;
  std::uint32_t docs;
};

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
  // Writes everything to the file. Nothing may be added afterwards.
  Part hand_over();
  // Takes the part that another builder of the same index has left in `file`.
  void join(std::unique_ptr<ScratchFile> file, const Part& part);
  // Writes the segment into an index that has none.
  void finish(index::PageStore& store, const Options& options = {});
  std::size_t documents() const noexcept { return map_.rows.size(); }
  std::size_t runs() const noexcept { return runs_.size(); }

 private:
  struct Joined {
    std::unique_ptr<ScratchFile> file;
    std::vector<Run> runs;
    std::uint32_t base;  // number of its first document
  };
  void spill();
  void check_room(std::size_t more) const;

  Scoring scoring_;
  std::size_t memory_;
  MakeFile make_file_;
  std::unique_ptr<Inverter> lists_;
  DocumentMap map_;
  std::unique_ptr<ScratchFile> file_;
  std::uint64_t written_ = 0;
  std::vector<Run> runs_;
  std::vector<Joined> joined_;
};

}  // namespace rv::sparse
