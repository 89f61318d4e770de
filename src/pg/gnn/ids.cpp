#include <algorithm>
#include <memory>
#include <numeric>

#include "core/base/rng.h"
#include "pg/gnn/ids.h"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
}

namespace rv::pg {
namespace {

bool is_integer(Oid type) noexcept { return type == INT2OID || type == INT4OID || type == INT8OID; }
bool is_text(Oid type) noexcept { return type == TEXTOID || type == VARCHAROID; }

}  // namespace

std::string type_name_of(Oid type) {
  return call([type] { return format_type_be(type); });
}

IdMap::IdMap(Oid type) : type_(type) {
  TypeInfo* info = &info_;
  call([type, info] { get_typlenbyvalalign(type, &info->length, &info->by_value, &info->align); });
  if (info_.length == -2)
    throw Error(ErrorCode::not_supported,
                "ids of type " + type_name_of(type) + " are not supported");
  words_ = info_.by_value;
  slots_.assign(16, kNoNode);
}

bool IdMap::accepts(Oid type) const noexcept {
  return type == type_ || (is_integer(type) && is_integer(type_)) ||
         (is_text(type) && is_text(type_));
}

std::int64_t IdMap::word_of(Datum id, Oid type) const noexcept {
  switch (type) {
    case INT2OID:
      return DatumGetInt16(id);
    case INT4OID:
      return DatumGetInt32(id);
    default:
      return static_cast<std::int64_t>(id);
  }
}

// The bytes of a by-reference id, with a four-byte header and nothing compressed.
std::string_view IdMap::image_of(Datum id) const {
  if (info_.length > 0)
    return {reinterpret_cast<const char*>(DatumGetPointer(id)),
            static_cast<std::size_t>(info_.length)};
  const auto* v = call([id] { return PG_DETOAST_DATUM(id); });
  return {reinterpret_cast<const char*>(v), VARSIZE(v)};
}

std::size_t IdMap::slot_of(std::int64_t word) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = mix64(static_cast<std::uint64_t>(word)) & mask;
  while (slots_[at] != kNoNode && numbers_[slots_[at]] != word) at = (at + 1) & mask;
  return at;
}

void IdMap::index_words() {
  std::fill(slots_.begin(), slots_.end(), kNoNode);
  for (std::size_t i = 0; i < numbers_.size(); ++i)
    slots_[slot_of(numbers_[i])] = static_cast<std::uint32_t>(i);
}

void IdMap::grow() {
  if (2 * (numbers_.size() + 1) <= slots_.size()) return;
  slots_.resize(2 * slots_.size());
  index_words();
}

std::uint32_t IdMap::add(Datum id, Oid type, bool* fresh) {
  if (size() >= kNoNode - 1)
    throw Error(ErrorCode::limit_exceeded, "a graph may have at most 4294967294 nodes");
  const auto next = static_cast<std::uint32_t>(size());
  direct_.clear();
  if (words_) {
    const std::int64_t word = word_of(id, type);
    grow();
    std::uint32_t& slot = slots_[slot_of(word)];
    *fresh = slot == kNoNode;
    if (*fresh) {
      slot = next;
      numbers_.push_back(word);
    }
    return slot;
  }
  const std::string_view image = image_of(id);
  const auto found = by_text_.find(image);
  *fresh = found == by_text_.end();
  if (!*fresh) return found->second;
  const std::size_t words = (image.size() + 7) / 8;
  constexpr std::size_t kBlock = 8192;
  if (words > block_left_) {
    blocks_.push_back(std::make_unique<std::uint64_t[]>(std::max(kBlock, words)));
    block_left_ = std::max(kBlock, words);
  }
  const std::size_t block_words = std::max(kBlock, block_left_);
  auto* to = reinterpret_cast<char*>(blocks_.back().get() + (block_words - block_left_));
  std::copy(image.begin(), image.end(), to);
  block_left_ -= words;
  texts_.emplace_back(to, image.size());
  by_text_.emplace(texts_.back(), next);
  return next;
}

std::uint32_t IdMap::find(Datum id, Oid type) const {
  if (!direct_.empty()) {
    const auto at = static_cast<std::uint64_t>(word_of(id, type)) -
                    static_cast<std::uint64_t>(numbers_.front());
    return at < direct_.size() ? direct_[at] : kNoNode;
  }
  if (words_) return slots_[slot_of(word_of(id, type))];
  const auto found = by_text_.find(image_of(id));
  return found == by_text_.end() ? kNoNode : found->second;
}

bool IdMap::before(std::uint32_t a, std::uint32_t b) const {
  return words_ ? numbers_[a] < numbers_[b] : texts_[a] < texts_[b];
}

// Ids that fill much of their range, as serial numbers do, need no hashing. Numbers must ascend.
void IdMap::index_range() {
  if (!words_ || numbers_.empty()) return;
  const std::uint64_t range =
      static_cast<std::uint64_t>(numbers_.back()) - static_cast<std::uint64_t>(numbers_.front());
  if (range >= 4 * numbers_.size()) return;
  direct_.assign(range + 1, kNoNode);
  for (std::size_t i = 0; i < numbers_.size(); ++i)
    direct_[static_cast<std::uint64_t>(numbers_[i]) -
            static_cast<std::uint64_t>(numbers_.front())] = static_cast<std::uint32_t>(i);
}

std::vector<std::uint32_t> IdMap::sort() {
  std::vector<std::uint32_t> order(size());
  std::iota(order.begin(), order.end(), 0u);
  const auto less = [this](std::uint32_t a, std::uint32_t b) { return before(a, b); };
  if (std::is_sorted(order.begin(), order.end(), less)) {
    index_range();
    return {};
  }
  std::sort(order.begin(), order.end(), less);
  if (words_) {
    std::vector<std::int64_t> sorted;
    sorted.reserve(order.size());
    for (const std::uint32_t i : order) sorted.push_back(numbers_[i]);
    numbers_ = std::move(sorted);
    index_words();
    index_range();
  } else {
    std::vector<std::string_view> sorted;
    sorted.reserve(order.size());
    for (const std::uint32_t i : order) sorted.push_back(texts_[i]);
    texts_ = std::move(sorted);
    for (std::size_t i = 0; i < texts_.size(); ++i)
      by_text_[texts_[i]] = static_cast<std::uint32_t>(i);
  }
  return order;
}

Datum IdMap::datum(std::uint32_t n) const {
  if (!words_) return PointerGetDatum(texts_[n].data());
  switch (type_) {
    case INT2OID:
      return Int16GetDatum(static_cast<int16>(numbers_[n]));
    case INT4OID:
      return Int32GetDatum(static_cast<int32>(numbers_[n]));
    default:
      return static_cast<Datum>(numbers_[n]);
  }
}

std::string IdMap::shown(std::uint32_t n) const {
  const Datum d = datum(n);
  const Oid type = type_;
  return call([d, type] {
    Oid output;
    bool varlena;
    getTypeOutputInfo(type, &output, &varlena);
    return OidOutputFunctionCall(output, d);
  });
}

std::uint64_t IdMap::key(std::uint32_t n) const {
  if (words_) return static_cast<std::uint64_t>(numbers_[n]);
  std::uint64_t h = 0xCBF29CE484222325ULL;
  for (const char c : texts_[n]) h = mix64(h ^ static_cast<unsigned char>(c));
  return h;
}

Datum IdMap::array(std::span<const std::uint32_t> numbers) const {
  std::vector<Datum> elements;
  elements.reserve(numbers.size());
  for (const std::uint32_t n : numbers) elements.push_back(datum(n));
  Datum* data = elements.data();
  const int count = static_cast<int>(elements.size());
  const TypeInfo info = info_;
  const Oid type = type_;
  return call([&] {
    return PointerGetDatum(
        construct_array(data, count, type, info.length, info.by_value, info.align));
  });
}

}  // namespace rv::pg
