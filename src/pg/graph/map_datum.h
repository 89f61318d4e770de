// cypher_map as PostgreSQL sees it: a varlena whose content core/graph/map describes.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/graph/map/property_map.h"
#include "pg/base/datum.h"

namespace rv::pg {

// The bytes of a detoasted value.
inline std::span<const std::byte> varlena_bytes(const varlena* v) noexcept {
  return {reinterpret_cast<const std::byte*>(VARDATA_ANY(v)),
          static_cast<std::size_t>(VARSIZE_ANY_EXHDR(v))};
}

// A datum's bytes; a detoasted copy lives in the current memory context.
inline std::span<const std::byte> map_bytes(Datum d) {
  auto* v = reinterpret_cast<varlena*>(DatumGetPointer(d));
  if (VARATT_IS_EXTENDED(v) && !(VARATT_IS_1B(v) && !VARATT_IS_1B_E(v)))
    v = call([v] { return pg_detoast_datum_packed(v); });
  return varlena_bytes(v);
}

// A palloc'd varlena around `bytes`.
inline Datum bytes_datum(std::string_view bytes) {
  auto* v = static_cast<char*>(palloc_varlena(VARHDRSZ + bytes.size()));
  if (!bytes.empty()) std::memcpy(v + VARHDRSZ, bytes.data(), bytes.size());
  return PointerGetDatum(v);
}

}  // namespace rv::pg
