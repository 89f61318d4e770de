#include "pg/am/build_reader.h"

extern "C" {
#include "access/tableam.h"
#include "catalog/index.h"
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

}  // namespace rv::pg
