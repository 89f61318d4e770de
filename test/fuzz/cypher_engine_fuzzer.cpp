// Statements, separated by NUL, on a small graph in memory: refused or executed; never a crash. A
// failed statement may leave the graph half changed, which the next one must bear. What exceeds the
// little memory goes to files, which are in memory too.
#include <cstring>

#include "core/graph/engine.h"
#include "core/graph/json.h"
#include "core/graph/memory_store.h"
#include "fuzz.h"

namespace {

int ticks;
struct TooLong {};

class MemoryFile final : public rv::ScratchFile {
 public:
  void append(std::span<const std::byte> bytes) override {
    if (data_.size() > std::size_t{64} << 20) throw TooLong();
    data_.insert(data_.end(), bytes.begin(), bytes.end());
  }
  void read(std::uint64_t offset, std::span<std::byte> out) override {
    FUZZ_CHECK(offset + out.size() <= data_.size());
    std::memcpy(out.data(), data_.data() + offset, out.size());
  }

 private:
  std::vector<std::byte> data_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rv::graph;
  MemoryStore store;
  Environment environment;
  environment.memory_limit = 1 << 20;
  environment.scratch_file = [] { return std::make_unique<MemoryFile>(); };
  environment.check_interrupts = [] {
    if (++ticks > 20) throw TooLong();
  };
  const auto run = [&](std::string_view text) {
    ticks = 0;
    int runs = 0;
    try {
      const auto plan = make_plan(text, store);
      if (plan->root == nullptr) return true;
      Execution execution(*plan);
      do {  // and what can be kept again
        std::unique_ptr<JsonRows> json;
        std::size_t bytes = 0;
        execution.run(store, environment, {}, [&](Runtime& runtime, const Batch& batch) {
          if (json == nullptr) json = std::make_unique<JsonRows>(runtime);
          if (!plan->columns.empty())
            json->write(batch, [&](std::string_view row) { bytes += row.size(); });
        });
        store.advance();
      } while (runs++ == 0 && execution.can_be_kept());
    } catch (const TooLong&) {
    }
    store.advance();
    return true;
  };
  run("CREATE (a:A {x: 1, s: 'one'})-[:R {w: 2}]->(b:B {x: 2})-[:R]->(c:A:B), (c)-[:S]->(a), "
      "(a)-[:S]->(a)");
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  std::size_t begin = 0;
  for (int n = 0; n < 4 && begin <= all.size(); ++n) {
    const std::size_t end = std::min(all.find('\0', begin), all.size());
    const std::string_view text = all.substr(begin, end - begin);
    begin = end + 1;
    try {
      run(text);
    } catch (const rv::Error& e) {
      if (e.code() == rv::ErrorCode::internal) std::fprintf(stderr, "internal: %s\n", e.what());
      FUZZ_CHECK(e.code() != rv::ErrorCode::internal);
    }
  }
  return 0;
}
