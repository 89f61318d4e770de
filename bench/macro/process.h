// Processor time of server processes, by its clock. On a shared machine this is the figure to
// trust.
#pragma once

#include <atomic>
#include <map>
#include <thread>

namespace rv::bench {

// Seconds that a process has been on a processor; 0 when the process is not on this machine.
double cpu_seconds(int pid);

// Watches a backend and the parallel workers that it starts.
class BackendWatch {
 public:
  explicit BackendWatch(int pid);
  ~BackendWatch();
  BackendWatch(const BackendWatch&) = delete;
  BackendWatch& operator=(const BackendWatch&) = delete;

  // Stops watching and tells the seconds since the start, workers included.
  double stop();
  int workers() const { return static_cast<int>(workers_.size()); }

 private:
  void poll();
  int pid_;
  double start_;
  std::map<int, double> workers_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace rv::bench
