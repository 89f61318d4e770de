// A codec from the bytes of its model that stand on pages of an index.
#pragma once

#include <memory>
#include <span>

#include "core/base/error.h"
#include "core/index/page_store.h"
#include "core/quant/codec.h"

namespace rv::index {

// Damage is reported as that of the index, at the first page of the model.
inline std::unique_ptr<quant::Codec> load_codec(const PageStore& store, Block block,
                                                std::span<const std::byte> model) {
  try {
    return quant::Codec::load(model);
  } catch (const Error& e) {
    if (e.code() != ErrorCode::corrupted_index) throw;
    store.fail(block, e.what());
    __builtin_unreachable();  // GCC 12 does not see it through the virtual call
  }
}

}  // namespace rv::index
