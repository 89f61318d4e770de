// The pages of an inverted index. docs/sparse-format.md tells the same in prose.
//
//   block 0        Meta: the segments, the pending list, what waits to be recycled
//   pending list   a chain of kPending pages: whole documents, in order of arrival
//   segments       immutable; each a SegmentRoot page that lists the extents of its kData pages.
//                  Logical pages are numbered from 0 in the order of the extents:
//                    document map    6-byte row address a document, kTids.. to a page
//                    lengths         4 bytes a document (BM25 only)
//                    postings and dictionary leaves, as the terms come
//                    dictionary levels above the leaves; the last page is the top
//
// Fixed-width fields are in the machine's byte order, like every PostgreSQL page.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/index/page_store.h"

namespace rv::sparse {

using index::Block;
using index::kNoBlock;
using index::PageKind;

inline constexpr PageKind kMetaPage = 0x30;
inline constexpr PageKind kRootPage = 0x31;          // SegmentRoot
inline constexpr PageKind kExtentPage = 0x32;        // ExtentPage: more extents of a segment
inline constexpr PageKind kDataPage = 0x33;          // DataPage
inline constexpr PageKind kPendingPage = 0x34;       // PendingPage
inline constexpr PageKind kContinuationPage = 0x35;  // PendingPage: the rest of a large document

inline constexpr std::uint32_t kMagic = 0x52565350;  // "RVSP"
inline constexpr std::uint32_t kVersion = 2;

// What the values of the postings are.
enum class Scoring : std::uint32_t {
  inner_product = 0,  // float weights; the score is the inner product
  cosine = 1,         // the same with weights divided by the vector's norm
  bm25 = 2            // term frequencies; documents have lengths
};

// How the weights of a segment's lists are kept.
enum class Quantization : std::uint8_t {
  u8 = 0,      // a byte, between the list's least and greatest weight, rounded upwards
  float32 = 1  // as they are
};

// A row's address and what is special about the row. Six bytes on pages: block, then offset with
// the flag in its top three bits.
enum class RowKind : std::uint16_t {
  plain = 0,
  null = 1,       // the indexed value is NULL
  undefined = 2,  // a zero vector in a cosine index: its distance is NaN
  irregular = 3,  // magnitudes beyond what the bounds are made for: always compared exactly
  dead = 7        // removed by VACUUM
};
struct Row {
  std::uint32_t block;
  std::uint16_t offset;
  RowKind kind;
};
inline constexpr std::size_t kRowBytes = 6;
inline constexpr std::uint16_t kMaxRowOffset = 0x1FFF;

// The documents of one window are summed up together: their low 16 bits are their place in it.
inline constexpr std::uint32_t kWindow = 65536;

inline constexpr std::uint32_t kMaxSegments = 64;
inline constexpr std::uint32_t kMaxDead = 64;

struct SegmentEntry {
  std::uint32_t id;      // never used twice in an index
  Block root;            // SegmentRoot
  std::uint32_t docs;    // documents, dead ones included
  std::uint32_t dead;    // of them found dead by VACUUM
  std::uint64_t length;  // sum of the documents' lengths (BM25)
  std::uint64_t scored;  // documents that are not NULL
};
static_assert(sizeof(SegmentEntry) == 32);

// A segment or a pending chain that nobody new will read.
struct DeadEntry {
  Block root;
  std::uint32_t pending;  // 1: root is the first page of a pending chain
  std::uint64_t stamp;    // may be recycled once everybody is past this transaction
};
static_assert(sizeof(DeadEntry) == 16);

struct Meta {
  std::uint32_t magic;
  std::uint32_t version;
  Scoring scoring;
  std::uint32_t next_segment;  // id of the next segment
  Block pending_head;          // kNoBlock: empty
  Block pending_tail;
  std::uint32_t pending_pages;
  Block flushing_head;  // a closed chain that is being turned into a segment
  std::uint32_t flushing_pages;
  std::uint32_t generation;  // of the pending list; grows when the chain is closed
  std::uint32_t segments;
  std::uint32_t dead;
  std::uint64_t pruned;  // 1: some vectors were stored without their lightest entries
  std::uint64_t reserved[7];
  SegmentEntry segment[kMaxSegments];
  DeadEntry dead_entry[kMaxDead];
};
static_assert(sizeof(Meta) == 112 + 64 * 32 + 64 * 16);

struct Extent {
  Block start;
  std::uint32_t count;
};

struct SegmentRoot {
  std::uint32_t id;
  std::uint32_t docs;
  std::uint32_t pages;  // logical pages
  std::uint32_t terms;
  std::uint64_t postings;
  std::uint64_t length;
  std::uint32_t lengths_page;                 // first logical page of the lengths; 0: none
  std::uint32_t dictionary;                   // top page of the dictionary; kNoBlock: no terms
  std::uint32_t height;                       // levels of the dictionary above the leaves
  std::uint32_t nulls, undefined, irregular;  // documents of these kinds
  std::uint32_t extents;                      // in all
  Block next;  // ExtentPage with those that do not fit here; kNoBlock
  std::uint64_t reserved[4];
  // Extent extent[] follows
};
static_assert(sizeof(SegmentRoot) == 96);

struct ExtentPage {
  std::uint32_t segment;
  std::uint32_t count;
  Block next;
  std::uint32_t reserved;
  // Extent extent[count] follows
};
static_assert(sizeof(ExtentPage) == 16);

// What a data page holds.
enum class DataType : std::uint16_t { rows = 1, lengths = 2, postings = 3, leaf = 4, inner = 5 };

struct DataPage {
  std::uint32_t segment;  // with `page` tells whether this is the page that was looked for
  std::uint32_t page;
  DataType type;
  std::uint16_t count;  // dictionary: entries
  std::uint32_t used;   // bytes behind the header
};
static_assert(sizeof(DataPage) == 16);

// Dictionary entries grow from the header upwards, their 16-bit offsets from the page's end down.
//   u16 key length, key, then
//   leaf:  u32 df, u32 page, u16 offset, float low, float step, float error
//   inner: u32 page
struct TermEntry {
  std::uint32_t df;      // postings
  std::uint32_t page;    // of the first block
  std::uint16_t offset;  // of the first block on it
  // A posting's value is at most low + step * code and above that minus error. Where values are
  // kept as they are, codes 0 and 255 are the least and the greatest of them, and a value is at
  // most what is stored.
  float low, step, error;
};
inline constexpr std::size_t kTermEntryBytes = 22;
inline constexpr std::size_t kMaxKeyBytes = 2048;

// A block: 1 to 128 postings of documents in one window, on one page.
//   u32 first document, u8 count - 1, u8 bits a gap (kVarint: not packed), u8 largest code, u8
//   form, gaps, then form 0: codes, BM25: u32 tf for every code of 255 form 1: floats
inline constexpr std::size_t kBlockHeader = 8;
inline constexpr std::uint8_t kVarint = 0xFF;
inline constexpr std::uint8_t kCodeForm = 0, kFloatForm = 1;
inline constexpr std::size_t kMaxBlockBytes = kBlockHeader + 384 + 128 + 512;

struct PendingPage {
  Block next;
  std::uint32_t generation;
  std::uint32_t used;  // bytes behind the header
  std::uint16_t docs;  // that start on this page
  std::uint16_t full;  // 1: nothing is appended any more
  Block self;          // tells whether this is the page that was looked for
  std::uint32_t reserved;
};
static_assert(sizeof(PendingPage) == 24);

// A pending document; its entries follow: u16 key length, key, u32 value.
inline constexpr std::size_t kPendingHeader = kRowBytes + 2 + 12;  // row, 0, length, terms, bytes

}  // namespace rv::sparse
