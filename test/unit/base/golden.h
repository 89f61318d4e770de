// Expected values from outside this project: $RUVECTOR_SHARED/golden, where it is present.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace rv::golden {

using Json = nlohmann::json;

// The cases of golden/<name>, or an empty array when the folder is absent (skip the test then).
inline Json cases(const std::string& name) {
  const char* folder = std::getenv("RUVECTOR_SHARED");
  std::ifstream file(std::string(folder != nullptr ? folder : RUVECTOR_DEFAULT_SHARED) +
                     "/golden/" + name);
  return file ? Json::parse(file).at("cases") : Json::array();
}

// Every number of a nested array (or one number), in order.
inline void flatten_into(const Json& value, std::vector<double>& out) {
  if (value.is_array())
    for (const Json& v : value) flatten_into(v, out);
  else if (value.is_boolean())
    out.push_back(value.get<bool>() ? 1 : 0);
  else
    out.push_back(value.get<double>());
}
inline std::vector<double> flat(const Json& value) {
  std::vector<double> out;
  flatten_into(value, out);
  return out;
}

// |got - expected| <= atol + rtol |expected|, element by element; `tolerance` is {rtol, atol}.
inline testing::AssertionResult close(const std::vector<double>& got, const Json& expected,
                                      const Json& tolerance) {
  const std::vector<double> want = flat(expected);
  if (got.size() != want.size())
    return testing::AssertionFailure() << got.size() << " values, expected " << want.size();
  const double rtol = tolerance.at("rtol").get<double>(), atol = tolerance.at("atol").get<double>();
  for (std::size_t i = 0; i < got.size(); ++i)
    if (!(std::fabs(got[i] - want[i]) <= atol + rtol * std::fabs(want[i])))
      return testing::AssertionFailure()
             << "value " << i << " is " << got[i] << ", expected " << want[i];
  return testing::AssertionSuccess();
}

}  // namespace rv::golden
