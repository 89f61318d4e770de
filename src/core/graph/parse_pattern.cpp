// Patterns: (a:A {x: 1})-[r:T*1..3]->(b), label expressions, and the expressions made of them.
#include "core/graph/parser_impl.h"

namespace rv::graph {

Pattern Parser::pattern() {
  Pattern out;
  do out.push_back(pattern_part(true));
  while (take(","));
  return out;
}

PatternPart Parser::pattern_part(bool path_variable) {
  PatternPart part;
  const std::uint32_t begin = here();
  if (path_variable && at_name() && at("=", 1)) {
    part.variable = expect_name("a path variable");
    ++i_;
  }
  path_selector(part);
  const bool one = at_word("shortestPath");
  if ((one || at_word("allShortestPaths")) && at("(", 1)) {
    i_ += 2;
    part.selector = one ? PatternPart::Selector::shortest : PatternPart::Selector::shortest_groups;
    pattern_chain(part);
    expect(")", "a shortest path pattern");
  } else {
    pattern_chain(part);
  }
  part.span = since(begin);
  if (part.selector != PatternPart::Selector::none &&
      (part.relationships.size() != 1 || part.relationships[0].group != nullptr))
    fail(begin,
         "a shortest path pattern needs exactly one relationship, plain, of variable length or "
         "quantified",
         "InvalidRelationshipPattern");
  return part;
}

NodePattern Parser::node_pattern() {
  NodePattern n;
  const std::uint32_t begin = here();
  if (!take("(")) unexpected("a node pattern in parentheses");
  if (at_name() && !at_word("WHERE")) n.variable = expect_name("a variable");
  if (at(":") || at_word("IS")) {
    ++i_;
    n.labels = label_expression(false);
  }
  if (at("{")) {
    n.properties = map_literal();
  } else if (peek().kind == Tok::parameter) {
    n.properties = atom();
  }
  if (take_word("WHERE")) n.where = expression();
  expect(")", "a node pattern");
  n.span = since(begin);
  return n;
}

bool Parser::at_relationship(std::size_t k) const {
  if (at("<", k) && at("-", k + 1)) return at("[", k + 2) || at("-", k + 2);
  return at("-", k) && (at("[", k + 1) || at("-", k + 1));
}

RelationshipPattern Parser::relationship_pattern() {
  RelationshipPattern r;
  const std::uint32_t begin = here();
  const bool left = take("<");
  expect("-", "a node pattern");
  if (take("[")) {
    relationship_detail(r);
    expect("]", "a relationship pattern");
  }
  expect("-", "a relationship pattern");
  const bool right = take(">");
  r.direction = left == right ? Direction::both : left ? Direction::in : Direction::out;
  r.span = since(begin);
  return r;
}

void Parser::relationship_detail(RelationshipPattern& r) {
  if (at_name() && !at_word("WHERE")) r.variable = expect_name("a variable");
  if (at(":") || at_word("IS")) {
    ++i_;
    r.types = label_expression(true);
  }
  if (take("*")) length_range(r);
  if (at("..")) fail(here(), "a variable length needs a * before it", "InvalidRelationshipPattern");
  if (at("{")) {
    r.properties = map_literal();
  } else if (peek().kind == Tok::parameter) {
    r.properties = atom();
  }
  if (take_word("WHERE")) r.where = expression();
}

// Behind the star: 3, 1..3, 1.., ..3 or nothing.
void Parser::length_range(RelationshipPattern& r) {
  r.variable_length = true;
  const auto bound = [this]() -> std::optional<std::int64_t> {
    if (peek().kind != Tok::integer) return std::nullopt;
    if (peek().too_large) fail(here(), "integer is too large", "IntegerOverflow");
    return tokens_[i_++].integer;
  };
  if (at("-"))
    fail(here(), "bounds of a variable length pattern must not be negative",
         "InvalidRelationshipPattern");
  r.min = bound();
  if (take("..")) {
    r.max = bound();
  } else {
    r.max = r.min;
  }
}

LabelExprPtr Parser::label_expression(bool types) {
  const Nesting nesting(*this);
  return label_or(types);
}

LabelExprPtr Parser::label_or(bool types) {
  const std::uint32_t begin = here();
  LabelExprPtr first = label_and(types);
  if (!at("|")) return first;
  auto e = std::make_unique<LabelExpr>();
  e->kind = LabelExpr::Kind::one_of;
  e->args.push_back(std::move(first));
  while (take("|")) {
    take(":");  // :A|:B
    e->args.push_back(label_and(types));
  }
  e->span = since(begin);
  return e;
}

LabelExprPtr Parser::label_and(bool types) {
  const std::uint32_t begin = here();
  LabelExprPtr first = label_not(types);
  const auto more = [&] {
    return at("&") || (!types && at(":") && (at_name(1) || at("!", 1) || at("(", 1)));
  };
  if (!more()) return first;
  auto e = std::make_unique<LabelExpr>();
  e->kind = LabelExpr::Kind::all_of;
  e->args.push_back(std::move(first));
  while (more()) {
    ++i_;
    e->args.push_back(label_not(types));
  }
  e->span = since(begin);
  return e;
}

LabelExprPtr Parser::label_not(bool types) {
  if (!at("!")) {
    if (!at("(")) return label_atom();
    ++i_;
    LabelExprPtr inner = label_expression(types);
    expect(")", "a label expression");
    return inner;
  }
  const Nesting nesting(*this);
  auto e = std::make_unique<LabelExpr>();
  e->kind = LabelExpr::Kind::none_of;
  const std::uint32_t begin = here();
  ++i_;
  e->args.push_back(label_not(types));
  e->span = since(begin);
  return e;
}

LabelExprPtr Parser::label_atom() {
  auto e = std::make_unique<LabelExpr>();
  const std::uint32_t begin = here();
  if (take("%")) {
    e->kind = LabelExpr::Kind::any;
  } else {
    e->name = expect_name("a label or type");
  }
  e->span = since(begin);
  return e;
}

// At "(": a pattern with a relationship, not an expression in parentheses?
bool Parser::at_pattern() const {
  if (!at("(")) return false;
  std::size_t k = 1;
  if (at_name(k)) ++k;
  if (!at(")", k) && !at(":", k) && !at("{", k) && peek(k).kind != Tok::parameter &&
      !at_word("WHERE", k))
    return false;
  int depth = 1;
  for (; depth > 0; ++k) {
    const Token& t = peek(k);
    if (t.kind == Tok::end) return false;
    if (t.kind != Tok::symbol) continue;
    if (t.text == "(" || t.text == "[" || t.text == "{") ++depth;
    if (t.text == ")" || t.text == "]" || t.text == "}") --depth;
  }
  if (!at_relationship(k)) return false;
  if (at("<", k)) ++k;
  // (a) - -1 is arithmetic: behind two dashes a pattern goes on with > or (.
  return at("[", k + 1) || at(">", k + 2) || (at("(", k + 2) && !peek(k + 1).space_before);
}

namespace {

std::unique_ptr<Query> match_query(PatternPart part) {
  auto q = std::make_unique<Query>();
  q->span = part.span;
  auto match = std::make_unique<Clause>();
  match->kind = Clause::Kind::match;
  match->span = part.span;
  match->pattern.push_back(std::move(part));
  q->parts.emplace_back();
  q->parts.back().clauses.push_back(std::move(match));
  return q;
}

}  // namespace

// (a)-->(b) as a predicate
ExprPtr Parser::pattern_expression() {
  const std::uint32_t begin = here();
  ExprPtr e = make(ExprKind::exists_subquery, begin);
  e->is_pattern = true;
  e->subquery = match_query(pattern_part(false));
  e->span = since(begin);
  return e;
}

// Behind the bracket; null when it is a list of patterns after all.
ExprPtr Parser::pattern_comprehension() {
  const std::uint32_t begin = here();
  ExprPtr e = make(ExprKind::collect_subquery, begin);
  e->is_pattern = true;
  PatternPart part = pattern_part(true);
  if (!at("|") && !at_word("WHERE")) {
    if (!part.variable.empty()) unexpected("| or WHERE");
    return nullptr;
  }
  e->subquery = match_query(std::move(part));
  auto& clauses = e->subquery->parts[0].clauses;
  if (take_word("WHERE")) clauses[0]->where = expression();
  expect("|", "the pattern");
  auto ret = std::make_unique<Clause>();
  ret->kind = Clause::Kind::return_;
  ret->items.emplace_back();
  ret->items[0].expr = expression();
  ret->items[0].alias = "value";
  ret->items[0].aliased = true;
  clauses.push_back(std::move(ret));
  expect("]", "a pattern comprehension");
  return e;
}

}  // namespace rv::graph
