#include "pg/graph/procedure.h"

#include <vector>

#include "core/graph/signature_text.h"
#include "pg/base/datum.h"
#include "pg/graph/catalog.h"
#include "pg/graph/sql_value.h"

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/syscache.h"
}

namespace rv::pg {
namespace {

constexpr int kMaxArguments = 100;

// What the catalogue says of a function.
struct Function {
  Oid oid;
  int arguments;
  Oid types[kMaxArguments];
  bool returns_nothing;
};

Function look_up_function(Oid oid) {
  return call([oid] {
    HeapTuple t = SearchSysCache1(PROCOID, ObjectIdGetDatum(oid));
    if (!HeapTupleIsValid(t))
      ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION),
                      errmsg("the function of the procedure does not exist any more")));
    auto* form = reinterpret_cast<Form_pg_proc>(GETSTRUCT(t));
    Function f{};
    f.oid = oid;
    f.arguments = form->pronargs;
    for (int i = 0; i < form->pronargs && i < kMaxArguments; ++i)
      f.types[i] = form->proargtypes.values[i];
    f.returns_nothing = form->prorettype == VOIDOID;
    ReleaseSysCache(t);
    return f;
  });
}

std::string function_name(Oid oid) {
  return call([oid]() -> const char* {
    return quote_qualified_identifier(get_namespace_name(get_func_namespace(oid)),
                                      get_func_name(oid));
  });
}

// With schema and argument types, whatever the search path: dumps keep it as text.
std::string stored_name(Oid oid) {
  return call([oid]() -> const char* { return format_procedure_qualified(oid); });
}

class SqlProcedure final : public graph::Procedure {
 public:
  SqlProcedure(graph::Signature signature, Oid function)
      : signature_(std::move(signature)), function_(look_up_function(function)) {
    sql_ = "SELECT " + std::string(signature_.nothing ? "1 FROM (SELECT " : "* FROM ") +
           function_name(function) + "(";
    for (int i = 0; i < function_.arguments; ++i)
      sql_ += (i > 0 ? ", $" : "$") + std::to_string(i + 1);
    sql_ += signature_.nothing ? ")) t" : ") t";
  }
  const graph::Signature& signature() const override { return signature_; }

  void call(graph::GraphStore&, std::span<const graph::Value> arguments, graph::Arena& arena,
            graph::RowSink& rows) const override {
    std::vector<Datum> values(arguments.size());
    std::vector<char> nulls(arguments.size());
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      bool is_null;
      values[i] = datum_of_value(arguments[i], function_.types[i], &is_null);
      nulls[i] = is_null ? 'n' : ' ';
    }
    const char* sql = sql_.c_str();
    Oid* types = const_cast<Oid*>(function_.types);
    const int n = function_.arguments;
    SPITupleTable* table = pg::call([&] {
      if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
      if (SPI_execute_with_args(sql, n, types, values.data(), nulls.data(), false, 0) !=
          SPI_OK_SELECT)
        elog(ERROR, "the procedure returned no rows");
      return SPI_tuptable;
    });
    if (!signature_.nothing) emit(table, arena, rows);
    pg::call([] { SPI_finish(); });
  }

 private:
  void emit(SPITupleTable* table, graph::Arena& arena, graph::RowSink& rows) const {
    const auto columns = static_cast<std::size_t>(table->tupdesc->natts);
    if (columns < signature_.outputs.size())
      throw Error(ErrorCode::type_mismatch, "the function of procedure " + signature_.name +
                                                " returns " + std::to_string(columns) +
                                                " columns, the signature says " +
                                                std::to_string(signature_.outputs.size()));
    std::vector<graph::Value> row(signature_.outputs.size());
    for (std::uint64_t r = 0; r < table->numvals; ++r) {
      for (std::size_t c = 0; c < row.size(); ++c) {
        bool null;
        const Datum d = pg::call([&] {
          return SPI_getbinval(table->vals[r], table->tupdesc, static_cast<int>(c) + 1, &null);
        });
        row[c] = value_of_datum(
            d, null, TupleDescAttr(table->tupdesc, static_cast<int>(c))->atttypid, arena);
        // FLOAT columns may come from integers.
        if (signature_.outputs[c].type == graph::FieldType::floating && row[c].is_number())
          row[c] = graph::Value::floating(row[c].as_double());
      }
      rows.row(row);
      check_interrupts();
    }
  }

  graph::Signature signature_;
  Function function_;
  std::string sql_;
};

}  // namespace

std::unique_ptr<graph::Procedure> find_sql_procedure(const std::string& extension,
                                                     std::string_view name) {
  struct Found {
    const char* signature;
    Oid function;
  };
  const std::string sql = "SELECT signature, function::pg_catalog.regprocedure FROM " + extension +
                          ".ruvector_procedures WHERE name = " + literal(name);
  const char* text = sql.c_str();
  const Found found = call([text] {
    MemoryContext outer = CurrentMemoryContext;
    if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
    if (SPI_execute(text, true, 1) != SPI_OK_SELECT) elog(ERROR, "no procedures");
    Found f{nullptr, InvalidOid};
    if (SPI_processed == 1) {
      bool null;
      f.signature =
          MemoryContextStrdup(outer, SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1));
      f.function =
          DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &null));
    }
    SPI_finish();
    return f;
  });
  if (found.signature == nullptr) return nullptr;
  return std::make_unique<SqlProcedure>(graph::parse_signature(found.signature), found.function);
}

}  // namespace rv::pg

using namespace rv;
using namespace rv::pg;

// ruvector_register_procedure(signature, function)
RV_FUNCTION(rv_register_procedure)
{
  const auto text = std::string(text_argument(fcinfo, 0));
  const Oid function = PG_GETARG_OID(1);
  const graph::Signature signature = graph::parse_signature(text);
  if (signature.name.starts_with("ruvector.") || signature.name.starts_with("db."))
    throw Error(ErrorCode::invalid_argument,
                "procedure \"" + signature.name + "\" is in a namespace of the system's own");
  const Function f = look_up_function(function);
  if (f.arguments != static_cast<int>(signature.inputs.size()))
    throw Error(ErrorCode::invalid_argument, "the function has " + std::to_string(f.arguments) +
                                                 " arguments, the signature of procedure " +
                                                 signature.name + " has " +
                                                 std::to_string(signature.inputs.size()));
  if (f.returns_nothing && !signature.nothing)
    throw Error(ErrorCode::invalid_argument,
                "the function returns nothing, the signature of procedure " + signature.name +
                    " has outputs");
  run_sql("INSERT INTO " + extension_schema(fcinfo) +
          ".ruvector_procedures (name, signature, function) VALUES (" + literal(signature.name) +
          ", " + literal(text) + ", " + literal(stored_name(function)) +
          ") ON CONFLICT (name) DO UPDATE SET signature = EXCLUDED.signature, "
          "function = EXCLUDED.function");
  PG_RETURN_VOID();
}
