// What an hnsw index looks like on its pages. docs/file-formats.md is the prose twin.
//
//   block 0        meta page
//   1 ..           model pages (the codec's model, a chain), node pages and auxiliary pages, in the
//                  order in which they were needed
//
// A node is one vector: a fixed-size slot of a node page.
//   node id = block * slots per node page + slot
//
//   +--------------------+  NodePageHeader
//   | slot 0             |  NodeHeader (16 bytes)
//   |                    |  code       (code_bytes)
//   |                    |  links      (2 m node ids, the first link_count are used)
//   | slot 1 ...         |
//   +--------------------+
//
// What few nodes have stands in records of auxiliary pages, chained from NodeHeader.aux: the links
// of one upper level, or further heap rows with an equal vector.
//   record id = block * records per auxiliary page + slot
//
// Invariants, for readers of an index that others change:
//  (1) The kind of a page never changes, and pages are never given back. A page that a crash left
//  unwritten gets its kind when it is first used.
//  (2) The code of a node does not change while the node is in use.
//  (3) A link is a hint. It may lead to a node that was deleted, or freed and used again. Who
//  follows
//      it checks the flags, and takes nothing but a place to go on from.
//  (4) Heap rows are read under a page lock. A row of a freed and reused slot is a row of the index
//      all the same: it is judged by its own vector and by the snapshot, like any other.
//  (5) The chain of records of a node changes only under an exclusive lock on the node's page.
//  (6) Locks are taken in the order meta page, node page, auxiliary page, and no two of a kind,
//  except
//      a page that leaves or enters the chain of pages with freed slots (under the meta page).
//  (7) Words of links are read without a lock: each is a whole id, old or new, or 0 where the count
//  was written before the link. No node and no record has the id 0, because block 0 is the meta
//  page.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/index/page_store.h"

namespace rv::index::hnsw {

using NodeId = std::uint32_t;
using RecordId = std::uint32_t;
inline constexpr NodeId kNoNode = 0xFFFFFFFFu;
inline constexpr RecordId kNoRecord = 0xFFFFFFFFu;

inline constexpr PageKind kMetaPage = 0x10;
inline constexpr PageKind kModelPage = 0x11;
inline constexpr PageKind kNodePage = 0x12;
inline constexpr PageKind kAuxPage = 0x13;

inline constexpr std::uint32_t kMagic = 0x52564E57u;  // "RVNW"
inline constexpr std::uint32_t kVersion = 1;

inline constexpr int kMinM = 2, kMaxM = 100;
inline constexpr int kMaxLevel = 40;

// A heap row: block and line pointer, in PostgreSQL's order of half-words.
struct HeapTid {
  std::uint16_t block_high;
  std::uint16_t block_low;
  std::uint16_t offset;  // 0: none
  bool operator==(const HeapTid&) const = default;
};
static_assert(sizeof(HeapTid) == 6);
constexpr std::uint32_t table_block(HeapTid tid) noexcept {
  return static_cast<std::uint32_t>(tid.block_high) << 16 | tid.block_low;
}

struct Meta {
  std::uint32_t magic;
  std::uint32_t version;
  std::uint32_t dim;
  std::uint16_t m;
  std::uint16_t ef_construction;
  std::uint32_t code_bytes;
  std::uint16_t node_slots;   // per node page
  std::uint16_t aux_slots;    // per auxiliary page
  std::uint32_t model_block;  // first model page
  std::uint32_t model_bytes;
  NodeId entry_node;      // kNoNode: the graph is empty
  RecordId entry_record;  // of the entry node at top_level; kNoRecord when top_level is 0
  std::uint32_t top_level;
  Block node_page;        // where the next node goes; kNoBlock: a new page
  Block free_node_pages;  // chain of node pages with freed slots
  Block aux_page;
  Block free_aux_pages;
  std::uint32_t reserved;
  std::uint64_t trained_rows;  // rows the codec was trained on
  std::uint64_t built_rows;    // rows of the build
};
static_assert(sizeof(Meta) == 80);

struct ModelPageHeader {
  Block next;
  std::uint32_t bytes;
};

inline constexpr Block kChainEnd = kNoBlock - 1;
struct SlottedPageHeader {  // node and auxiliary pages
  Block next_free;     // kNoBlock: not in the chain of pages with freed slots; kChainEnd: its last
  std::uint16_t used;  // slots ever used
  std::uint16_t free;  // freed ones among them
};
static_assert(sizeof(SlottedPageHeader) == 8);

enum NodeFlags : std::uint8_t {
  kNodeUsed = 1,    // the slot holds a node
  kNodeDeleted = 2  // without heap rows: navigated through, never returned, freed by vacuum
};

struct NodeHeader {
  HeapTid tid;
  std::uint16_t version;  // grows when the slot is freed
  RecordId aux;           // chain of records
  std::uint8_t flags;
  std::uint8_t level;
  std::uint8_t link_count;
  std::uint8_t reserved;
};
static_assert(sizeof(NodeHeader) == 16);

enum RecordKind : std::uint8_t { kFreeRecord = 0, kUpperLinks = 1, kMoreRows = 2 };

struct RecordHeader {
  std::uint8_t kind;
  std::uint8_t level;   // kUpperLinks
  std::uint16_t count;  // links or rows
  NodeId node;          // the owner
  RecordId next;
  std::uint32_t reserved;
};
static_assert(sizeof(RecordHeader) == 16);

// A neighbour on an upper level: its record there and its node.
struct UpperLink {
  RecordId record;
  NodeId node;
  bool operator==(const UpperLink&) const = default;
};

// Sizes that follow from the meta page.
struct Geometry {
  std::size_t content = 0;
  int m = 0;
  std::size_t code_bytes = 0;

  int max_links() const noexcept { return 2 * m; }
  std::size_t node_bytes() const noexcept {
    return sizeof(NodeHeader) + code_bytes + sizeof(NodeId) * 2 * static_cast<std::size_t>(m);
  }
  std::size_t record_bytes() const noexcept {
    return sizeof(RecordHeader) + sizeof(UpperLink) * static_cast<std::size_t>(m);
  }
  int rows_per_record() const noexcept {
    return static_cast<int>(sizeof(UpperLink) * static_cast<std::size_t>(m) / sizeof(HeapTid));
  }
  std::uint32_t node_slots() const noexcept {
    return static_cast<std::uint32_t>((content - sizeof(SlottedPageHeader)) / node_bytes());
  }
  std::uint32_t aux_slots() const noexcept {
    return static_cast<std::uint32_t>((content - sizeof(SlottedPageHeader)) / record_bytes());
  }
};

}  // namespace rv::index::hnsw
