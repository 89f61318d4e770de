// Clauses that read and project, and the statement as a whole.
#include "core/graph/parser_impl.h"
#include "core/graph/query_error.h"

namespace rv::graph {

bool Parser::take(std::string_view symbol) {
  if (!at(symbol)) return false;
  ++i_;
  return true;
}

bool Parser::take_word(std::string_view word) {
  if (!at_word(word)) return false;
  ++i_;
  return true;
}

void Parser::fail(std::uint32_t position, const std::string& message,
                  std::string_view detail) const {
  throw query_error(ErrorCode::syntax_error, text_, position, message,
                    "SyntaxError: " + std::string(detail));
}

void Parser::unexpected(std::string_view expected) const {
  const Token& t = peek();
  const std::string found = t.kind == Tok::end
                                ? std::string("the end of the query")
                                : "\"" + std::string(text_.substr(t.position, t.length)) + "\"";
  fail(t.position, "expected " + std::string(expected) + ", found " + found);
}

void Parser::expect(std::string_view symbol, std::string_view after) {
  if (take(symbol)) return;
  unexpected("\"" + std::string(symbol) + "\"" +
             (after.empty() ? std::string() : " after " + std::string(after)));
}

void Parser::expect_word(std::string_view word, std::string_view after) {
  if (!take_word(word)) unexpected(std::string(word) + " after " + std::string(after));
}

std::string Parser::expect_name(std::string_view what) {
  if (!at_name()) unexpected(what);
  return tokens_[i_++].text;
}

Span Parser::since(std::uint32_t begin) const {
  if (i_ == 0) return {begin, begin};
  const Token& last = tokens_[i_ - 1];
  return {begin, last.position + last.length};
}

std::unique_ptr<Statement> Parser::statement() {
  auto s = std::make_unique<Statement>();
  s->text = text_;
  if (at_word("EXPLAIN") || at_word("PROFILE")) {
    s->mode = at_word("EXPLAIN") ? Statement::Mode::explain : Statement::Mode::profile;
    ++i_;
  }
  if (!schema_command(*s)) query(s->query, false);
  take(";");
  if (peek().kind != Tok::end) unexpected("the end of the query");
  return s;
}

void Parser::query(Query& q, bool subquery) {
  const std::uint32_t begin = here();
  q.parts.emplace_back();
  single_query(q.parts.back(), subquery);
  while (take_word("UNION")) {
    q.union_all.push_back(take_word("ALL"));
    if (!q.union_all.back()) take_word("DISTINCT");
    q.parts.emplace_back();
    single_query(q.parts.back(), subquery);
  }
  for (std::size_t i = 1; i < q.union_all.size(); ++i)
    if (q.union_all[i] != q.union_all[0])
      fail(begin, "UNION and UNION ALL cannot be mixed", "InvalidClauseComposition");
  q.span = since(begin);
}

std::unique_ptr<Query> Parser::braced_query() {
  const Nesting nesting(*this);
  auto q = std::make_unique<Query>();
  const std::uint32_t begin = here();
  expect("{", "");
  if (at("(") || (at_name() && at("=", 1) && at("(", 2))) {  // a pattern alone
    q->parts.emplace_back();
    auto m = std::make_unique<Clause>();
    m->kind = Clause::Kind::match;
    m->pattern = pattern();
    if (take_word("WHERE")) m->where = expression();
    m->span = since(begin);
    q->parts[0].clauses.push_back(std::move(m));
  } else {
    query(*q, true);
  }
  expect("}", "a subquery");
  q->span = since(begin);
  return q;
}

bool Parser::at_clause_end() const {
  return peek().kind == Tok::end || at(";") || at("}") || at(")") || at_word("UNION");
}

void Parser::single_query(SingleQuery& q, bool subquery) {
  while (!at_clause_end()) {
    if (!clause(q)) unexpected("a clause such as MATCH, CREATE or RETURN");
  }
  if (q.clauses.empty()) unexpected(subquery ? "a subquery" : "a query");
}

bool Parser::clause(SingleQuery& q) {
  if (++clauses_ > kMostClauses)
    throw Error(ErrorCode::too_complex,
                "query has more than " + std::to_string(kMostClauses) + " clauses", {},
                "Pass rows as a parameter to UNWIND instead of writing a clause for each.");
  const std::uint32_t begin = here();
  ClausePtr c;
  if (take_word("MATCH")) {
    c = match(false);
  } else if (at_word("OPTIONAL") && at_word("MATCH", 1)) {
    i_ += 2;
    c = match(true);
  } else if (at_word("OPTIONAL") && at_word("CALL", 1)) {
    i_ += 2;
    c = call(true);
  } else if (take_word("UNWIND")) {
    c = unwind();
  } else if (take_word("WITH")) {
    c = projection(Clause::Kind::with);
  } else if (take_word("RETURN")) {
    c = projection(Clause::Kind::return_);
  } else if (take_word("CREATE")) {
    c = create();
  } else if (take_word("MERGE")) {
    c = merge();
  } else if (take_word("SET")) {
    c = set();
  } else if (take_word("REMOVE")) {
    c = remove();
  } else if (take_word("DELETE")) {
    c = delete_clause(false);
  } else if (at_word("DETACH") && at_word("DELETE", 1)) {
    i_ += 2;
    c = delete_clause(true);
  } else if (take_word("CALL")) {
    c = call(false);
    c->standalone = q.clauses.empty() && c->subquery == nullptr && at_clause_end();
  } else if (take_word("FOREACH")) {
    c = foreach ();
  } else if (at_word("LOAD") && at_word("CSV", 1)) {
    throw query_error(ErrorCode::not_supported, text_, begin,
                      "LOAD CSV is not supported: it would read the server's files",
                      "SyntaxError: UnexpectedSyntax",
                      "Use COPY into a table and ruvector_graph_import(), or pass rows as a "
                      "parameter to UNWIND.");
  } else {
    return false;
  }
  c->span = since(begin);
  q.clauses.push_back(std::move(c));
  return true;
}

ClausePtr Parser::match(bool optional) {
  auto c = std::make_unique<Clause>();
  c->kind = Clause::Kind::match;
  c->optional = optional;
  c->pattern = pattern();
  if (take_word("WHERE")) c->where = expression();
  return c;
}

ClausePtr Parser::unwind() {
  auto c = std::make_unique<Clause>();
  c->kind = Clause::Kind::unwind;
  c->exprs.push_back(expression());
  expect_word("AS", "the list of UNWIND");
  c->name = expect_name("a variable");
  return c;
}

ClausePtr Parser::projection(Clause::Kind kind) {
  auto c = std::make_unique<Clause>();
  c->kind = kind;
  c->distinct = take_word("DISTINCT");
  const bool star = take("*");
  c->star = star;
  if (!star || take(",")) {
    do {
      ProjectionItem item;
      item.expr = expression();
      if (take_word("AS")) {
        item.aliased = true;
        item.alias = expect_name("an alias");
      } else {
        // The text as written names the column.
        item.alias =
            text_.substr(item.expr->span.begin, item.expr->span.end - item.expr->span.begin);
        if (item.expr->in_parentheses) item.alias = "(" + item.alias + ")";
        if (item.expr->kind == ExprKind::variable) item.alias = item.expr->name;
      }
      c->items.push_back(std::move(item));
    } while (take(","));
  }
  if (at_word("ORDER") && at_word("BY", 1)) {
    i_ += 2;
    do {
      SortItem s;
      s.expr = expression();
      if (take_word("DESC") || take_word("DESCENDING")) {
        s.descending = true;
      } else if (!take_word("ASC")) {
        take_word("ASCENDING");
      }
      c->order.push_back(std::move(s));
    } while (take(","));
  }
  if (take_word("SKIP") || take_word("OFFSET")) c->skip = expression();
  if (take_word("LIMIT")) c->limit = expression();
  if (kind == Clause::Kind::with && take_word("WHERE")) c->where = expression();
  return c;
}

// CALL name(args) YIELD a AS b WHERE p, or CALL (imports) { query }
ClausePtr Parser::call(bool optional) {
  auto c = std::make_unique<Clause>();
  c->optional = optional;
  if (at("{") || at("(")) {
    c->kind = Clause::Kind::call_subquery;
    if (take("(")) {
      c->imports_listed = true;
      if (take("*")) {
        c->imports.emplace_back("*");
      } else if (!at(")")) {
        do c->imports.push_back(expect_name("a variable"));
        while (take(","));
      }
      expect(")", "the variables of a subquery");
    }
    c->subquery = braced_query();
    if (at_word("IN") && (at_word("TRANSACTIONS", 1) || at_word("CONCURRENT", 1)))
      throw query_error(ErrorCode::not_supported, text_, here(),
                        "CALL ... IN TRANSACTIONS is not supported inside a transaction",
                        "SyntaxError: UnexpectedSyntax");
    return c;
  }
  c->kind = Clause::Kind::call;
  c->name = expect_name("a procedure name");
  while (take(".")) c->name += "." + expect_name("a procedure name");
  if (take("(")) {
    c->has_arguments = true;
    if (!at(")")) {
      do c->exprs.push_back(expression());
      while (take(","));
    }
    expect(")", "the arguments of a procedure");
  }
  if (take_word("YIELD")) yield(*c);
  return c;
}

void Parser::yield(Clause& c) {
  c.has_yield = true;
  if (at("-")) {  // YIELD -: nothing
    ++i_;
    return;
  }
  if (take("*")) {
    c.star = true;
  } else {
    do {
      Clause::Yield y;
      const std::uint32_t begin = here();
      y.field = y.alias = expect_name("a result of the procedure");
      if (take_word("AS")) y.alias = expect_name("an alias");
      y.span = since(begin);
      c.yields.push_back(std::move(y));
    } while (take(","));
  }
  if (take_word("WHERE")) c.where = expression();
}

std::unique_ptr<Statement> parse(std::string_view text) { return Parser(text).statement(); }

}  // namespace rv::graph
