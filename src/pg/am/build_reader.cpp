#include "pg/am/build_reader.h"

#include "pg/base/memory.h"

extern "C" {
#include "access/tableam.h"
#include "catalog/index.h"
#include "utils/sampling.h"
}

namespace rv::pg {

void BuildReader::row(Relation, ItemPointer tid, Datum* values, bool* nulls, bool, void* state) {
  boundary([&] {
    auto* self = static_cast<BuildReader*>(state);
    if (nulls[0]) return;
    const float* x = self->vectors_.floats(values[0]);
    if (x == nullptr) return;
    self->floats_.insert(self->floats_.end(), x, x + self->vectors_.dim());
    self->tids_.push_back(*tid);
    if (self->tids_.size() >= self->batch_) {
      (*self->take_)(self->floats_.data(), self->tids_.data(), self->tids_.size());
      self->floats_.clear();
      self->tids_.clear();
    }
  });
}

double BuildReader::read(std::size_t batch, const Take& take) {
  batch_ = batch;
  take_ = &take;
  floats_.clear();
  tids_.clear();
  floats_.reserve(batch * static_cast<std::size_t>(vectors_.dim()));
  tids_.reserve(batch);
  const double rows = call([this] {
    return table_index_build_scan(heap_, index_, info_, true, true, row, this, nullptr);
  });
  if (!tids_.empty()) take(floats_.data(), tids_.data(), tids_.size());
  floats_.clear();
  tids_.clear();
  return rows;
}

std::vector<float> BuildReader::sample(std::size_t rows) {
  const auto dim = static_cast<std::size_t>(vectors_.dim());
  std::vector<float> out;
  const Take take = [&](const float* x, const ItemPointerData*, std::size_t n) {
    out.insert(out.end(), x, x + n * dim);
  };
  batch_ = 256;
  take_ = &take;
  floats_.clear();
  tids_.clear();
  const BlockNumber blocks = call([this] { return RelationGetNumberOfBlocks(heap_); });
  BlockSamplerData sampler;
  call([&] {
    BlockSampler_Init(&sampler, blocks, static_cast<int>(std::min<std::size_t>(rows, INT_MAX)), 42);
  });
  const ScopedContext memory("ruvector build sample");
  while (out.size() < rows * dim && call([&] { return BlockSampler_HasMore(&sampler); })) {
    call([&] {
      const BlockNumber block = BlockSampler_Next(&sampler);
      MemoryContext old = MemoryContextSwitchTo(memory.get());
      table_index_build_range_scan(heap_, index_, info_, false, true, false, block, 1, row, this,
                                   nullptr);
      MemoryContextSwitchTo(old);
      MemoryContextReset(memory.get());
    });
    check_interrupts();
  }
  if (!tids_.empty()) take(floats_.data(), tids_.data(), tids_.size());
  floats_.clear();
  tids_.clear();
  if (out.size() > rows * dim) out.resize(rows * dim);
  return out;
}

}  // namespace rv::pg
