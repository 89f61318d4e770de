// Text forms of stored properties.
//
// cypher_map prints as Cypher literals, exactly enough to be read back:
//   {age: 42, born: date('1815-12-10'), embedding: vector([0.5, 1]), `odd key`: 1.0, tags: ['a']}
// The reader takes the same, and JSON objects: "quoted" keys and strings. Entries that are null
// are left out.
#pragma once

#include <string>
#include <string_view>

#include "core/graph/map/property_map.h"

namespace rv::graph {

void append_text(std::string& out, const PropertyView& value);
void append_text(std::string& out, const MapView& map);
// JSON: temporals as ISO strings, vectors as arrays, points as objects, NaN and infinities as
// strings.
void append_json(std::string& out, const PropertyView& value);
void append_json(std::string& out, const MapView& map);
void append_quoted_json(std::string& out, std::string_view text);
// The value alone, as ->> gives it: strings without quotes.
std::string plain_text(const PropertyView& value);

// Appends the stored form of a literal map. 22P02 with the position for malformed text, 22003 for
// integers and vector elements that do not fit, 22000 for a map inside a map, 54001 for lists that
// are too deep.
void parse_map(std::string_view text, std::string& out);

}  // namespace rv::graph
