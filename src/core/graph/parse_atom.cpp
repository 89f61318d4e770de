// The smallest expressions: literals, names, calls, comprehensions, subqueries.
#include "core/graph/parser_impl.h"

namespace rv::graph {

ExprPtr Parser::number(bool negative) {
  const Token& t = peek();
  ExprPtr e = make(ExprKind::literal, t.position);
  if (t.kind == Tok::integer) {
    if (t.too_large && !negative) fail(t.position, "integer is too large", "IntegerOverflow");
    e->literal = Value::integer(t.integer);
  } else {
    e->literal = Value::floating(t.number);
  }
  ++i_;
  e->span = since(e->span.begin);
  return e;
}

ExprPtr Parser::atom() {
  const Token& t = peek();
  const std::uint32_t begin = t.position;
  ExprPtr e;
  switch (t.kind) {
    case Tok::integer:
    case Tok::floating:
      return number(false);
    case Tok::string:
      e = make(ExprKind::literal, begin);
      e->name = t.text;
      e->literal = Value::string(e->name);
      ++i_;
      break;
    case Tok::parameter:
      e = make(ExprKind::parameter, begin);
      e->name = t.text;
      ++i_;
      break;
    case Tok::word:
    case Tok::quoted:
      e = name_atom();
      break;
    case Tok::symbol:
      if (at("(")) {
        if (at_pattern()) return pattern_expression();
        ++i_;
        e = expression();
        expect(")", "an expression");
        e->in_parentheses = true;
        return e;
      }
      if (at("[")) return bracket_atom();
      if (at("{")) return map_literal();
      [[fallthrough]];
    case Tok::end:
      unexpected("an expression");
  }
  e->span = since(begin);
  return e;
}

ExprPtr Parser::name_atom() {
  const std::uint32_t begin = here();
  if (peek().kind == Tok::word) {
    const auto constant = [&](Value v) {
      ExprPtr e = make(ExprKind::literal, begin);
      e->literal = v;
      ++i_;
      return e;
    };
    const bool call = at("(", 1);
    if (!call && at_word("TRUE")) return constant(Value::boolean(true));
    if (!call && at_word("FALSE")) return constant(Value::boolean(false));
    if (!call && at_word("NULL")) return constant(Value::null());
    if (at_word("CASE")) return case_expression();
    if (at("{", 1)) {
      if (at_word("EXISTS")) return subquery_expression(ExprKind::exists_subquery);
      if (at_word("COUNT")) return subquery_expression(ExprKind::count_subquery);
      if (at_word("COLLECT")) return subquery_expression(ExprKind::collect_subquery);
    }
    if (call) {
      for (const auto q : {"ALL", "ANY", "NONE", "SINGLE"})
        if (at_word(q) && at_name(2) && at_word("IN", 3)) return list_predicate();
      if (at_word("REDUCE") && at_name(2) && at("=", 3)) return reduce();
      for (const auto s : {"shortestPath", "allShortestPaths"})
        if (at_word(s)) return pattern_expression();
    }
  }
  std::size_t k = 1;
  while (at(".", k) && at_name(k + 1)) k += 2;
  if (at("(", k)) return function_call();
  ExprPtr e = make(ExprKind::variable, begin);
  e->name = peek().text;
  ++i_;
  e->span = since(begin);
  return e;
}

ExprPtr Parser::function_call() {
  const std::uint32_t begin = here();
  std::string name = expect_name("a function name");
  while (take(".")) name += "." + expect_name("a function name");
  expect("(", "a function name");
  if (equal_ignoring_case(name, "count") && at("*") && at(")", 1)) {
    i_ += 2;
    return make(ExprKind::count_star, begin);
  }
  ExprPtr e = make(ExprKind::call, begin);
  e->name = std::move(name);
  e->distinct = take_word("DISTINCT");
  if (!at(")")) {
    do e->args.push_back(expression());
    while (take(","));
  }
  expect(")", "the arguments of " + e->name);
  // exists(pattern) is the pattern's predicate.
  if (equal_ignoring_case(e->name, "exists") && e->args.size() == 1 && e->args[0]->is_pattern) {
    e->args[0]->in_exists = true;
    return std::move(e->args[0]);
  }
  return e;
}

ExprPtr Parser::case_expression() {
  ExprPtr e = make(ExprKind::case_of, here());
  ++i_;
  if (!at_word("WHEN")) {
    e->has_operand = true;
    e->args.push_back(expression());
  }
  if (!at_word("WHEN")) unexpected("WHEN");
  while (take_word("WHEN")) {
    e->args.push_back(expression());
    expect_word("THEN", "WHEN");
    e->args.push_back(expression());
  }
  if (take_word("ELSE")) {
    e->has_else = true;
    e->args.push_back(expression());
  }
  expect_word("END", "CASE");
  return e;
}

// [a, b]   [x IN list WHERE p | e]   [p = (a)-->(b) WHERE q | e]
ExprPtr Parser::bracket_atom() {
  const std::uint32_t begin = here();
  if (at_name(1) && at_word("IN", 2)) {
    i_ += 1;
    ExprPtr e = make(ExprKind::list_comprehension, begin);
    e->name = expect_name("a variable");
    ++i_;
    e->args.push_back(expression());
    e->args.push_back(take_word("WHERE") ? expression() : nullptr);
    e->args.push_back(take("|") ? expression() : nullptr);
    expect("]", "a list comprehension");
    e->span = since(begin);
    return e;
  }
  ++i_;
  if ((at_name() && at("=", 1) && at("(", 2)) || at_pattern()) {
    const std::size_t start = i_;
    ExprPtr e = pattern_comprehension();
    if (e != nullptr) {
      e->span = since(begin);
      return e;
    }
    i_ = start;
  }
  ExprPtr e = make(ExprKind::list, begin);
  if (!at("]")) {
    do e->args.push_back(expression());
    while (take(","));
  }
  expect("]", "a list");
  e->span = since(begin);
  return e;
}

ExprPtr Parser::map_literal() {
  ExprPtr e = make(ExprKind::map, here());
  const std::uint32_t begin = here();
  expect("{", "");
  if (!at("}")) {
    do {
      e->names.push_back(peek().kind == Tok::string ? tokens_[i_++].text
                                                    : expect_name("a map key"));
      expect(":", "a map key");
      e->args.push_back(expression());
    } while (take(","));
  }
  expect("}", "a map");
  e->span = since(begin);
  return e;
}

ExprPtr Parser::map_projection(ExprPtr base) {
  const Nesting nesting(*this);
  ExprPtr e = make(ExprKind::map_projection, base->span.begin);
  e->args.push_back(std::move(base));
  expect("{", "");
  while (!at("}")) {
    if (take(".")) {
      if (take("*")) {
        e->names.emplace_back(".*");
      } else {
        e->names.push_back("." + expect_name("a property name"));
      }
      e->args.push_back(nullptr);
    } else {
      const std::uint32_t begin = here();
      std::string key = expect_name("a map key");
      if (take(":")) {
        e->args.push_back(expression());
      } else {
        ExprPtr v = make(ExprKind::variable, begin);
        v->name = key;
        v->span = since(begin);
        e->args.push_back(std::move(v));
      }
      e->names.push_back(std::move(key));
    }
    if (!take(",")) break;
  }
  expect("}", "a map projection");
  return e;
}

ExprPtr Parser::list_predicate() {
  ExprPtr e = make(ExprKind::quantifier, here());
  const std::uint32_t begin = here();
  std::string which = tokens_[i_++].text;
  for (char& c : which) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  e->names.push_back(std::move(which));
  expect("(", "");
  e->name = expect_name("a variable");
  expect_word("IN", "a variable");
  e->args.push_back(expression());
  e->args.push_back(take_word("WHERE") ? expression() : nullptr);
  expect(")", "a quantifier");
  e->span = since(begin);
  return e;
}

ExprPtr Parser::reduce() {
  ExprPtr e = make(ExprKind::reduce, here());
  const std::uint32_t begin = here();
  i_ += 2;
  e->name = expect_name("an accumulator");
  expect("=", "an accumulator");
  e->args.push_back(expression());
  expect(",", "the accumulator's start");
  e->names.push_back(expect_name("a variable"));
  expect_word("IN", "a variable");
  e->args.push_back(expression());
  expect("|", "a list");
  e->args.push_back(expression());
  expect(")", "reduce");
  e->span = since(begin);
  return e;
}

ExprPtr Parser::subquery_expression(ExprKind kind) {
  ExprPtr e = make(kind, here());
  const std::uint32_t begin = here();
  ++i_;
  e->subquery = braced_query();
  e->span = since(begin);
  return e;
}

}  // namespace rv::graph
