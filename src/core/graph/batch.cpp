#include "core/graph/batch.h"

#include <array>

namespace rv::graph {
namespace {

struct Kept {
  std::array<Value*, 64> columns;  // 1 MB
  std::size_t count = 0;
  ~Kept() {
    while (count > 0) ::operator delete(columns[--count]);
  }
};
thread_local Kept kept;

}  // namespace

Value* take_column(std::uint32_t rows) {
  if (rows == kBatchRows && kept.count > 0) return kept.columns[--kept.count];
  return static_cast<Value*>(::operator new(sizeof(Value) * rows));
}

void return_column(Value* column, std::uint32_t rows) noexcept {
  if (rows == kBatchRows && kept.count < kept.columns.size()) {
    kept.columns[kept.count++] = column;
  } else {
    ::operator delete(column);
  }
}

}  // namespace rv::graph
