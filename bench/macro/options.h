// Command line of ruvector_bench.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace rv::bench {

class Options {
 public:
  Options(int argc, char** argv);  // throws on unknown options and bad numbers
  const std::string& text(const std::string& name) const { return values_.at(name); }
  bool given(const std::string& name) const { return !values_.at(name).empty(); }
  std::size_t number(const std::string& name) const;

 private:
  std::map<std::string, std::string> values_;
};

std::vector<std::string> split(const std::string& s, char at);  // without empty parts
extern const char* const kUsage;

}  // namespace rv::bench
