// Turns documents into inverted lists in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/sparse/document.h"
#include "core/sparse/term_source.h"

namespace rv::sparse {

// The documents of a segment, as the segment's document map holds them.
struct DocumentMap {
  std::vector<Row> rows;
  std::vector<std::uint32_t> lengths;  // BM25 only
  std::uint64_t length = 0;
  std::size_t bytes() const noexcept {
    return rows.capacity() * sizeof(Row) + lengths.capacity() * 4;
  }
};

class Inverter final : public TermSource {
 public:
  // The first document gets this number.
  explicit Inverter(std::uint32_t first_doc = 0) : next_doc_(first_doc), slots_(1024, kNone) {}

  void add(const Document& d);
  std::uint32_t next_doc() const noexcept { return next_doc_; }
  // About what the lists occupy.
  std::size_t bytes() const noexcept {
    return arena_bytes_ + lists_.capacity() * sizeof(List) + slots_.capacity() * 4;
  }
  bool empty() const noexcept { return lists_.empty(); }

  // Reading starts after the last add().
  bool next() override;
  std::string_view key() const override {
    return {lists_[order_[at_ - 1]].key, lists_[order_[at_ - 1]].key_size};
  }
  float error() const override { return 0; }
  void read(std::vector<Posting>& out) override;

 private:
  static constexpr std::uint32_t kNone = 0xFFFFFFFFu;
  static constexpr std::size_t kArenaBlock = std::size_t{256} << 10;

  // Postings in chunks that grow with the list.
  struct Chunk {
    Chunk* next;
    std::uint32_t used, capacity;
    Posting* postings() noexcept { return reinterpret_cast<Posting*>(this + 1); }
  };
  struct List {
    const char* key;
    std::uint32_t key_size;
    std::uint32_t hash;
    Chunk *head, *tail;
  };

  std::uint32_t list_of(std::string_view key);
  void grow_slots();
  void* allocate(std::size_t bytes);

  std::uint32_t next_doc_;
  std::vector<std::uint32_t> slots_;  // open addressing: positions in lists_
  std::vector<List> lists_;
  std::vector<std::unique_ptr<std::byte[]>> arena_;
  std::size_t arena_bytes_ = 0, arena_left_ = 0;
  std::byte* arena_at_ = nullptr;
  std::vector<std::uint32_t> order_;
  std::size_t at_ = 0;
};

}  // namespace rv::sparse
