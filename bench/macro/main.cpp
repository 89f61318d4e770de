// ruvector_bench: options.cpp has the usage, README.md the recipes.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include "experiment.h"

int main(int argc, char** argv) {
  try {
    if (argc < 2 || std::strcmp(argv[1], "--help") == 0 || std::strcmp(argv[1], "-h") == 0) {
      std::fputs(rv::bench::kUsage, argc < 2 ? stderr : stdout);
      return argc < 2 ? 2 : 0;
    }
    const rv::bench::Options options(argc, argv);
    rv::bench::Experiment experiment(options);
    const std::string json = experiment.run().text();
    if (!options.given("out")) {
      std::printf("%s\n", json.c_str());
    } else if (!(std::ofstream(options.text("out"), std::ios::app) << json << "\n").flush()) {
      throw std::runtime_error("cannot write " + options.text("out"));
    }
    for (const auto& plan : experiment.scans())
      std::fprintf(stderr, "ruvector_bench: the index was not used %s", plan.c_str());
    return experiment.scans().empty() ? 0 : 3;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "ruvector_bench: %s\n", e.what());
    return 1;
  }
}
