// Any text is refused with a syntax error or planned; never a crash.
#include "core/graph/memory_store.h"
#include "core/graph/plan.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  rv::graph::MemoryStore store;
  rv::fuzz::accepted(
      [&] { return rv::graph::make_plan(text, store) != nullptr; },
      {rv::ErrorCode::syntax_error, rv::ErrorCode::too_complex, rv::ErrorCode::type_mismatch,
       rv::ErrorCode::undefined_object, rv::ErrorCode::not_supported});
  return 0;
}
