#include "core/types/dense.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "core/simd/distance.h"

namespace rv {
namespace {

std::size_t size(int dim) noexcept { return static_cast<std::size_t>(dim); }

// Stores a result; an infinity means that it does not fit.
template <class T>
typename T::Element fitting(double x) {
  const auto e = to_element<T>(static_cast<float>(x));
  if (std::isinf(to_float(e))) fail_overflow();
  return e;
}

}  // namespace

float to_float(float x) noexcept { return x; }
float to_float(std::uint16_t x) noexcept {
  float f;
  simd::kernels().half_to_float(&x, &f, 1);
  return f;
}
template <>
float to_element<Vector>(float x) noexcept {
  return x;
}
template <>
std::uint16_t to_element<Halfvec>(float x) noexcept {
  std::uint16_t h;
  simd::kernels().float_to_half(&x, &h, 1);
  return h;
}

void check_dim(int dim, int max, const char* type) {
  if (dim < 1)
    throw Error(ErrorCode::data_exception, std::string(type) + " must have at least 1 dimension");
  if (dim > max)
    throw Error(ErrorCode::limit_exceeded, std::string(type) + " cannot have more than " +
                                               std::to_string(max) + " dimensions");
}

void check_expected_dim(int expected, int dim) {
  if (expected != -1 && expected != dim)
    throw Error(ErrorCode::data_exception,
                "expected " + std::to_string(expected) + " dimensions, not " + std::to_string(dim));
}

void check_same_dim(int a, int b, const char* type) {
  if (a != b)
    throw Error(ErrorCode::data_exception, "different " + std::string(type) + " dimensions " +
                                               std::to_string(a) + " and " + std::to_string(b));
}

void check_finite(float x, const char* type) {
  if (std::isnan(x))
    throw Error(ErrorCode::data_exception, "NaN not allowed in " + std::string(type));
  if (std::isinf(x))
    throw Error(ErrorCode::data_exception, "infinite value not allowed in " + std::string(type));
}

void fail_overflow() { throw Error(ErrorCode::out_of_range, "value out of range: overflow"); }
void fail_underflow() { throw Error(ErrorCode::out_of_range, "value out of range: underflow"); }

int check_typmod(const std::int32_t* typmods, int count, int max, const char* type) {
  if (count != 1) throw Error(ErrorCode::invalid_argument, "invalid type modifier");
  if (*typmods < 1)
    throw Error(ErrorCode::invalid_argument,
                "dimensions for type " + std::string(type) + " must be at least 1");
  if (*typmods > max)
    throw Error(ErrorCode::invalid_argument, "dimensions for type " + std::string(type) +
                                                 " cannot exceed " + std::to_string(max));
  return *typmods;
}

template <class T>
typename T::Element checked_element(float x, FloatWriter write) {
  check_finite(x, T::kName);
  const auto e = to_element<T>(x);
  if (std::isinf(to_float(e))) {
    char text[kMaxFloatText];
    const int n = write(x, text);
    throw Error(ErrorCode::out_of_range, "\"" + std::string(text, static_cast<std::size_t>(n)) +
                                             "\" is out of range for type " + T::kName);
  }
  return e;
}

int count_elements(std::string_view literal) noexcept {
  const auto commas = std::count(literal.begin(), literal.end(), ',');
  return static_cast<int>(std::min<std::ptrdiff_t>(commas + 1, kMaxDim));
}

template <class T>
int parse_dense(std::string_view literal, int expected_dim, typename T::Element* out,
                int capacity) {
  LiteralReader in(literal, T::kName);
  in.skip_space();
  if (!in.take('[')) in.fail("Vector contents must start with \"[\".");
  in.skip_space();
  if (in.peek() == ']') check_dim(0, kMaxDim, T::kName);
  int dim = 0;
  for (;;) {
    if (dim == capacity) check_dim(kMaxDim + 1, kMaxDim, T::kName);
    in.skip_space();
    const auto number = in.read_float();
    const auto element = to_element<T>(number.value);
    if (number.overflow || (std::isinf(to_float(element)) && !std::isinf(number.value)))
      in.fail_out_of_range();
    check_finite(number.value, T::kName);
    out[dim++] = element;
    in.skip_space();
    if (in.take(',')) continue;
    if (in.take(']')) break;
    in.fail();
  }
  in.skip_space();
  if (!in.at_end()) in.fail("Junk after closing right brace.");
  check_expected_dim(expected_dim, dim);
  return dim;
}

template <class T>
std::size_t format_dense(const typename T::Element* x, int dim, char* out, FloatWriter write) {
  char* p = out;
  *p++ = '[';
  for (int i = 0; i < dim; ++i) {
    if (i > 0) *p++ = ',';
    p += write(to_float(x[i]), p);
  }
  *p++ = ']';
  *p = '\0';
  return static_cast<std::size_t>(p - out);
}

double cosine_from_sums(double dot, double norm_a, double norm_b) noexcept {
  double similarity = dot / std::sqrt(norm_a * norm_b);
  // Rounding may pass the bounds; NaN (a zero norm) compares false and stays.
  if (similarity > 1) similarity = 1;
  if (similarity < -1) similarity = -1;
  return 1 - similarity;
}

template <>
double l2_squared<Vector>(const float* a, const float* b, int dim) noexcept {
  return static_cast<double>(simd::kernels().l2_squared(a, b, size(dim)));
}
template <>
double l2_squared<Halfvec>(const std::uint16_t* a, const std::uint16_t* b, int dim) noexcept {
  return static_cast<double>(simd::kernels().half_l2_squared(a, b, size(dim)));
}
template <>
double inner_product<Vector>(const float* a, const float* b, int dim) noexcept {
  return static_cast<double>(simd::kernels().inner_product(a, b, size(dim)));
}
template <>
double inner_product<Halfvec>(const std::uint16_t* a, const std::uint16_t* b, int dim) noexcept {
  return static_cast<double>(simd::kernels().half_inner_product(a, b, size(dim)));
}
template <>
double l1_distance<Vector>(const float* a, const float* b, int dim) noexcept {
  return static_cast<double>(simd::kernels().l1(a, b, size(dim)));
}
template <>
double l1_distance<Halfvec>(const std::uint16_t* a, const std::uint16_t* b, int dim) noexcept {
  return static_cast<double>(simd::kernels().half_l1(a, b, size(dim)));
}
template <>
double cosine_distance<Vector>(const float* a, const float* b, int dim) noexcept {
  const auto s = simd::kernels().cosine_sums(a, b, size(dim));
  return cosine_from_sums(s.dot, s.norm_a, s.norm_b);
}
template <>
double cosine_distance<Halfvec>(const std::uint16_t* a, const std::uint16_t* b, int dim) noexcept {
  const auto s = simd::kernels().half_cosine_sums(a, b, size(dim));
  return cosine_from_sums(s.dot, s.norm_a, s.norm_b);
}

template <class T>
double spherical_distance(const typename T::Element* a, const typename T::Element* b,
                          int dim) noexcept {
  const double dot = std::clamp(inner_product<T>(a, b, dim), -1.0, 1.0);
  return std::acos(dot) / 3.14159265358979323846;
}

template <class T>
double l2_norm(const typename T::Element* a, int dim) noexcept {
  double sum = 0;
  for (int i = 0; i < dim; ++i) {
    const double x = to_float(a[i]);
    sum += x * x;
  }
  return std::sqrt(sum);
}

template <class T>
void add(const typename T::Element* a, const typename T::Element* b, int dim,
         typename T::Element* out) {
  for (int i = 0; i < dim; ++i) out[i] = fitting<T>(to_float(a[i]) + to_float(b[i]));
}

template <class T>
void sub(const typename T::Element* a, const typename T::Element* b, int dim,
         typename T::Element* out) {
  for (int i = 0; i < dim; ++i) out[i] = fitting<T>(to_float(a[i]) - to_float(b[i]));
}

template <class T>
void mul(const typename T::Element* a, const typename T::Element* b, int dim,
         typename T::Element* out) {
  for (int i = 0; i < dim; ++i) {
    const float x = to_float(a[i]), y = to_float(b[i]);
    out[i] = fitting<T>(x * y);
    if (to_float(out[i]) == 0 && x != 0 && y != 0) fail_underflow();
  }
}

template <class T>
void scale(const typename T::Element* a, double factor, int dim, typename T::Element* out) {
  if (!std::isfinite(factor))
    throw Error(ErrorCode::invalid_argument, "scalar factor must be finite");
  for (int i = 0; i < dim; ++i) out[i] = fitting<T>(to_float(a[i]) * factor);
}

template <class T>
void l2_normalize(const typename T::Element* a, int dim, typename T::Element* out) {
  const double norm = l2_norm<T>(a, dim);
  for (int i = 0; i < dim; ++i)
    out[i] = norm > 0 ? fitting<T>(to_float(a[i]) / norm) : typename T::Element{0};
}

template <class T>
void binary_quantize(const typename T::Element* a, int dim, std::uint8_t* out) noexcept {
  for (int i = 0; i < dim; ++i)
    if (to_float(a[i]) > 0) out[i / 8] = static_cast<std::uint8_t>(out[i / 8] | (0x80u >> (i % 8)));
}

Range subvector_range(std::int32_t start, std::int32_t count, int dim, const char* type) {
  const std::int64_t first = std::max<std::int64_t>(start, 1);
  const std::int64_t end =
      std::min<std::int64_t>(static_cast<std::int64_t>(start) + std::max(count, 0), dim + 1);
  if (count < 1 || first > dim || end <= first) check_dim(0, kMaxDim, type);
  return {static_cast<int>(first - 1), static_cast<int>(end - first)};
}

template <class T>
int compare(const typename T::Element* a, int dim_a, const typename T::Element* b,
            int dim_b) noexcept {
  const int common = std::min(dim_a, dim_b);
  for (int i = 0; i < common; ++i) {
    const float x = to_float(a[i]), y = to_float(b[i]);
    if (x < y) return -1;
    if (x > y) return 1;
  }
  return dim_a < dim_b ? -1 : dim_a > dim_b ? 1 : 0;
}

template <class T>
std::uint64_t hash(const typename T::Element* a, int dim, std::uint64_t seed) noexcept {
  std::uint64_t h = mix64(seed ^ static_cast<std::uint64_t>(dim));
  for (int i = 0; i < dim; ++i) {
    const float x = to_float(a[i]);
    h = mix64(h ^ std::bit_cast<std::uint32_t>(x == 0 ? 0.0f : x));
  }
  return h;
}

template <class T>
void accumulate(double* state, const typename T::Element* a, int dim) {
  const bool first = state[0] == 0;  // 0 + -0 would lose the sign
  state[0] += 1;
  for (int i = 0; i < dim; ++i) {
    state[i + 1] = first ? to_float(a[i]) : state[i + 1] + to_float(a[i]);
    if (std::isinf(state[i + 1])) fail_overflow();
  }
}

void combine_states(double* into, const double* from, int dim) {
  const bool first = into[0] == 0;
  into[0] += from[0];
  for (int i = 1; i <= dim; ++i) {
    into[i] = first ? from[i] : into[i] + from[i];
    if (std::isinf(into[i])) fail_overflow();
  }
}

template <class T>
void average(const double* state, int dim, typename T::Element* out, FloatWriter write) {
  for (int i = 0; i < dim; ++i)
    out[i] = checked_element<T>(static_cast<float>(state[i + 1] / state[0]), write);
}

#define RV_INSTANTIATE(T)                                                                    \
  template T::Element checked_element<T>(float, FloatWriter);                                \
  template int parse_dense<T>(std::string_view, int, T::Element*, int);                      \
  template std::size_t format_dense<T>(const T::Element*, int, char*, FloatWriter);          \
  template double spherical_distance<T>(const T::Element*, const T::Element*, int) noexcept; \
  template double l2_norm<T>(const T::Element*, int) noexcept;                               \
  template void add<T>(const T::Element*, const T::Element*, int, T::Element*);              \
  template void sub<T>(const T::Element*, const T::Element*, int, T::Element*);              \
  template void mul<T>(const T::Element*, const T::Element*, int, T::Element*);              \
  template void scale<T>(const T::Element*, double, int, T::Element*);                       \
  template void l2_normalize<T>(const T::Element*, int, T::Element*);                        \
  template void binary_quantize<T>(const T::Element*, int, std::uint8_t*) noexcept;          \
  template int compare<T>(const T::Element*, int, const T::Element*, int) noexcept;          \
  template std::uint64_t hash<T>(const T::Element*, int, std::uint64_t) noexcept;            \
  template void accumulate<T>(double*, const T::Element*, int);                              \
  template void average<T>(const double*, int, T::Element*, FloatWriter);
RV_INSTANTIATE(Vector)
RV_INSTANTIATE(Halfvec)
#undef RV_INSTANTIATE

}  // namespace rv
