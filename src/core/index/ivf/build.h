// Building an inverted file index: train on a sample, write the fixed parts, sort all vectors into
// lists (the caller does: it has the external sort), write the lists.
#pragma once

#include <span>
#include <vector>

#include "core/cluster/nearest.h"
#include "core/index/ivf/index.h"
#include "core/parallel/work.h"

namespace rv::index::ivf {

struct BuildOptions {
  quant::CodecSpec codec;  // with metric and dim
  std::uint32_t lists = 1;
  Rerank rerank = Rerank::heap;
  std::uint64_t seed = 42;
};

// Trained on sample vectors of dim floats, row by row.
struct Training {
  BuildOptions options;
  std::vector<float> centres;
  std::unique_ptr<const quant::Codec> codec;
};
Training train(const BuildOptions& options, std::vector<float> sample, const Work& work);
// Bytes that training takes beside the sample, and the index's part of a later build.
std::size_t training_bytes(const BuildOptions& options, std::size_t count) noexcept;

// Lists for a table of so many rows: the square root, but 100 from 10,000 rows on and a list for
// every thousand rows up to a million, which is what pgvector's users are told.
std::uint32_t default_lists(double rows) noexcept;
// Sample vectors worth having.
std::size_t sample_size(std::uint32_t lists) noexcept;

// Writes all pages but the lists'. The store is empty and nobody else uses it.
void write_fixed_parts(PageStore& store, const Training& training, std::uint64_t rows);

// Vectors to lists and codes, in batches on any number of threads.
class Encoder {
 public:
  explicit Encoder(const Training& training);
  // `x` has count rows; lists[i] and the codes (code_bytes() each) are written.
  void encode(const float* x, std::size_t count, std::uint32_t* lists, std::byte* codes,
              const Work& work) const;

 private:
  const Training& training_;
  cluster::NearestCentre nearest_;
};

// Writes entries, sorted by list, into new pages at the end of the store. A list's pages are
// neighbours.
class ListWriter {
 public:
  ListWriter(PageStore& store, const Description& index);
  void add(std::uint32_t list, RowId row, const std::byte* code);
  // Writes what is left, and the directory.
  void finish();

 private:
  void flush(bool more);

  PageStore& store_;
  const Description& index_;
  std::size_t capacity_;
  std::vector<std::byte> page_;
  std::vector<ListHead> heads_;
  Block next_block_;
  std::uint32_t list_ = 0;
  std::uint16_t count_ = 0;
};

}  // namespace rv::index::ivf
