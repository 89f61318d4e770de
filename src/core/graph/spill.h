// Rows of values that do not fit into a query's memory, in temporary files.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/scratch_file.h"
#include "core/graph/arena.h"
#include "core/graph/runtime.h"
#include "core/graph/value.h"

namespace rv::graph {

// Should an operator that keeps this many bytes make room? Once half of the query's memory is used,
// of which it has a share worth writing: what is left must do for the operators around it.
bool should_spill(Runtime& runtime, std::size_t own_bytes);

// A stretch of rows in a file.
struct SpilledRun {
  std::uint64_t begin = 0, end = 0;
};

// Writes rows of `width` values, one run after the other. All writing comes before the reading.
class SpillWriter {
 public:
  SpillWriter(Runtime& runtime, std::size_t width);
  SpillWriter(const SpillWriter&) = delete;
  SpillWriter& operator=(const SpillWriter&) = delete;
  ~SpillWriter();

  void append(const Value* row);
  // Ends the run that began after the one before.
  SpilledRun end_run();
  // Nothing more is written: gives back the buffer.
  void close() noexcept;
  std::size_t width() const noexcept { return width_; }
  ScratchFile& file() noexcept { return *file_; }

 private:
  void flush();

  Runtime& runtime_;
  std::size_t width_;
  std::unique_ptr<ScratchFile> file_;
  std::string buffer_;
  std::size_t charged_;
  std::uint64_t written_ = 0, begun_ = 0;
};

// Reads a run from its beginning.
class SpillReader {
 public:
  SpillReader(Runtime& runtime, SpillWriter& from, SpilledRun run);
  SpillReader(const SpillReader&) = delete;
  SpillReader& operator=(const SpillReader&) = delete;
  ~SpillReader();

  // The next row, until the next call; nullptr at the end.
  const Value* next();
  // Memory that a reader takes for rows that are not large.
  static std::size_t buffer_bytes(Runtime& runtime);

 private:
  std::span<const char> take(std::size_t bytes);

  Runtime& runtime_;
  ScratchFile& file_;
  std::size_t width_;
  SpilledRun left_;
  std::vector<char> buffer_;
  std::size_t at_ = 0, filled_ = 0;
  std::size_t charged_ = 0;
  Arena arena_;
};

// Rows parted by their hashes, for DISTINCT and grouping: equal rows meet in one part.
class SpillParts {
 public:
  static constexpr std::size_t kParts = 16;
  static constexpr int kBits = 4;
  // Rows parted again and again in which nothing parts them.
  static constexpr int kDeepest = 12;

  // `depth`: how often these rows were parted before; each time by other bits.
  SpillParts(Runtime& runtime, std::size_t width, int depth);
  void append(std::uint64_t hash, const Value* row);
  // The parts that have rows, by their numbers.
  struct Part {
    std::unique_ptr<SpillWriter> rows;
    SpilledRun run;
    int depth;
    std::size_t number;  // among kParts
  };
  std::vector<Part> finish();

 private:
  Runtime& runtime_;
  std::size_t width_;
  int depth_;
  std::unique_ptr<SpillWriter> parts_[kParts];
};

}  // namespace rv::graph
