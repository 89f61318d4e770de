#include "pg/sparse/scratch_file.h"

#include <cstdio>

#include "pg/storage/temporary_file.h"

namespace rv::pg {

std::unique_ptr<sparse::ScratchFile> make_scratch_file() {
  return std::make_unique<TemporaryFile>();
}

SharedScratchFile::SharedScratchFile(SharedFileSet* set, int worker) : set_(set) {
  std::snprintf(name_, sizeof name_, "part%d", worker);
}

std::unique_ptr<sparse::ScratchFile> SharedScratchFile::create() const {
  return std::make_unique<TemporaryFile>(
      call([this] { return rv_create_shared_file(set_, name_); }), true);
}

std::unique_ptr<sparse::ScratchFile> SharedScratchFile::open() const {
  return std::make_unique<TemporaryFile>(call([this] { return rv_open_shared_file(set_, name_); }),
                                         false);
}

}  // namespace rv::pg
