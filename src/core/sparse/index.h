// An inverted index over a page store: creation, insertion, flushing, merging, deletion.
//
// Invariants
//   1. A document is in exactly one place: a segment, the chain that is being flushed, or the
//      pending list. Each move is one edit of the meta page.
//   2. Segments never change, except that VACUUM marks rows dead. Merging writes a new one.
//   3. Who changes the set of segments or closes the pending list holds the structure lock
//      (Surroundings). Inserting into the pending list does not need it.
//   4. Pages of replaced segments and chains are recycled only when every reader who may have seen
//      the old meta page is gone.
//
// Lock order: meta page, pending page (page_store.h).
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/index/page_store.h"
#include "core/sparse/document.h"
#include "core/sparse/inverter.h"
#include "core/sparse/layout.h"

namespace rv::sparse {

// What the index asks of the server around it.
class Surroundings {
 public:
  virtual ~Surroundings() = default;
  // One holder at a time, over all sessions. With `wait` false it may be refused.
  virtual bool lock_structure(bool wait) = 0;
  virtual void unlock_structure() = 0;
  // A number that readers who start later are beyond; read while the meta page is locked.
  virtual std::uint64_t stamp() = 0;
  virtual bool everybody_is_past(std::uint64_t stamp) = 0;
  // Released pages should become findable for PageStore::create().
  virtual void pages_released() {}
  // Runs `work` while nobody else uses the index, if that can be had without waiting for long;
  // false when it was not. Inside it no reader knows anything of the index.
  virtual bool alone(const std::function<void()>& /*work*/) { return false; }
  // Gives the pages from `end` on back to the file system. Only within alone().
  virtual void truncate(Block /*end*/) {}
  // A free page that PageStore::create() must not find: the end of the file is to become empty.
  virtual void hide_page(Block) {}
};

struct Options {
  std::uint32_t pending_pages = 128;  // more than these become a segment
  Quantization quantization = Quantization::u8;
  bool pruned = false;  // documents may lack their lightest terms (VectorDocument)
};

Meta read_meta(index::PageStore& store);
// Writes the meta page of an empty index as block 0.
void create_index(index::PageStore& store, Scoring scoring);
// The first segment of an index that nobody else sees yet.
void install_first_segment(index::PageStore& store, const DocumentMap& map, TermSource& terms,
                           const Options& options = {});

class Index {
 public:
  Index(index::PageStore& store, Surroundings& around, Options options)
      : store_(store), around_(around), options_(options) {}

  // Adds a document to the pending list; turns the list into a segment when it is long and nobody
  // else is changing the structure.
  void insert(const Document& d);
  // Turns the pending list into a segment. False when it did not get the lock.
  bool flush(bool wait);

  struct DeleteResult {
    std::uint64_t deleted = 0;
    std::uint64_t live = 0;
  };
  // Marks every document dead whose row `is_dead` says so.
  DeleteResult remove(const std::function<bool(const Row&)>& is_dead);

  // What VACUUM does after remove(): flush, merge what should be merged, recycle pages that nobody
  // reads any more and pages that a crash left behind. When a part of the file is not needed and
  // nobody uses the index at the moment, moves what lies at its end to the front and gives the end
  // back. Returns the number of free pages.
  std::uint64_t clean_up();

 private:
  bool place_on_tail(Block tail, const std::vector<std::byte>& bytes);
  bool place_on_new_page(Block tail, const std::vector<std::byte>& bytes);
  void insert_large(const std::vector<std::byte>& bytes);
  bool close_pending();
  void note_pruning();
  void flush_locked();
  void merge_locked(bool everything);
  std::vector<std::uint32_t> choose_merge(const Meta& meta, bool everything) const;
  void replace_segments(const std::vector<std::uint32_t>& positions);
  void recycle_locked(bool nobody_reads);
  bool wasteful() const;
  std::uint64_t sweep_locked(bool shrink);
  void move_down_locked(Block limit);

  index::PageStore& store_;
  Surroundings& around_;
  Options options_;
};

// Every block that the meta page refers to, directly or not.
std::vector<Block> blocks_in_use(index::PageStore& store, const Meta& meta);

}  // namespace rv::sparse
