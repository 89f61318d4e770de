// The boundary between PostgreSQL's longjmp errors and C++ exceptions.
//
//   PostgreSQL  --fmgr/AM callback-->  boundary([&]{ C++ })        C++ exception -> ereport(ERROR)
//   C++         --call([&]{ PG })-->   PostgreSQL                  ereport(ERROR) -> PgError
//
// These are the only two doors. Between them, stack unwinding is always C++ unwinding:
// destructors run. docs/errors-and-memory.md tells what happens without them.
#pragma once

#include <cstdint>
#include <cstring>
#include <exception>
#include <new>
#include <type_traits>
#include <utility>

#include "core/base/error.h"
#include "pg/base/pg.h"

namespace rv::pg {

// An ereport(ERROR) on its way through C++ frames. It is a token: the error itself stays on
// PostgreSQL's error stack, so SQLSTATE, DETAIL, HINT, CONTEXT and location survive untouched to
// PG_RE_THROW().
//
// It does NOT derive from std::exception: `catch (const std::exception&)` must never swallow a
// query cancel. Catch it only to clean up, and rethrow.
struct PgError {};

namespace detail {

class ErrorStackGuard {
 public:
  ErrorStackGuard() noexcept
      : exception_stack_(PG_exception_stack), context_stack_(error_context_stack) {}
  ~ErrorStackGuard() {
    PG_exception_stack = exception_stack_;
    error_context_stack = context_stack_;
  }
  ErrorStackGuard(const ErrorStackGuard&) = delete;
  ErrorStackGuard& operator=(const ErrorStackGuard&) = delete;

 private:
  sigjmp_buf* exception_stack_;
  ErrorContextCallback* context_stack_;
};

// What must outlive the catch block: plain bytes on the stack. Only a message that does not fit
// (it quotes a long literal) goes to the heap; raise() frees it before it jumps.
struct ErrorReport {
  int sqlstate;
  char* long_message;
  char message[1024];
  char detail[1024];
  char hint[512];
  void set(int code, const char* text) noexcept;
  void set(const Error& error) noexcept;
};

[[noreturn]] void raise(ErrorReport& report);

// Out of line: the cold half of boundary(). Turns the exception in flight into a report;
// returns false when it was a PgError, whose report is PostgreSQL's.
bool describe_current_exception(ErrorReport& report) noexcept;

}  // namespace detail

int sqlstate_of(ErrorCode code) noexcept;

// Runs PostgreSQL code that may ereport(ERROR); turns that into PgError.
// `f` is the frame that longjmp crosses: keep it to PostgreSQL calls and trivially destructible
// locals.
template <class F>
[[gnu::noinline]] std::invoke_result_t<F&> call(F&& f) {
  using R = std::invoke_result_t<F&>;
  static_assert(std::is_void_v<R> || std::is_trivially_copyable_v<R>,
                "longjmp may only skip trivial results");
  static_assert(std::is_trivially_destructible_v<std::remove_reference_t<F>>,
                "capture by reference or pointer");
  const MemoryContext caller_memory = CurrentMemoryContext;
  {
    detail::ErrorStackGuard guard;
    sigjmp_buf here;
    if (sigsetjmp(here, 0) == 0) {  // NOLINT(cert-err52-cpp): the door itself
      PG_exception_stack = &here;
      if constexpr (std::is_void_v<R>) {
        f();
        return;
      } else {
        return f();
      }
    }
  }
  // Only on error: errfinish() left us in ErrorContext. On success the callee may have switched
  // on purpose (SPI_connect() does).
  CurrentMemoryContext = caller_memory;
  throw PgError{};
}

// The outermost C++ frame below every C-ABI function. All C++ objects, the exception included,
// are gone before ereport() jumps.
template <class F>
std::invoke_result_t<F&> boundary(F&& f) {
  detail::ErrorReport report;
  bool own_error = false;
#ifdef USE_ASSERT_CHECKING
  sigjmp_buf* const stack_on_entry = PG_exception_stack;
#endif
  try {
    return f();
  } catch (...) {
    own_error = detail::describe_current_exception(report);
  }
#ifdef USE_ASSERT_CHECKING
  Assert(PG_exception_stack == stack_on_entry);
#endif
  if (own_error) detail::raise(report);
  PG_RE_THROW();
}

// CHECK_FOR_INTERRUPTS() for C++ frames.
inline void check_interrupts() {
  if (unlikely(InterruptPending)) call([] { ProcessInterrupts(); });
}

// A StopProbe for core loops; run check_interrupts() after the core returned early.
inline bool interrupt_pending() noexcept { return InterruptPending != 0; }

}  // namespace rv::pg

// Declares an SQL-callable function and opens its C++ body.
#define RV_FUNCTION(name)                                              \
  static Datum name##_body(FunctionCallInfo fcinfo);                   \
  RV_EXPORT Datum name(PG_FUNCTION_ARGS);                              \
  RV_EXPORT const Pg_finfo_record* pg_finfo_##name(void);              \
  const Pg_finfo_record* pg_finfo_##name(void) {                       \
    static const Pg_finfo_record info = {1};                           \
    return &info;                                                      \
  }                                                                    \
  Datum name(PG_FUNCTION_ARGS) {                                       \
    return rv::pg::boundary([fcinfo] { return name##_body(fcinfo); }); \
  }                                                                    \
  static Datum name##_body([[maybe_unused]] FunctionCallInfo fcinfo)
