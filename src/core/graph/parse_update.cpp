// Clauses that write, and commands on the schema.
#include "core/graph/parser_impl.h"

namespace rv::graph {

ClausePtr Parser::create() {
  auto c = std::make_unique<Clause>();
  c->kind = Clause::Kind::create;
  creating_ = true;
  c->pattern = pattern();
  creating_ = false;
  return c;
}

ClausePtr Parser::merge() {
  auto c = std::make_unique<Clause>();
  c->kind = Clause::Kind::merge;
  c->pattern.push_back(pattern_part(true));
  while (take_word("ON")) {
    std::vector<SetItem>* items = nullptr;
    if (take_word("CREATE")) {
      items = &c->sets;
    } else if (take_word("MATCH")) {
      items = &c->match_sets;
    } else {
      unexpected("CREATE or MATCH after ON");
    }
    expect_word("SET", "ON CREATE or ON MATCH");
    set_items(*items);
  }
  return c;
}

ClausePtr Parser::set() {
  auto c = std::make_unique<Clause>();
  c->kind = Clause::Kind::set;
  set_items(c->sets);
  return c;
}

void Parser::label_names(std::vector<std::string>& labels) {
  while (take(":") || take("&")) labels.push_back(expect_name("a label"));
}

void Parser::set_items(std::vector<SetItem>& items) {
  do {
    SetItem item;
    const std::uint32_t begin = here();
    if (at_name() && (at(":", 1) || at("=", 1) || at("+=", 1))) {
      item.target = make(ExprKind::variable, begin);
      item.target->name = expect_name("a variable");
      item.target->span = since(begin);
      if (at(":")) {
        item.what = SetItem::What::labels;
        label_names(item.labels);
      } else {
        item.what = at("=") ? SetItem::What::replace : SetItem::What::merge;
        ++i_;
        item.value = expression();
      }
    } else {
      ExprPtr place = postfix();
      if (place->kind == ExprKind::has_labels && at_name(0) == false) {
        fail(begin, "labels are set on a variable");
      } else if (place->kind == ExprKind::property) {
        item.name = place->name;
      } else if (place->kind == ExprKind::index) {
        item.what = SetItem::What::dynamic_property;
        item.key = std::move(place->args[1]);
      } else {
        fail(begin, "expected a property such as n.name, n = map, n += map or n:Label");
      }
      item.target = std::move(place->args[0]);
      expect("=", "a property");
      item.value = expression();
    }
    item.span = since(begin);
    items.push_back(std::move(item));
  } while (take(","));
}

ClausePtr Parser::remove() {
  auto c = std::make_unique<Clause>();
  c->kind = Clause::Kind::remove;
  do {
    SetItem item;
    const std::uint32_t begin = here();
    if (at_name() && at(":", 1)) {
      item.what = SetItem::What::labels;
      item.target = make(ExprKind::variable, begin);
      item.target->name = expect_name("a variable");
      item.target->span = since(begin);
      label_names(item.labels);
    } else {
      ExprPtr place = postfix();
      if (place->kind == ExprKind::property) {
        item.name = place->name;
      } else if (place->kind == ExprKind::index) {
        item.what = SetItem::What::dynamic_property;
        item.key = std::move(place->args[1]);
      } else {
        fail(begin, "expected a property such as n.name or labels such as n:Label");
      }
      item.target = std::move(place->args[0]);
    }
    item.span = since(begin);
    c->sets.push_back(std::move(item));
  } while (take(","));
  return c;
}

ClausePtr Parser::delete_clause(bool detach) {
  auto c = std::make_unique<Clause>();
  c->kind = Clause::Kind::delete_;
  c->detach = detach;
  do c->exprs.push_back(expression());
  while (take(","));
  return c;
}

// FOREACH (x IN list | updating clauses)
ClausePtr Parser::foreach () {
  const Nesting nesting(*this);
  auto c = std::make_unique<Clause>();
  c->kind = Clause::Kind::foreach;
  expect("(", "FOREACH");
  c->name = expect_name("a variable");
  expect_word("IN", "a variable");
  c->exprs.push_back(expression());
  expect("|", "a list");
  SingleQuery body;
  while (!at(")")) {
    const std::uint32_t begin = here();
    if (!clause(body)) unexpected("an updating clause");
    const auto kind = body.clauses.back()->kind;
    if (kind != Clause::Kind::create && kind != Clause::Kind::merge && kind != Clause::Kind::set &&
        kind != Clause::Kind::remove && kind != Clause::Kind::delete_ &&
        kind != Clause::Kind::foreach)
      fail(begin, "only updating clauses can stand inside FOREACH", "InvalidClauseComposition");
  }
  if (body.clauses.empty()) unexpected("an updating clause");
  c->body = std::move(body.clauses);
  expect(")", "FOREACH");
  return c;
}

// --- schema ---

bool Parser::schema_command(Statement& s) {
  SchemaCommand c;
  if (at_word("SHOW") && (at_word("INDEXES", 1) || at_word("INDEX", 1) ||
                          at_word("CONSTRAINTS", 1) || at_word("CONSTRAINT", 1))) {
    const bool index = at_word("INDEXES", 1) || at_word("INDEX", 1);
    i_ += 2;
    c.what = index ? SchemaCommand::What::show_indexes : SchemaCommand::What::show_constraints;
    s.schema = std::move(c);
    return true;
  }
  const bool create = at_word("CREATE");
  if (!create && !at_word("DROP")) return false;
  std::size_t k = 1;
  bool vector = false;
  if (create &&
      (at_word("RANGE", k) || at_word("BTREE", k) || at_word("TEXT", k) || at_word("VECTOR", k))) {
    vector = at_word("VECTOR", k);
    ++k;
  }
  if (at_word("INDEX", k)) {
    i_ += k + 1;
    c.what = !create  ? SchemaCommand::What::drop_index
             : vector ? SchemaCommand::What::create_vector_index
                      : SchemaCommand::What::create_index;
    index_command(c, create, s);
  } else if (at_word("CONSTRAINT", k) && k == 1) {
    i_ += 2;
    c.what = create ? SchemaCommand::What::create_constraint : SchemaCommand::What::drop_constraint;
    constraint_command(c, create);
  } else {
    return false;
  }
  s.schema = std::move(c);
  return true;
}

// IF NOT EXISTS of a CREATE, IF EXISTS of a DROP.
void Parser::existence(SchemaCommand& c, bool create) {
  if (!take_word("IF")) return;
  if (create) expect_word("NOT", "IF");
  expect_word("EXISTS", create ? "IF NOT" : "IF");
  (create ? c.if_not_exists : c.if_exists) = true;
}

void Parser::index_command(SchemaCommand& c, bool create, Statement& s) {
  if (at_name() && !at_word("FOR") && !at_word("IF")) c.name = expect_name("an index name");
  if (!create) {
    if (c.name.empty()) unexpected("an index name");
    existence(c, false);
    return;
  }
  existence(c, true);
  expect_word("FOR", "CREATE INDEX");
  std::string variable;
  pattern_of_schema(c, variable);
  expect_word("ON", "what the index is for");
  schema_keys(c, variable);
  if (take_word("OPTIONS")) s.schema_options = map_literal();
}

void Parser::pattern_of_schema(SchemaCommand& c, std::string& variable) {
  const std::uint32_t begin = here();
  PatternPart part = pattern_part(false);
  c.on_relationships = !part.relationships.empty();
  const LabelExpr* label = nullptr;
  if (c.on_relationships) {
    variable = part.relationships[0].variable;
    label = part.relationships[0].types.get();
  } else {
    variable = part.nodes[0].variable;
    label = part.nodes[0].labels.get();
  }
  if (variable.empty() || label == nullptr || label->kind != LabelExpr::Kind::name ||
      part.relationships.size() > 1)
    fail(begin, "expected (n:Label) or ()-[r:TYPE]-()");
  c.label = label->name;
}

void Parser::schema_keys(SchemaCommand& c, const std::string& variable) {
  const bool parentheses = take("(");
  do {
    const std::uint32_t begin = here();
    if (expect_name("a variable") != variable)
      fail(begin, "expected variable " + variable, "UndefinedVariable");
    expect(".", variable);
    c.keys.push_back(expect_name("a property name"));
  } while (parentheses && take(","));
  if (parentheses) expect(")", "the properties");
}

void Parser::constraint_command(SchemaCommand& c, bool create) {
  if (at_name() && !at_word("FOR") && !at_word("IF") && !at_word("ON"))
    c.name = expect_name("a constraint name");
  if (!create) {
    if (c.name.empty()) unexpected("a constraint name");
    existence(c, false);
    return;
  }
  existence(c, true);
  if (!take_word("ON")) expect_word("FOR", "CREATE CONSTRAINT");
  std::string variable;
  pattern_of_schema(c, variable);
  if (!take_word("ASSERT")) expect_word("REQUIRE", "what the constraint is for");
  schema_keys(c, variable);
  expect_word("IS", "the properties");
  if (take_word("UNIQUE")) {
    c.constraint = SchemaCommand::Constraint::unique;
  } else if (take_word("NOT")) {
    expect_word("NULL", "NOT");
    c.constraint = SchemaCommand::Constraint::not_null;
  } else if ((at_word("NODE") || at_word("RELATIONSHIP") || at_word("REL")) && at_word("KEY", 1)) {
    i_ += 2;
    c.constraint = SchemaCommand::Constraint::node_key;
  } else if (take("::") || take_word("TYPED")) {
    c.constraint = SchemaCommand::Constraint::of_type;
    while (at_name() || at("<") || at(">")) {
      if (!c.type.empty() && at_name() && c.type.back() != '<') c.type += ' ';
      std::string word = tokens_[i_++].text;
      for (char& ch : word) ch = static_cast<char>(ch >= 'a' && ch <= 'z' ? ch - 32 : ch);
      c.type += word;
      if (c.type == "VECTOR" && take("(")) {
        if (peek().kind != Tok::integer) unexpected("a number of dimensions");
        c.type += "(" + std::to_string(tokens_[i_++].integer) + ")";
        expect(")", "the dimensions");
      }
    }
    if (c.type.empty()) unexpected("a type");
  } else {
    unexpected("UNIQUE, NOT NULL, NODE KEY or :: and a type");
  }
}

}  // namespace rv::graph
