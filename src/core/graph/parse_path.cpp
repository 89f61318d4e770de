// Chains of nodes and relationships, quantified pieces of them, and which paths are wanted:
// ANY SHORTEST (a) ((x)-[r]->(y) WHERE x.n < y.n){1,3} (b)-[:T]->+(c)
#include "core/graph/parser_impl.h"

namespace rv::graph {

// ANY SHORTEST, ALL SHORTEST, SHORTEST k, SHORTEST k GROUPS; PATH or PATHS may follow.
void Parser::path_selector(PatternPart& part) {
  using Selector = PatternPart::Selector;
  if (at_word("ALL") && at_word("SHORTEST", 1)) {
    i_ += 2;
    part.selector = Selector::shortest_groups;
  } else if (at_word("ANY") && at_word("SHORTEST", 1)) {
    i_ += 2;
    part.selector = Selector::shortest;
  } else if (at_word("SHORTEST") && peek(1).kind == Tok::integer) {
    part.selector = Selector::shortest;
    part.shortest_count = peek(1).integer;
    if (part.shortest_count < 1 || peek(1).too_large)
      fail(peek(1).position, "SHORTEST needs a positive number of paths");
    i_ += 2;
  } else {
    return;
  }
  if (!take_word("PATHS")) take_word("PATH");
  if (part.selector == Selector::shortest && (take_word("GROUPS") || take_word("GROUP")))
    part.selector = Selector::shortest_groups;
}

void Parser::count_step() {
  if (!creating_ && ++steps_ > kMostSteps)
    throw Error(ErrorCode::too_complex,
                "query looks for more than " + std::to_string(kMostSteps) +
                    " relationships and parts of patterns",
                {}, "A pattern such as (a)-[*1..5]->(b) repeats a relationship.");
}

void Parser::pattern_chain(PatternPart& part) {
  const Nesting nesting(*this);
  count_step();
  bool after_node = false;
  // Where a piece meets a relationship or another piece stands a node without a name.
  const auto end_in_node = [&] {
    if (after_node) return;
    part.nodes.emplace_back();
    part.nodes.back().span = {here(), here()};
    after_node = true;
  };
  if (!at("(")) unexpected("a node pattern in parentheses");
  for (;;) {
    if (at("(") && at("(", 1)) {
      if (pattern_in_parentheses(part, after_node)) return;
      after_node = false;
    } else if (at("(") && !after_node) {
      part.nodes.push_back(node_pattern());
      after_node = true;
    } else if (at_relationship(0)) {
      end_in_node();
      count_step();
      const std::uint32_t begin = here();
      RelationshipPattern r = relationship_pattern();
      if (at_quantifier()) {
        PatternPart piece;
        piece.nodes.resize(2);
        for (auto& n : piece.nodes) n.span = r.span;
        piece.relationships.push_back(std::move(r));
        r = repeated(std::move(piece), begin);
      }
      part.relationships.push_back(std::move(r));
      after_node = false;
      if (!at("(")) unexpected("a node pattern in parentheses");
    } else {
      break;
    }
  }
  end_in_node();
}

// At "((". True: these were parentheses around the whole pattern, there is no more of it.
bool Parser::pattern_in_parentheses(PatternPart& part, bool after_node) {
  const std::uint32_t begin = here();
  ++i_;
  PatternPart piece;
  pattern_chain(piece);
  if (take_word("WHERE")) {
    // A node's condition sees all variables of its pattern.
    ExprPtr& where = piece.nodes[0].where;
    ExprPtr more = expression();
    if (where != nullptr) {
      ExprPtr both = make(ExprKind::logical_and, begin);
      both->args.push_back(std::move(where));
      both->args.push_back(std::move(more));
      more = std::move(both);
    }
    where = std::move(more);
  }
  expect(")", "a pattern");
  if (!at_quantifier()) {
    if (!part.nodes.empty() || at("(") || at_relationship(0))
      fail(begin,
           "parentheses around a part of a pattern need a quantifier such as {1,3} behind "
           "them",
           "InvalidRelationshipPattern");
    part.nodes = std::move(piece.nodes);
    part.relationships = std::move(piece.relationships);
    return true;
  }
  if (!after_node) {
    part.nodes.emplace_back();
    part.nodes.back().span = {begin, begin};
  }
  part.relationships.push_back(repeated(std::move(piece), begin));
  return false;
}

bool Parser::at_quantifier() const {
  return at("+") || at("*") || (at("{") && (peek(1).kind == Tok::integer || at(",", 1)));
}

// + * {n} {n,} {,m} {n,m}
void Parser::quantifier(RelationshipPattern& r) {
  const std::uint32_t begin = here();
  r.variable_length = true;
  r.max = std::nullopt;
  if (take("+")) {
    r.min = 1;
    return;
  }
  r.min = 0;
  if (take("*")) return;
  expect("{", "");
  const auto bound = [this]() -> std::optional<std::int64_t> {
    if (peek().kind != Tok::integer) return std::nullopt;
    if (peek().too_large) fail(here(), "integer is too large", "IntegerOverflow");
    return tokens_[i_++].integer;
  };
  const auto least = bound();
  r.min = least.value_or(0);
  r.max = take(",") ? bound() : least;
  expect("}", "a quantifier");
  if (r.max && (*r.max < *r.min || *r.max == 0))
    fail(begin, "the upper bound of a quantifier must be positive and not below the lower one",
         "InvalidRelationshipPattern");
}

// The piece that ends here, with its quantifier.
RelationshipPattern Parser::repeated(PatternPart piece, std::uint32_t begin) {
  if (piece.relationships.empty())
    fail(begin, "a quantified pattern needs a relationship", "InvalidRelationshipPattern");
  for (const auto& r : piece.relationships)
    if (r.variable_length)
      fail(r.span.begin, "a quantified pattern cannot hold another one, or a variable length",
           "InvalidRelationshipPattern");
  bool plain = piece.relationships.size() == 1 && piece.relationships[0].where == nullptr;
  for (const auto& n : piece.nodes)
    plain = plain && n.variable.empty() && n.labels == nullptr && n.properties == nullptr &&
            n.where == nullptr;
  RelationshipPattern out;
  if (plain) {  // one relationship: a variable length says the same
    out = std::move(piece.relationships[0]);
  } else {
    piece.span = since(begin);
    out.group = std::make_unique<QuantifiedPattern>();
    out.group->pattern.push_back(std::move(piece));
  }
  quantifier(out);
  out.span = since(begin);
  return out;
}

}  // namespace rv::graph
