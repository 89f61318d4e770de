#include "plan.h"

#include <regex>

namespace rv::bench {

std::vector<std::string> indexes_in(const std::string& plan) {
  static const std::regex scan(
      R"((?:Index (?:Only )?Scan (?:Backward )?using|Bitmap Index Scan on) ("(?:[^"]|"")*"|\S+))");
  std::vector<std::string> names;
  for (std::sregex_iterator i(plan.begin(), plan.end(), scan), end; i != end; ++i)
    names.push_back((*i)[1]);
  return names;
}

double buffers_in(const std::string& plan) {
  static const std::regex buffers(R"(Buffers: shared(?: hit=(\d+))?(?: read=(\d+))?)");
  std::smatch found;
  if (!std::regex_search(plan, found, buffers)) return -1;
  double sum = 0;
  for (const std::size_t part : {1u, 2u})
    if (found[part].matched) sum += std::stod(found[part]);
  return sum;
}

}  // namespace rv::bench
