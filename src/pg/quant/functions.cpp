// quantvec and pqcodebook in SQL: input and output, quantising, training, distances.
#include <optional>
#include <string>
#include <vector>

#include "core/base/rng.h"
#include "core/quant/stored.h"
#include "pg/base/memory.h"
#include "pg/base/spi.h"
#include "pg/base/threads.h"
#include "pg/types/dense_datum.h"

extern "C" {
#include "utils/builtins.h"
}

using namespace rv;
using namespace rv::pg;

namespace {

using Bytes = std::span<const std::byte>;

// A varlena argument's bytes, detoasted into the current context if need be.
Bytes bytes_argument(FunctionCallInfo fcinfo, int n) {
  const Datum d = fcinfo->args[n].value;
  const varlena* v = call([d]() -> const varlena* { return PG_DETOAST_DATUM_PACKED(d); });
  return {reinterpret_cast<const std::byte*>(VARDATA_ANY(v)), VARSIZE_ANY_EXHDR(v)};
}

Datum bytes_datum(Bytes bytes) {
  auto* out = static_cast<char*>(palloc_varlena(VARHDRSZ + bytes.size()));
  std::memcpy(VARDATA(out), bytes.data(), bytes.size());
  return PointerGetDatum(out);
}

void check_codebook(Bytes bytes) { quant::Codebook::read(bytes); }
void check_quantvec(Bytes bytes) { quant::view_quantvec(bytes); }

// "\x..." as bytea reads it; `check` decides whether that is a value of the type.
Datum read_hex(FunctionCallInfo fcinfo, const char* type, void (*check)(Bytes)) {
  const char* text = PG_GETARG_CSTRING(0);
  if (text[0] != '\\' || text[1] != 'x')
    throw Error(ErrorCode::invalid_text,
                std::string("invalid input syntax for type ") + type + ": \"" +
                    std::string(text).substr(0, 100) + "\"",
                "The value must begin with \"\\x\".");
  const Datum d = call([text] { return DirectFunctionCall1(byteain, CStringGetDatum(text)); });
  const auto* v = reinterpret_cast<const varlena*>(DatumGetPointer(d));
  check({reinterpret_cast<const std::byte*>(VARDATA_ANY(v)), VARSIZE_ANY_EXHDR(v)});
  return d;
}

Datum write_hex(FunctionCallInfo fcinfo) {
  const Bytes bytes = bytes_argument(fcinfo, 0);
  return call([&bytes] {
    auto* out = static_cast<char*>(palloc(bytes.size() * 2 + 3));
    out[0] = '\\';
    out[1] = 'x';
    hex_encode(reinterpret_cast<const char*>(bytes.data()), bytes.size(), out + 2);
    out[bytes.size() * 2 + 2] = '\0';
    return CStringGetDatum(out);
  });
}

Datum receive(FunctionCallInfo fcinfo, void (*check)(Bytes)) {
  auto* buffer = reinterpret_cast<StringInfo>(PG_GETARG_POINTER(0));
  const Bytes bytes(reinterpret_cast<const std::byte*>(buffer->data + buffer->cursor),
                    static_cast<std::size_t>(buffer->len - buffer->cursor));
  check(bytes);
  buffer->cursor = buffer->len;
  return bytes_datum(bytes);
}

// A dense argument as floats.
struct FloatArgument {
  template <class T>
  FloatArgument(FunctionCallInfo fcinfo, int n, T) {
    const DenseView<T> v(bytes_argument(fcinfo, n));
    x.resize(static_cast<std::size_t>(v.dim));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = to_float(v.x[i]);
  }
  template <class T>
  struct DenseView {
    int dim;
    std::vector<typename T::Element> x;
    explicit DenseView(Bytes b) {
      std::int16_t d = 0;
      if (b.size() >= 4) std::memcpy(&d, b.data(), sizeof d);
      dim = d;
      if (d < 1 || b.size() != 4 + sizeof(typename T::Element) * static_cast<std::size_t>(d))
        throw Error(ErrorCode::corrupted_data,
                    std::string(T::kName) + " value does not have the dimensions it claims");
      x.resize(static_cast<std::size_t>(d));
      std::memcpy(x.data(), b.data() + 4, b.size() - 4);
    }
  };
  int dim() const noexcept { return static_cast<int>(x.size()); }
  std::vector<float> x;
};

// The codebook argument, read once for the rows of a query: checking one costs as much as
// quantising a thousand vectors.
const quant::Codebook& codebook_argument(FunctionCallInfo fcinfo, int n) {
  struct Cache {
    std::string key;
    std::optional<quant::Codebook> book;
  };
  auto* cache = static_cast<Cache*>(fcinfo->flinfo->fn_extra);
  if (cache == nullptr) {
    cache = make_owned_by<Cache>(fcinfo->flinfo->fn_mcxt);
    fcinfo->flinfo->fn_extra = cache;
  }
  // A value out of line is known by its pointer, any other by its bytes.
  const char* raw = DatumGetPointer(fcinfo->args[n].value);
  const std::string_view key(raw, VARSIZE_ANY(raw));
  if (!cache->book.has_value() || cache->key != key) {
    cache->book.reset();
    cache->book.emplace(quant::Codebook::read(bytes_argument(fcinfo, n)));
    cache->key.assign(key);
  }
  return *cache->book;
}

Datum vector_datum(const std::vector<float>& x) {
  for (const float v : x) check_finite(v, Vector::kName);
  auto* out = make_dense<Vector>(static_cast<int>(x.size()));
  std::memcpy(out->x, x.data(), x.size() * sizeof(float));
  return PointerGetDatum(out);
}

std::vector<float> dequantized(FunctionCallInfo fcinfo, int n, const quant::Codebook* book) {
  const auto view = quant::view_quantvec(bytes_argument(fcinfo, n));
  std::vector<float> x(static_cast<std::size_t>(view.dim));
  quant::dequantize(view, book, x.data());
  return x;
}

Datum distance_datum(const std::vector<float>& a, const std::vector<float>& b,
                     std::string_view name) {
  const auto distance = quant::distance_by_name(name);
  check_same_dim(static_cast<int>(a.size()), static_cast<int>(b.size()), Vector::kName);
  return Float8GetDatum(
      quant::vector_distance(distance, a.data(), b.data(), static_cast<int>(a.size())));
}

constexpr long kTrainingBatch = 1000;

// A sample of the vectors a query gives, row by row.
std::vector<float> sample_of(const std::string& query, std::size_t most, std::uint64_t seed,
                             int* dim) {
  std::vector<float> sample;
  Rng rng(seed);
  std::uint64_t seen = 0;
  Portal portal = call([&query] {
    SPIPlanPtr plan = SPI_prepare(query.c_str(), 0, nullptr);
    if (plan == nullptr)
      ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                      errmsg("cannot prepare the query: %s", SPI_result_code_string(SPI_result))));
    if (!SPI_is_cursor_plan(plan))
      ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                      errmsg("the query to train on must return rows")));
    return SPI_cursor_open(nullptr, plan, nullptr, nullptr, false);
  });
  for (;;) {
    struct Batch {
      std::uint64_t rows;
      SPITupleTable* table;
    };
    const Batch batch = call([portal] {
      SPI_cursor_fetch(portal, true, kTrainingBatch);
      return Batch{SPI_processed, SPI_tuptable};
    });
    if (batch.rows == 0) break;
    for (std::uint64_t r = 0; r < batch.rows; ++r) {
      bool null = true;
      const Datum value = call([&] {
        TupleDesc description = batch.table->tupdesc;
        const char* type = SPI_gettype(description, 1);
        if (strcmp(type, "vector") != 0)
          ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                          errmsg("the query to train on must return vectors, not %s", type)));
        const Datum d = SPI_getbinval(batch.table->vals[r], description, 1, &null);
        return null ? d : PointerGetDatum(PG_DETOAST_DATUM(d));
      });
      if (null) continue;
      const auto* v = reinterpret_cast<const DenseVarlena<Vector>*>(DatumGetPointer(value));
      if (*dim == 0) *dim = v->dim;
      check_expected_dim(*dim, v->dim);
      const auto d = static_cast<std::size_t>(*dim);
      ++seen;
      if (sample.size() < most * d) {
        sample.insert(sample.end(), v->x, v->x + d);
      } else if (const auto place = rng.below(seen); place < most) {
        std::memcpy(&sample[place * d], v->x, d * sizeof(float));
      }
    }
    call([&batch] { SPI_freetuptable(batch.table); });
    check_interrupts();
  }
  call([portal] { SPI_cursor_close(portal); });
  return sample;
}

}  // namespace

RV_FUNCTION(rv_quantvec_in)
{ return read_hex(fcinfo, "quantvec", check_quantvec); }
RV_FUNCTION(rv_quantvec_recv)
{ return receive(fcinfo, check_quantvec); }
RV_FUNCTION(rv_pqcodebook_in)
{ return read_hex(fcinfo, "pqcodebook", check_codebook); }
RV_FUNCTION(rv_pqcodebook_recv)
{ return receive(fcinfo, check_codebook); }
RV_FUNCTION(rv_quantized_out)
{ return write_hex(fcinfo); }
RV_FUNCTION(rv_quantized_send)
{ return bytes_datum(bytes_argument(fcinfo, 0)); }

RV_FUNCTION(rv_vector_quantize_scalar)
{
  const FloatArgument v(fcinfo, 0, Vector{});
  return bytes_datum(quant::quantize_scalar(v.x.data(), v.dim()));
}
RV_FUNCTION(rv_halfvec_quantize_scalar)
{
  const FloatArgument v(fcinfo, 0, Halfvec{});
  return bytes_datum(quant::quantize_scalar(v.x.data(), v.dim()));
}
RV_FUNCTION(rv_vector_quantize_product)
{
  const FloatArgument v(fcinfo, 0, Vector{});
  return bytes_datum(codebook_argument(fcinfo, 1).quantize(v.x.data(), v.dim()));
}
RV_FUNCTION(rv_halfvec_quantize_product)
{
  const FloatArgument v(fcinfo, 0, Halfvec{});
  return bytes_datum(codebook_argument(fcinfo, 1).quantize(v.x.data(), v.dim()));
}

RV_FUNCTION(rv_dequantize)
{ return vector_datum(dequantized(fcinfo, 0, nullptr)); }
RV_FUNCTION(rv_dequantize_product)
{ return vector_datum(dequantized(fcinfo, 0, &codebook_argument(fcinfo, 1))); }

// bit: +1 and -1.
RV_FUNCTION(rv_dequantize_binary)
{
  const Bytes b = bytes_argument(fcinfo, 0);
  std::int32_t bits = 0;
  if (b.size() >= 4) std::memcpy(&bits, b.data(), sizeof bits);
  check_dim(bits, kMaxDim, Vector::kName);
  if (b.size() < 4 + (static_cast<std::size_t>(bits) + 7) / 8)
    throw Error(ErrorCode::corrupted_data, "stored bit string is shorter than it claims");
  std::vector<float> x(static_cast<std::size_t>(bits));
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = (static_cast<unsigned>(b[4 + i / 8]) >> (7 - i % 8) & 1u) != 0 ? 1.0f : -1.0f;
  return vector_datum(x);
}

// (quantvec, vector, text)
RV_FUNCTION(rv_quantized_distance)
{
  const FloatArgument q(fcinfo, 1, Vector{});
  return distance_datum(dequantized(fcinfo, 0, nullptr), q.x, text_argument(fcinfo, 2));
}
// (quantvec, vector, pqcodebook, text)
RV_FUNCTION(rv_quantized_distance_product)
{
  const FloatArgument q(fcinfo, 1, Vector{});
  const quant::Codebook& book = codebook_argument(fcinfo, 2);
  return distance_datum(dequantized(fcinfo, 0, &book), q.x, text_argument(fcinfo, 3));
}

// (query text, subspaces int, bits int, sample int, seed bigint)
RV_FUNCTION(rv_train_product_quantizer)
{
  for (int i : {0, 2, 3, 4})
    if (PG_ARGISNULL(i))
      throw Error(ErrorCode::null_not_allowed,
                  "query, bits, sample and seed of a product quantizer must not be NULL");
  const std::string query(text_argument(fcinfo, 0));
  const int bits = PG_GETARG_INT32(2);
  const int most = PG_GETARG_INT32(3);
  const auto seed = static_cast<std::uint64_t>(PG_GETARG_INT64(4));
  if (bits != 4 && bits != 8)
    throw Error(ErrorCode::invalid_argument,
                "bits of a product quantizer must be 4 or 8, not " + std::to_string(bits));
  if (most < (1 << bits))
    throw Error(ErrorCode::invalid_argument, "sample must be at least the number of centroids, " +
                                                 std::to_string(1 << bits) + ", not " +
                                                 std::to_string(most));
  MemoryContext caller = CurrentMemoryContext;
  std::vector<std::byte> result;
  {
    const SqlSession session(schema_of_function(fcinfo));
    int dim = 0;
    const auto sample = sample_of(query, static_cast<std::size_t>(most), seed, &dim);
    const std::size_t count = dim == 0 ? 0 : sample.size() / static_cast<std::size_t>(dim);
    if (count < (std::size_t{1} << bits))
      throw Error(ErrorCode::data_exception,
                  "the query returned " + std::to_string(count) + " vectors, fewer than the " +
                      std::to_string(1 << bits) + " centroids of a subspace",
                  {}, "Give more vectors, or use 4 bits.");
    const int subspaces =
        PG_ARGISNULL(1) ? quant::default_subspaces(dim, bits) : PG_GETARG_INT32(1);
    const Work work(worker_pool(), [] { check_interrupts(); });
    result = quant::Codebook(
                 quant::train_product(sample.data(), count, dim, subspaces, bits, seed, work))
                 .write();
  }
  MemoryContextSwitchTo(caller);
  return bytes_datum(result);
}
