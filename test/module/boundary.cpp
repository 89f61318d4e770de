// SQL functions that exercise the boundary (src/pg/base/guard.h); test/pgtap/boundary calls them.
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "core/parallel/worker_pool.h"
#include "pg/base/datum.h"
#include "pg/base/memory.h"

extern "C" {
#include "executor/spi.h"
}

extern "C" {
#pragma GCC visibility push(default)
PG_MODULE_MAGIC;
#pragma GCC visibility pop
}

using namespace rv;

namespace {

int live_objects = 0;  // must be 0 whenever no query runs
int destructors_run = 0;

struct Tracked {
  std::string heap = std::string(100, 'x');
  Tracked() { ++live_objects; }
  ~Tracked() {
    --live_objects;
    ++destructors_run;
  }
};

WorkerPool& pool() {
  static auto* instance = new WorkerPool(4);  // never destroyed: no teardown at exit()
  return *instance;
}

std::string repeated(const char* piece, int times) {
  std::string s;
  for (int i = 0; i < times; ++i) s += piece;
  return s;
}

}  // namespace

RV_FUNCTION(rv_throw)
{
  Tracked t;
  const std::string kind(pg::text_argument(fcinfo, 0));
  if (kind == "std") throw std::runtime_error("plain std::runtime_error");
  if (kind == "core") throw Error(ErrorCode::corrupted_index, "index looks corrupted");
  if (kind == "null") throw Error(ErrorCode::null_not_allowed, "no null here");
  if (kind == "protocol") throw Error(ErrorCode::protocol_violation, "bad message");
  if (kind == "hint")
    throw Error(ErrorCode::invalid_argument, "bad value 7", "The limit is 6.", "Use less.");
  if (kind == "oom") {
    std::vector<double> v(std::size_t(1) << 57);
    return Int32GetDatum(static_cast<int>(v[0]));
  }
  if (kind == "int") throw 42;
  if (kind == "length") {
    std::string s;
    s.resize(s.max_size() + 1);
  }
  // Longer than the report's buffer, and made of two-byte characters.
  if (kind == "long") throw std::runtime_error(repeated("\xC3\xA4", 5000));
  if (kind == "longhint")
    throw Error(ErrorCode::internal, "x", repeated("\xC3\xA4", 3000),
                "y" + repeated("\xC3\xA4", 3000));
  PG_RETURN_NULL();
}

// ereport inside PostgreSQL code, three C++ frames deep.
RV_FUNCTION(rv_pg_error)
{
  Tracked outer;
  auto inner = [&](const std::string& s) {
    auto owned = std::make_unique<Tracked>();
    const char* c = s.c_str();
    return pg::call([c] { return DirectFunctionCall1(int4in, CStringGetDatum(c)); });
  };
  std::vector<Tracked> many(10);
  return inner(std::string(pg::text_argument(fcinfo, 0)));
}

// C++ -> SPI (PostgreSQL) -> C++ that throws -> ereport -> PgError -> ereport.
RV_FUNCTION(rv_nested)
{
  Tracked t;
  const std::string sql(pg::text_argument(fcinfo, 0));
  pg::call([] { SPI_connect(); });
  const int rc = pg::call([&sql] { return SPI_execute(sql.c_str(), true, 0); });
  pg::call([] { SPI_finish(); });
  return Int32GetDatum(rc);
}

RV_FUNCTION(rv_live)
{ return Int32GetDatum(live_objects); }
RV_FUNCTION(rv_destroyed)
{ return Int32GetDatum(destructors_run); }

RV_FUNCTION(rv_pmr)
{
  const int64 n = PG_GETARG_INT64(0);
  pg::ScopedContext scratch("rv_pmr");
  pg::ContextResource memory(scratch.get());
  Tracked t;
  std::pmr::vector<float> v(&memory);
  v.resize(static_cast<std::size_t>(n));
  auto& resource = static_cast<std::pmr::memory_resource&>(memory);
  void* wide = resource.allocate(256, 64);
  const bool ok = reinterpret_cast<std::uintptr_t>(wide) % 64 == 0;
  resource.deallocate(wide, 256, 64);
  return BoolGetDatum(ok);
}

// A C++ object cached across calls in fn_extra, destroyed with the plan.
RV_FUNCTION(rv_cached)
{
  auto* info = fcinfo->flinfo;
  if (info->fn_extra == nullptr) info->fn_extra = pg::make_owned_by<Tracked>(info->fn_mcxt);
  if (PG_GETARG_INT32(0) < 0) throw Error(ErrorCode::out_of_range, "negative");
  return Int32GetDatum(live_objects);
}

// Sum of 0..n-1 by chunks on worker threads, resumed after harmless interrupts.
RV_FUNCTION(rv_parallel_sum)
{
  const auto n = static_cast<std::size_t>(PG_GETARG_INT64(0));
  const int pause_us = PG_GETARG_INT32(1);
  Tracked t;
  std::atomic<long long> sum{0};
  const std::size_t grain = 1000, chunks = (n + grain - 1) / grain;
  std::vector<std::atomic<bool>> finished(chunks);
  for (std::size_t left = chunks; left > 0;) {
    pool().for_each_chunk(chunks, 1, pg::interrupt_pending, [&](std::size_t b, std::size_t e) {
      for (std::size_t c = b; c < e; ++c) {
        if (finished[c].load()) continue;
        long long s = 0;
        for (std::size_t i = c * grain; i < n && i < (c + 1) * grain; ++i)
          s += static_cast<long long>(i);
        if (pause_us > 0) std::this_thread::sleep_for(std::chrono::microseconds(pause_us));
        sum += s;
        finished[c] = true;
      }
    });
    pg::check_interrupts();
    left = 0;
    for (auto& f : finished) left += !f.load();
  }
  return Int64GetDatum(sum.load());
}

RV_FUNCTION(rv_parallel_throw)
{
  Tracked t;
  pool().for_each_chunk(1000, 1, pg::interrupt_pending, [](std::size_t b, std::size_t) {
    if (b == 500) throw Error(ErrorCode::internal, "thrown on a worker thread");
  });
  PG_RETURN_NULL();
}

// "blocked/total" worker threads, read back from the kernel.
RV_FUNCTION(rv_thread_masks)
{
  pool();
  int total = 0, blocked = 0;
  const std::string self = std::to_string(getpid());
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    if (task.path().filename() == self) continue;
    std::ifstream in(task.path() / "status");
    for (std::string line; std::getline(in, line);) {
      if (line.rfind("SigBlk:", 0) != 0) continue;
      const auto mask = std::stoull(line.substr(8), nullptr, 16);
      ++total;
      // SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGALRM, SIGTERM, SIGURG
      unsigned long long need = 0;
      for (int s : {1, 2, 3, 10, 14, 15, 23}) need |= 1ULL << (s - 1);
      blocked += (mask & need) == need;
    }
  }
  return pg::text_datum(std::to_string(blocked) + "/" + std::to_string(total));
}

RV_FUNCTION(rv_rss_kb)
{
  std::ifstream in("/proc/self/statm");
  long size = 0, resident = 0;
  in >> size >> resident;
  return Int64GetDatum(resident * (sysconf(_SC_PAGESIZE) / 1024));
}
