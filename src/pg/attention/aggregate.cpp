// ruvector_attention_agg and ruvector_attention_pool_agg.
#include <algorithm>

#include "core/attention/online.h"
#include "core/attention/params_bytes.h"
#include "pg/attention/arguments.h"
#include "pg/base/message.h"

using namespace rv;
using namespace rv::pg;
using attention::Matrix;
using attention::OnlineAttention;

namespace {

// Rows kept until the end, for types that need all of them.
struct Rows {
  std::size_t dim = 0;
  std::vector<float> data;
  void add(std::span<const float> x) {
    if (dim == 0) dim = x.size();
    if (x.size() != dim)
      throw Error(ErrorCode::data_exception, "expected " + std::to_string(dim) +
                                                 " dimensions, not " + std::to_string(x.size()));
    data.insert(data.end(), x.begin(), x.end());
  }
  void append(const Rows& other) {
    if (other.dim == 0) return;
    if (dim != 0 && dim != other.dim)
      throw Error(ErrorCode::data_exception, "expected " + std::to_string(dim) +
                                                 " dimensions, not " + std::to_string(other.dim));
    dim = other.dim;
    data.insert(data.end(), other.data.begin(), other.data.end());
  }
  Matrix matrix() const {
    return {dim == 0 ? 0 : data.size() / dim, dim, {data.begin(), data.end()}};
  }
};

class AttentionState {
 public:
  AttentionState(MemoryContext context, const Prepared& prepared)
      : query_reader(context), key_reader(context), value_reader(context), prepared_(prepared) {
    if (OnlineAttention::covers(prepared_.type, prepared_.params))
      online_.emplace_back(prepared_.type, prepared_.params);
  }

  ToastReader query_reader, key_reader, value_reader;
  std::vector<unsigned char> query_bytes;  // the datum the query was last read from
  std::vector<double> segments;            // of pooled rows, when given

  bool online() const { return !online_.empty(); }
  void set_query(std::span<const float> q) {
    if (online()) return online_[0].set_query(q);
    if (queries_ == 0) {
      query_.dim = 0;
      query_.data.clear();
      query_.add(q);
    } else if (!std::equal(q.begin(), q.end(), query_.data.begin(), query_.data.end())) {
      throw Error(
          ErrorCode::invalid_argument,
          "attention type \"" + prepared_.type + "\" needs the same query in every row of a group");
    }
    ++queries_;
  }
  void add(std::span<const float> key, std::span<const float> value) {
    if (online()) return online_[0].add(key, value);
    keys_.add(key);
    values_.add(value);
    check_memory();
  }
  void pool(std::span<const float> value) {
    values_.add(value);
    check_memory();
  }
  bool empty() const { return online() ? online_[0].empty() : values_.dim == 0; }

  void merge(const AttentionState& other) {
    if (other.prepared_.type != prepared_.type)
      throw Error(ErrorCode::invalid_argument,
                  "attention type must be the same in every row of a group");
    if (online()) return online_[0].merge(other.online_[0]);
    if (query_.dim == 0) query_ = other.query_;
    keys_.append(other.keys_);
    values_.append(other.values_);
    segments.insert(segments.end(), other.segments.begin(), other.segments.end());
    check_memory();
  }

  std::vector<double> result() const {
    if (online()) return online_[0].result();
    attention::Params params = prepared_.params;
    if (!segments.empty()) params.set("segment", attention::Tensor{{segments.size()}, segments});
    attention::Options options;
    options.poll = [] { check_interrupts(); };
    Matrix values = values_.matrix();
    Matrix keys = keys_.dim == 0 ? values : keys_.matrix();
    Matrix query = query_.dim == 0 ? keys : query_.matrix();
    return attention::attend(prepared_.type, {std::move(query), std::move(keys), std::move(values)},
                             params, options)
        .output.data;
  }

  const Prepared& prepared() const { return prepared_; }

  void write(attention::ByteWriter& out) const {
    out.word(prepared_.type);
    out.params(prepared_.params);
    if (online()) return out.numbers(online_[0].numbers());
    for (const Rows* rows : {&query_, &keys_, &values_}) {
      out.number(static_cast<double>(rows->dim));
      out.floats(rows->data);
    }
    out.numbers(segments);
  }
  void read(attention::ByteReader& in) {  // after type and parameters
    if (online()) return online_[0].load(in.numbers());
    for (Rows* rows : {&query_, &keys_, &values_}) {
      rows->dim = static_cast<std::size_t>(in.number());
      rows->data = in.floats();
    }
    segments = in.numbers();
  }

 private:
  void check_memory() const {
    if (4 * (keys_.data.size() + values_.data.size()) > std::size_t(work_mem) * 1024)
      throw Error(
          ErrorCode::out_of_memory, "the rows of one group need more than work_mem", {},
          "Attention type \"" + prepared_.type +
              "\" keeps all rows of a group: increase work_mem, or take scaled_dot_product, "
              "cosine, gaussian or bilinear, which need one pass.");
  }

  Prepared prepared_;
  std::vector<OnlineAttention> online_;  // none or one
  Rows query_, keys_, values_;
  std::size_t queries_ = 0;
};

AttentionState* state_argument(FunctionCallInfo fcinfo, int n) {
  return PG_ARGISNULL(n) ? nullptr : reinterpret_cast<AttentionState*>(PG_GETARG_POINTER(n));
}

// Whether the datum holds the bytes that were read last; equal TOAST pointers mean equal values.
bool same_datum(Datum d, std::vector<unsigned char>& last) {
  const auto* v = reinterpret_cast<const unsigned char*>(DatumGetPointer(d));
  const std::size_t size = VARSIZE_ANY(v);
  if (last.size() == size && std::memcmp(last.data(), v, size) == 0) return true;
  last.assign(v, v + size);
  return false;
}

}  // namespace

// (state, query, key, value [, type [, params]]); type and params of the group's first row count.
RV_FUNCTION(rv_attention_accum)
{
  const MemoryContext context = aggregate_context(fcinfo, "aggregate function");
  AttentionState* state = state_argument(fcinfo, 0);
  if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3)) {  // NULLs do not count
    if (state == nullptr) PG_RETURN_NULL();
    return PointerGetDatum(state);
  }
  if (state == nullptr) {
    if (PG_NARGS() > 4) {
      state = make_owned_by<AttentionState>(context, context,
                                            prepared_argument(fcinfo, 4, PG_NARGS() > 5 ? 5 : -1));
    } else {
      const Prepared p = prepare(fcinfo, default_attention_type(), Datum(0), false);
      state = make_owned_by<AttentionState>(context, context, p);
    }
  }
  if (!same_datum(PG_GETARG_DATUM(1), state->query_bytes) || !state->online())
    state->set_query(vector_elements(PG_GETARG_DATUM(1), state->query_reader));
  const auto key = vector_elements(PG_GETARG_DATUM(2), state->key_reader);
  const bool shared = PG_GETARG_DATUM(2) == PG_GETARG_DATUM(3);  // agg(q, embedding, embedding)
  state->add(key, shared ? key : vector_elements(PG_GETARG_DATUM(3), state->value_reader));
  return PointerGetDatum(state);
}

// (state, value, model [, segment])
RV_FUNCTION(rv_attention_pool_accum)
{
  const MemoryContext context = aggregate_context(fcinfo, "aggregate function");
  AttentionState* state = state_argument(fcinfo, 0);
  const bool segmented = PG_NARGS() > 3;
  if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || (segmented && PG_ARGISNULL(3))) {
    if (state == nullptr) PG_RETURN_NULL();
    return PointerGetDatum(state);
  }
  if (state == nullptr) {
    const Prepared& p = prepared_argument(fcinfo, 2, -1);
    if (p.type != "pma" && p.type != "hierarchical" && p.type != "self_attentive_pooling")
      throw Error(ErrorCode::invalid_argument, "attention type \"" + p.type + "\" does not pool",
                  {}, "Pooling types are pma, hierarchical and self_attentive_pooling.");
    if (segmented && p.type != "hierarchical")
      throw Error(ErrorCode::invalid_argument, "attention type \"" + p.type + "\" has no segments");
    state = make_owned_by<AttentionState>(context, context, p);
  }
  if (segmented) state->segments.push_back(static_cast<double>(PG_GETARG_INT64(3)));
  state->pool(vector_elements(PG_GETARG_DATUM(1), state->value_reader));
  return PointerGetDatum(state);
}

RV_FUNCTION(rv_attention_combine)
{
  const MemoryContext context = aggregate_context(fcinfo, "aggregate function");
  AttentionState* a = state_argument(fcinfo, 0);
  const AttentionState* b = state_argument(fcinfo, 1);
  if (b == nullptr) {
    if (a == nullptr) PG_RETURN_NULL();
    return PointerGetDatum(a);
  }
  if (a == nullptr) a = make_owned_by<AttentionState>(context, context, b->prepared());
  a->merge(*b);
  return PointerGetDatum(a);
}

RV_FUNCTION(rv_attention_serialize)
{
  aggregate_context(fcinfo, "aggregate function");
  attention::ByteWriter writer;
  state_argument(fcinfo, 0)->write(writer);
  const NewBytea out(writer.bytes().size());
  std::memcpy(out.bytes.data(), writer.bytes().data(), writer.bytes().size());
  return out.datum;
}

RV_FUNCTION(rv_attention_deserialize)
{
  const MemoryContext context = aggregate_context(fcinfo, "aggregate function");
  const auto bytes = text_argument(fcinfo, 0);
  attention::ByteReader reader({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()});
  Prepared p;
  p.type = reader.word();
  p.params = reader.params();
  auto* state = make_owned_by<AttentionState>(context, context, p);
  state->read(reader);
  return PointerGetDatum(state);
}

RV_FUNCTION(rv_attention_final)
{
  aggregate_context(fcinfo, "aggregate function");
  const AttentionState* state = state_argument(fcinfo, 0);
  if (state == nullptr || state->empty()) PG_RETURN_NULL();
  return vector_datum(state->result());
}
