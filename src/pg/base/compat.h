// Differences between PostgreSQL 14 and 18. The only file that may mention PG_VERSION_NUM
// (test/tools/check_layers.sh greps). One block per change, newest PostgreSQL first.
#pragma once

#if PG_VERSION_NUM < 140000
#error "ruvector needs PostgreSQL 14 or newer"
#endif

// PG 18: modules tell name and version (pg_get_loaded_modules()).
#if PG_VERSION_NUM >= 180000
#define RV_MODULE_MAGIC(module_name, module_version) \
  PG_MODULE_MAGIC_EXT(.name = module_name, .version = module_version)
#else
#define RV_MODULE_MAGIC(module_name, module_version) PG_MODULE_MAGIC
#endif

// PG 16: varatt.h split off postgres.h.
#if PG_VERSION_NUM >= 160000
extern "C" {
#include "varatt.h"
}
#endif

// PG 15: MarkGUCPrefixReserved replaces EmitWarningsOnPlaceholders.
#if PG_VERSION_NUM >= 150000
#define rv_reserve_guc_prefix(prefix) MarkGUCPrefixReserved(prefix)
#else
#define rv_reserve_guc_prefix(prefix) EmitWarningsOnPlaceholders(prefix)
#endif
