// What a user can say about an ivfflat index: reloptions, which belong to the index, and settings,
// which win when they are set.
#pragma once

#include "core/index/ivf/build.h"
#include "pg/am/indexed_vectors.h"

namespace rv::pg::ivf {

inline constexpr int kMostLists = 32768;

enum class IterativeScan : int { unset = -1, off = 0, relaxed_order = 1 };

// Reloptions as PostgreSQL parses them. 0 and -1 stand for what was not said.
struct Options {
  int32 vl_len_;
  int lists;
  int quantization;  // quant::CodecKind, or -1
  int bits;
  int subspaces;
  int rerank;  // index::ivf::Rerank
  int probes;
  int iterative_scan;  // IterativeScan
  int max_probes;
};

// Null when the index has no options.
const Options* options_of(Relation index);
bytea* parse_options(Datum reloptions, bool validate);

// The codec for a column: the one asked for, or the best for its type, dimension and distance.
// Raises 22023 for what does not go together.
quant::CodecSpec codec_spec(Relation index, const IndexedVectors& vectors);

// How a scan goes: settings, then reloptions, then defaults.
struct ScanSettings {
  std::uint32_t probes;      // lists of a step
  std::uint32_t max_probes;  // lists in all
  bool iterative;
};
ScanSettings scan_settings(Relation index, std::uint32_t lists);

// Called once, from _PG_init.
void define_settings();
void register_inspection();

}  // namespace rv::pg::ivf
