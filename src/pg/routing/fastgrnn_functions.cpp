// ruvector_fastgrnn_*(): models as bytea in and out.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "core/base/memory_budget.h"
#include "core/routing/fastgrnn_codec.h"
#include "core/routing/fastgrnn_train.h"
#include "pg/base/datum.h"
#include "pg/base/json_options.h"
#include "pg/base/message.h"
#include "pg/base/spi.h"

extern "C" {
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
}

using namespace rv;
using namespace rv::pg;
using namespace rv::routing;

namespace {

FastGrnn<float> model_argument(FunctionCallInfo fcinfo, int n) {
  const auto bytes = text_argument(fcinfo, n);
  return decode({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()});
}

Datum bytes_datum(const std::vector<std::byte>& bytes) {
  const NewBytea out(bytes.size());
  std::memcpy(out.bytes.data(), bytes.data(), bytes.size());
  return out.datum;
}

// steps x input numbers of a real[][] (or one step as real[]); NULLs and NaN are errors.
struct Sequence {
  const float* x;
  int steps;
  int input;
};
Sequence sequence_of(Datum array) {
  Sequence s{nullptr, 0, 0};
  call([&] {
    ArrayType* a = DatumGetArrayTypeP(array);
    if (ARR_NDIM(a) < 1 || ARR_NDIM(a) > 2)
      ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
                      errmsg("sequence must be a one- or two-dimensional array"),
                      errhint("Its first dimension is time, its second the inputs of a step.")));
    if (array_contains_nulls(a))
      ereport(ERROR,
              (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("sequence must not contain nulls")));
    const bool one = ARR_NDIM(a) == 1;
    s.steps = one ? 1 : ARR_DIMS(a)[0];
    s.input = ARR_DIMS(a)[one ? 0 : 1];
    s.x = reinterpret_cast<const float*>(ARR_DATA_PTR(a));
  });
  for (int i = 0; i < s.steps * s.input; ++i)
    if (!std::isfinite(s.x[i]))
      throw Error(ErrorCode::data_exception, "sequence must hold finite numbers");
  return s;
}

void check_input(const Sequence& s, const FastGrnnShape& shape) {
  if (s.input != shape.input)
    throw Error(ErrorCode::data_exception, "model takes " + std::to_string(shape.input) +
                                               " inputs a step, the sequence has " +
                                               std::to_string(s.input));
}

FastGrnnShape shape_options(JsonOptions& o) {
  FastGrnnShape s;
  s.hidden = o.integer("hidden", 32, 1, FastGrnnShape::kMaxHidden);
  s.w_rank = o.integer("w_rank", 0, 0, FastGrnnShape::kMaxHidden);
  s.u_rank = o.integer("u_rank", 0, 0, FastGrnnShape::kMaxHidden);
  s.gate = nonlinearity_of(o.text("gate", "sigmoid"));
  s.update = nonlinearity_of(o.text("update", "tanh"));
  const std::string head = o.text("head", "softmax");
  if (head != "softmax" && head != "logistic")
    throw Error(ErrorCode::invalid_argument,
                "option \"head\" must be softmax or logistic, not \"" + head + "\"");
  s.head = head == "softmax" ? Head::softmax : Head::logistic;
  return s;
}

// Reads every row of the user's query: a sequence, and a class number or an array of targets.
SequenceSet read_sequences(SqlSession&, const std::string& query, int classes, Head head,
                           MemoryBudget& budget) {
  const std::string shape = "SELECT * FROM (" + query + ") q LIMIT 0";
  const char* text = shape.c_str();
  const Oid label_type = call([text] {
    SPIPlanPtr plan = SPI_prepare(text, 0, nullptr);
    if (plan == nullptr) elog(ERROR, "SPI_prepare: %s", SPI_result_code_string(SPI_result));
    if (SPI_execute_plan(plan, nullptr, nullptr, true, 0) != SPI_OK_SELECT)
      elog(ERROR, "query returns no rows");
    if (SPI_tuptable->tupdesc->natts != 2)
      ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                      errmsg("training query must return two columns, not %d",
                             SPI_tuptable->tupdesc->natts),
                      errhint("A sequence, and a class number or an array of targets.")));
    return SPI_gettypeid(SPI_tuptable->tupdesc, 2);
  });
  const bool numbered = label_type == INT2OID || label_type == INT4OID || label_type == INT8OID;
  const std::string full = "SELECT x::real[], y::" + std::string(numbered ? "bigint" : "real[]") +
                           " FROM (" + query + ") q(x, y)";
  const char* full_text = full.c_str();
  Portal portal = call([full_text] {
    SPIParseOpenOptions options{};
    options.read_only = true;
    return SPI_cursor_parse_open(nullptr, full_text, &options);
  });
  struct Label {
    std::int64_t number;
    std::vector<float> targets;
  };
  SequenceSet set;
  std::vector<Label> labels;
  std::vector<float> none;
  for (;;) {
    const std::uint64_t fetched = call([portal] {
      SPI_cursor_fetch(portal, true, 500);
      return SPI_processed;
    });
    if (fetched == 0) break;
    check_interrupts();
    for (std::uint64_t i = 0; i < fetched; ++i) {
      bool null_x = true;
      bool null_y = true;
      Datum x = 0;
      Datum y = 0;
      call([&] {
        x = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &null_x);
        y = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2, &null_y);
      });
      if (null_x || null_y)
        throw Error(ErrorCode::null_not_allowed, "training query returned a NULL");
      const Sequence s = sequence_of(x);
      if (set.size() == 0) set.input = s.input;
      if (s.input != set.input)
        throw Error(ErrorCode::data_exception, "sequences have " + std::to_string(set.input) +
                                                   " and " + std::to_string(s.input) +
                                                   " inputs a step");
      budget.charge(static_cast<std::size_t>(s.steps * s.input) * sizeof(float) + 64);
      Label label{0, {}};
      if (numbered) {
        label.number = DatumGetInt64(y);
        if (label.number < 0 || label.number >= FastGrnnShape::kMaxClasses)
          throw Error(ErrorCode::invalid_argument,
                      "class must be between 0 and 4095, not " + std::to_string(label.number));
        classes = std::max(classes, static_cast<int>(label.number) + 1);
      } else {
        const Sequence t = sequence_of(y);
        if (t.steps != 1) throw Error(ErrorCode::data_exception, "targets must be one-dimensional");
        label.targets.assign(t.x, t.x + t.input);
        for (const float v : label.targets)
          if (v < 0 || v > 1)
            throw Error(ErrorCode::data_exception, "targets must be between 0 and 1");
        if (classes == 0) classes = t.input;
        if (t.input != classes)
          throw Error(ErrorCode::data_exception, "rows have " + std::to_string(classes) + " and " +
                                                     std::to_string(t.input) + " targets");
      }
      labels.push_back(std::move(label));
      set.start.push_back(set.x.size());
      set.steps.push_back(s.steps);
      set.x.insert(set.x.end(), s.x, s.x + s.steps * s.input);
    }
    call([] { SPI_freetuptable(SPI_tuptable); });
  }
  call([portal] { SPI_cursor_close(portal); });
  if (labels.empty()) throw Error(ErrorCode::invalid_argument, "training query returned no rows");
  if (numbered && head == Head::softmax) classes = std::max(classes, 2);
  set.classes = classes;
  budget.charge(labels.size() * static_cast<std::size_t>(classes) * sizeof(float));
  for (const Label& l : labels) {
    std::vector<float> t = l.targets;
    if (numbered) {
      t.assign(static_cast<std::size_t>(classes), 0.0F);
      t[static_cast<std::size_t>(l.number)] = 1;
    }
    set.target.insert(set.target.end(), t.begin(), t.end());
  }
  return set;
}

}  // namespace

RV_FUNCTION(rv_fastgrnn_train)
{
  const std::string query(text_argument(fcinfo, 0));
  JsonOptions o(PG_GETARG_DATUM(1), false);
  FastGrnnShape shape = shape_options(o);
  const int classes = o.integer("classes", 0, 0, FastGrnnShape::kMaxClasses);
  FastGrnnTraining t;
  t.epochs = o.integer("epochs", t.epochs, 1, 100000);
  t.batch = o.integer("batch", t.batch, 1, 65536);
  t.learning_rate = o.number("learning_rate", t.learning_rate, 1e-9, 1);
  t.clip = o.number("clip", t.clip, 0, 1e9);
  t.w_sparsity = o.number("w_sparsity", 1, 1e-6, 1);
  t.u_sparsity = o.number("u_sparsity", 1, 1e-6, 1);
  t.seed = static_cast<std::uint64_t>(o.integer("seed", 42, 0, INT_MAX));
  t.validation_share = o.number("validation_share", 0, 0, 0.5);
  t.patience = o.integer("patience", 0, 0, 100000);
  const bool int8 = o.boolean("int8", false);
  o.finish();
  MemoryBudget budget(static_cast<std::size_t>(maintenance_work_mem) * 1024,
                      "maintenance_work_mem");
  std::vector<std::byte> bytes;
  std::optional<FastGrnnTrainer> trainer;
  {
    SqlSession sql(schema_of_function(fcinfo));
    SequenceSet set = read_sequences(sql, query, classes, shape.head, budget);
    shape.input = set.input;
    shape.classes = set.classes;
    trainer.emplace(shape, std::move(set), t, budget);
  }
  while (!trainer->run(interrupt_pending)) check_interrupts();
  bytes = int8 ? encode_int8(trainer->model()) : encode(trainer->model());
  Datum values[6] = {bytes_datum(bytes),
                     Int32GetDatum(static_cast<int>(trainer->model().parameters().size())),
                     Int32GetDatum(trainer->epochs_done()),
                     Float8GetDatum(trainer->loss()),
                     Float8GetDatum(trainer->validation_loss()),
                     Int32GetDatum(static_cast<int>(trainer->training_size()))};
  bool nulls[6] = {false, false, false, false, trainer->validation_size() == 0, false};
  return record_datum(fcinfo, values, nulls);
}

RV_FUNCTION(rv_fastgrnn_predict)
{
  const auto model = model_argument(fcinfo, 0);
  const Sequence s = sequence_of(PG_GETARG_DATUM(1));
  check_input(s, model.shape());
  const auto p = model.probabilities(s.x, s.steps, 1, nullptr);
  return float4_array_datum(p.data(), static_cast<int>(p.size()));
}

RV_FUNCTION(rv_fastgrnn_forward)
{
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) PG_RETURN_NULL();
  const auto model = model_argument(fcinfo, 0);
  const Sequence s = sequence_of(PG_GETARG_DATUM(1));
  check_input(s, model.shape());
  const float* h0 = nullptr;
  if (!PG_ARGISNULL(2)) {
    const Sequence h = sequence_of(PG_GETARG_DATUM(2));
    if (h.steps != 1 || h.input != model.shape().hidden)
      throw Error(ErrorCode::data_exception,
                  "initial state must have " + std::to_string(model.shape().hidden) + " elements");
    h0 = h.x;
  }
  const auto states = model.states(s.x, s.steps, h0);
  const float* out = states.data();
  const int n = static_cast<int>(states.size());
  const int hidden = model.shape().hidden;
  return call([&] {
    auto* elements = static_cast<Datum*>(palloc(sizeof(Datum) * Size(n + 1)));
    for (int i = 0; i < n; ++i) elements[i] = Float4GetDatum(out[i]);
    int dims[2] = {s.steps, hidden};
    int lower[2] = {1, 1};
    return PointerGetDatum(construct_md_array(elements, nullptr, 2, dims, lower, FLOAT4OID,
                                              sizeof(float4), true, TYPALIGN_INT));
  });
}

RV_FUNCTION(rv_fastgrnn_quantize)
{ return bytes_datum(encode_int8(model_argument(fcinfo, 0))); }

RV_FUNCTION(rv_fastgrnn_pack)
{
  JsonOptions o(PG_GETARG_DATUM(0), false);
  FastGrnnShape shape = shape_options(o);
  shape.input = o.integer("input", 0, 0, FastGrnnShape::kMaxInput);
  shape.classes = o.integer("classes", 0, 0, FastGrnnShape::kMaxClasses);
  o.finish();
  shape.check();
  const FloatArray p = float_array_argument(fcinfo, 1);
  for (int i = 0; i < p.count; ++i)
    if (!std::isfinite(p.values[i]))
      throw Error(ErrorCode::data_exception, "parameters must be finite numbers");
  return bytes_datum(
      encode(FastGrnn<float>(shape, std::vector<float>(p.values, p.values + p.count))));
}

RV_FUNCTION(rv_fastgrnn_info)
{
  const auto bytes = text_argument(fcinfo, 0);
  const auto model = model_argument(fcinfo, 0);
  const FastGrnnShape& s = model.shape();
  const std::string json =
      "{\"input\": " + std::to_string(s.input) + ", \"hidden\": " + std::to_string(s.hidden) +
      ", \"classes\": " + std::to_string(s.classes) + ", \"w_rank\": " + std::to_string(s.w_rank) +
      ", \"u_rank\": " + std::to_string(s.u_rank) + ", \"gate\": \"" + nonlinearity_name(s.gate) +
      "\", \"update\": \"" + nonlinearity_name(s.update) + "\", \"head\": \"" +
      (s.head == Head::softmax ? "softmax" : "logistic") +
      "\", \"parameters\": " + std::to_string(model.parameters().size()) +
      ", \"bytes\": " + std::to_string(bytes.size()) + "}";
  return sql_json(json).datum;
}
