// The score of the row that a BM25 index scan has just handed out, for the operator in the same
// statement: PostgreSQL evaluates the expression of ORDER BY once more for every row that it
// returns, and tokenising ten texts takes longer than finding them.
#pragma once

#include <optional>

#include "pg/base/guard.h"

extern "C" {
#include "access/relscan.h"
}

namespace rv::pg {

struct PreparedText;

// `scan` has handed out xs_heaptid, which has this score. `text` must live as long as this is
// remembered.
void remember_row_score(IndexScanDesc scan, const PreparedText* text, double score) noexcept;
// REQUIRED before the scan or its query ends.
void forget_row_score(IndexScanDesc scan) noexcept;
// The score of `value`, when it is the indexed column of that row, where it lies in the table.
std::optional<double> row_score(const PreparedText* text, Datum value);

}  // namespace rv::pg
