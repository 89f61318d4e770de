#include "core/attention/params_bytes.h"

#include <cstring>

#include "core/base/error.h"

namespace rv::attention {

void ByteWriter::raw(const void* p, std::size_t n) {
  const auto* b = static_cast<const std::byte*>(p);
  bytes_.insert(bytes_.end(), b, b + n);
}
void ByteWriter::word(const std::string& s) {
  number(static_cast<double>(s.size()));
  raw(s.data(), s.size());
}
void ByteWriter::numbers(std::span<const double> x) {
  number(static_cast<double>(x.size()));
  raw(x.data(), x.size_bytes());
}
void ByteWriter::floats(std::span<const float> x) {
  number(static_cast<double>(x.size()));
  raw(x.data(), x.size_bytes());
}

void ByteWriter::params(const Params& p) {
  number(static_cast<double>(p.values().size()));
  for (const auto& [name, value] : p.values()) {
    word(name);
    number(static_cast<double>(value.index()));
    if (const auto* x = std::get_if<double>(&value)) {
      number(*x);
    } else if (const auto* b = std::get_if<bool>(&value)) {
      number(*b ? 1 : 0);
    } else if (const auto* w = std::get_if<std::string>(&value)) {
      word(*w);
    } else {
      const Tensor& t = std::get<Tensor>(value);
      numbers(std::vector<double>(t.shape.begin(), t.shape.end()));
      numbers(t.data);
    }
  }
}

void ByteReader::raw(void* p, std::size_t n) {
  if (n > bytes_.size()) throw Error(ErrorCode::corrupted_data, "aggregate state ends early");
  if (n > 0) std::memcpy(p, bytes_.data(), n);
  bytes_ = bytes_.subspan(n);
}

double ByteReader::number() {
  double x;
  raw(&x, sizeof x);
  return x;
}

std::size_t ByteReader::length(std::size_t element) {
  const double n = number();
  const std::size_t most = bytes_.size() / element;
  if (!(n >= 0 && n <= static_cast<double>(most)))
    throw Error(ErrorCode::corrupted_data, "aggregate state ends early");
  return static_cast<std::size_t>(n);
}

std::string ByteReader::word() {
  std::string s(length(1), '\0');
  raw(s.data(), s.size());
  return s;
}
std::vector<double> ByteReader::numbers() {
  std::vector<double> x(length(sizeof(double)));
  raw(x.data(), x.size() * sizeof(double));
  return x;
}
std::vector<float> ByteReader::floats() {
  std::vector<float> x(length(sizeof(float)));
  raw(x.data(), x.size() * sizeof(float));
  return x;
}

Params ByteReader::params() {
  Params p;
  for (std::size_t n = length(1); n > 0; --n) {
    const std::string name = word();
    switch (static_cast<int>(number())) {
      case 0:
        p.set(name, number());
        break;
      case 1:
        p.set(name, number() != 0);
        break;
      case 2:
        p.set(name, word());
        break;
      default: {
        Tensor t;
        for (const double s : numbers()) t.shape.push_back(static_cast<std::size_t>(s));
        t.data = numbers();
        p.set(name, std::move(t));
      }
    }
  }
  return p;
}

}  // namespace rv::attention
