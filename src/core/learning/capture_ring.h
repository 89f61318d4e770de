// What sampled scans leave behind until somebody writes it to a table: a ring of samples and a
// smaller one of the queries that audits may run again. Lives in a block of memory that it is given
// (shared or not), holds no pointers, and knows no lock: whoever shares it takes turns.
//
// Invariants:
// (1) A slot is written as a whole by push() and emptied by take(); what take() did not fetch in
//     time is overwritten, oldest first, and counted.
// (2) A sample names its query by a ticket that is never used twice, so that a query which was
//     overwritten or taken is missed, never mistaken for another.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <vector>

#include "core/learning/audit.h"
#include "core/learning/sketch.h"

namespace rv::learning {

struct Sample {
  std::int64_t id = 0;        // drawn by chance: needs no counter that is written
  std::int64_t noted_at = 0;  // in the server's microseconds
  std::uint32_t database = 0, index = 0, role = 0;
  std::int32_t effort = 0;
  std::int64_t hops = 0, distances = 0, pages = 0, reranked = 0, returned = 0;
  float elapsed_us = -1;  // below 0: not known
  bool has_features = false;
  Features features{};
  Sketch sketch;
  std::uint64_t query = 0;  // ticket; 0: not kept
};

class CaptureRing {
 public:
  // A longer query is sketched but not kept.
  static constexpr std::size_t kQueryBytes = 16384;

  static std::size_t bytes(std::uint32_t slots, std::uint32_t queries) noexcept {
    return sizeof(Header) + slots * sizeof(Slot) + queries * sizeof(Query);
  }
  // Lays an empty ring into `memory` of bytes(slots, queries), aligned for 8-byte numbers.
  static CaptureRing create(void* memory, std::uint32_t slots, std::uint32_t queries) noexcept {
    std::memset(memory, 0, bytes(slots, queries));
    auto* head = new (memory) Header;
    head->slots = slots;
    head->queries = queries;
    return CaptureRing(memory);
  }
  // A ring that was created there, by this process or another.
  explicit CaptureRing(void* memory) noexcept
      : head_(static_cast<Header*>(memory)),
        slots_(reinterpret_cast<Slot*>(head_ + 1)),
        queries_(reinterpret_cast<Query*>(slots_ + head_->slots)) {}

  void push(Sample sample, std::span<const std::byte> query) noexcept {
    sample.query = 0;
    if (!query.empty() && query.size() <= kQueryBytes && head_->queries > 0) {
      sample.query = ++head_->last_query;
      Query& q = queries_[sample.query % head_->queries];
      q.ticket = sample.query;
      q.database = sample.database;
      q.index = sample.index;
      q.size = static_cast<std::uint32_t>(query.size());
      std::memcpy(q.value, query.data(), query.size());
    }
    Slot& slot = slots_[head_->next++ % head_->slots];
    head_->lost += slot.filled;
    head_->waiting += !slot.filled;
    slot.filled = true;
    slot.sample = sample;
  }

  // Moves the samples that wanted(sample) is true for to `out`, oldest first, `most` at a time;
  // how many. `out` has room for them.
  template <class Wanted>
  std::size_t take(Wanted wanted, Sample* out, std::size_t most) noexcept {
    std::size_t n = 0;
    if (head_->waiting == 0) return n;
    for (std::uint64_t i = 0; i < head_->slots && n < most; ++i) {
      Slot& slot = slots_[(head_->next + i) % head_->slots];
      if (!slot.filled || !wanted(slot.sample)) continue;
      slot.filled = false;
      --head_->waiting;
      out[n++] = slot.sample;
    }
    return n;
  }

  // The query of that ticket, which stays; empty when it is gone.
  std::span<const std::byte> query(std::uint64_t ticket) const noexcept {
    if (ticket == 0 || head_->queries == 0) return {};
    const Query& q = queries_[ticket % head_->queries];
    return q.ticket == ticket ? std::span<const std::byte>(q.value, q.size)
                              : std::span<const std::byte>();
  }
  // Takes all queries kept for an index, and forgets them.
  std::vector<std::vector<std::byte>> take_queries(std::uint32_t database, std::uint32_t index) {
    std::vector<std::vector<std::byte>> out;
    for (std::uint32_t i = 0; i < head_->queries; ++i) {
      Query& q = queries_[i];
      if (q.ticket == 0 || q.database != database || q.index != index) continue;
      out.emplace_back(q.value, q.value + q.size);
      q.ticket = 0;
    }
    return out;
  }

  std::uint64_t waiting() const noexcept { return head_->waiting; }
  std::uint64_t lost() const noexcept { return head_->lost; }

 private:
  struct Header {
    std::uint32_t slots = 0, queries = 0;
    std::uint64_t next = 0, waiting = 0, lost = 0, last_query = 0;
  };
  struct Slot {
    Sample sample;
    bool filled;
  };
  struct Query {
    std::uint64_t ticket;
    std::uint32_t database, index, size;
    std::byte value[kQueryBytes];
  };

  Header* head_;
  Slot* slots_;
  Query* queries_;
};

}  // namespace rv::learning
