#include "pg/graph/cypher_environment.h"

#include <unistd.h>

#include <algorithm>
#include <string>

#include "core/graph/temporal/time_zone.h"
#include "pg/base/guard.h"
#include "pg/graph/cypher_scan.h"
#include "pg/storage/temporary_file.h"

extern "C" {
#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "executor/instrument.h"
#include "pgtime.h"
#include "port.h"
#include "regex/regex.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timestamp.h"
}

namespace rv::pg {
namespace {

// Of ruvector.cypher_work_mem; -1: by work_mem, as a hash table of the executor is.
int work_mem_kb = -1;
constexpr int kLeastKb = 1024;

// Files and batches of rows take room of their own: less than the least is the least.
bool check_work_mem(int* value, void**, GucSource) {
  if (*value != -1 && *value < kLeastKb) *value = kLeastKb;
  return true;
}

void limit_memory(graph::Environment& e) {
  if (work_mem_kb >= 0) {
    e.memory_limit = static_cast<std::size_t>(work_mem_kb) * 1024;
    e.memory_setting = "ruvector.cypher_work_mem";
    return;
  }
  e.memory_limit = std::max(get_hash_memory_limit(), std::size_t{kLeastKb} * 1024);
  e.memory_setting = "work_mem * hash_mem_multiplier";
}

// All of the text must match, as in Java. PostgreSQL compiles and caches the pattern.
bool matches(std::string_view pattern, std::string_view subject) {
  std::string options;
  // (?i) and the like are understood only at the start.
  if (pattern.starts_with("(?")) {
    const std::size_t end = pattern.find(')');
    const std::string_view inner =
        end == std::string_view::npos ? std::string_view() : pattern.substr(2, end - 2);
    if (!inner.empty() && inner.find_first_not_of("imsxn") == std::string_view::npos) {
      options = pattern.substr(0, end + 1);
      pattern.remove_prefix(end + 1);
    }
  }
  const std::string whole = options + "^(?:" + std::string(pattern) + ")$";
  return call([&] {
    text* const re = cstring_to_text_with_len(whole.data(), static_cast<int>(whole.size()));
    return RE_compile_and_execute(re, const_cast<char*>(subject.data()),
                                  static_cast<int>(subject.size()), REG_ADVANCED,
                                  DEFAULT_COLLATION_OID, 0, nullptr);
  });
}

std::string name_of_session_time_zone() {
  if (session_timezone == nullptr) return "Z";
  std::string name = pg_get_timezone_name(session_timezone);
  for (const char* utc : {"UTC", "Etc/UTC", "GMT", "Etc/GMT", "UCT", "Zulu", "Etc/UCT"})
    if (name == utc) return "Z";
  if (graph::find_time_zone(name) != nullptr) return name;
  // A zone that is no file, such as an offset: what it says now.
  long offset = 0;
  if (!pg_get_timezone_offset(session_timezone, &offset)) return "Z";
  char text[16];
  const long size = offset < 0 ? -offset : offset;
  pg_snprintf(text, sizeof text, "%c%02ld:%02ld:%02ld", offset < 0 ? '-' : '+', size / 3600,
              size / 60 % 60, size % 60);
  return text;
}

// Zones of the server are made once and stay; only an offset that is asked for may change.
const std::string& session_time_zone() {
  static const pg_tz* known = nullptr;
  static auto* const name = new std::string();
  if (known == nullptr || known != session_timezone) {
    *name = name_of_session_time_zone();
    known = *name == "Z" || graph::find_time_zone(*name) != nullptr ? session_timezone : nullptr;
  }
  return *name;
}

// The server's own zone files, where it was built with them.
void find_zone_files() {
  static bool done = false;
  if (done) return;
  done = true;
  char path[MAXPGPATH];
  get_share_path(my_exec_path, path);
  const std::string directory = std::string(path) + "/timezone";
  if (access((directory + "/UTC").c_str(), R_OK) == 0) graph::set_time_zone_directory(directory);
}

}  // namespace

graph::Environment cypher_environment() {
  find_zone_files();
  graph::Environment e;
  e.check_interrupts = [] { check_interrupts(); };
  e.matches = matches;
  e.pages = [] {
    return static_cast<std::uint64_t>(pgBufferUsage.shared_blks_hit +
                                      pgBufferUsage.shared_blks_read +
                                      pgBufferUsage.local_blks_hit + pgBufferUsage.local_blks_read);
  };
  const TimestampTz start = GetCurrentTransactionStartTimestamp();
  constexpr std::int64_t kEpoch =
      static_cast<std::int64_t>(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;
  std::int64_t seconds = start / USECS_PER_SEC;
  std::int64_t micros = start % USECS_PER_SEC;
  if (micros < 0) {
    micros += USECS_PER_SEC;
    --seconds;
  }
  e.now_seconds = seconds + kEpoch;
  e.now_nanoseconds = static_cast<std::int32_t>(micros * 1000);
  e.time_zone = session_time_zone();
  static std::uint64_t counter = 0;
  e.seed = static_cast<std::uint64_t>(GetCurrentTimestamp()) * 1000003U +
           static_cast<std::uint64_t>(MyProcPid) * 7919U + counter++;
  limit_memory(e);
  e.scratch_file = [] { return std::make_unique<TemporaryFile>(); };
  return e;
}

void define_graph_settings() {
  DefineCustomIntVariable("ruvector.cypher_work_mem",
                          "Memory that a Cypher query may use for what it must keep.",
                          "Sorting, DISTINCT, grouping, joins and clauses that write keep rows; "
                          "what exceeds it goes to temporary files. A query with a list that needs "
                          "more ends with an error. -1 means work_mem times hash_mem_multiplier.",
                          &work_mem_kb, -1, -1, MAX_KILOBYTES, PGC_USERSET, GUC_UNIT_KB,
                          check_work_mem, nullptr, nullptr);
  install_cypher_scan();
}

}  // namespace rv::pg
