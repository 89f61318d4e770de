// The background worker: a launcher that belongs to no database and starts, every naptime, a
// process for each database it was given; that one does a round of work and ends. So nobody who
// drops a database waits for longer than a round, and a failed round is tried again at the next.
#pragma once

namespace rv::pg::learn {

// With shared_preload_libraries: defines ruvector.worker_databases and registers the launcher if
// it names any.
void register_worker();

}  // namespace rv::pg::learn
