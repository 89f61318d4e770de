#include "pg/sparse/bm25_query.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "pg/base/datum.h"

extern "C" {
#include "tsearch/ts_type.h"
#include "tsearch/ts_utils.h"
}

namespace rv::pg {
namespace {

constexpr std::size_t kMaxOperands = 64;

// A tsquery's tree over the operands that a document has, in three values: an index without
// positions cannot tell whether a phrase occurs, only that it does not.
class Condition {
 public:
  enum Value : std::uint8_t { no, maybe, yes };
  struct Node {
    int8 op;            // 0: operand
    std::uint64_t bit;  // of the operand
    bool rough;         // operand with weight labels
    std::size_t left, right;
  };
  std::vector<Node> nodes;

  bool matches(std::uint64_t operands) const { return value(0, operands) != no; }
  Value value(std::size_t at, std::uint64_t operands) const {
    const Node& n = nodes[at];
    if (n.op == 0) return (operands & n.bit) == 0 ? no : n.rough ? maybe : yes;
    const Value right = value(n.right, operands);
    if (n.op == OP_NOT) return right == yes ? no : right == no ? yes : maybe;
    const Value left = value(n.left, operands);
    if (n.op == OP_OR) return std::max(left, right);
    const Value both = std::min(left, right);
    return n.op == OP_PHRASE && both == yes ? maybe : both;
  }
};

class TsQueryReader {
 public:
  TsQueryReader(TSQuery query, sparse::Query& out, bool* rough)
      : items_(GETQUERY(query)), words_(GETOPERAND(query)), out_(out), rough_(rough) {}

  // tsquery's own parser bounds the depth.
  std::size_t read(std::size_t item, bool negated) {
    const std::size_t at = condition_->nodes.size();
    condition_->nodes.push_back({});
    Condition::Node node{};
    if (items_[item].type == QI_VAL) {
      const QueryOperand& o = items_[item].qoperand;
      if (operands_ == kMaxOperands)
        throw Error(
            ErrorCode::limit_exceeded,
            "a bm25query holds at most " + std::to_string(kMaxOperands) + " words of a tsquery");
      node.bit = std::uint64_t{1} << operands_++;
      node.rough = o.weight != 0 && o.weight != 0xF;
      if (node.rough) *rough_ = true;
      const sparse::QueryTerm term{std::string(words_ + o.distance, o.length), negated ? 0.0 : 1.0,
                                   node.bit};
      (o.prefix ? out_.prefixes : out_.terms).push_back(term);
    } else {
      const QueryOperator& o = items_[item].qoperator;
      node.op = o.oper;
      if (o.oper == OP_PHRASE) *rough_ = true;
      node.right = read(item + 1, o.oper == OP_NOT ? !negated : negated);
      if (o.oper != OP_NOT) node.left = read(item + o.left, negated);
    }
    condition_->nodes[at] = node;
    return at;
  }
  std::shared_ptr<Condition> condition() const { return condition_; }

 private:
  const QueryItem* items_;
  const char* words_;
  sparse::Query& out_;
  bool* rough_;
  std::size_t operands_ = 0;
  std::shared_ptr<Condition> condition_ = std::make_shared<Condition>();
};

}  // namespace

Datum make_bm25_query(Oid index, QueryKind kind, std::string_view payload) {
  auto* q = static_cast<Bm25QueryData*>(palloc_varlena(kBm25QueryHeader + payload.size()));
  q->index = index;
  q->kind = kind;
  std::memcpy(q->data, payload.data(), payload.size());
  return PointerGetDatum(q);
}

const Bm25QueryData* bm25_query_argument(FunctionCallInfo fcinfo, int n) {
  const Datum d = fcinfo->args[n].value;
  const auto* q = call([d] { return reinterpret_cast<const Bm25QueryData*>(PG_DETOAST_DATUM(d)); });
  if (VARSIZE(q) < kBm25QueryHeader) throw Error(ErrorCode::corrupted_data, "malformed bm25query");
  return q;
}

sparse::Query core_query(QueryKind kind, std::string_view payload, Oid configuration, bool* rough) {
  sparse::Query q;
  *rough = false;
  if (kind == QueryKind::words) {
    Tokenizer words(TextKind::text, configuration);
    sparse::Document d;
    words.count(text_datum(payload), d);
    for (const sparse::Term& t : d.terms)
      q.terms.push_back({std::string(t.key), static_cast<double>(t.value), 0});
    return q;
  }
  // A copy: the bytes of a cached key need not be aligned.
  const char* from = payload.data();
  const std::size_t size = payload.size();
  const TSQuery query = call([from, size] {
    void* copy = palloc(size);
    memcpy(copy, from, size);
    return static_cast<TSQuery>(copy);
  });
  if (query->size == 0) {
    q.matches = [](std::uint64_t) { return false; };
    return q;
  }
  TsQueryReader reader(query, q, rough);
  reader.read(0, false);
  q.matches = [condition = reader.condition()](std::uint64_t operands) {
    return condition->matches(operands);
  };
  return q;
}

}  // namespace rv::pg
