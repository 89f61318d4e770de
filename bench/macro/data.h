// Data sets of the macro bench: vectors, ids of true neighbours, attributes; from files or
// generated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace rv::bench {

template <class T>
struct Rows {
  std::size_t dim = 0;
  std::vector<T> values;
  std::size_t rows() const { return dim == 0 ? 0 : values.size() / dim; }
  const T* row(std::size_t i) const { return values.data() + i * dim; }
};
using Matrix = Rows<float>;
using Ids = Rows<std::int64_t>;  // negative: no such neighbour

// .fvecs, .bvecs, .ivecs (a row is an int32 length and that many float32, uint8 or int32; all of
// the same length) and .npy (two-dimensional, C order, little-endian float16/32/64, uint8,
// int32/64); each also followed by .gz or .xz. At most `limit` rows are read; 0: all.
Matrix read_vectors(const std::string& path, std::size_t limit = 0);
Ids read_ids(const std::string& path, std::size_t limit = 0);

// A column of a CSV file (RFC 4180, first line names). bigint when every value is a whole number,
// float8 when every value is a number, else text.
struct Column {
  enum class Type { bigint, float8, text };
  std::string name;
  Type type;
  std::vector<std::string> values;
  const char* sql_type() const;
};
std::vector<Column> read_csv(const std::string& path, std::size_t limit = 0);

// Unit vectors around `centres` centres; the same for the same arguments on every machine.
// Different `stream`s give different vectors around the same centres.
Matrix make_clusters(std::size_t rows, std::size_t dim, std::uint64_t stream, std::size_t centres);

}  // namespace rv::bench
