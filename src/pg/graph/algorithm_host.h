#pragma once

namespace rv::pg {

// Gives the core's algorithms this backend's interrupts, threads and memory limit.
void set_up_algorithm_host();

}  // namespace rv::pg
