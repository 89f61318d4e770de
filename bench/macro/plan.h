// What the text of an EXPLAIN says about the use of indexes.
#pragma once

#include <string>
#include <vector>

namespace rv::bench {

// Names of the indexes that the plan scans, in order.
std::vector<std::string> indexes_in(const std::string& plan);
// Shared buffers hit and read by the whole plan; negative when the plan does not tell.
double buffers_in(const std::string& plan);

}  // namespace rv::bench
