// Holds the structure lock for a scope.
#pragma once

#include "core/sparse/index.h"

namespace rv::sparse {

class StructureLock {
 public:
  StructureLock(Surroundings& around, bool wait)
      : around_(around), held_(around.lock_structure(wait)) {}
  ~StructureLock() {
    if (held_) around_.unlock_structure();
  }
  StructureLock(const StructureLock&) = delete;
  StructureLock& operator=(const StructureLock&) = delete;
  bool held() const noexcept { return held_; }

 private:
  Surroundings& around_;
  bool held_;
};

}  // namespace rv::sparse
