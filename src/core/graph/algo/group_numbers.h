#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace rv::graph {

// Renumbers groups, whose numbers are below the count of nodes, in the order of their first node.
// Returns how many there are.
inline std::uint32_t number_groups(std::vector<std::uint32_t>& group) {
  constexpr std::uint32_t kFree = 0xffffffff;
  std::vector<std::uint32_t> number(group.size(), kFree);
  std::uint32_t next = 0;
  for (auto& g : group) {
    if (number[g] == kFree) number[g] = next++;
    g = number[g];
  }
  return next;
}

}  // namespace rv::graph
