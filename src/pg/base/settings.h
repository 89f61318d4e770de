// Settings (GUCs) of the core. Each feature defines its own in its room.
#pragma once

namespace rv::pg {

// Called once, from _PG_init.
void define_core_settings();

}  // namespace rv::pg
