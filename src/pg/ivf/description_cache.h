// Descriptions of indexes that this backend has used: a description never changes while its index
// keeps its file, and reading one (a codec with its codebooks) costs more than many searches.
#pragma once

#include <memory>

#include "core/index/ivf/index.h"
#include "pg/base/guard.h"

extern "C" {
#include "utils/rel.h"
}

namespace rv::pg::ivf {

std::shared_ptr<const index::ivf::Description> description_of(Relation index,
                                                              index::PageStore& store);
// The index is being built anew, perhaps into the same file.
void forget_description(Relation index);

}  // namespace rv::pg::ivf
