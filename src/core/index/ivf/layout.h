// Pages of an inverted file index (ivfflat).
//
//   block 0        Meta
//   model pages    the codec's model, then the model of the centre codes, as streams of bytes
//   centre codes   a byte a dimension: scans choose their lists by them, at a quarter of the memory
//                  traffic. Absent (as is their model) when one does not fit on a page
//   centre pages   the centres, float32: whole rows, or several pages a row
//   directory      a ListHead a list
//   list pages     chains of entries, one chain a list
//
// Everything but the directory and the list pages is written by the build and never changes, so
// readers pin it without a lock. The parts lie one after the other; what grows later is list pages
// only.
//
// Invariants
//  1 A list page belongs to one list for ever, and stays in its chain: pages are emptied and filled
//    again, never unlinked. So a reader may follow `next` without holding a lock.
//  2 The pages of a chain are changed by appending an entry (under the page's exclusive lock), by
//    appending a page (under the lock of the last one) and by removing entries of one page (under
//    its lock). A reader that copies what it needs from a page under one shared lock sees every
//    entry that was there when it began exactly once.
//  3 ListHead.insert is a hint: the first page that may have room. No page before it has been given
//    an entry since the last vacuum; pages behind it may have room.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/index/page_store.h"
#include "core/quant/codec.h"

namespace rv::index::ivf {

inline constexpr PageKind kMetaPage = 0x20;
inline constexpr PageKind kModelPage = 0x21;
inline constexpr PageKind kCentrePage = 0x22;
inline constexpr PageKind kDirectoryPage = 0x23;
inline constexpr PageKind kListPage = 0x24;
inline constexpr PageKind kCentreCodePage = 0x25;

inline constexpr std::uint32_t kMagic = 0x46564952;  // "RIVF"
inline constexpr std::uint16_t kVersion = 2;
inline constexpr std::uint32_t kMaxLists = 32768;
inline constexpr std::uint32_t kMaxDim = 64000;  // bit strings

// Where exact distances come from.
enum class Rerank : std::uint8_t {
  none = 0,  // nowhere: rows come in the order of the estimates
  heap = 1   // the table
};

struct Meta {
  std::uint32_t magic;
  std::uint16_t version;
  std::uint8_t metric;  // quant::Metric
  std::uint8_t rerank;  // Rerank
  std::uint32_t dim;
  std::uint32_t lists;
  std::uint32_t code_bytes;
  std::uint32_t model_bytes;
  Block model;    // first blocks of the parts, in their order but for
  Block centres;  // centre_model and centre_codes, which lie between these two
  Block directory;
  Block entries;  // first block behind the directory
  std::uint64_t built_rows;
  Block centre_model;
  Block centre_codes;
  std::uint32_t centre_model_bytes;
  std::uint32_t centre_code_bytes;  // 0: there are none
  std::uint64_t reserved[6];
};
static_assert(sizeof(Meta) == 112);

struct ListHead {
  Block first;   // kNoBlock: nothing was ever put here
  Block insert;  // see invariant 3
};
static_assert(sizeof(ListHead) == 8);

// A list page: this, `capacity` row ids, `capacity` codes.
struct ListPage {
  std::uint32_t list;
  Block next;
  std::uint16_t count;
  std::uint16_t reserved16;
  std::uint32_t reserved32;
};
static_assert(sizeof(ListPage) == 16);

// A heap tuple: block << 16 | offset.
using RowId = std::uint64_t;

constexpr std::size_t list_page_capacity(std::size_t content, std::size_t code_bytes) noexcept {
  return (content - sizeof(ListPage)) / (sizeof(RowId) + code_bytes);
}
// Offset of code i in a page.
constexpr std::size_t code_offset(std::size_t capacity, std::size_t code_bytes,
                                  std::size_t i) noexcept {
  return sizeof(ListPage) + capacity * sizeof(RowId) + i * code_bytes;
}
constexpr std::size_t row_offset(std::size_t i) noexcept {
  return sizeof(ListPage) + i * sizeof(RowId);
}

constexpr std::size_t pages_for(std::size_t bytes, std::size_t content) noexcept {
  return (bytes + content - 1) / content;
}

// How centres lie on pages.
struct CentreLayout {
  std::size_t rows_per_page;  // 0: a row takes pages_per_row pages
  std::size_t pages_per_row;
  std::size_t floats_per_page;
};
constexpr CentreLayout centre_layout(std::size_t content, std::size_t dim) noexcept {
  const std::size_t floats = content / sizeof(float);
  if (dim <= floats) return {floats / dim, 1, floats};
  return {0, (dim + floats - 1) / floats, floats};
}
constexpr std::size_t centre_pages(std::size_t content, std::size_t dim,
                                   std::size_t lists) noexcept {
  const CentreLayout l = centre_layout(content, dim);
  return l.rows_per_page > 0 ? (lists + l.rows_per_page - 1) / l.rows_per_page
                             : lists * l.pages_per_row;
}

// How codes of centres lie on pages: whole, one behind the other.
constexpr std::size_t centre_codes_per_page(std::size_t content, std::size_t bytes) noexcept {
  return content / bytes;
}
constexpr std::size_t centre_code_pages(std::size_t content, std::size_t bytes,
                                        std::size_t lists) noexcept {
  if (bytes == 0) return 0;
  const std::size_t per_page = centre_codes_per_page(content, bytes);
  return (lists + per_page - 1) / per_page;
}

}  // namespace rv::index::ivf
