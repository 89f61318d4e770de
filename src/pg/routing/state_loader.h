// Reads a router's state with SQL, part by part.
#pragma once

#include <string>

#include "pg/routing/router_state.h"

namespace rv::pg::route {

struct StateLoader {
  SqlSession& sql;
  RouterState& s;
  const std::string& router;
  bool read_only;
  bool own_rows = false;  // rows of this transaction were among what was read

  void settings();
  void agents();
  void model();
  void circuits();
  // Those not read yet; `from_start`: all, after forgetting what was read.
  void outcomes(bool from_start);

 private:
  void learn(const SqlRows& r, std::size_t i);
};

}  // namespace rv::pg::route
