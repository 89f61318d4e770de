// The type bm25query, the operator <@>, and what the planner needs to know about it.
#include <optional>
#include <string>

#include "pg/sparse/bm25_query.h"
#include "pg/sparse/row_score.h"
#include "pg/sparse/statistics.h"

#include "pg/base/datum.h"

extern "C" {
#include "catalog/pg_type.h"
#include "tsearch/ts_utils.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
}

using namespace rv;
using namespace rv::pg;

namespace {

constexpr const char* kSyntax =
    "The form is words:INDEX:TEXT or tsquery:INDEX:QUERY; INDEX may be empty.";

[[noreturn]] void fail_syntax() {
  throw Error(ErrorCode::invalid_text, "invalid input syntax for type bm25query", {}, kSyntax);
}

// "words:public.docs_idx:aircraft wing". A quoted index name may hold colons. What does not begin
// with a kind is words without an index: bm25query('aircraft wing') is a cast to PostgreSQL.
Datum parse_query(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  if (colon == std::string_view::npos || (kind != "words" && kind != "tsquery"))
    return make_bm25_query(InvalidOid, QueryKind::words, text);
  std::size_t end = colon + 1;
  for (bool quoted = false; end < text.size() && (quoted || text[end] != ':'); ++end)
    if (text[end] == '"') quoted = !quoted;
  if (end >= text.size()) fail_syntax();
  const std::string index(text.substr(colon + 1, end - colon - 1)), rest(text.substr(end + 1));
  Oid id = InvalidOid;
  if (!index.empty()) {
    const char* name = index.c_str();
    id = call([name] {
      return DatumGetObjectId(DirectFunctionCall1(regclassin, CStringGetDatum(name)));
    });
  }
  if (kind == "words") return make_bm25_query(id, QueryKind::words, rest);
  const char* query = rest.c_str();
  const TSQuery parsed = call(
      [query] { return DatumGetTSQuery(DirectFunctionCall1(tsqueryin, CStringGetDatum(query))); });
  return make_bm25_query(id, QueryKind::tsquery,
                         {reinterpret_cast<const char*>(parsed), VARSIZE(parsed)});
}

std::string printed(const Bm25QueryData* q) {
  std::string out = q->kind == QueryKind::words ? "words:" : "tsquery:";
  if (OidIsValid(q->index)) {
    const Oid id = q->index;
    out += call(
        [id] { return DatumGetCString(DirectFunctionCall1(regclassout, ObjectIdGetDatum(id))); });
  }
  out += ':';
  const std::string_view payload = payload_of(q);
  if (q->kind == QueryKind::words) return out.append(payload);
  const char* from = payload.data();
  const std::size_t size = payload.size();
  return out + call([from, size] {
           void* copy = palloc(size);
           memcpy(copy, from, size);
           return DatumGetCString(DirectFunctionCall1(tsqueryout, PointerGetDatum(copy)));
         });
}

// What a call site remembers from row to row.
struct ScoreCall {
  Moment moment{};
  Oid index = InvalidOid;
  QueryKind kind{};
  std::string payload;
  std::shared_ptr<const PreparedText> text;
  std::optional<Tokenizer> words;
  sparse::Document document;
};

ScoreCall& score_call(FunctionCallInfo fcinfo, const Bm25QueryData* q) {
  FmgrInfo* const info = fcinfo->flinfo;
  if (info->fn_extra == nullptr) info->fn_extra = make_owned_by<ScoreCall>(info->fn_mcxt);
  auto& c = *static_cast<ScoreCall*>(info->fn_extra);
  const Moment now = this_moment();
  if (c.text != nullptr && c.moment == now && c.index == q->index && c.kind == q->kind &&
      c.payload == payload_of(q))
    return c;
  if (!OidIsValid(q->index))
    throw Error(
        ErrorCode::invalid_argument, "bm25query names no index", {},
        "Write bm25query(query, 'index name'), or create one ruvector_bm25 index on the column.");
  c.text = prepared_text(q->index, q->kind, payload_of(q));
  c.moment = now;
  c.index = q->index;
  c.kind = q->kind;
  c.payload = payload_of(q);
  MemoryContext old = MemoryContextSwitchTo(info->fn_mcxt);
  c.words.reset();
  c.words.emplace(c.text->kind, c.text->configuration);
  MemoryContextSwitchTo(old);
  return c;
}

}  // namespace

RV_FUNCTION(rv_bm25query_in)
{ return parse_query(cstring_argument(fcinfo, 0)); }

RV_FUNCTION(rv_bm25query_out)
{
  const std::string s = printed(bm25_query_argument(fcinfo, 0));
  const char* from = s.c_str();
  return CStringGetDatum(call([from] { return pstrdup(from); }));
}

RV_FUNCTION(rv_bm25query_recv)
{
  auto* message = reinterpret_cast<StringInfo>(PG_GETARG_POINTER(0));
  int size = 0;
  const char* text =
      call([&] { return pq_getmsgtext(message, message->len - message->cursor, &size); });
  return parse_query({text, static_cast<std::size_t>(size)});
}

RV_FUNCTION(rv_bm25query_send)
{
  const std::string s = printed(bm25_query_argument(fcinfo, 0));
  return call([&s] {
    StringInfoData out;
    pq_begintypsend(&out);
    pq_sendtext(&out, s.data(), static_cast<int>(s.size()));
    return PointerGetDatum(pq_endtypsend(&out));
  });
}

// bm25query(text, regclass); not strict: without an index the scanned one is meant.
RV_FUNCTION(rv_bm25query_words)
{
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  return make_bm25_query(PG_ARGISNULL(1) ? InvalidOid : PG_GETARG_OID(1), QueryKind::words,
                         text_argument(fcinfo, 0));
}

RV_FUNCTION(rv_bm25query_tsquery)
{
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  const Datum d = PG_GETARG_DATUM(0);
  const TSQuery query = call([d] { return DatumGetTSQuery(d); });
  return make_bm25_query(PG_ARGISNULL(1) ? InvalidOid : PG_GETARG_OID(1), QueryKind::tsquery,
                         {reinterpret_cast<const char*>(query), VARSIZE(query)});
}

// text | text[] | tsvector <@> bm25query: the negative BM25 score, so that the best come first.
RV_FUNCTION(rv_bm25_distance)
{
  const Bm25QueryData* q = bm25_query_argument(fcinfo, 1);
  ScoreCall& c = score_call(fcinfo, q);
  const Oid type = call([fcinfo] { return get_fn_expr_argtype(fcinfo->flinfo, 0); });
  if (OidIsValid(type) && text_kind_of(type) != c.text->kind)
    throw Error(ErrorCode::type_mismatch,
                "the value is not of the type that the index of the bm25query holds");
  if (const auto known = row_score(c.text.get(), PG_GETARG_DATUM(0)))
    return Float8GetDatum(0 - *known);
  c.words->count(PG_GETARG_DATUM(0), c.document);
  double score = c.text->prepared->score(c.document.terms, c.document.length);
  if (score > 0 && c.text->rough) {
    // The payload's bytes need not be aligned where they lie.
    const std::string& payload = c.payload;
    const Datum tsquery = call([&payload] {
      void* copy = palloc(payload.size());
      memcpy(copy, payload.data(), payload.size());
      return PointerGetDatum(copy);
    });
    if (!c.words->matches(PG_GETARG_DATUM(0), tsquery)) score = 0;
    pfree(DatumGetPointer(tsquery));
  }
  return Float8GetDatum(0 - score);
}

// text <@> text stands in a query only until the planner has found the index.
RV_FUNCTION(rv_bm25_distance_text)
{
  throw Error(
      ErrorCode::wrong_state,
      "there is no single ruvector_bm25 index to take the statistics for <@> from", {},
      "Create one on the column, or name one: column <@> bm25query('words', 'index name').");
}
