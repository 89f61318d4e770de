#include "core/graph/spill.h"

#include <algorithm>
#include <cstring>

#include "core/graph/value_codec.h"

namespace rv::graph {
namespace {

// Of the buffers of files: many are open at once, and small limits must bear them.
std::size_t write_bytes(Runtime& runtime) {
  return std::clamp<std::size_t>(runtime.budget()->limit() / 512, 2048, 65'536);
}

}  // namespace

bool should_spill(Runtime& runtime, std::size_t own_bytes) {
  const MemoryBudget& budget = *runtime.budget();
  return budget.used() > budget.limit() / 2 && own_bytes > budget.limit() / 16 &&
         runtime.environment().scratch_file != nullptr;
}

SpillWriter::SpillWriter(Runtime& runtime, std::size_t width)
    : runtime_(runtime), width_(width), charged_(write_bytes(runtime)) {
  runtime_.budget()->charge(charged_);
  try {
    file_ = runtime.environment().scratch_file();
    buffer_.reserve(charged_);
  } catch (...) {
    runtime_.budget()->release(charged_);
    throw;
  }
}

SpillWriter::~SpillWriter() { close(); }

void SpillWriter::close() noexcept {
  runtime_.budget()->release(charged_);
  charged_ = 0;
  std::string().swap(buffer_);
}

void SpillWriter::append(const Value* row) {
  const std::size_t start = buffer_.size();
  buffer_.append(sizeof(std::uint32_t), '\0');
  for (std::size_t k = 0; k < width_; ++k) append_value(buffer_, row[k]);
  const auto bytes = static_cast<std::uint32_t>(buffer_.size() - start - sizeof(std::uint32_t));
  std::memcpy(buffer_.data() + start, &bytes, sizeof bytes);
  if (buffer_.size() >= charged_ / 2) flush();
}

void SpillWriter::flush() {
  runtime_.tick();
  file_->append(std::as_bytes(std::span(buffer_)));
  written_ += buffer_.size();
  buffer_.clear();
  // A large row is no reason to keep its room.
  if (buffer_.capacity() > 2 * charged_) {
    buffer_.shrink_to_fit();
    buffer_.reserve(charged_);
  }
}

SpilledRun SpillWriter::end_run() {
  if (!buffer_.empty()) flush();
  const SpilledRun run{begun_, written_};
  begun_ = written_;
  return run;
}

std::size_t SpillReader::buffer_bytes(Runtime& runtime) {
  return std::clamp<std::size_t>(runtime.budget()->limit() / 256, 4096, 262'144);
}

SpillReader::SpillReader(Runtime& runtime, SpillWriter& from, SpilledRun run)
    : runtime_(runtime),
      file_(from.file()),
      width_(from.width()),
      left_(run),
      arena_(runtime.budget(), 512) {
  const std::size_t size = buffer_bytes(runtime);
  runtime.budget()->charge(size);
  charged_ = size;
  buffer_.resize(size);
}

SpillReader::~SpillReader() { runtime_.budget()->release(charged_); }

// The next bytes, in one piece.
std::span<const char> SpillReader::take(std::size_t bytes) {
  if (filled_ - at_ < bytes) {
    std::memmove(buffer_.data(), buffer_.data() + at_, filled_ - at_);
    filled_ -= at_;
    at_ = 0;
    if (buffer_.size() < bytes) {
      runtime_.budget()->charge(bytes - buffer_.size());
      charged_ += bytes - buffer_.size();
      buffer_.resize(bytes);
    }
    const std::size_t more =
        std::min<std::uint64_t>(buffer_.size() - filled_, left_.end - left_.begin);
    file_.read(left_.begin, std::as_writable_bytes(std::span(buffer_.data() + filled_, more)));
    left_.begin += more;
    filled_ += more;
    runtime_.tick();
    if (filled_ < bytes)
      throw Error(ErrorCode::internal, "a temporary file of a query ends within a row");
  }
  const std::span<const char> out(buffer_.data() + at_, bytes);
  at_ += bytes;
  return out;
}

const Value* SpillReader::next() {
  if (at_ == filled_ && left_.begin == left_.end) return nullptr;
  arena_.reset();
  std::uint32_t bytes;
  std::memcpy(&bytes, take(sizeof bytes).data(), sizeof bytes);
  ValueReader reader(take(bytes), arena_);
  auto* row = arena_.array<Value>(width_);
  for (std::size_t k = 0; k < width_; ++k) new (row + k) Value(reader.next());
  return row;
}

SpillParts::SpillParts(Runtime& runtime, std::size_t width, int depth)
    : runtime_(runtime), width_(width), depth_(depth) {
  if (depth <= kDeepest) return;
  throw Error(ErrorCode::out_of_memory,
              "rows of a query exceed " + std::string(runtime.environment().memory_setting) +
                  ", and parting them does not help",
              {}, "Increase " + std::string(runtime.environment().memory_setting) + ".");
}

void SpillParts::append(std::uint64_t hash, const Value* row) {
  // The lower bits place entries in the tables of what is kept in memory.
  auto& part = parts_[hash >> (64 - kBits * (depth_ + 1)) & (kParts - 1)];
  if (part == nullptr) part = std::make_unique<SpillWriter>(runtime_, width_);
  part->append(row);
}

std::vector<SpillParts::Part> SpillParts::finish() {
  std::vector<Part> out;
  for (std::size_t i = 0; i < kParts; ++i) {
    auto& part = parts_[i];
    if (part == nullptr) continue;
    const SpilledRun run = part->end_run();
    part->close();
    out.push_back({std::move(part), run, depth_ + 1, i});
  }
  return out;
}

}  // namespace rv::graph
