// A temporary file of PostgreSQL: counted against temp_file_limit, removed at the end of the
// transaction at the latest, or with the set of shared files that it belongs to.
#pragma once

#include <exception>

#include "core/base/scratch_file.h"
#include "pg/base/guard.h"

extern "C" {
#include "storage/buffile.h"
}

namespace rv::pg {

class TemporaryFile final : public ScratchFile {
 public:
  TemporaryFile() : TemporaryFile(call([] { return BufFileCreateTemp(false); }), false) {}
  // Takes the file; an exported one is left readable for the other processes of its set.
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
        ereport(ERROR, (errcode_for_file_access(), errmsg("could not read from temporary file")));
    });
  }

 private:
  BufFile* file_;
  bool exported_;
};

}  // namespace rv::pg
