#include "pg/sparse/scratch_file.h"

#include <cstdio>
#include <exception>

namespace rv::pg {
namespace {

class TemporaryFile final : public sparse::ScratchFile {
 public:
  TemporaryFile(BufFile* file, bool exported) : file_(file), exported_(exported) {}
  ~TemporaryFile() override {
    if (std::uncaught_exceptions() > 0) return;  // the transaction's abort closes it
    if (exported_) rv_export_shared_file(file_);
    BufFileClose(file_);
  }
  void append(std::span<const std::byte> bytes) override {
    call([&] { BufFileWrite(file_, const_cast<std::byte*>(bytes.data()), bytes.size()); });
  }
  void read(std::uint64_t offset, std::span<std::byte> out) override {
    call([&] {
      if (BufFileSeek(file_, 0, static_cast<off_t>(offset), SEEK_SET) != 0 ||
          BufFileRead(file_, out.data(), out.size()) != out.size())
        ereport(ERROR, (errcode_for_file_access(),
                        errmsg("could not read from temporary file of an index build")));
    });
  }

 private:
  BufFile* file_;
  bool exported_;
};

}  // namespace

std::unique_ptr<sparse::ScratchFile> make_scratch_file() {
  return std::make_unique<TemporaryFile>(call([] { return BufFileCreateTemp(false); }), false);
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
