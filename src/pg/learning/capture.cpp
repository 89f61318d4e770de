#include "pg/learning/capture.h"

#include <cmath>
#include <iterator>
#include <limits>
#include <memory>

#include "core/base/no_destructor.h"
#include "core/base/rng.h"
#include "pg/am/scan_stats.h"
#include "pg/learning/models.h"
#include "pg/learning/shared_ring.h"

extern "C" {
#include "utils/timestamp.h"
}

namespace rv::pg::learn {
namespace {

// Without a shared ring a session keeps this much of its own.
constexpr std::uint32_t kOwnSlots = 1024;
constexpr std::uint32_t kOwnQueries = 32;
constexpr std::size_t kTaken = 256;

struct CaptureState {
  // Scans until the next one that is sampled, so that the others cost a decrement and a branch.
  std::int64_t countdown = 1;
  bool redraw = true;
  double audit_share = 0;  // of the sampled scans
  int unobserved = 0;
  std::int64_t last = 0;
  Oid timed = InvalidOid;
  TimestampTz began = 0;
  bool seeded = false;
  Rng rng{0};
  std::unique_ptr<std::byte[]> memory;
  std::optional<learning::CaptureRing> own;
};
CaptureState& capture_state() {
  static NoDestructor<CaptureState> s;
  return *s;
}

// Draws how far the next sampled scan is: geometric, so that every scan has the same chance.
void draw(CaptureState& s) noexcept {
  if (!s.seeded) {
    std::uint64_t seed = 0;
    if (!pg_strong_random(&seed, sizeof seed)) seed = static_cast<std::uint64_t>(MyProcPid);
    s.rng = Rng(seed);
    s.seeded = true;
  }
  s.redraw = false;
  const double rate = std::max(sample_rate(), audit_rate());
  s.countdown = std::numeric_limits<std::int64_t>::max();
  if (!(rate > 0)) return;
  s.audit_share = audit_rate() / rate;
  const double steps = rate >= 1 ? 0 : std::floor(std::log1p(-s.rng.uniform()) / std::log1p(-rate));
  s.countdown = 1 + static_cast<std::int64_t>(std::min(steps, 1e15));
}

// Into the shared ring, together with what waits in the session's own; into the latter where the
// former cannot be had at once.
void keep(CaptureState& s, const learning::Sample& sample,
          std::span<const std::byte> query) noexcept {
  if (auto ring = LockedRing::try_acquire()) {
    learning::Sample earlier;
    const auto any = [](const learning::Sample&) { return true; };
    while (s.own && s.own->take(any, &earlier, 1) == 1)
      (*ring)->push(earlier, s.own->query(earlier.query));
    (*ring)->push(sample, query);
    return;
  }
  if (!s.own) {
    s.memory.reset(new (std::nothrow)
                       std::byte[learning::CaptureRing::bytes(kOwnSlots, kOwnQueries)]);
    if (s.memory == nullptr) return;  // one sample less
    s.own = learning::CaptureRing::create(s.memory.get(), kOwnSlots, kOwnQueries);
  }
  s.own->push(sample, query);
}

void observe(const ScanStats& stats, const ScanQuery& query) {
  CaptureState& s = capture_state();
  if (s.unobserved > 0) return;
  s.last = 0;
  if (--s.countdown > 0) return;
  if (s.redraw) {  // the rates may have changed: this scan may not be the one
    draw(s);
    if (--s.countdown > 0) return;
  }
  bool for_audit = s.rng.uniform() < s.audit_share;
  draw(s);
  if (!is_watched(stats.index)) return;
  // An index's own rates leave out some of what the session's would take.
  const IndexRates own = rates_of(stats.index);
  const double rate = std::max(sample_rate(), audit_rate());
  for_audit = for_audit && (own.audit < 0 || s.rng.uniform() * audit_rate() < own.audit);
  if (!for_audit && own.sample >= 0 && !(s.rng.uniform() * rate < own.sample)) return;
  learning::Sample sample;
  s.last = sample.id = static_cast<std::int64_t>(s.rng.next() >> 2) + 1;
  sample.noted_at = GetCurrentTimestamp();
  sample.database = MyDatabaseId;
  sample.index = stats.index;
  sample.role = GetUserId();
  sample.effort = stats.ef;
  sample.hops = static_cast<std::int64_t>(stats.hops);
  sample.distances = static_cast<std::int64_t>(stats.distances);
  sample.pages = static_cast<std::int64_t>(stats.pages);
  sample.reranked = static_cast<std::int64_t>(stats.reranked);
  sample.returned = static_cast<std::int64_t>(stats.returned);
  if (s.timed == stats.index) sample.elapsed_us = static_cast<float>(sample.noted_at - s.began);
  s.timed = InvalidOid;
  if (const ScanFeatures* f = scan_features()) {
    sample.has_features = true;
    sample.features = *f;
  }
  sample.sketch = learning::sketch_of(query.floats);
  keep(s, sample, for_audit ? query.value : std::span<const std::byte>());
}

template <class Ring>
void take_from(Ring& ring, Oid role, std::vector<learning::Sample>& scratch,
               std::vector<Captured>& out) {
  const auto wanted = [role](const learning::Sample& s) {
    return s.database == MyDatabaseId && (role == InvalidOid || s.role == role);
  };
  const std::size_t n = ring.take(wanted, scratch.data(), scratch.size() - out.size());
  for (std::size_t i = 0; i < n; ++i) {
    const auto query = ring.query(scratch[i].query);
    out.push_back({scratch[i], {query.begin(), query.end()}});
  }
}

}  // namespace

void watch_scans(bool on) {
  observe_scans(on ? observe : nullptr);
  if (!on) capture_state().last = 0;
}

void redraw_samples() {
  capture_state().redraw = true;
  capture_state().countdown = 1;
}

void scan_begins(Oid index) noexcept {
  CaptureState& s = capture_state();
  if (s.countdown > 1) return;
  s.timed = index;
  s.began = GetCurrentTimestamp();
}

Unobserved::Unobserved() noexcept { ++capture_state().unobserved; }
Unobserved::~Unobserved() { --capture_state().unobserved; }

std::int64_t last_sample() noexcept { return capture_state().last; }

std::vector<Captured> take_captured(Oid role) {
  std::vector<learning::Sample> scratch(kTaken);
  std::vector<Captured> out;
  out.reserve(kTaken);
  CaptureState& s = capture_state();
  if (s.own) take_from(*s.own, role, scratch, out);
  if (out.size() < kTaken)
    if (auto ring = LockedRing::acquire()) take_from(**ring, role, scratch, out);
  return out;
}

std::vector<std::vector<std::byte>> take_queries(Oid index) {
  std::vector<std::vector<std::byte>> all;
  CaptureState& s = capture_state();
  if (s.own) all = s.own->take_queries(MyDatabaseId, index);
  if (auto ring = LockedRing::acquire()) {
    auto shared = (*ring)->take_queries(MyDatabaseId, index);
    all.insert(all.end(), std::make_move_iterator(shared.begin()),
               std::make_move_iterator(shared.end()));
  }
  return all;
}

CaptureStatus capture_status() {
  CaptureStatus c;
  c.shared = has_shared_ring();
  const CaptureState& s = capture_state();
  if (s.own) {
    c.waiting += s.own->waiting();
    c.lost += s.own->lost();
  }
  if (auto ring = LockedRing::acquire()) {
    c.waiting += (*ring)->waiting();
    c.lost += (*ring)->lost();
  }
  return c;
}

}  // namespace rv::pg::learn
