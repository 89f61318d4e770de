// Points. Geographic distance is the haversine on a sphere of 6,378,140 m.
#include <cmath>

#include "core/graph/functions/tables.h"

namespace rv::graph {
namespace {

std::optional<double> coordinate(const Value& map, std::string_view name, std::string_view other) {
  for (const auto key : {name, other}) {
    const Value* v = find_entry(map, key);
    if (v == nullptr || v->is_null()) continue;
    if (!v->is_number())
      raise_type(std::string(key) + " must be a number, not " + std::string(kind_name(v->kind())));
    return v->as_double();
  }
  return std::nullopt;
}

Value point(Args a, FunctionContext& c) {
  const Value& map = a[0];
  const auto x = coordinate(map, "x", "longitude");
  const auto y = coordinate(map, "y", "latitude");
  const auto z = coordinate(map, "z", "height");
  if (!x || !y) raise_argument("a point needs x and y, or longitude and latitude");
  const bool geographic_keys = find_entry(map, "longitude") != nullptr;
  std::int32_t srid = geographic_keys ? (z ? 4979 : 4326) : (z ? 9157 : 7203);
  if (const Value* s = find_entry(map, "srid"); s != nullptr && s->is(Kind::integer)) {
    srid = static_cast<std::int32_t>(s->as_integer());
  } else if (const Value* name = find_entry(map, "crs");
             name != nullptr && name->is(Kind::string)) {
    const auto crs = name->as_string();
    srid = crs == "cartesian"                               ? 7203
           : crs == "cartesian-3D" || crs == "cartesian-3d" ? 9157
           : crs == "WGS-84" || crs == "wgs-84"             ? 4326
           : crs == "WGS-84-3D" || crs == "wgs-84-3d"       ? 4979
                                                            : 0;
  }
  if (srid != 7203 && srid != 9157 && srid != 4326 && srid != 4979)
    raise_argument("unknown coordinate reference system");
  Point p{srid, *x, *y, z.value_or(0)};
  if (p.has_z() != z.has_value())
    raise_argument("the coordinates do not fit their reference system");
  if (p.geographic() && !(std::fabs(p.y) <= 90 && std::fabs(p.x) <= 180))
    raise_argument("latitude must lie between -90 and 90, longitude between -180 and 180");
  return Value::point(c.arena.make<Point>(p));
}

Value point_distance(Args a, FunctionContext&) {
  const Point& p = a[0].as_point();
  const Point& q = a[1].as_point();
  if (p.srid != q.srid) return Value::null();
  if (!p.geographic())
    return Value::floating(std::sqrt((p.x - q.x) * (p.x - q.x) + (p.y - q.y) * (p.y - q.y) +
                                     (p.z - q.z) * (p.z - q.z)));
  constexpr double kRadius = 6378140.0;
  const double to_rad = M_PI / 180.0;
  const double dy = (q.y - p.y) * to_rad;
  const double dx = (q.x - p.x) * to_rad;
  const double h = std::pow(std::sin(dy / 2), 2) +
                   std::cos(p.y * to_rad) * std::cos(q.y * to_rad) * std::pow(std::sin(dx / 2), 2);
  const double height = (p.z + q.z) / 2;
  const double arc = 2 * (kRadius + height) * std::asin(std::min(1.0, std::sqrt(h)));
  return Value::floating(std::sqrt(arc * arc + (p.z - q.z) * (p.z - q.z)));
}

Value within(Args a, FunctionContext&) {
  const Point& p = a[0].as_point();
  const Point& low = a[1].as_point();
  const Point& high = a[2].as_point();
  if (p.srid != low.srid || p.srid != high.srid) return Value::null();
  const auto in = [](double v, double l, double h) { return v >= l && v <= h; };
  const bool x =
      p.geographic() && low.x > high.x ? p.x >= low.x || p.x <= high.x : in(p.x, low.x, high.x);
  return Value::boolean(x && in(p.y, low.y, high.y) && in(p.z, low.z, high.z));
}

const FunctionInfo kSpatialFunctions[] = {
    {"point", 1, 1, kMap, 0, kPoint | kNullType, point},
    {"distance", 2, 2, kPoint, kPoint, kFloating | kNullType, point_distance},
    {"point.distance", 2, 2, kPoint, kPoint, kFloating | kNullType, point_distance},
    {"point.withinBBox", 3, 3, kPoint, kPoint, kBoolean | kNullType, within},
};

}  // namespace

std::span<const FunctionInfo> spatial_functions() { return kSpatialFunctions; }

}  // namespace rv::graph
