// Every kernel at every level against a float64 reference.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "core/base/rng.h"
#include "core/simd/distance.h"

namespace rv::simd {
namespace {

// Relative to the sum of the absolute terms: float32 rounding in at least four accumulators.
double sum_error(std::size_t n) { return 1e-7 * (4.0 + static_cast<double>(n) / 16.0); }

std::vector<std::size_t> lengths() {
  std::vector<std::size_t> all;
  for (std::size_t n = 0; n <= 130; ++n) all.push_back(n);
  for (std::size_t n : {255u, 256u, 257u, 768u, 1000u, 1536u, 4096u, 16000u, 16001u})
    all.push_back(n);
  return all;
}

// Memory that ends at a page the process may not touch: a kernel that reads past its end dies.
template <class T>
class Guarded {
 public:
  explicit Guarded(std::size_t n) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t bytes = n * sizeof(T);
    mapped_ = (bytes + page - 1) / page * page + page;
    base_ = static_cast<char*>(
        mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(base_ + mapped_ - page, page, PROT_NONE);
    data_ = reinterpret_cast<T*>(base_ + mapped_ - page - bytes);
  }
  ~Guarded() { munmap(base_, mapped_); }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  T* data() { return data_; }

 private:
  char* base_;
  std::size_t mapped_;
  T* data_;
};

// An independent binary16 reader: by the definition of the format.
double half_value(std::uint16_t h) {
  const int sign = h >> 15, exponent = (h >> 10) & 31, mantissa = h & 1023;
  double v = 0;
  if (exponent == 31) {
    v = mantissa != 0 ? std::numeric_limits<double>::quiet_NaN()
                      : std::numeric_limits<double>::infinity();
  } else if (exponent == 0) {
    v = std::ldexp(mantissa, -24);
  } else {
    v = std::ldexp(1024 + mantissa, exponent - 25);
  }
  return sign != 0 ? -v : v;
}

class EveryLevel : public testing::TestWithParam<Level> {
 protected:
  void SetUp() override {
    if (GetParam() > cpu_level()) GTEST_SKIP() << "this CPU lacks the instruction set";
  }
  const Kernels& k() const { return kernels(GetParam()); }
};

struct Sums {
  double l2 = 0, dot = 0, dot_scale = 0, l1 = 0, aa = 0, bb = 0;
  void add(double a, double b) {
    l2 += (a - b) * (a - b);
    dot += a * b;
    dot_scale += std::fabs(a * b);
    l1 += std::fabs(a - b);
    aa += a * a;
    bb += b * b;
  }
};

TEST_P(EveryLevel, FloatKernelsAgreeWithTheReference) {
  Rng rng(1);
  for (const std::size_t n : lengths()) {
    Guarded<float> a(n), b(n);
    Sums s;
    for (std::size_t i = 0; i < n; ++i) {
      a.data()[i] = static_cast<float>(rng.normal());
      b.data()[i] = static_cast<float>(rng.normal() + 0.3);
      s.add(a.data()[i], b.data()[i]);
    }
    const double e = sum_error(n);
    EXPECT_NEAR(k().l2_squared(a.data(), b.data(), n), s.l2, e * s.l2) << n;
    EXPECT_NEAR(k().inner_product(a.data(), b.data(), n), s.dot, e * s.dot_scale) << n;
    EXPECT_NEAR(k().l1(a.data(), b.data(), n), s.l1, e * s.l1) << n;
    const auto c = k().cosine_sums(a.data(), b.data(), n);
    EXPECT_NEAR(c.dot, s.dot, e * s.dot_scale) << n;
    EXPECT_NEAR(c.norm_a, s.aa, e * s.aa) << n;
    EXPECT_NEAR(c.norm_b, s.bb, e * s.bb) << n;
  }
}

TEST_P(EveryLevel, HalfKernelsAgreeWithTheReference) {
  Rng rng(2);
  for (const std::size_t n : lengths()) {
    Guarded<std::uint16_t> a(n), b(n);
    Guarded<float> f(n);
    Sums s, m;
    for (std::size_t i = 0; i < n; ++i) {
      // Any finite half, small and subnormal ones included.
      a.data()[i] = static_cast<std::uint16_t>(rng.below(0x4C00) | (rng.below(2) << 15));
      b.data()[i] = static_cast<std::uint16_t>(rng.below(0x4C00) | (rng.below(2) << 15));
      f.data()[i] = static_cast<float>(rng.normal());
      s.add(half_value(a.data()[i]), half_value(b.data()[i]));
      m.add(f.data()[i], half_value(b.data()[i]));
    }
    const double e = sum_error(n);
    EXPECT_NEAR(k().half_l2_squared(a.data(), b.data(), n), s.l2, e * s.l2) << n;
    EXPECT_NEAR(k().half_inner_product(a.data(), b.data(), n), s.dot, e * s.dot_scale) << n;
    EXPECT_NEAR(k().half_l1(a.data(), b.data(), n), s.l1, e * s.l1) << n;
    const auto c = k().half_cosine_sums(a.data(), b.data(), n);
    EXPECT_NEAR(c.dot, s.dot, e * s.dot_scale) << n;
    EXPECT_NEAR(c.norm_a, s.aa, e * s.aa) << n;
    EXPECT_NEAR(c.norm_b, s.bb, e * s.bb) << n;
    EXPECT_NEAR(k().mixed_l2_squared(f.data(), b.data(), n), m.l2, e * m.l2) << n;
    EXPECT_NEAR(k().mixed_inner_product(f.data(), b.data(), n), m.dot, e * m.dot_scale) << n;
  }
}

TEST_P(EveryLevel, Int8KernelsAreExact) {
  Rng rng(3);
  for (const std::size_t n : lengths()) {
    Guarded<std::int8_t> a(n), b(n);
    Guarded<std::uint8_t> u(n);
    std::int64_t l2 = 0, dot = 0, udot = 0;
    for (std::size_t i = 0; i < n; ++i) {
      // Half of the values are the extremes.
      a.data()[i] = static_cast<std::int8_t>(
          rng.below(2) != 0 ? -128 : static_cast<int>(rng.below(256)) - 128);
      b.data()[i] = static_cast<std::int8_t>(
          rng.below(2) != 0 ? 127 : static_cast<int>(rng.below(256)) - 128);
      u.data()[i] = static_cast<std::uint8_t>(rng.below(2) != 0 ? 255 : rng.below(256));
      const int x = a.data()[i], y = b.data()[i];
      l2 += static_cast<std::int64_t>(x - y) * (x - y);
      dot += x * y;
      udot += static_cast<int>(u.data()[i]) * y;
    }
    EXPECT_EQ(k().int8_l2_squared(a.data(), b.data(), n), l2) << n;
    EXPECT_EQ(k().int8_inner_product(a.data(), b.data(), n), dot) << n;
    EXPECT_EQ(k().uint8_int8_inner_product(u.data(), b.data(), n), udot) << n;
  }
}

TEST_P(EveryLevel, BitKernelsAreExact) {
  Rng rng(4);
  for (const std::size_t n : lengths()) {
    Guarded<std::uint8_t> a(n), b(n);
    std::uint64_t differ = 0, both = 0, either = 0;
    for (std::size_t i = 0; i < n; ++i) {
      a.data()[i] = static_cast<std::uint8_t>(rng.next());
      b.data()[i] = static_cast<std::uint8_t>(rng.next());
      for (int bit = 0; bit < 8; ++bit) {
        const int x = (a.data()[i] >> bit) & 1, y = (b.data()[i] >> bit) & 1;
        differ += static_cast<std::uint64_t>(x != y);
        both += static_cast<std::uint64_t>(x & y);
        either += static_cast<std::uint64_t>(x | y);
      }
    }
    EXPECT_EQ(k().hamming(a.data(), b.data(), n), differ) << n;
    const auto o = k().overlap(a.data(), b.data(), n);
    EXPECT_EQ(o.both, both) << n;
    EXPECT_EQ(o.either, either) << n;
  }
}

TEST_P(EveryLevel, ReadsArraysThatAreOnlyElementAligned) {
  std::vector<float> a(200), b(200);
  for (std::size_t i = 0; i < a.size(); ++i)
    a[i] = static_cast<float>(i % 7), b[i] = static_cast<float>(i % 5);
  for (std::size_t shift = 0; shift < 16; ++shift) {
    Sums s;
    for (std::size_t i = 0; i < 100; ++i) s.add(a[shift + i], b[shift + 3 + i]);
    EXPECT_EQ(k().l2_squared(&a[shift], &b[shift + 3], 100), s.l2);  // small integers: exact
    EXPECT_EQ(k().inner_product(&a[shift], &b[shift + 3], 100), s.dot);
  }
}

TEST_P(EveryLevel, ExtremesGiveWhatIeeeGives) {
  const float big = 3e38f, inf = std::numeric_limits<float>::infinity();
  const float tiny = std::numeric_limits<float>::denorm_min();
  for (std::size_t n : {1u, 7u, 16u, 17u, 64u, 100u}) {
    const std::vector<float> a(n, big), b(n, -big), z(n, -0.0f), t(n, tiny);
    EXPECT_EQ(k().l2_squared(a.data(), b.data(), n), inf);
    EXPECT_EQ(k().inner_product(a.data(), b.data(), n), -inf);
    EXPECT_EQ(k().l1(a.data(), b.data(), n), inf);
    EXPECT_EQ(k().l2_squared(z.data(), z.data(), n), 0.0f);
    EXPECT_EQ(k().l1(t.data(), z.data(), n), static_cast<float>(n) * tiny) << "denormals count";
  }
}

TEST_P(EveryLevel, WidensEveryHalf) {
  std::vector<std::uint16_t> all(65536);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint16_t>(i);
  std::vector<float> wide(all.size());
  k().half_to_float(all.data(), wide.data(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double expected = half_value(all[i]);
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(wide[i])) << i;
    } else {
      ASSERT_EQ(wide[i], expected) << i;
      ASSERT_EQ(std::signbit(wide[i]), std::signbit(expected)) << i;
    }
  }
}

// Bodies and tails of the conversions, with a guard page behind source and target.
TEST_P(EveryLevel, ConvertsEveryLength) {
  Rng rng(6);
  for (const std::size_t n : lengths()) {
    Guarded<std::uint16_t> half(n), back(n);
    Guarded<float> wide(n);
    for (std::size_t i = 0; i < n; ++i)
      half.data()[i] = static_cast<std::uint16_t>(rng.below(0x7C00));
    k().half_to_float(half.data(), wide.data(), n);
    k().float_to_half(wide.data(), back.data(), n);
    for (std::size_t i = 0; i < n; ++i) {
      ASSERT_EQ(wide.data()[i], half_value(half.data()[i])) << n;
      ASSERT_EQ(back.data()[i], half.data()[i]) << n;
    }
  }
}

TEST_P(EveryLevel, NarrowsToTheNearestHalfTiesToEven) {
  const auto narrow = [&](float f) {
    std::vector<float> from(40, f);  // vector body and scalar tail must agree
    std::vector<std::uint16_t> to(40);
    k().float_to_half(from.data(), to.data(), from.size());
    for (const auto h : to) EXPECT_EQ(h, to[0]) << f;
    return to[0];
  };
  for (std::uint32_t h = 0; h < 0x7C00; h += 1) {
    const auto low = static_cast<float>(half_value(static_cast<std::uint16_t>(h)));
    ASSERT_EQ(narrow(low), h);
    if (h % 37 != 0) continue;  // the neighbourhood of a sample of them
    const double high = h + 1 == 0x7C00 ? 65536.0 : half_value(static_cast<std::uint16_t>(h + 1));
    const auto middle = static_cast<float>((low + high) / 2);
    ASSERT_EQ(narrow(middle), h % 2 == 0 ? h : h + 1) << "tie " << h;
    ASSERT_EQ(narrow(std::nextafterf(middle, 0.0f)), h);
    ASSERT_EQ(narrow(std::nextafterf(middle, 1e9f)), h + 1);
    ASSERT_EQ(narrow(-low), h | 0x8000);
  }
  EXPECT_EQ(narrow(65519.996f), 0x7BFF);
  EXPECT_EQ(narrow(65520.0f), 0x7C00);
  EXPECT_EQ(narrow(3e38f), 0x7C00);
  EXPECT_EQ(narrow(-std::numeric_limits<float>::infinity()), 0xFC00);
  EXPECT_TRUE(std::isnan(half_value(narrow(std::numeric_limits<float>::quiet_NaN()))));
  EXPECT_EQ(narrow(1e-30f), 0);
}

std::string level_label(const testing::TestParamInfo<Level>& info) {
  const char* const names[] = {"baseline", "avx2", "avx512", "avx512vnni"};
  return names[static_cast<int>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(Simd, EveryLevel,
                         testing::Values(Level::baseline, Level::avx2, Level::avx512,
                                         Level::avx512vnni),
                         level_label);

TEST(Dispatch, NeverSelectsAboveTheCpu) {
  select_level(Level::avx512vnni);
  EXPECT_STREQ(kernels().name, level_name(cpu_level()));
  select_level(Level::baseline);
  EXPECT_STREQ(kernels().name, "baseline");
  select_level(cpu_level());
}

}  // namespace
}  // namespace rv::simd
