// ivfflat as ruvector_index_check() and its kin see it.
#include "pg/am/inspect.h"

#include <algorithm>
#include <cmath>

#include "core/index/ivf/build.h"
#include "core/index/ivf/check.h"
#include "core/index/ivf/search.h"
#include "pg/base/json_options.h"
#include "pg/ivf/callbacks.h"
#include "pg/ivf/options.h"
#include "pg/storage/buffer_store.h"

namespace rv::pg::ivf {
namespace {

namespace core = rv::index::ivf;

constexpr const char* kCodecNames[] = {"none", "sq8", "rabitq", "binary", "pq"};

void check_index(Relation index, const std::function<void(const IndexProblem&)>& report) {
  BufferStore store(index, BufferStore::Mode::logged);
  core::check(store,
              [&](const core::Finding& f) {
                report({f.warning ? "warning" : "error", f.block,
                        f.item < 0 ? std::string() : std::to_string(f.item), f.message});
              },
              {});
  store.unpin_all();
}

void rows_of(Relation index, std::vector<ItemPointerData>& out) {
  BufferStore store(index, BufferStore::Mode::logged);
  core::check(
      store, [](const core::Finding&) {},
      [&](core::RowId row) {
        ItemPointerData tid;
        ItemPointerSet(&tid, static_cast<BlockNumber>(row >> 16),
                       static_cast<OffsetNumber>(row & 0xFFFF));
        out.push_back(tid);
      });
  store.unpin_all();
}

std::string stats_of(Relation index) {
  BufferStore store(index, BufferStore::Mode::logged);
  const auto description = core::open(store);
  const core::Totals totals = core::check(store, [](const core::Finding&) {}, {});
  store.unpin_all();
  const core::Meta& meta = description->meta;
  const ScanSettings scan = scan_settings(index, meta.lists);
  const auto number = [](auto n) { return std::to_string(n); };
  const double raw = static_cast<double>(totals.entries) * 4.0 * meta.dim;
  const double bytes = 8192.0 * store.blocks();
  const double average = static_cast<double>(totals.entries) / meta.lists;
  return "{\"method\": \"ivfflat\", \"dimensions\": " + number(meta.dim) +
         ", \"lists\": " + number(meta.lists) + ", \"probes\": " + number(scan.probes) +
         ", \"quantization\": \"" + kCodecNames[static_cast<int>(description->codec->kind())] +
         "\", \"code_bytes\": " + number(meta.code_bytes) + ", \"rerank\": \"" +
         (meta.rerank == 0 ? "none" : "heap") + "\", \"rows\": " + number(totals.entries) +
         ", \"built_rows\": " + number(meta.built_rows) +
         ", \"empty_lists\": " + number(totals.empty_lists) +
         ", \"largest_list\": " + number(totals.largest_list) + ", \"largest_to_average\": " +
         json_number(average > 0 ? static_cast<double>(totals.largest_list) / average : 0) +
         ", \"list_pages\": " + number(totals.pages) + ", \"bytes\": " + json_number(bytes) +
         ", \"share_of_raw\": " + json_number(raw > 0 ? bytes / raw : 0) + "}";
}

IndexEstimate estimate(double rows, int dim, const std::string& type, JsonOptions& options) {
  core::BuildOptions o;
  o.codec.dim = dim;
  o.codec.bits = options.integer("bits", 0, 0, 8);
  o.codec.subspaces = options.integer("subspaces", 0, 0, dim);
  o.lists = static_cast<std::uint32_t>(
      options.integer("lists", static_cast<int>(core::default_lists(rows)), 1, kMostLists));
  const std::string kind = options.text("quantization", "auto");
  if (type == "bit") {
    o.codec.kind = quant::CodecKind::none;
    o.codec.bits = 1;
  } else if (kind == "auto") {
    o.codec.kind = quant::default_kind(quant::Metric::l2, dim);
  } else {
    const auto* found = std::find(std::begin(kCodecNames), std::end(kCodecNames), kind);
    if (found == std::end(kCodecNames))
      throw Error(ErrorCode::invalid_argument, "unknown quantization \"" + kind + "\"");
    o.codec.kind = static_cast<quant::CodecKind>(found - std::begin(kCodecNames));
  }
  o.codec.half = type == "halfvec";
  const auto codec = quant::train_codec(o.codec, nullptr, 0);
  constexpr std::size_t kContent = 8160;
  const double per_page = static_cast<double>(
      std::max<std::size_t>(1, core::list_page_capacity(kContent, codec->code_bytes())));
  // Half a page a list is empty, on average.
  const double pages =
      2 +
      static_cast<double>(core::centre_pages(kContent, static_cast<std::size_t>(dim), o.lists)) +
      std::ceil(rows / per_page) + o.lists / 2.0;
  const auto sample =
      static_cast<std::size_t>(std::min(rows, static_cast<double>(core::sample_size(o.lists))));
  const double training = static_cast<double>(core::training_bytes(o, sample)) +
                          static_cast<double>(sample) * dim * 4.0;
  // Then all codes are sorted; what does not fit is sorted on disk.
  const double sorting = rows * static_cast<double>(codec->code_bytes() + 48);
  return {std::max(training, sorting), 8192 * pages};
}

}  // namespace

void register_inspection() {
  register_inspector({kAmName, check_index, rows_of, stats_of, estimate});
}

}  // namespace rv::pg::ivf
