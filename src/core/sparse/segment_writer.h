// Writes one segment: document map, lists, dictionary, root.
#pragma once

#include <vector>

#include "core/index/page_store.h"
#include "core/sparse/inverter.h"
#include "core/sparse/layout.h"
#include "core/sparse/term_source.h"

namespace rv::sparse {

// Writes the segment and returns its root. Nothing refers to it yet: that is the caller's single
// edit of the meta page, before which a crash leaves unused pages and nothing else.
Block write_segment(index::PageStore& store, Scoring scoring, std::uint32_t id,
                    const DocumentMap& map, TermSource& terms, Quantization quantization);

}  // namespace rv::sparse
