/*
 * On-disk layout of ruvector's vector types, for other extensions that read them.
 * The layouts are pgvector's. Plain C; needs nothing but <stdint.h>.
 *
 * A datum may be compressed, out of line or packed with a one-byte length word:
 * detoast it (PG_DETOAST_DATUM) before casting to one of these.
 */
#ifndef RUVECTOR_H
#define RUVECTOR_H

#include <stdint.h>

/* Raised when a layout below changes incompatibly. */
#define RUVECTOR_ABI_VERSION 1

#define RUVECTOR_MAX_DIM 16000
#define RUVECTOR_SPARSE_MAX_DIM 1000000000
#define RUVECTOR_SPARSE_MAX_NNZ 16000

/* vector: float4[dim] */
typedef struct RuvectorVector {
  int32_t vl_len_; /* varlena header (do not touch directly) */
  int16_t dim;     /* 1..RUVECTOR_MAX_DIM */
  int16_t unused;  /* 0 */
  float x[1];      /* dim entries */
} RuvectorVector;

/* halfvec: IEEE 754 binary16[dim] */
typedef struct RuvectorHalfvec {
  int32_t vl_len_;
  int16_t dim;    /* 1..RUVECTOR_MAX_DIM */
  int16_t unused; /* 0 */
  uint16_t x[1];  /* dim entries */
} RuvectorHalfvec;

/* sparsevec: int32 indices[nnz] (0-based, ascending), then float4 values[nnz] (none zero) */
typedef struct RuvectorSparsevec {
  int32_t vl_len_;
  int32_t dim;        /* 1..RUVECTOR_SPARSE_MAX_DIM */
  int32_t nnz;        /* 0..RUVECTOR_SPARSE_MAX_NNZ */
  int32_t unused;     /* 0 */
  int32_t indices[1]; /* nnz entries, followed by nnz floats */
} RuvectorSparsevec;

#endif /* RUVECTOR_H */
