#include "pg/base/relation_watch.h"

#include <vector>

#include "core/base/no_destructor.h"
#include "pg/base/guard.h"

extern "C" {
#include "utils/inval.h"
}

namespace rv::pg {
namespace {

std::uint64_t news = 0;

std::vector<void (*)(Oid) noexcept>& watchers() {
  static NoDestructor<std::vector<void (*)(Oid) noexcept>> all;
  return *all;
}

void pass_on(Datum, Oid relation) {
  ++news;
  for (const auto changed : watchers()) changed(relation);
}

}  // namespace

void watch_relations(void (*changed)(Oid relation) noexcept) {
  auto& all = watchers();
  all.reserve(all.size() + 1);
  if (all.empty()) call([] { CacheRegisterRelcacheCallback(pass_on, Datum(0)); });
  all.push_back(changed);
}

std::uint64_t relation_news() noexcept { return news; }

}  // namespace rv::pg
