#include "core/graph/engine.h"

#include <algorithm>

#include "core/graph/eval.h"
#include "core/graph/query_error.h"

namespace rv::graph {

void execute_schema(const Plan& plan, GraphStore& store, const Environment& environment,
                    Arena& arena, RowSink& rows) {
  SchemaCommand command = *plan.statement->schema;
  if (plan.statement->schema_options != nullptr) {
    Runtime runtime(plan, environment);
    runtime.start(store, environment, {});
    static const std::vector<Fetch> none;
    Evaluator eval(runtime, arena, none);
    const Batch nothing(0);
    eval.start(nothing);
    command.options = eval(*plan.statement->schema_options, 0);
  }
  try {
    store.schema_command(command, arena, rows);
  } catch (const Error& e) {
    throw locate(e, plan.statement->text, 0);
  }
}

namespace {

std::string describe(const PlanNode& n, const Plan& plan) {
  const Statement& s = *plan.statement;
  std::string out(op_name(n.op));
  const auto text_of = [&](const Expr& e) {
    return s.text.substr(e.span.begin, e.span.end - e.span.begin);
  };
  const auto name = [&](int index) { return s.names[static_cast<std::size_t>(index)].text; };
  if (n.op == Op::label_scan || n.op == Op::vector_search) out += " :" + name(n.name_index);
  if (n.op == Op::expand || n.op == Op::expand_into || n.op == Op::var_expand ||
      n.op == Op::relationship_scan || n.op == Op::shortest_path || n.op == Op::reach) {
    out += n.direction == Direction::in ? " <-[" : " -[";
    for (std::size_t i = 0; i < n.types.size(); ++i) out += (i == 0 ? ":" : "|") + name(n.types[i]);
    if (n.op == Op::var_expand || n.op == Op::shortest_path || n.op == Op::reach) {
      out += "*" + std::to_string(n.min) + "..";
      if (n.max >= 0) out += std::to_string(n.max);
    }
    out += n.direction == Direction::out ? "]->" : "]-";
    if (n.distinct_ends) out += " distinct";
    if (n.count_slot != kNoSlot) {
      out += " count";
      for (const Expr* e : n.end_labels) out += " " + text_of(*e);
    }
  }
  if (n.op == Op::filter || n.op == Op::index_seek || n.op == Op::vector_search ||
      n.op == Op::unwind) {
    for (std::size_t i = 0; i < n.exprs.size(); ++i)
      out += (i == 0 ? " " : ", ") + text_of(*n.exprs[i].expr);
  }
  if (n.op == Op::hash_join) {
    for (std::size_t i = 0; i < n.exprs.size(); ++i)
      out += (i == 0 ? " " : ", ") + text_of(*n.exprs[i].expr) + " = " +
             text_of(*n.scan_exprs[i].expr);
    out += n.build_input ? " table of input" : " table of scan";
  }
  if (n.op == Op::repeat) {
    out += " {" + std::to_string(n.min) + ",";
    if (n.max >= 0) out += std::to_string(n.max);
    out += "}";
  }
  if (n.op == Op::procedure) out += " " + n.clause->name;
  return out;
}

void explain_node(const PlanNode& n, const Plan& plan, const std::vector<Profile>* profile,
                  int depth, std::vector<std::string>& out) {
  std::string line(static_cast<std::size_t>(depth) * 2, ' ');
  line += describe(n, plan) +
          "  (rows=" + std::to_string(static_cast<std::int64_t>(std::min(n.rows, 1e18)));
  if (profile != nullptr) {
    const Profile& p = (*profile)[static_cast<std::size_t>(n.id)];
    line += " actual=" + std::to_string(p.rows) +
            " ms=" + std::to_string(static_cast<double>(p.nanoseconds) / 1e6) +
            " pages=" + std::to_string(p.pages);
  }
  out.push_back(line + ")");
  // Inner plans before the input, as they run later.
  for (std::size_t i = n.children.size(); i-- > 0;)
    explain_node(*n.children[i], plan, profile, depth + 1, out);
}

}  // namespace

std::vector<std::string> explain(const Plan& plan, const std::vector<Profile>* profile) {
  std::vector<std::string> out;
  if (plan.root == nullptr) return {"SchemaCommand"};
  explain_node(*plan.root, plan, profile, 0, out);
  for (const auto& sub : plan.subqueries) {
    out.emplace_back("Subquery");
    explain_node(*sub.plan, plan, profile, 1, out);
  }
  return out;
}

}  // namespace rv::graph
