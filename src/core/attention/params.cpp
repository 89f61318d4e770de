#include "core/attention/params.h"

#include <cmath>

#include "core/base/error.h"

namespace rv::attention {
namespace {

std::string shape_text(const std::vector<std::size_t>& shape) {
  std::string out = "[";
  for (const std::size_t n : shape) out += (out.size() > 1 ? ", " : "") + std::to_string(n);
  return out + "]";
}

[[noreturn]] void fail(const std::string& name, const std::string& wants) {
  throw Error(ErrorCode::invalid_argument, "parameter \"" + name + "\" must be " + wants);
}

}  // namespace

double Params::number(const std::string& name, double otherwise) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return otherwise;
  const double* x = std::get_if<double>(&found->second);
  if (x == nullptr || !std::isfinite(*x)) fail(name, "a finite number");
  return *x;
}

double Params::positive(const std::string& name, double otherwise) const {
  const double x = number(name, otherwise);
  if (!(x > 0)) fail(name, "positive, not " + std::to_string(x));
  return x;
}

std::size_t Params::count(const std::string& name, std::size_t otherwise, std::size_t least) const {
  const double x = number(name, static_cast<double>(otherwise));
  if (x != std::floor(x) || x < static_cast<double>(least) || x > 1e9)
    fail(name, "an integer of at least " + std::to_string(least) + ", not " + std::to_string(x));
  return static_cast<std::size_t>(x);
}

bool Params::flag(const std::string& name, bool otherwise) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return otherwise;
  const bool* x = std::get_if<bool>(&found->second);
  if (x == nullptr) fail(name, "true or false");
  return *x;
}

std::string Params::word(const std::string& name, const std::string& otherwise) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return otherwise;
  const std::string* x = std::get_if<std::string>(&found->second);
  if (x == nullptr) fail(name, "a string");
  return *x;
}

const Tensor* Params::tensor(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return nullptr;
  const Tensor* x = std::get_if<Tensor>(&found->second);
  if (x == nullptr) fail(name, "an array");
  return x;
}

const Tensor& Params::need_tensor(const std::string& name) const {
  const Tensor* x = tensor(name);
  if (x == nullptr)
    throw Error(ErrorCode::invalid_argument, "parameter \"" + name + "\" is missing", {},
                "Give it in params, or store weights with ruvector_attention_create() and use the "
                "name given there as the type.");
  return *x;
}

Matrix Params::need_matrix(const std::string& name, std::size_t rows, std::size_t cols) const {
  const Tensor& t = need_tensor(name);
  const bool fits =
      t.shape.size() == 2 && (rows == 0 || t.shape[0] == rows) && (cols == 0 || t.shape[1] == cols);
  if (!fits)
    fail(name, "a matrix of " + (rows == 0 ? std::string("any") : std::to_string(rows)) +
                   " rows and " + (cols == 0 ? std::string("any") : std::to_string(cols)) +
                   " columns, not " + shape_text(t.shape));
  return {t.shape[0], t.shape[1], t.data};
}

std::vector<double> Params::need_vector(const std::string& name, std::size_t size) const {
  const Tensor& t = need_tensor(name);
  if (t.shape.size() != 1 || (size != 0 && t.shape[0] != size))
    fail(name, "an array of " + (size == 0 ? std::string() : std::to_string(size) + " ") +
                   "numbers, not " + shape_text(t.shape));
  return t.data;
}

std::vector<double> Params::vector_or_empty(const std::string& name, std::size_t size) const {
  return has(name) ? need_vector(name, size) : std::vector<double>();
}

std::vector<std::size_t> Params::indices(const std::string& name, std::size_t below) const {
  std::vector<std::size_t> out;
  if (!has(name)) return out;
  for (const double x : need_tensor(name).data) {
    if (x != std::floor(x) || x < 0 || x >= static_cast<double>(below))
      fail(name, "integers from 0 to " + std::to_string(below) + " - 1, not " + std::to_string(x));
    out.push_back(static_cast<std::size_t>(x));
  }
  return out;
}

}  // namespace rv::attention
