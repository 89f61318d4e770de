// Named parameters of an attention type: numbers, flags, words and arrays (weights).
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "core/attention/matrix.h"

namespace rv::attention {

// A dense array of any rank, row-major.
struct Tensor {
  std::vector<std::size_t> shape;
  std::vector<double> data;
};

using Value = std::variant<double, bool, std::string, Tensor>;

class Params {
 public:
  void set(const std::string& name, Value value) { values_[name] = std::move(value); }
  // Keeps what is there already.
  void set_default(const std::string& name, Value value) {
    values_.emplace(name, std::move(value));
  }
  bool has(const std::string& name) const { return values_.contains(name); }
  void erase(const std::string& name) { values_.erase(name); }
  const std::map<std::string, Value>& values() const noexcept { return values_; }

  // Each raises 22023 naming the parameter when the value is of the wrong kind or out of range.
  double number(const std::string& name, double otherwise) const;
  double positive(const std::string& name, double otherwise) const;
  std::size_t count(const std::string& name, std::size_t otherwise, std::size_t least = 1) const;
  bool flag(const std::string& name, bool otherwise) const;
  std::string word(const std::string& name, const std::string& otherwise) const;

  const Tensor* tensor(const std::string& name) const;  // nullptr when absent
  const Tensor& need_tensor(const std::string& name) const;
  // As matrix; 0 means any size. An absent one is an error that says where weights come from.
  Matrix need_matrix(const std::string& name, std::size_t rows, std::size_t cols) const;
  std::vector<double> need_vector(const std::string& name, std::size_t size) const;
  std::vector<double> vector_or_empty(const std::string& name, std::size_t size) const;
  std::vector<std::size_t> indices(const std::string& name, std::size_t below) const;

 private:
  std::map<std::string, Value> values_;
};

}  // namespace rv::attention
