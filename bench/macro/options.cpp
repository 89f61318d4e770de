#include "options.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace rv::bench {

// clang-format off: it takes a "$" in a raw string for the end of a line
const char* const kUsage =
    R"usage(ruvector_bench: measures a PostgreSQL server that speaks pgvector's SQL and prints one line of JSON.

server and names
  --connect CONNINFO     libpq connection string (default: libpq's environment)
  --extension NAME       created when missing (default ruvector; pgvector: vector)
  --name TEXT            names the run in reports
  --schema NAME          everything is made in this new schema and dropped at the end
                         (default ruvector_bench)
  --keep                 do not drop it
  --out FILE             append the JSON there instead of printing it
data
  --base FILE --query FILE   .fvecs .bvecs .ivecs .npy, also .gz .xz; without: generated clusters
  --rows N --dim N       of generated data (10000 x 768); --rows also limits files
  --queries N            at most so many queries (default 100)
  --truth FILE           ids of the true neighbours (.ivecs, .npy); without: exhaustive search
  --attributes CSV --query-attributes CSV   columns of rows and queries (a column "id" is left out)
  --type vector|halfvec  of the column (default vector)
  --metric l2|cosine|ip|l1 (default l2)      --k N (default 10)
index
  --build-set "A = 1; B = 2"   settings for the build
  --index "hnsw (v vector_l2_ops) WITH (m = 16)"   what follows CREATE INDEX ... USING
  --also "SQL; SQL"      further statements before the index, {table} names the table
queries
  --set "A = 1; B = 2"   settings for the queries
  --sweep NAME=V,V,...   a setting to vary, one result each
  --where SQL            filter; $2 is the query's attribute
  --where-attribute NAME the column of --query-attributes that is $2
  --select SQL           instead of the usual query: a bigint first; $1 vector, {table}, {k}
  --repeat N             rounds over the queries (default 3)
  --clients N,N,...      throughput with so many connections
  --allow-scan           a plan without the index is no failure (otherwise exit code 3)
writes, after the queries
  --inserts N            single-row inserts: in one transaction, then each in its own
  --delete PERCENT       delete that share, VACUUM, measure again
)usage";
// clang-format on

Options::Options(int argc, char** argv)
    : values_{{"connect", ""},    {"extension", "ruvector"},
              {"name", ""},       {"schema", "ruvector_bench"},
              {"keep", ""},       {"out", ""},
              {"base", ""},       {"query", ""},
              {"rows", "0"},      {"dim", "768"},
              {"queries", "100"}, {"truth", ""},
              {"attributes", ""}, {"query-attributes", ""},
              {"type", "vector"}, {"metric", "l2"},
              {"k", "10"},        {"build-set", ""},
              {"index", ""},      {"also", ""},
              {"set", ""},        {"sweep", ""},
              {"where", ""},      {"where-attribute", ""},
              {"select", ""},     {"repeat", "3"},
              {"clients", ""},    {"allow-scan", ""},
              {"inserts", "0"},   {"delete", "0"}} {
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::string name = argument.starts_with("--") ? argument.substr(2) : "";
    if (values_.count(name) == 0) throw std::runtime_error("unknown option " + argument);
    if (name == "keep" || name == "allow-scan") {
      values_[name] = "yes";
    } else if (++i < argc) {
      values_[name] = argv[i];
    } else {
      throw std::runtime_error(argument + " needs a value");
    }
  }
  for (const char* name : {"rows", "dim", "queries", "k", "repeat", "inserts", "delete"})
    number(name);
  for (const char* name : {"dim", "queries", "k", "repeat"})
    if (number(name) == 0)
      throw std::runtime_error("--" + std::string(name) + " must be at least 1");
  if (number("delete") > 99) throw std::runtime_error("--delete must be at most 99");
  if (given("base") != given("query")) throw std::runtime_error("--base and --query go together");
  if (given("where-attribute") && !given("query-attributes"))
    throw std::runtime_error("--where-attribute needs --query-attributes");
}

std::size_t Options::number(const std::string& name) const {
  const std::string& s = values_.at(name);
  std::size_t n = 0;
  const auto r = std::from_chars(s.data(), s.data() + s.size(), n);
  if (r.ec != std::errc() || r.ptr != s.data() + s.size())
    throw std::runtime_error("--" + name + " must be a whole number, not '" + s + "'");
  return n;
}

std::vector<std::string> split(const std::string& s, char at) {
  std::vector<std::string> parts;
  for (std::size_t from = 0; from <= s.size();) {
    const std::size_t to = std::min(s.find(at, from), s.size());
    if (s.find_first_not_of(" \n", from) < to) parts.push_back(s.substr(from, to - from));
    from = to + 1;
  }
  return parts;
}

}  // namespace rv::bench
