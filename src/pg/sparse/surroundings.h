// What an inverted index asks of the server: a lock for its structure, and who may still read.
#pragma once

#include "core/sparse/index.h"
#include "pg/base/guard.h"

extern "C" {
#include "utils/rel.h"
}

namespace rv::pg {

class ServerSurroundings final : public sparse::Surroundings {
 public:
  // `heap` may be null: then pages are recycled later.
  ServerSurroundings(Relation index, Relation heap) : index_(index), heap_(heap) {}
  bool lock_structure(bool wait) override;
  void unlock_structure() override;
  std::uint64_t stamp() override;
  bool everybody_is_past(std::uint64_t stamp) override;
  void pages_released() override;
  bool alone(const std::function<void()>& work) override;
  void truncate(sparse::Block end) override;
  void hide_page(sparse::Block block) override;

 private:
  Relation index_, heap_;
};

}  // namespace rv::pg
