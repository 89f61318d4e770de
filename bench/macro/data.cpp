#include "data.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <type_traits>

#include "core/base/rng.h"
#include "core/simd/distance.h"
#include "core/types/dense.h"
#include "files.h"

static_assert(std::endian::native == std::endian::little, "the files are little-endian");

namespace rv::bench {
namespace {

enum class Element { f2, f4, f8, u1, i4, i8 };

std::size_t size_of(Element e) {
  switch (e) {
    case Element::u1:
      return 1;
    case Element::f2:
      return 2;
    case Element::f4:
    case Element::i4:
      return 4;
    case Element::f8:
    case Element::i8:
      break;
  }
  return 8;
}

template <class From, class To>
void convert_all(const char* from, std::size_t n, To* to) {
  for (std::size_t i = 0; i < n; ++i) {
    From x;
    std::memcpy(&x, from + i * sizeof x, sizeof x);
    to[i] = static_cast<To>(x);
  }
}

template <class To>
void convert(Element e, const char* from, std::size_t n, To* to, const std::string& path) {
  if constexpr (std::is_integral_v<To>) {
    if (e == Element::f2 || e == Element::f4 || e == Element::f8)
      throw std::runtime_error(path + ": ids must be whole numbers");
  }
  switch (e) {
    case Element::f2:
      for (std::size_t i = 0; i < n; ++i) {
        std::uint16_t half;
        std::memcpy(&half, from + i * sizeof half, sizeof half);
        to[i] = static_cast<To>(to_float(half));
      }
      return;
    case Element::f4:
      return convert_all<float>(from, n, to);
    case Element::f8:
      return convert_all<double>(from, n, to);
    case Element::u1:
      return convert_all<std::uint8_t>(from, n, to);
    case Element::i4:
      return convert_all<std::int32_t>(from, n, to);
    case Element::i8:
      return convert_all<std::int64_t>(from, n, to);
  }
}

template <class T>
void append_row(Rows<T>& rows, Element e, const std::vector<char>& bytes, const std::string& path) {
  const std::size_t at = rows.values.size();
  rows.values.resize(at + rows.dim);
  convert(e, bytes.data(), rows.dim, rows.values.data() + at, path);
}

template <class T>
Rows<T> read_texmex(ByteSource& in, Element e, const std::string& path, std::size_t limit) {
  Rows<T> rows;
  std::vector<char> bytes;
  for (std::size_t n = 0; limit == 0 || n < limit; ++n) {
    std::int32_t dim = 0;
    const std::size_t got = in.read(&dim, sizeof dim);
    if (got == 0) break;
    if (got != sizeof dim) throw std::runtime_error(path + ": ends in the middle of a row");
    if (dim < 1 || dim > kMaxDim || (rows.dim != 0 && rows.dim != static_cast<std::size_t>(dim)))
      throw std::runtime_error(path + ": row " + std::to_string(n) + " of " + std::to_string(dim) +
                               " elements");
    rows.dim = static_cast<std::size_t>(dim);
    bytes.resize(rows.dim * size_of(e));
    if (in.read(bytes.data(), bytes.size()) != bytes.size())
      throw std::runtime_error(path + ": ends in the middle of a row");
    append_row(rows, e, bytes, path);
  }
  return rows;
}

// The value of 'key' in the header's Python literal, up to what ends it.
std::string npy_entry(const std::string& header, const std::string& key, char open, char close) {
  std::size_t at = header.find("'" + key + "'");
  if (at != std::string::npos) at = header.find(':', at);
  if (at != std::string::npos) at = header.find(open, at + 1);
  const std::size_t end = at == std::string::npos ? std::string::npos : header.find(close, at + 1);
  return end == std::string::npos ? "" : header.substr(at + 1, end - at - 1);
}

template <class T>
Rows<T> read_npy(ByteSource& in, const std::string& path, std::size_t limit) {
  unsigned char start[8];
  if (in.read(start, sizeof start) != sizeof start || std::memcmp(start, "\x93NUMPY", 6) != 0)
    throw std::runtime_error(path + ": not an npy file");
  std::uint32_t length = 0;
  const std::size_t length_bytes = start[6] == 1 ? 2 : 4;
  if (in.read(&length, length_bytes) != length_bytes || length > (1u << 20))
    throw std::runtime_error(path + ": damaged npy header");
  std::string header(length, '\0');
  if (in.read(header.data(), length) != length)
    throw std::runtime_error(path + ": damaged npy header");
  static constexpr std::pair<const char*, Element> kTypes[] = {
      {"<f2", Element::f2}, {"<f4", Element::f4}, {"<f8", Element::f8},
      {"|u1", Element::u1}, {"<i4", Element::i4}, {"<i8", Element::i8}};
  const std::string type = npy_entry(header, "descr", '\'', '\'');
  const auto* found = std::find_if(std::begin(kTypes), std::end(kTypes),
                                   [&](const auto& t) { return type == t.first; });
  if (found == std::end(kTypes))
    throw std::runtime_error(path + ": element type '" + type + "' is not read");
  if (header.find("'fortran_order': False") == std::string::npos)
    throw std::runtime_error(path + ": not in C order");
  unsigned long long count = 0, dim = 0;
  if (std::sscanf(npy_entry(header, "shape", '(', ')').c_str(), "%llu , %llu", &count, &dim) != 2)
    throw std::runtime_error(path + ": not two-dimensional");
  if (dim < 1 || dim > kMaxDim)
    throw std::runtime_error(path + ": rows of " + std::to_string(dim) + " elements");
  Rows<T> rows;
  rows.dim = dim;
  std::vector<char> bytes(dim * size_of(found->second));
  for (unsigned long long n = 0; n < count && (limit == 0 || n < limit); ++n) {
    if (in.read(bytes.data(), bytes.size()) != bytes.size())
      throw std::runtime_error(path + ": ends in the middle of a row");
    append_row(rows, found->second, bytes, path);
  }
  return rows;
}

template <class T>
Rows<T> read_rows(const std::string& path, std::size_t limit) {
  std::string stem = path;
  for (const char* packing : {".gz", ".xz"})
    if (stem.ends_with(packing)) stem.resize(stem.size() - 3);
  const auto in = open_file(path);
  Rows<T> rows;
  if (stem.ends_with(".npy")) {
    rows = read_npy<T>(*in, path, limit);
  } else if (stem.ends_with(".fvecs")) {
    rows = read_texmex<T>(*in, Element::f4, path, limit);
  } else if (stem.ends_with(".bvecs")) {
    rows = read_texmex<T>(*in, Element::u1, path, limit);
  } else if (stem.ends_with(".ivecs")) {
    rows = read_texmex<T>(*in, Element::i4, path, limit);
  } else {
    throw std::runtime_error(path + ": unknown kind (fvecs, bvecs, ivecs, npy; also .gz, .xz)");
  }
  if (rows.rows() == 0) throw std::runtime_error(path + ": no rows");
  return rows;
}

std::vector<std::vector<std::string>> parse_csv(const std::string& text, const std::string& path) {
  std::vector<std::vector<std::string>> lines;
  std::vector<std::string> line;
  std::string field;
  bool quoted = false, started = false;
  const auto end_line = [&] {
    if (!started) return;
    line.push_back(std::move(field));
    field.clear();
    lines.push_back(std::move(line));
    line.clear();
    started = false;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"') {
        field += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        field += text[++i];
      } else {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = started = true;
    } else if (c == ',') {
      line.push_back(std::move(field));
      field.clear();
      started = true;
    } else if (c == '\n') {
      end_line();
    } else if (c != '\r') {
      field += c;
      started = true;
    }
  }
  if (quoted) throw std::runtime_error(path + ": a quote is not closed");
  end_line();
  return lines;
}

template <class T>
bool all_parse(const std::vector<std::string>& values) {
  return std::all_of(values.begin(), values.end(), [](const std::string& v) {
    T x;
    const auto r = std::from_chars(v.data(), v.data() + v.size(), x);
    return r.ec == std::errc() && r.ptr == v.data() + v.size();
  });
}

}  // namespace

Matrix read_vectors(const std::string& path, std::size_t limit) {
  return read_rows<float>(path, limit);
}

Ids read_ids(const std::string& path, std::size_t limit) {
  return read_rows<std::int64_t>(path, limit);
}

const char* Column::sql_type() const {
  return type == Type::bigint ? "bigint" : type == Type::float8 ? "float8" : "text";
}

std::vector<Column> read_csv(const std::string& path, std::size_t limit) {
  const auto lines = parse_csv(read_all(*open_file(path)), path);
  if (lines.size() < 2) throw std::runtime_error(path + ": no rows");
  std::vector<Column> columns;
  for (const auto& name : lines[0]) columns.push_back({name, Column::Type::text, {}});
  for (std::size_t i = 1; i < lines.size() && (limit == 0 || i <= limit); ++i) {
    if (lines[i].size() != columns.size())
      throw std::runtime_error(path + ": line " + std::to_string(i + 1) + " has " +
                               std::to_string(lines[i].size()) + " fields, the first has " +
                               std::to_string(columns.size()));
    for (std::size_t c = 0; c < columns.size(); ++c) columns[c].values.push_back(lines[i][c]);
  }
  for (auto& c : columns)
    c.type = all_parse<std::int64_t>(c.values) ? Column::Type::bigint
             : all_parse<double>(c.values)     ? Column::Type::float8
                                               : Column::Type::text;
  return columns;
}

Matrix make_clusters(std::size_t rows, std::size_t dim, std::uint64_t stream, std::size_t centres) {
  Matrix m;
  m.dim = dim;
  m.values.resize(rows * dim);
  std::vector<float> centre(centres * dim);
  Rng centre_rng(42);
  for (auto& x : centre) x = static_cast<float>(centre_rng.normal());
  Rng rng(mix64(stream));
  for (std::size_t i = 0; i < rows; ++i) {
    const float* c = &centre[rng.below(centres) * dim];
    float* x = &m.values[i * dim];
    double squares = 0;
    for (std::size_t d = 0; d < dim; ++d) {
      x[d] = c[d] + 0.7f * static_cast<float>(rng.normal());
      squares += static_cast<double>(x[d]) * x[d];
    }
    for (std::size_t d = 0; d < dim; ++d) x[d] = static_cast<float>(x[d] / std::sqrt(squares));
  }
  return m;
}

}  // namespace rv::bench
