// hnsw as ruvector_index_check() and its kin see it.
#include "pg/am/inspect.h"

#include <cmath>

#include "core/index/hnsw/bulk_build.h"
#include "core/index/hnsw/check.h"
#include "core/index/hnsw/parted_build.h"
#include "core/index/hnsw/remove.h"
#include "pg/base/json_options.h"
#include "pg/hnsw/hnsw.h"
#include "pg/hnsw/options.h"

namespace rv::pg::hnsw {
namespace {

namespace core = rv::index::hnsw;

// A store and a graph over it; pins end with it.
struct Opened {
  explicit Opened(Relation index)
      : store(index, BufferStore::Mode::logged), graph(open_graph(index, store)) {}
  BufferStore store;
  core::Graph graph;
};

void check_index(Relation index, const std::function<void(const IndexProblem&)>& report) {
  Opened o(index);
  core::check(o.graph, [&](const core::Problem& p) {
    const char* names[] = {"info", "warning", "error"};
    report({names[static_cast<int>(p.severity)], p.block, p.item, p.message});
  });
  o.store.unpin_all();
}

void rows_of(Relation index, std::vector<ItemPointerData>& out) {
  Opened o(index);
  std::vector<core::HeapTid> rows;
  for (index::Block block = 1; block < o.store.blocks(); ++block) {
    std::uint32_t used;
    {
      const index::PageRead page(o.store, block, index::kFreePage);
      if (page.kind() != core::kNodePage) continue;
      used = std::min<std::uint32_t>(page.at<core::SlottedPageHeader>()->used,
                                     o.graph.meta().node_slots);
    }
    for (std::uint32_t slot = 0; slot < used; ++slot) {
      rows.clear();
      o.graph.heap_rows(o.graph.node_id(block, slot), rows);
      for (const core::HeapTid& row : rows) out.push_back(from_heap_tid(row));
    }
    check_interrupts();
  }
  o.store.unpin_all();
}

const char* codec_name(quant::CodecKind kind) {
  const char* names[] = {"none", "sq8", "rabitq", "binary", "pq"};
  return names[static_cast<int>(kind)];
}

std::string stats_of(Relation index) {
  Opened o(index);
  const core::Census c = core::take_census(o.graph);
  const core::Meta& meta = o.graph.meta();
  const auto number = [](auto n) { return std::to_string(n); };
  const double raw = static_cast<double>(c.rows) * 4.0 * meta.dim;
  const double bytes = 8192.0 * o.store.blocks();
  std::string levels;
  for (const std::uint64_t n : c.by_level) levels += (levels.empty() ? "" : ", ") + number(n);
  o.store.unpin_all();
  return "{\"method\": \"hnsw\", \"dimensions\": " + number(meta.dim) +
         ", \"m\": " + number(meta.m) + ", \"ef_construction\": " + number(meta.ef_construction) +
         ", \"quantization\": \"" + codec_name(o.graph.codec().kind()) +
         "\", \"code_bytes\": " + number(meta.code_bytes) + ", \"rows\": " + number(c.rows) +
         ", \"nodes\": " + number(c.nodes) + ", \"deleted_nodes\": " + number(c.deleted) +
         ", \"free_slots\": " + number(c.free_slots) + ", \"mean_links\": " +
         json_number(c.nodes > 0 ? static_cast<double>(c.links) / static_cast<double>(c.nodes)
                                 : 0) +
         ", \"levels\": [" + levels + "], \"node_pages\": " + number(c.node_pages) +
         ", \"aux_pages\": " + number(c.aux_pages) + ", \"bytes\": " + json_number(bytes) +
         ", \"share_of_raw\": " + json_number(raw > 0 ? bytes / raw : 0) +
         ", \"trained_rows\": " + number(meta.trained_rows) +
         ", \"built_rows\": " + number(meta.built_rows) + "}";
}

IndexEstimate estimate(double rows, int dim, const std::string& type, JsonOptions& options) {
  core::Options o{options.integer("m", kDefaultM, 2, 100),
                  options.integer("ef_construction", kDefaultEfConstruction, 4, 1000)};
  quant::CodecSpec spec;
  spec.dim = type == "sparsevec" ? IndexedVectors::kSketchDim : dim;
  spec.bits = options.integer("bits", 0, 0, 8);
  const std::string kind = options.text("quantization", "auto");
  if (type == "bit") {
    spec.kind = quant::CodecKind::none;
    spec.bits = 1;
  } else if (kind == "none") {
    spec.kind = quant::CodecKind::none;
    spec.half = type == "halfvec";
  } else if (kind == "sq8") {
    spec.kind = quant::CodecKind::sq8;
  } else if (kind == "binary") {
    spec.kind = quant::CodecKind::binary;
  } else if (kind == "pq") {
    spec.kind = quant::CodecKind::pq;
  } else if (kind == "auto") {
    if (spec.bits == 0) spec.kind = quant::default_kind(quant::Metric::l2, spec.dim);
    spec.half = type == "halfvec";
  } else if (kind != "rabitq") {
    throw Error(ErrorCode::invalid_argument, "unknown quantization \"" + kind + "\"");
  }
  const auto codec = quant::train_codec(spec, nullptr, 0);
  core::Geometry g;
  g.content = 8160;
  g.m = o.m;
  g.code_bytes = codec->code_bytes();
  const double per_page = std::max(1u, g.node_slots());
  const double upper = rows / (o.m - 1) / std::max(1u, g.aux_slots());
  const core::PartedPlan plan =
      core::plan_parts(*codec, o, static_cast<std::size_t>(maintenance_work_mem) * 1024,
                       static_cast<std::size_t>(std::min(rows, 1e12)));
  return {rows * static_cast<double>(core::BulkBuild::bytes_per_row(*codec, o)),
          8192 * (2 + std::ceil(rows / per_page) + std::ceil(upper)),
          static_cast<double>(plan.parts), static_cast<double>(plan.bytes)};
}

}  // namespace

void register_inspection() {
  register_inspector({kName, check_index, rows_of, stats_of, estimate});
}

}  // namespace rv::pg::hnsw
