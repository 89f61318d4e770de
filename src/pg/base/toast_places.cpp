#include "pg/base/toast_places.h"

#include <algorithm>
#include <cmath>

extern "C" {
#include "utils/rel.h"
}

namespace rv::pg {
namespace {

constexpr int kRelations = 8;

}  // namespace

ToastPlaces& ToastPlaces::of(Relation toast) noexcept {
  static ToastPlaces all[kRelations];
  static int next = 0;
  const Oid relation = RelationGetRelid(toast);
  const Oid file = rv_relation_file_number(toast);
  for (ToastPlaces& known : all)
    if (known.relation_ == relation && known.file_ == file) return known;
  ToastPlaces& one = all[next];
  next = (next + 1) % kRelations;
  one = ToastPlaces{};
  one.relation_ = relation;
  one.file_ = file;
  return one;
}

int ToastPlaces::first_above(Oid value) const noexcept {
  return static_cast<int>(std::upper_bound(places_, places_ + count_, value,
                                           [](Oid v, const Place& p) { return v < p.value; }) -
                          places_);
}

BlockNumber ToastPlaces::guess(Oid value) const noexcept {
  if (count_ < 2 || balance_ <= -kPatience) return InvalidBlockNumber;
  // Beyond the ends, the two nearest serve as well.
  const int above = std::clamp(first_above(value), 1, count_ - 1);
  const Place& a = places_[above - 1];
  const Place& b = places_[above];
  const double share =
      (static_cast<double>(value) - a.value) / (static_cast<double>(b.value) - a.value);
  const double block = a.block + share * (static_cast<double>(b.block) - a.block);
  if (block < 0 || block > MaxBlockNumber) return InvalidBlockNumber;
  return static_cast<BlockNumber>(block);
}

void ToastPlaces::guessed(bool right) noexcept {
  balance_ = std::clamp(balance_ + (right ? 1 : -1), -kPatience, kPatience);
}

void ToastPlaces::learn(Oid value, BlockNumber block) noexcept {
  const int above = first_above(value);
  if (above > 0 && places_[above - 1].value == value) {
    places_[above - 1].block = block;
    return;
  }
  if (count_ == kMost) return;
  std::copy_backward(places_ + above, places_ + count_, places_ + count_ + 1);
  places_[above] = {value, block};
  ++count_;
}

}  // namespace rv::pg
