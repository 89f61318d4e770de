#include "pg/base/spi.h"

#include <cmath>
#include <exception>
#include <map>
#include <utility>

#include "core/base/no_destructor.h"

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
}

namespace rv::pg {
namespace {

struct PlanKey {
  const char* statement;  // literals live as long as the module
  std::string prefix;
  bool operator<(const PlanKey& o) const {
    return std::pair(statement, std::string_view(prefix)) <
           std::pair(o.statement, std::string_view(o.prefix));
  }
};

std::map<PlanKey, SPIPlanPtr>& plans() {
  static NoDestructor<std::map<PlanKey, SPIPlanPtr>> all;
  return *all;
}

std::string quoted(const char* identifier) {
  const char* q = call([identifier] { return quote_identifier(identifier); });
  return q;
}

}  // namespace

Oid schema_of_function(FunctionCallInfo fcinfo) {
  const Oid function = fcinfo->flinfo->fn_oid;
  const Oid schema = call([function] { return get_func_namespace(function); });
  if (schema == InvalidOid) throw Error(ErrorCode::internal, "called outside SQL");
  return schema;
}

Oid relation_in_schema(Oid schema, const char* name) {
  return call([schema, name] { return get_relname_relid(name, schema); });
}

SqlValue sql_text(std::string_view s) {
  return {TEXTOID, call([&s] {
            return PointerGetDatum(cstring_to_text_with_len(s.data(), static_cast<int>(s.size())));
          }),
          false};
}
SqlValue sql_name(const std::string& s) {
  const char* c = s.c_str();
  return {NAMEOID, call([c] { return DirectFunctionCall1(namein, CStringGetDatum(c)); }), false};
}

SqlValue sql_int(std::int64_t v) { return {INT8OID, Int64GetDatum(v), false}; }
SqlValue sql_real(double v) {
  return std::isnan(v) ? sql_null(FLOAT8OID) : SqlValue{FLOAT8OID, Float8GetDatum(v), false};
}
SqlValue sql_bool(bool v) { return {BOOLOID, BoolGetDatum(v), false}; }
SqlValue sql_json(const std::string& s) {
  const char* c = s.c_str();
  return {JSONBOID, call([c] { return DirectFunctionCall1(jsonb_in, CStringGetDatum(c)); }), false};
}
SqlValue sql_text_array(const std::vector<std::string>& v) {
  const auto* strings = v.data();
  const int n = static_cast<int>(v.size());
  const Datum d = call([strings, n] {
    auto* elements = static_cast<Datum*>(palloc(sizeof(Datum) * Size(n + 1)));
    for (int i = 0; i < n; ++i)
      elements[i] = PointerGetDatum(
          cstring_to_text_with_len(strings[i].data(), static_cast<int>(strings[i].size())));
    return PointerGetDatum(construct_array(elements, n, TEXTOID, -1, false, TYPALIGN_INT));
  });
  return {TEXTARRAYOID, d, false};
}
SqlValue sql_real_array(const std::vector<double>& v) {
  const double* numbers = v.data();
  const int n = static_cast<int>(v.size());
  const Datum d = call([numbers, n] {
    auto* elements = static_cast<Datum*>(palloc(sizeof(Datum) * Size(n + 1)));
    for (int i = 0; i < n; ++i) elements[i] = Float4GetDatum(static_cast<float>(numbers[i]));
    return PointerGetDatum(
        construct_array(elements, n, FLOAT4OID, sizeof(float4), true, TYPALIGN_INT));
  });
  return {FLOAT4ARRAYOID, d, false};
}
SqlValue sql_bytes(const void* bytes, std::size_t size) {
  return {BYTEAOID, call([bytes, size] {
            auto* out = static_cast<bytea*>(palloc(size + VARHDRSZ));
            SET_VARSIZE(out, size + VARHDRSZ);
            std::memcpy(VARDATA(out), bytes, size);
            return PointerGetDatum(out);
          }),
          false};
}
SqlValue sql_null(Oid type) { return {type, 0, true}; }

SqlSession::SqlSession(Oid schema) : schema_(schema), exceptions_(std::uncaught_exceptions()) {
  const char* name = call([schema] { return get_namespace_name(schema); });
  if (name == nullptr) throw Error(ErrorCode::undefined_object, "the extension's schema is gone");
  prefix_ = quoted(name) + ".";
  call([] {
    if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  });
}

// After an error PostgreSQL ends the session itself when it ends the (sub)transaction.
SqlSession::~SqlSession() {
  if (std::uncaught_exceptions() == exceptions_) SPI_finish();
}

std::string SqlSession::expand(std::string_view statement) const {
  std::string out;
  for (std::size_t i = 0; i < statement.size(); ++i) {
    if (statement[i] == '@' && i + 1 < statement.size() && statement[i + 1] == '.') {
      out += prefix_;
      ++i;
    } else {
      out += statement[i];
    }
  }
  return out;
}

std::string SqlSession::qualified(const char* name) const { return prefix_ + quoted(name); }

SqlRows SqlSession::finish(int code) const {
  if (code < 0)
    throw Error(ErrorCode::internal, std::string("SPI failed: ") + SPI_result_code_string(code));
  SqlRows rows;
  rows.affected_ = SPI_processed;
  rows.table_ = SPI_tuptable;
  rows.count_ = SPI_tuptable != nullptr ? static_cast<std::size_t>(SPI_processed) : 0;
  return rows;
}

SqlRows SqlSession::run(const char* statement, std::initializer_list<SqlValue> values,
                        bool read_only, long limit) {
  constexpr int kMost = 40;
  const int n = static_cast<int>(values.size());
  if (n > kMost) throw Error(ErrorCode::internal, "too many parameters");
  Oid types[kMost];
  Datum datums[kMost];
  char nulls[kMost + 1];
  int i = 0;
  for (const SqlValue& v : values) {
    types[i] = v.type;
    datums[i] = v.datum;
    nulls[i++] = v.null ? 'n' : ' ';
  }
  nulls[n] = '\0';
  auto& all = plans();
  auto found = all.find(PlanKey{statement, prefix_});
  if (found == all.end()) {
    const std::string text = expand(statement);
    const char* sql = text.c_str();
    SPIPlanPtr plan = call([&] {
      SPIPlanPtr p = SPI_prepare(sql, n, types);
      if (p == nullptr) elog(ERROR, "SPI_prepare: %s", SPI_result_code_string(SPI_result));
      if (SPI_keepplan(p) != 0) elog(ERROR, "SPI_keepplan failed");
      return p;
    });
    found = all.emplace(PlanKey{statement, prefix_}, plan).first;
  }
  SPIPlanPtr plan = found->second;
  const int code = call([&] { return SPI_execute_plan(plan, datums, nulls, read_only, limit); });
  return finish(code);
}

SqlRows SqlSession::run_once(const std::string& statement, const std::vector<SqlValue>& values,
                             bool read_only, long limit) {
  const std::string text = expand(statement);
  const char* sql = text.c_str();
  const int n = static_cast<int>(values.size());
  std::vector<Oid> types;
  std::vector<Datum> datums;
  std::string nulls;
  for (const SqlValue& v : values) {
    types.push_back(v.type);
    datums.push_back(v.datum);
    nulls += v.null ? 'n' : ' ';
  }
  Oid* t = types.data();
  Datum* d = datums.data();
  const char* z = nulls.c_str();
  const int code = call([&] { return SPI_execute_with_args(sql, n, t, d, z, read_only, limit); });
  return finish(code);
}

Datum SqlRows::datum(std::size_t row, int column, bool* null) const {
  SPITupleTable* t = table_;
  return call([&] { return SPI_getbinval(t->vals[row], t->tupdesc, column + 1, null); });
}
bool SqlRows::is_null(std::size_t row, int column) const {
  bool null = true;
  datum(row, column, &null);
  return null;
}
std::string SqlRows::text(std::size_t row, int column) const {
  SPITupleTable* t = table_;
  const char* s = call([&] { return SPI_getvalue(t->vals[row], t->tupdesc, column + 1); });
  return s == nullptr ? std::string() : std::string(s);
}
double SqlRows::real(std::size_t row, int column, double if_null) const {
  bool null = true;
  const Datum d = datum(row, column, &null);
  return null ? if_null : DatumGetFloat8(d);
}
std::int64_t SqlRows::integer(std::size_t row, int column, std::int64_t if_null) const {
  bool null = true;
  const Datum d = datum(row, column, &null);
  return null ? if_null : DatumGetInt64(d);
}
bool SqlRows::boolean(std::size_t row, int column) const {
  bool null = true;
  const Datum d = datum(row, column, &null);
  return !null && DatumGetBool(d);
}

}  // namespace rv::pg
