// ISO 8601 text of the stored temporal values: canonical on the way out, strict on the way in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/graph/map/property_value.h"

namespace rv::graph {

// Days that years -999,999,999 to 999,999,999 need; a stored date beyond is damaged.
inline constexpr std::int64_t kMaxDays = 366LL * 1'000'000'000;

std::int64_t days_from_civil(std::int64_t year, int month, int day) noexcept;

void append_date(std::string& out, std::int64_t days);
void append_local_time(std::string& out, std::int64_t nanoseconds);
void append_time(std::string& out, StoredTime x);
void append_local_datetime(std::string& out, StoredLocalDateTime x);
void append_datetime(std::string& out, const StoredDateTime& x);
void append_duration(std::string& out, const StoredDuration& x);

// 22P02 when the text has another form or names a day or time that does not exist.
std::int64_t parse_date(std::string_view text);
std::int64_t parse_local_time(std::string_view text);
StoredTime parse_time(std::string_view text);
StoredLocalDateTime parse_local_datetime(std::string_view text);
StoredDateTime parse_datetime(std::string_view text);  // `zone` points into text
StoredDuration parse_duration(std::string_view text);

}  // namespace rv::graph
