#include "pg/sparse/extract.h"

#include "pg/sparse/options.h"
#include "pg/types/sparse_datum.h"

extern "C" {
#include "access/genam.h"
#include "catalog/pg_type.h"
}

namespace rv::pg {

// A cosine class has a second support function, the norm; BM25 classes have none at all.
sparse::Scoring scoring_of(Relation index) {
  if (index->rd_indam->amsupport == 0) return sparse::Scoring::bm25;
  return OidIsValid(index_getprocid(index, 1, 2)) ? sparse::Scoring::cosine
                                                  : sparse::Scoring::inner_product;
}

Extractor::Extractor(Relation index)
    : scoring_(scoring_of(index)),
      vectors_(scoring_, pruning_of(index)),
      memory_(scratch_context("ruvector values")) {
  if (scoring_ == sparse::Scoring::bm25)
    texts_.emplace(text_kind_of(index->rd_opcintype[0]), text_configuration(index));
}

void Extractor::fill_vector(Datum value, sparse::Document& out) {
  MemoryContextReset(memory_);
  const varlena* v = call([&] {
    MemoryContext old = MemoryContextSwitchTo(memory_);
    const varlena* detoasted = PG_DETOAST_DATUM_COPY(value);
    MemoryContextSwitchTo(old);
    return detoasted;
  });
  vectors_.fill(
      view_sparse({reinterpret_cast<const std::byte*>(VARDATA(v)), VARSIZE(v) - VARHDRSZ}), out);
}

void Extractor::fill(Datum value, bool is_null, const ItemPointerData& row, sparse::Document& out) {
  out.row = {ItemPointerGetBlockNumberNoCheck(&row), ItemPointerGetOffsetNumberNoCheck(&row),
             sparse::RowKind::plain};
  out.length = 0;
  out.terms.clear();
  if (is_null)
    out.row.kind = sparse::RowKind::null;
  else if (texts_)
    texts_->count(value, out);
  else
    fill_vector(value, out);
}

}  // namespace rv::pg
