// Node ids of any type, numbered. Two ids are equal when their stored values are the same bytes;
// smallint, integer and bigint are one family.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "pg/base/guard.h"

namespace rv::pg {

inline constexpr std::uint32_t kNoNode = 0xFFFFFFFFu;

class IdMap {
 public:
  explicit IdMap(Oid type);

  Oid type() const noexcept { return type_; }
  std::size_t size() const noexcept { return words_ ? numbers_.size() : texts_.size(); }

  // The id's number, given out in order of arrival; `fresh` tells whether it is new. The id must be
  // of a type that accepts() lets through.
  std::uint32_t add(Datum id, Oid type, bool* fresh);
  std::uint32_t find(Datum id, Oid type) const;  // kNoNode: unknown
  bool accepts(Oid type) const noexcept;

  // Renumbers so that ids ascend (integers by value, others by their bytes). Returns the old number
  // of each new one; empty when nothing changed.
  std::vector<std::uint32_t> sort();

  // The id as a datum of type() (by reference: valid as long as the map), as text for messages, and
  // as a key that does not depend on its number.
  Datum datum(std::uint32_t n) const;
  std::string shown(std::uint32_t n) const;
  std::uint64_t key(std::uint32_t n) const;
  // true when the id of a is before that of b in sort()'s order.
  bool before(std::uint32_t a, std::uint32_t b) const;

  // An array of ids for "= ANY".
  Datum array(std::span<const std::uint32_t> numbers) const;

 private:
  struct TypeInfo {
    int16 length;
    bool by_value;
    char align;
  };
  std::int64_t word_of(Datum id, Oid type) const noexcept;
  std::string_view image_of(Datum id) const;
  std::size_t slot_of(std::int64_t word) const noexcept;
  void grow();
  void index_words();
  void index_range();

  Oid type_;
  TypeInfo info_;
  bool words_;  // kept in numbers_, otherwise in texts_
  std::vector<std::int64_t> numbers_;
  std::vector<std::uint32_t> slots_;   // open addressing over numbers_
  std::vector<std::uint32_t> direct_;  // after sort(), when the numbers are close: by difference
  // Images of by-reference ids: aligned, with their header.
  std::vector<std::string_view> texts_;
  std::vector<std::unique_ptr<std::uint64_t[]>> blocks_;
  std::size_t block_left_ = 0;
  std::unordered_map<std::string_view, std::uint32_t> by_text_;
};

// "bigint" and the like.
std::string type_name_of(Oid type);

}  // namespace rv::pg
