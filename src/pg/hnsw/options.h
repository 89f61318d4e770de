// Settings and storage parameters of hnsw.
#pragma once

#include "core/quant/codec.h"
#include "pg/am/indexed_vectors.h"

extern "C" {
#include "access/reloptions.h"
}

namespace rv::pg::hnsw {

enum class Iterative { off = 0, relaxed_order = 1, strict_order = 2 };
enum class Rerank { heap = 0, none = 1 };

// WITH (...) of CREATE INDEX, as PostgreSQL stores it.
struct StoredOptions {
  int32 vl_len_;
  int m;
  int ef_construction;
  int quantization;    // quant::CodecKind, or -1: chosen from the operator class
  int bits;            // 0: chosen from the dimensions
  int rerank;          // Rerank
  int ef_search;       // 0: the setting
  int iterative_scan;  // Iterative, or -1: the setting
};

inline constexpr int kDefaultM = 16, kDefaultEfConstruction = 64;

// The options of the graph itself: m, ef_construction, ef_search, iterative_scan. For every access
// method over this engine.
void add_graph_reloptions(relopt_kind kind);
bytea* parse_options(Datum reloptions, bool validate);
int option_m(Relation index);
int option_ef_construction(Relation index);
Rerank option_rerank(Relation index);

// What to train for this index; 22023 and 0A000 where options and operator class do not fit.
quant::CodecSpec codec_spec(Relation index, const IndexedVectors& vectors);

// What a scan is to do: a setting that the session has set counts, else the index's own, else the
// setting's default.
int ef_search(Relation index);
Iterative iterative_scan(Relation index);
int max_scan_tuples();
bool max_scan_tuples_is_set();
double scan_memory_bytes();

// Called once each, from _PG_init.
void define_settings();
void register_inspection();

}  // namespace rv::pg::hnsw
