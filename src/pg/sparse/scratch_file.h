// Temporary files of index builds.
#pragma once

#include <memory>

#include "core/sparse/spill.h"
#include "pg/base/guard.h"

extern "C" {
#include "storage/sharedfileset.h"
}

namespace rv::pg {

// A file of this process.
std::unique_ptr<sparse::ScratchFile> make_scratch_file();

// A file that a worker of a parallel build writes and the leader reads. It belongs to the set,
// which removes it with the last process that knows the set.
class SharedScratchFile final {
 public:
  SharedScratchFile(SharedFileSet* set, int worker);
  std::unique_ptr<sparse::ScratchFile> create() const;  // by the worker
  std::unique_ptr<sparse::ScratchFile> open() const;    // by the leader, when the worker has ended

 private:
  SharedFileSet* set_;
  char name_[16];
};

}  // namespace rv::pg
