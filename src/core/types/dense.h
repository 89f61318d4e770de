// vector (float32) and halfvec (binary16): validation, text form, arithmetic and distances over
// raw arrays. One set of templates serves both; explicit instantiations are in the .cpp files.
//
// Semantics are pgvector's (docs/types.md): sums of distances are float32, norms are float64;
// NaN and infinity never enter a value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/types/text_format.h"

namespace rv {

inline constexpr int kMaxDim = 16000;

struct Vector {
  using Element = float;
  static constexpr const char* kName = "vector";
};
struct Halfvec {
  using Element = std::uint16_t;
  static constexpr const char* kName = "halfvec";
};

// One element to float and back; to_element gives an infinity where the value does not fit.
float to_float(float x) noexcept;
float to_float(std::uint16_t x) noexcept;
template <class T>
typename T::Element to_element(float x) noexcept;

// Shared checks. `type` is the name in the message.
void check_dim(int dim, int max, const char* type);   // 22000 / 54000
void check_expected_dim(int expected, int dim);       // 22000; expected -1: any
void check_same_dim(int a, int b, const char* type);  // 22000
void check_finite(float x, const char* type);         // 22000
[[noreturn]] void fail_overflow();                    // 22003 value out of range: overflow
[[noreturn]] void fail_underflow();                   // 22003 value out of range: underflow
int check_typmod(const std::int32_t* typmods, int count, int max, const char* type);  // 22023

// Converts one float to an element of T, refusing NaN, infinity and what does not fit (22003).
template <class T>
typename T::Element checked_element(float x, FloatWriter write);

// "[1, 2.5, -3]" into `out`, which has room for `capacity` elements: count_elements() of them.
// Returns the dimension. `literal` must be followed by a NUL byte.
int count_elements(std::string_view literal) noexcept;
template <class T>
int parse_dense(std::string_view literal, int expected_dim, typename T::Element* out, int capacity);
// Upper bound of the text's length, and the text itself (with the terminating NUL); returns its
// length without the NUL.
constexpr std::size_t dense_text_bound(int dim) noexcept {
  return static_cast<std::size_t>(dim) * (kMaxFloatText + 1) + 3;
}
template <class T>
std::size_t format_dense(const typename T::Element* x, int dim, char* out, FloatWriter write);

// Distances; both arrays have `dim` elements.
template <class T>
double l2_squared(const typename T::Element* a, const typename T::Element* b, int dim) noexcept;
template <class T>
double inner_product(const typename T::Element* a, const typename T::Element* b, int dim) noexcept;
template <class T>
double l1_distance(const typename T::Element* a, const typename T::Element* b, int dim) noexcept;
// 1 - cosine similarity, in [0, 2]; NaN when a norm is zero.
template <class T>
double cosine_distance(const typename T::Element* a, const typename T::Element* b,
                       int dim) noexcept;
// 1 - dot / sqrt(norm_a * norm_b) with the similarity clamped to [-1, 1].
double cosine_from_sums(double dot, double norm_a, double norm_b) noexcept;
// Angle over pi of two unit vectors, in [0, 1].
template <class T>
double spherical_distance(const typename T::Element* a, const typename T::Element* b,
                          int dim) noexcept;
template <class T>
double l2_norm(const typename T::Element* a, int dim) noexcept;

// Element by element; 22003 when a result does not fit (mul: also when it vanishes).
template <class T>
void add(const typename T::Element* a, const typename T::Element* b, int dim,
         typename T::Element* out);
template <class T>
void sub(const typename T::Element* a, const typename T::Element* b, int dim,
         typename T::Element* out);
template <class T>
void mul(const typename T::Element* a, const typename T::Element* b, int dim,
         typename T::Element* out);
// Every element times `factor`, which must be finite (22023).
template <class T>
void scale(const typename T::Element* a, double factor, int dim, typename T::Element* out);
// a / |a|; a zero vector stays zero, without negative zeros.
template <class T>
void l2_normalize(const typename T::Element* a, int dim, typename T::Element* out);
// Bit i, most significant first, is a[i] > 0. `out` has (dim + 7) / 8 bytes, zeroed.
template <class T>
void binary_quantize(const typename T::Element* a, int dim, std::uint8_t* out) noexcept;
// The elements start .. start + count - 1 (1-based) that exist, as substring() does.
struct Range {
  int first;  // 0-based
  int count;
};
Range subvector_range(std::int32_t start, std::int32_t count, int dim, const char* type);

// Lexicographic over the common prefix, then the shorter first: -1, 0, 1.
template <class T>
int compare(const typename T::Element* a, int dim_a, const typename T::Element* b,
            int dim_b) noexcept;
// Equal values (-0 = 0) hash equal, on every machine.
template <class T>
std::uint64_t hash(const typename T::Element* a, int dim, std::uint64_t seed) noexcept;

// Aggregates: state[0] is the count, state[1..dim] the sums.
template <class T>
void accumulate(double* state, const typename T::Element* a, int dim);
void combine_states(double* into, const double* from, int dim);
template <class T>
void average(const double* state, int dim, typename T::Element* out, FloatWriter write);

}  // namespace rv
