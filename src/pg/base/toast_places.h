// Where the values of a TOAST relation lie, learned from those that were found.
//
// A row's TOAST value gets the next object id and the next free place, so in a table that was
// loaded at one time the block of a value is nearly a linear function of its id, and in another one
// piecewise so. A few known places tell the others by interpolation: one page look instead of the
// descent of the TOAST index. Only a guess: who reads there verifies the value.
#pragma once

#include "pg/base/pg.h"

extern "C" {
#include "storage/block.h"
#include "utils/relcache.h"
}

namespace rv::pg {

// Plain data, for use inside call().
class ToastPlaces {
 public:
  // The backend's knowledge of this file. It is kept for the last few relations that were asked
  // for.
  static ToastPlaces& of(Relation toast) noexcept;

  // InvalidBlockNumber: nothing is known, or guessing does not pay here.
  BlockNumber guess(Oid value) const noexcept;
  void guessed(bool right) noexcept;
  // Takes in where a value was found that was not guessed.
  void learn(Oid value, BlockNumber block) noexcept;

 private:
  static constexpr int kMost = 256;
  static constexpr int kPatience = 32;  // so many more wrong guesses than right ones, then no more
  struct Place {
    Oid value;
    BlockNumber block;
  };

  int first_above(Oid value) const noexcept;

  Oid relation_ = InvalidOid;
  Oid file_ = InvalidOid;
  int count_ = 0;
  int balance_ = 0;
  Place places_[kMost] = {};  // by value
};

}  // namespace rv::pg
