// Time zones by IANA name, read from TZif files (RFC 8536).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rv::graph {

class TimeZone {
 public:
  // Seconds east of Greenwich at a moment.
  std::int32_t offset_at(std::int64_t utc_seconds) const;
  // At a time on the zone's clocks. Of a time that occurs twice the earlier one; a time that is
  // skipped is read with the offset before the gap.
  std::int32_t offset_at_local(std::int64_t local_seconds) const;

  // The data file's bytes; false when they are malformed.
  bool parse(std::string_view bytes);

 private:
  struct Rule {  // of the POSIX string: when the clocks change each year
    enum class Kind : std::uint8_t { julian, day, month_week } kind = Kind::day;
    int month = 0, week = 0, day = 0;
    std::int32_t time = 7200;
  };
  bool parse_footer(std::string_view text);
  std::int64_t change(const Rule& r, std::int64_t year) const;  // local seconds
  std::int32_t offset_by_rule(std::int64_t utc_seconds) const;

  std::vector<std::int64_t> transitions_;
  std::vector<std::int32_t> offsets_;  // after each transition
  std::int32_t first_ = 0;             // before the first one
  bool has_rule_ = false, has_summer_ = false;
  std::int32_t standard_ = 0, summer_ = 0;
  Rule to_summer_, to_standard_;
};

// nullptr when there is no such zone. Zones are kept as long as the process. Not thread-safe.
const TimeZone* find_time_zone(std::string_view name);

// The zone that this one was merged with in IANA's main data, or the zone itself.
std::string_view merged_time_zone(std::string_view name);

// Where the zone files are; /usr/share/zoneinfo unless told.
void set_time_zone_directory(const std::string& path);

}  // namespace rv::graph
