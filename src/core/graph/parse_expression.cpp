// Operators, loosest first: OR, XOR, AND, NOT, comparison, string/list/null predicates, + -, * / %,
// ^, unary + -, postfix.
#include <limits>
#include <utility>

#include "core/graph/parser_impl.h"

namespace rv::graph {

Expr::~Expr() = default;

ExprPtr Parser::make(ExprKind kind, std::uint32_t begin) const {
  return std::make_unique<Expr>(kind, Span{begin, begin});
}

Parser::Nesting::Nesting(Parser& parser) : parser_(parser) {
  if (++parser_.depth_ > kMaxNesting) {
    --parser_.depth_;
    throw Error(ErrorCode::too_complex,
                "query is nested deeper than " + std::to_string(kMaxNesting) + " levels");
  }
}

ExprPtr Parser::expression() {
  const Nesting nesting(*this);
  const bool creating =
      std::exchange(creating_, false);  // a pattern in an expression is looked for
  ExprPtr e = or_expression();
  creating_ = creating;
  return e;
}

template <class Next>
ExprPtr Parser::logical(ExprKind kind, std::string_view word, Next next) {
  const std::uint32_t begin = here();
  ExprPtr first = (this->*next)();
  if (!at_word(word)) return first;
  ExprPtr e = make(kind, begin);
  e->args.push_back(std::move(first));
  while (take_word(word)) e->args.push_back((this->*next)());
  e->span = since(begin);
  return e;
}

ExprPtr Parser::or_expression() {
  return logical(ExprKind::logical_or, "OR", &Parser::xor_expression);
}
ExprPtr Parser::xor_expression() {
  return logical(ExprKind::logical_xor, "XOR", &Parser::and_expression);
}
ExprPtr Parser::and_expression() {
  return logical(ExprKind::logical_and, "AND", &Parser::not_expression);
}

ExprPtr Parser::not_expression() {
  const std::uint32_t begin = here();
  std::size_t count = 0;
  while (take_word("NOT")) ++count;
  ExprPtr e = comparison();
  // NOT NOT is no identity (it wants a boolean), but more of them change nothing.
  if (count > 2) count = 2 - count % 2;
  for (; count > 0; --count) {
    ExprPtr n = make(ExprKind::logical_not, begin);
    n->args.push_back(std::move(e));
    n->span = since(begin);
    e = std::move(n);
  }
  return e;
}

template <class Next>
ExprPtr Parser::chain(ExprKind kind, std::initializer_list<std::string_view> operators, Next next) {
  const std::uint32_t begin = here();
  ExprPtr first = (this->*next)();
  ExprPtr e;
  for (;;) {
    bool found = false;
    for (const auto op : operators) {
      if (!at(op)) continue;
      if (e == nullptr) {
        e = make(kind, begin);
        e->args.push_back(std::move(first));
      }
      ++i_;
      e->names.emplace_back(op);
      e->args.push_back((this->*next)());
      found = true;
      break;
    }
    if (!found) break;
  }
  if (e == nullptr) return first;
  e->span = since(begin);
  return e;
}

ExprPtr Parser::comparison() {
  return chain(ExprKind::compare, {"=", "<>", "<=", ">=", "<", ">"}, &Parser::predicate);
}
ExprPtr Parser::additive() {
  return chain(ExprKind::arithmetic, {"+", "-", "||"}, &Parser::multiplicative);
}
ExprPtr Parser::multiplicative() {
  return chain(ExprKind::arithmetic, {"*", "/", "%"}, &Parser::power);
}
ExprPtr Parser::power() { return chain(ExprKind::arithmetic, {"^"}, &Parser::unary); }

ExprPtr Parser::predicate() {
  const std::uint32_t begin = here();
  ExprPtr e = additive();
  for (int count = 0;; ++count) {
    if (count > kMaxNesting) fail(here(), "too many predicates in a row");
    ExprKind kind;
    bool binary = true;
    if (take_word("IN")) {
      kind = ExprKind::in;
    } else if (at_word("STARTS") && at_word("WITH", 1)) {
      i_ += 2;
      kind = ExprKind::starts_with;
    } else if (at_word("ENDS") && at_word("WITH", 1)) {
      i_ += 2;
      kind = ExprKind::ends_with;
    } else if (take_word("CONTAINS")) {
      kind = ExprKind::contains;
    } else if (take("=~")) {
      kind = ExprKind::matches;
    } else if (at_word("IS") && at_word("NULL", 1)) {
      i_ += 2;
      kind = ExprKind::is_null;
      binary = false;
    } else if (at_word("IS") && at_word("NOT", 1) && at_word("NULL", 2)) {
      i_ += 3;
      kind = ExprKind::is_not_null;
      binary = false;
    } else {
      return e;
    }
    ExprPtr p = make(kind, begin);
    p->args.push_back(std::move(e));
    if (binary) p->args.push_back(additive());
    p->span = since(begin);
    e = std::move(p);
  }
}

ExprPtr Parser::unary() {
  const std::uint32_t begin = here();
  std::vector<bool> minus;
  while (at("-") || at("+")) {
    minus.push_back(at("-"));
    ++i_;
    if (minus.size() > static_cast<std::size_t>(kMaxNesting))
      fail(begin, "too many signs in a row");
  }
  ExprPtr e;
  if (!minus.empty() && minus.back() && peek().kind == Tok::integer && peek().too_large) {
    e = number(true);
    minus.pop_back();
  } else {
    e = postfix();
  }
  for (; !minus.empty(); minus.pop_back()) {
    const bool negative = minus.back();
    if (e->kind == ExprKind::literal && e->literal.is_number() && negative && !e->in_parentheses &&
        !(e->literal.is(Kind::integer) &&
          e->literal.as_integer() == std::numeric_limits<std::int64_t>::min())) {
      e->literal = e->literal.is(Kind::integer) ? Value::integer(-e->literal.as_integer())
                                                : Value::floating(-e->literal.as_floating());
    } else {
      ExprPtr u = make(negative ? ExprKind::negate : ExprKind::plus, begin);
      u->args.push_back(std::move(e));
      e = std::move(u);
    }
    e->span = since(begin);
  }
  return e;
}

ExprPtr Parser::postfix() {
  const std::uint32_t begin = here();
  ExprPtr e = atom();
  for (int count = 0;; ++count) {
    if (count > kMaxNesting) fail(here(), "too many accesses in a row");
    ExprPtr p;
    if (at(".")) {
      ++i_;
      p = make(ExprKind::property, begin);
      p->args.push_back(std::move(e));
      p->name = expect_name("a property name");
    } else if (take("[")) {
      const Nesting nesting(*this);
      ExprPtr from;
      if (!at("..")) from = expression();
      if (take("..")) {
        p = make(ExprKind::slice, begin);
        p->args.push_back(std::move(e));
        p->args.push_back(std::move(from));
        p->args.push_back(at("]") ? nullptr : expression());
      } else {
        p = make(ExprKind::index, begin);
        p->args.push_back(std::move(e));
        p->args.push_back(std::move(from));
      }
      expect("]", "an index");
    } else if (at(":") && (at_name(1) || at("!", 1) || at("%", 1) || at("(", 1))) {
      ++i_;
      p = make(ExprKind::has_labels, begin);
      p->args.push_back(std::move(e));
      p->labels = label_expression(false);
    } else if (at("{") && e->kind == ExprKind::variable && !e->in_parentheses) {
      p = map_projection(std::move(e));
    } else {
      return e;
    }
    p->span = since(begin);
    e = std::move(p);
  }
}

}  // namespace rv::graph
