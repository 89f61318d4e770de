#include "process.h"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

namespace rv::bench {

// All threads of the process, also those that have ended.
double cpu_seconds(int pid) {
  clockid_t clock;
  timespec spent;
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &spent) != 0) return 0;
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) / 1e9;
}

BackendWatch::BackendWatch(int pid)
    : pid_(pid), start_(cpu_seconds(pid)), thread_([this] { poll(); }) {}

BackendWatch::~BackendWatch() { stop(); }

double BackendWatch::stop() {
  if (thread_.joinable()) {
    stopping_ = true;
    thread_.join();
  }
  double sum = cpu_seconds(pid_) - start_;
  for (const auto& [pid, seconds] : workers_) sum += seconds;
  return sum;
}

void BackendWatch::poll() {
  const std::string mine = "worker for PID " + std::to_string(pid_);
  std::set<int> others;
  while (!stopping_) {
    // Processes come and go while the folder is read: what fails is looked at the next time.
    std::error_code failed;
    for (std::filesystem::directory_iterator entry("/proc", failed), end; !failed && entry != end;
         entry.increment(failed)) {
      const std::string name = entry->path().filename();
      if (name.find_first_not_of("0123456789") != std::string::npos) continue;
      const int pid = std::stoi(name);
      if (others.count(pid) != 0 || workers_.count(pid) != 0) continue;
      std::ifstream in(entry->path() / "cmdline", std::ios::binary);
      std::string command(512, '\0');
      in.read(command.data(), static_cast<std::streamsize>(command.size()));
      if (command.find(mine) != std::string::npos) {
        workers_[pid] = 0;
      } else if (pid < pid_) {
        others.insert(pid);  // older than the backend: never its worker
      }
    }
    for (auto& [pid, seconds] : workers_) seconds = std::max(seconds, cpu_seconds(pid));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

}  // namespace rv::bench
