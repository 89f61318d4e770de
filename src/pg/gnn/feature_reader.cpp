#include <cmath>

#include "core/simd/distance.h"
#include "core/types/sparse.h"
#include "pg/gnn/feature_reader.h"
#include "pg/gnn/tables.h"
#include "pg/types/dense_datum.h"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
}

namespace rv::pg {

FeatureReader::FeatureReader(Oid relation, const std::string& column, MemoryBudget& budget,
                             std::size_t rows)
    : column_(column), budget_(budget), expected_(rows) {
  const Oid type = column_type(relation, column, "feature");
  switch (type) {
    case INT2ARRAYOID:
    case INT4ARRAYOID:
    case INT8ARRAYOID:
    case FLOAT4ARRAYOID:
    case FLOAT8ARRAYOID:
    case NUMERICARRAYOID:
      kind_ = Kind::array;
      return;
    default:
      break;
  }
  const std::string name = type_name_of(type);
  const std::string plain =
      name.substr(name.rfind('.') == std::string::npos ? 0 : name.rfind('.') + 1);
  if (plain == "vector") {
    kind_ = Kind::vector;
  } else if (plain == "halfvec") {
    kind_ = Kind::halfvec;
  } else if (plain == "sparsevec") {
    kind_ = Kind::sparsevec;
  } else {
    throw Error(ErrorCode::type_mismatch,
                "column \"" + column + "\" of " + relation_name(relation) + " is of type " + name +
                    ", features must be vector, halfvec, sparsevec or an array of numbers");
  }
}

std::string FeatureReader::expression() const {
  return quoted_name(column_) + (kind_ == Kind::array ? "::pg_catalog.float4[]" : "");
}

void FeatureReader::check_columns(std::size_t n, const IdMap& ids, std::uint32_t node) {
  if (rows_ == 0) {
    columns_ = n;
    if (n == 0)
      throw Error(ErrorCode::data_exception,
                  "feature \"" + column_ + "\" of node " + ids.shown(node) + " is empty");
  } else if (n != columns_) {
    throw Error(ErrorCode::data_exception, "feature \"" + column_ + "\" of node " +
                                               ids.shown(node) + " has " + std::to_string(n) +
                                               " dimensions, that of others has " +
                                               std::to_string(columns_));
  }
}

float* FeatureReader::new_row() {
  if (rows_ == dense_.rows()) {
    // The planner's guess may be far too high: it must not be what exceeds the budget.
    const bool trusted = expected_ * columns_ * sizeof(float) < budget_.limit() / 4;
    const std::size_t first = trusted ? std::max<std::size_t>(64, expected_) : 64;
    const std::size_t rows = rows_ == 0 ? first : rows_ + rows_ / 2;
    gnn::Tensor<float> larger(rows, columns_, &budget_);
    std::copy_n(dense_.data(), rows_ * columns_, larger.data());
    dense_ = std::move(larger);
  }
  return dense_.row(rows_++);
}

void FeatureReader::add_dense(const float* x, std::size_t n, const IdMap& ids, std::uint32_t node) {
  check_columns(n, ids, node);
  std::copy_n(x, n, new_row());
  if (rows_ % 16 == 1) {
    sampled_ += n;
    for (std::size_t i = 0; i < n; ++i) nonzero_ += x[i] != 0;
  }
  if (kind_ != Kind::array) return;  // vectors are finite by their type
  float finite = 0;
  for (std::size_t i = 0; i < n; ++i) finite += x[i] * 0;  // NaN when any is NaN or infinite
  if (!(finite == 0))
    throw Error(ErrorCode::data_exception, "feature \"" + column_ + "\" of node " +
                                               ids.shown(node) + " contains NaN or infinity");
}

void FeatureReader::add(Datum value, bool null, const IdMap& ids, std::uint32_t n) {
  if (null)
    throw Error(ErrorCode::null_not_allowed,
                "feature \"" + column_ + "\" of node " + ids.shown(n) + " is NULL", {},
                "Fill it in, or read the nodes through a view that leaves such nodes out.");
  if (kind_ == Kind::array) {
    struct Numbers {
      ArrayType* array;
      const float* x;
      int count;
    };
    const Numbers a = call([value] {
      ArrayType* array = DatumGetArrayTypeP(value);
      if (ARR_NDIM(array) > 1)
        ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION), errmsg("array must be 1-D")));
      if (ARR_HASNULL(array) && array_contains_nulls(array))
        ereport(ERROR,
                (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("array must not contain nulls")));
      return Numbers{array, reinterpret_cast<const float*>(ARR_DATA_PTR(array)),
                     ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array))};
    });
    add_dense(a.x, static_cast<std::size_t>(a.count), ids, n);
    if (reinterpret_cast<const void*>(a.array) != DatumGetPointer(value))
      call([&a] { pfree(a.array); });
    return;
  }
  const auto* v = call([value] { return PG_DETOAST_DATUM(value); });
  if (kind_ == Kind::vector) {
    const auto* dense = reinterpret_cast<const DenseVarlena<Vector>*>(v);
    add_dense(dense->x, static_cast<std::size_t>(dense->dim), ids, n);
  } else if (kind_ == Kind::halfvec) {
    const auto* half = reinterpret_cast<const DenseVarlena<Halfvec>*>(v);
    std::vector<float> wide(static_cast<std::size_t>(half->dim));
    simd::kernels().half_to_float(reinterpret_cast<const std::uint16_t*>(half->x), wide.data(),
                                  wide.size());
    add_dense(wide.data(), wide.size(), ids, n);
  } else {
    const SparseView view =
        view_sparse({reinterpret_cast<const std::byte*>(VARDATA(v)), VARSIZE(v) - VARHDRSZ});
    check_columns(static_cast<std::size_t>(view.dim), ids, n);
    const auto nnz = static_cast<std::size_t>(view.nnz);
    sparse_.index.insert(sparse_.index.end(), view.indices, view.indices + nnz);
    sparse_.value.insert(sparse_.value.end(), view.values, view.values + nnz);
    sparse_.offset.push_back(sparse_.index.size());
    ++rows_;
    if (sparse_.index.size() > sparse_charged_) {
      sparse_charged_ = std::max<std::size_t>(2 * sparse_.index.size(), 65536);
      sparse_charge_ = {};
      sparse_charge_ = gnn::Charge(&budget_, sparse_charged_ * 8);
    }
  }
  if (reinterpret_cast<const void*>(v) != DatumGetPointer(value))
    call([v] { pfree(const_cast<varlena*>(v)); });
}

gnn::Features<float> FeatureReader::take(const std::vector<std::uint32_t>& order) {
  gnn::Features<float> out;
  if (kind_ == Kind::sparsevec) {
    sparse_.rows = rows_;
    sparse_.columns = columns_;
    out.sparse = std::move(sparse_);
    return order.empty() ? std::move(out) : out.gather(order, &budget_);
  }
  // Below a quarter of non-zero values the sparse form is less work and less memory.
  if (columns_ >= 64 && nonzero_ * 4 < sampled_) {
    out.sparse.rows = rows_;
    out.sparse.columns = columns_;
    for (std::size_t i = 0; i < rows_; ++i) {
      const float* from = dense_.row(order.empty() ? i : order[i]);
      for (std::size_t j = 0; j < columns_; ++j) {
        if (from[j] == 0) continue;
        out.sparse.index.push_back(static_cast<std::uint32_t>(j));
        out.sparse.value.push_back(from[j]);
      }
      out.sparse.offset.push_back(out.sparse.index.size());
    }
    return out;
  }
  if (order.empty()) {
    out.dense = std::move(dense_);
    out.dense.truncate(rows_);
    return out;
  }
  out.dense = gnn::Tensor<float>(rows_, columns_, &budget_);
  for (std::size_t i = 0; i < rows_; ++i)
    std::copy_n(dense_.row(order[i]), columns_, out.dense.row(i));
  return out;
}

}  // namespace rv::pg
