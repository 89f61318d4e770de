// Attention over tables, read with the caller's rights: ruvector_cross_attention and
// ruvector_mha_search.
#include <algorithm>

#include "core/attention/online.h"
#include "core/base/memory_budget.h"
#include "core/simd/distance.h"
#include "pg/attention/arguments.h"
#include "pg/base/sql_cursor.h"

extern "C" {
#include "utils/lsyscache.h"
}

using namespace rv;
using namespace rv::pg;
using attention::Matrix;

namespace {

constexpr int kMaxHeads = 1024;

std::string column(FunctionCallInfo fcinfo, int n) {
  return quoted_name(NameStr(*DatumGetName(PG_GETARG_DATUM(n))));
}

// The two columns of a table as a query, NULL vectors left out.
std::string select_of(FunctionCallInfo fcinfo, const std::string& id, int table, int vector) {
  const std::string v = column(fcinfo, vector);
  return "SELECT " + (id.empty() ? std::string() : id + ", ") + v +
         "::" + quoted_name(call([fcinfo] {
           return get_namespace_name(get_func_namespace(fcinfo->flinfo->fn_oid));
         })) +
         ".vector FROM " + quoted_relation(PG_GETARG_OID(table)) + " WHERE " + v + " IS NOT NULL";
}

void put(FunctionCallInfo fcinfo, const std::string& id, Datum second) {
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  Datum values[2] = {text_datum(id), second};
  bool nulls[2] = {false, false};
  call([&] { tuplestore_putvalues(result->setResult, result->setDesc, values, nulls); });
}

void check_not_null(FunctionCallInfo fcinfo, std::initializer_list<int> arguments) {
  for (const int n : arguments)
    if (PG_ARGISNULL(n))
      throw Error(ErrorCode::null_not_allowed,
                  "argument " + std::to_string(n + 1) + " must not be null");
}

}  // namespace

// (query_table, query_column, document_table, document_column, type, params, id_column)
RV_FUNCTION(rv_cross_attention)
{
  check_not_null(fcinfo, {0, 1, 2, 3, 6});
  call([fcinfo] { rv_init_materialized_srf(fcinfo); });
  const Prepared p = prepared_argument(fcinfo, 4, 5);
  std::vector<std::string> ids;
  MemoryBudget budget(std::size_t(work_mem) * 1024, "work_mem");
  ToastReader reader(CurrentMemoryContext);
  std::vector<std::vector<float>> queries, documents;
  std::vector<std::vector<double>> outputs;
  {
    SqlSession session(schema_of_function(fcinfo));
    SqlCursor cursor(select_of(fcinfo, column(fcinfo, 6), 0, 1));
    while (cursor.next()) {
      ids.push_back(cursor.text(0));
      bool null;
      const auto x = vector_elements(cursor.value(1, &null), reader);
      budget.charge(x.size_bytes());
      queries.emplace_back(x.begin(), x.end());
    }
    cursor.close();
    const std::string documents_sql = select_of(fcinfo, "", 2, 3);
    SqlCursor source(documents_sql);
    if (attention::OnlineAttention::covers(p.type, p.params)) {
      // One pass over the documents for all queries at once.
      std::vector<attention::OnlineAttention> running;
      for (const auto& q : queries) {
        running.emplace_back(p.type, p.params);
        running.back().set_query(q);
        budget.charge(q.size() * (sizeof(float) + sizeof(double)));
      }
      while (source.next()) {
        bool null;
        const auto x = vector_elements(source.value(0, &null), reader);
        for (std::size_t i = 0; i < running.size(); ++i) {
          if (i % 256 == 0) check_interrupts();
          running[i].add(x, x);
        }
      }
      for (const auto& r : running)
        outputs.push_back(r.empty() ? std::vector<double>() : r.result());
    } else {
      while (source.next()) {
        bool null;
        const auto x = vector_elements(source.value(0, &null), reader);
        budget.charge(x.size() * (sizeof(float) + sizeof(double)));
        documents.emplace_back(x.begin(), x.end());
      }
      const auto matrix = [](const std::vector<std::vector<float>>& rows) {
        Matrix m(rows.size(), rows.empty() ? 0 : rows[0].size());
        for (std::size_t i = 0; i < rows.size(); ++i) {
          if (rows[i].size() != m.cols)
            check_same_dim(static_cast<int>(m.cols), static_cast<int>(rows[i].size()),
                           Vector::kName);
          std::copy(rows[i].begin(), rows[i].end(), m.row(i));
        }
        return m;
      };
      if (!queries.empty() && !documents.empty()) {
        attention::Options options;
        options.poll = [] { check_interrupts(); };
        const Matrix d = matrix(documents);
        const auto e = attention::attend(p.type, {matrix(queries), d, d}, p.params, options);
        if (e.output.rows != queries.size())
          throw Error(ErrorCode::invalid_argument,
                      "attention type \"" + p.type + "\" does not give one output for every query");
        for (std::size_t i = 0; i < e.output.rows; ++i)
          outputs.emplace_back(e.output.row(i), e.output.row(i) + e.output.cols);
      }
    }
    source.close();
  }
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (!outputs[i].empty()) put(fcinfo, ids[i], vector_datum(outputs[i]));
  return Datum(0);
}

// (table, column, query, num_heads, k, id_column). The score of a row is the mean over the
// heads of its attention weight among all rows: sum 1 over the table.
RV_FUNCTION(rv_mha_search)
{
  check_not_null(fcinfo, {0, 1, 2, 3, 4, 5});
  call([fcinfo] { rv_init_materialized_srf(fcinfo); });
  ToastReader reader(CurrentMemoryContext), query_reader(CurrentMemoryContext);
  const auto given = vector_elements(PG_GETARG_DATUM(2), query_reader);
  const std::vector<float> query(given.begin(), given.end());
  const int heads = PG_GETARG_INT32(3), k = PG_GETARG_INT32(4);
  if (heads < 1 || heads > kMaxHeads || query.size() % static_cast<std::size_t>(heads) != 0)
    throw Error(ErrorCode::invalid_argument, std::to_string(query.size()) +
                                                 " dimensions cannot be split into " +
                                                 std::to_string(heads) + " heads");
  if (k < 1)
    throw Error(ErrorCode::invalid_argument, "k must be at least 1, not " + std::to_string(k));
  const auto h = static_cast<std::size_t>(heads);
  const std::size_t width = query.size() / h;
  const float scale = 1 / std::sqrt(static_cast<float>(width));
  std::vector<std::string> ids;
  MemoryBudget budget(std::size_t(work_mem) * 1024, "work_mem");
  std::vector<float> scores;
  {
    SqlSession session(schema_of_function(fcinfo));
    SqlCursor cursor(select_of(fcinfo, column(fcinfo, 5), 0, 1));
    while (cursor.next()) {
      bool null;
      const auto x = vector_elements(cursor.value(1, &null), reader);
      if (x.size() != query.size())
        check_same_dim(static_cast<int>(query.size()), static_cast<int>(x.size()), Vector::kName);
      budget.charge(h * sizeof(float) + sizeof(std::string));
      ids.push_back(cursor.text(0));
      for (std::size_t t = 0; t < h; ++t)
        scores.push_back(scale * simd::kernels().inner_product(query.data() + t * width,
                                                               x.data() + t * width, width));
    }
    cursor.close();
  }
  const std::size_t n = ids.size();
  std::vector<double> mean(n, 0.0), one(n);
  for (std::size_t t = 0; t < h; ++t) {
    for (std::size_t i = 0; i < n; ++i) one[i] = static_cast<double>(scores[i * h + t]);
    attention::softmax(one.data(), n);
    attention::add_scaled(mean.data(), 1 / static_cast<double>(h), one.data(), n);
  }
  std::vector<std::size_t> order(n);
  for (std::size_t i = 0; i < n; ++i) order[i] = i;
  const std::size_t best = std::min(n, static_cast<std::size_t>(k));
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(best), order.end(),
                    [&mean](std::size_t a, std::size_t b) {
                      return mean[a] != mean[b] ? mean[a] > mean[b] : a < b;
                    });
  for (std::size_t i = 0; i < best; ++i) put(fcinfo, ids[order[i]], Float8GetDatum(mean[order[i]]));
  return Datum(0);
}
