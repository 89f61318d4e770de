// Statistics and the JSON that ruvector_bench prints.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace rv::bench {

// Nearest-rank percentile; `p` in (0, 100].
double percentile(std::vector<double> values, double p);

// A JSON object written field by field, in order.
class Json {
 public:
  Json& field(const std::string& name, const std::string& text);
  Json& field(const std::string& name, double number);
  Json& raw(const std::string& name, const std::string& json);
  std::string text() const { return "{" + body_ + "}"; }

 private:
  std::string body_;
};
std::string json_array(const std::vector<std::string>& items);
std::string cpu_model();
double seconds_of(const std::function<void()>& work);

}  // namespace rv::bench
