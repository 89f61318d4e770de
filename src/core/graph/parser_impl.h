// The parser's parts see each other here.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/graph/ast.h"
#include "core/graph/lexer.h"
#include "core/graph/parser.h"

namespace rv::graph {

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), tokens_(tokenize(text)) {}
  std::unique_ptr<Statement> statement();

 private:
  // --- tokens ---
  const Token& peek(std::size_t k = 0) const {
    return tokens_[i_ + k < tokens_.size() ? i_ + k : tokens_.size() - 1];
  }
  bool at(std::string_view symbol, std::size_t k = 0) const { return peek(k).symbol(symbol); }
  bool at_word(std::string_view word, std::size_t k = 0) const {
    return peek(k).kind == Tok::word && equal_ignoring_case(peek(k).text, word);
  }
  bool at_name(std::size_t k = 0) const {
    return peek(k).kind == Tok::word || peek(k).kind == Tok::quoted;
  }
  bool take(std::string_view symbol);
  bool take_word(std::string_view word);
  void expect(std::string_view symbol, std::string_view after);
  void expect_word(std::string_view word, std::string_view after);
  std::string expect_name(std::string_view what);
  std::uint32_t here() const { return peek().position; }
  // From `begin` to the end of the last token taken.
  Span since(std::uint32_t begin) const;
  [[noreturn]] void fail(std::uint32_t position, const std::string& message,
                         std::string_view detail = "UnexpectedSyntax") const;
  [[noreturn]] void unexpected(std::string_view expected) const;

  // Counts nesting for as long as it lives.
  class Nesting {
   public:
    explicit Nesting(Parser& parser);
    ~Nesting() { --parser_.depth_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;

   private:
    Parser& parser_;
  };

  // Counts a step that a pattern adds to the plan.
  void count_step();

  // --- clauses ---
  void query(Query& q, bool subquery);
  void single_query(SingleQuery& q, bool subquery);
  bool clause(SingleQuery& q);
  ClausePtr match(bool optional);
  ClausePtr unwind();
  ClausePtr projection(Clause::Kind kind);
  ClausePtr create();
  ClausePtr merge();
  ClausePtr set();
  ClausePtr remove();
  ClausePtr delete_clause(bool detach);
  ClausePtr call(bool optional);
  ClausePtr foreach ();
  void yield(Clause& c);
  void set_items(std::vector<SetItem>& items);
  void label_names(std::vector<std::string>& labels);
  bool at_clause_end() const;
  std::unique_ptr<Query> braced_query();
  bool schema_command(Statement& s);
  void existence(SchemaCommand& c, bool create);
  void index_command(SchemaCommand& c, bool create, Statement& s);
  void constraint_command(SchemaCommand& c, bool create);
  void pattern_of_schema(SchemaCommand& c, std::string& variable);
  void schema_keys(SchemaCommand& c, const std::string& variable);

  // --- patterns ---
  Pattern pattern();
  PatternPart pattern_part(bool path_variable);
  void path_selector(PatternPart& part);
  void pattern_chain(PatternPart& part);
  bool pattern_in_parentheses(PatternPart& part, bool after_node);
  bool at_quantifier() const;
  void quantifier(RelationshipPattern& r);
  RelationshipPattern repeated(PatternPart piece, std::uint32_t begin);
  NodePattern node_pattern();
  RelationshipPattern relationship_pattern();
  void relationship_detail(RelationshipPattern& r);
  void length_range(RelationshipPattern& r);
  LabelExprPtr label_expression(bool types);
  LabelExprPtr label_or(bool types);
  LabelExprPtr label_and(bool types);
  LabelExprPtr label_not(bool types);
  LabelExprPtr label_atom();
  bool at_relationship(std::size_t k) const;
  bool at_pattern() const;

  // --- expressions ---
  ExprPtr expression();
  ExprPtr or_expression();
  ExprPtr xor_expression();
  ExprPtr and_expression();
  ExprPtr not_expression();
  ExprPtr comparison();
  ExprPtr predicate();
  ExprPtr additive();
  ExprPtr multiplicative();
  ExprPtr power();
  ExprPtr unary();
  ExprPtr postfix();
  ExprPtr atom();
  ExprPtr number(bool negative);
  ExprPtr name_atom();
  ExprPtr function_call();
  ExprPtr case_expression();
  ExprPtr bracket_atom();
  ExprPtr map_literal();
  ExprPtr map_projection(ExprPtr base);
  ExprPtr list_predicate();
  ExprPtr reduce();
  ExprPtr subquery_expression(ExprKind kind);
  ExprPtr pattern_expression();
  ExprPtr pattern_comprehension();
  ExprPtr make(ExprKind kind, std::uint32_t begin) const;
  template <class Next>
  ExprPtr chain(ExprKind kind, std::initializer_list<std::string_view> operators, Next next);
  template <class Next>
  ExprPtr logical(ExprKind kind, std::string_view word, Next next);

  std::string_view text_;
  std::vector<Token> tokens_;
  std::size_t i_ = 0;
  int depth_ = 0;
  int clauses_ = 0, steps_ = 0;
  bool creating_ = false;  // in the pattern of CREATE
};

}  // namespace rv::graph
