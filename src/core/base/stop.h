// How long-running core code asks whether to stop.
#pragma once

namespace rv {

// Returns true when the caller wants the work to stop soon. May be called from any thread, so it
// only reads a flag. The core returns early and says how far it got; the caller then runs
// PostgreSQL's interrupt handling and, if that returned (not every interrupt is a cancel),
// resumes the work.
using StopProbe = bool (*)() noexcept;

inline bool never_stop() noexcept { return false; }

}  // namespace rv
