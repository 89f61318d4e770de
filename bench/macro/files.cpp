#include "files.h"

#include <lzma.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <limits>
#include <stdexcept>

namespace rv::bench {
namespace {

class GzipSource : public ByteSource {  // zlib passes plain files through
 public:
  explicit GzipSource(const std::string& path) : path_(path), file_(gzopen(path.c_str(), "rb")) {
    if (file_ == nullptr) throw std::runtime_error("cannot open " + path);
    gzbuffer(file_, 1 << 18);
  }
  ~GzipSource() override { gzclose(file_); }
  std::size_t read(void* to, std::size_t size) override {
    std::size_t done = 0;
    while (done < size) {
      const auto want = static_cast<unsigned>(std::min<std::size_t>(size - done, 1u << 30));
      const int got = gzread(file_, static_cast<char*>(to) + done, want);
      if (got < 0) throw std::runtime_error(path_ + ": damaged");
      done += static_cast<std::size_t>(got);
      if (static_cast<unsigned>(got) < want) {
        int error = Z_OK;
        gzerror(file_, &error);
        if (error != Z_OK && error != Z_STREAM_END) throw std::runtime_error(path_ + ": damaged");
        break;
      }
    }
    return done;
  }

 private:
  std::string path_;
  gzFile file_;
};

class XzSource : public ByteSource {
 public:
  explicit XzSource(const std::string& path) : path_(path), file_(std::fopen(path.c_str(), "rb")) {
    if (file_ == nullptr) throw std::runtime_error("cannot open " + path);
    if (lzma_stream_decoder(&stream_, std::numeric_limits<std::uint64_t>::max(),
                            LZMA_CONCATENATED) != LZMA_OK) {
      std::fclose(file_);
      throw std::runtime_error("cannot start the xz decoder");
    }
  }
  ~XzSource() override {
    lzma_end(&stream_);
    std::fclose(file_);
  }
  std::size_t read(void* to, std::size_t size) override {
    stream_.next_out = static_cast<std::uint8_t*>(to);
    stream_.avail_out = size;
    while (stream_.avail_out > 0 && !ended_) {
      if (stream_.avail_in == 0 && !std::feof(file_)) {
        stream_.next_in = buffer_.data();
        stream_.avail_in = std::fread(buffer_.data(), 1, buffer_.size(), file_);
        if (std::ferror(file_)) throw std::runtime_error("cannot read " + path_);
      }
      const lzma_ret result = lzma_code(&stream_, std::feof(file_) ? LZMA_FINISH : LZMA_RUN);
      if (result == LZMA_STREAM_END) {
        ended_ = true;
      } else if (result != LZMA_OK) {
        throw std::runtime_error(path_ + ": damaged");
      }
    }
    return size - stream_.avail_out;
  }

 private:
  std::string path_;
  std::FILE* file_;
  lzma_stream stream_ = LZMA_STREAM_INIT;
  std::array<std::uint8_t, 1 << 18> buffer_;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> open_file(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) throw std::runtime_error("cannot open " + path);
  char magic[6] = {};
  const std::size_t got = std::fread(magic, 1, sizeof magic, file);
  std::fclose(file);
  if (got == sizeof magic && std::memcmp(magic,
                                         "\xFD"
                                         "7zXZ",
                                         6) == 0)
    return std::make_unique<XzSource>(path);
  return std::make_unique<GzipSource>(path);
}

std::string read_all(ByteSource& source) {
  std::string text;
  char buffer[1 << 16];
  for (std::size_t got; (got = source.read(buffer, sizeof buffer)) > 0;) text.append(buffer, got);
  return text;
}

}  // namespace rv::bench
