// Sparse vectors for the benchmarks: read from COPY files or generated.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/base/rng.h"
#include "core/types/sparse.h"

namespace rv::bench {

// Lines "id <tab> {1:0.5,...}/dim", plain or .gz or .xz.
inline std::vector<SparseBuffer> read_sparse(const std::string& path, std::size_t limit = 0) {
  const auto ends_with = [&path](const char* tail) {
    const std::string t = tail;
    return path.size() > t.size() && path.compare(path.size() - t.size(), t.size(), t) == 0;
  };
  std::string quoted = "'";
  for (const char c : path) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  quoted += "'";
  const std::string command = (ends_with(".xz")   ? "xz -dc "
                               : ends_with(".gz") ? "gzip -dc "
                                                  : "cat ") +
                              quoted;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(popen(command.c_str(), "r"), pclose);
  if (in == nullptr) throw std::runtime_error("cannot run " + command);
  std::vector<SparseBuffer> out;
  std::string line;
  for (int c; (c = std::fgetc(in.get())) != EOF;) {
    if (c != '\n') {
      line.push_back(static_cast<char>(c));
      continue;
    }
    const std::size_t tab = line.find('\t');
    if (tab == std::string::npos) throw std::runtime_error(path + ": a line without a tab");
    line.erase(0, tab + 1);
    out.push_back(parse_sparse(line, -1));
    line.clear();
    if (limit != 0 && out.size() == limit) break;
  }
  if (out.empty()) throw std::runtime_error(path + ": no vectors");
  return out;
}

// `rows` documents like those of `pool`: each is one of them, jittered, joined with part of another
// one that shares its heaviest term's neighbourhood.
inline std::vector<SparseBuffer> vary(const std::vector<SparseBuffer>& pool, std::size_t rows,
                                      std::uint64_t seed) {
  Rng rng(seed);
  std::vector<SparseBuffer> out;
  out.reserve(rows);
  while (out.size() < rows) {
    const SparseBuffer &a = pool[rng.below(pool.size())], &b = pool[rng.below(pool.size())];
    std::map<std::int32_t, float> m;
    for (std::size_t i = 0; i < a.indices.size(); ++i)
      if (rng.uniform() < 0.8)
        m[a.indices[i]] = a.values[i] * static_cast<float>(1 + 0.12 * rng.normal());
    for (std::size_t i = 0; i < b.indices.size(); ++i)
      if (rng.uniform() < 0.2) {
        float& w = m[b.indices[i]];
        w = std::fmax(w, b.values[i] * static_cast<float>(1 + 0.12 * rng.normal()));
      }
    SparseBuffer v;
    v.dim = a.dim;
    for (const auto& [i, w] : m) {
      if (!(w > 0)) continue;
      v.indices.push_back(i);
      v.values.push_back(w);
    }
    out.push_back(std::move(v));
  }
  return out;
}

// Without a file: terms by Zipf's law, log-normal weights, about `nnz` entries.
inline std::vector<SparseBuffer> make_zipf(std::size_t rows, int nnz, std::uint64_t seed) {
  Rng rng(seed);
  constexpr int kDim = 30522;
  std::vector<SparseBuffer> out(rows);
  for (SparseBuffer& v : out) {
    std::map<std::int32_t, float> m;
    const auto n = static_cast<int>(nnz * std::exp(0.4 * rng.normal() - 0.08)) + 1;
    for (int i = 0; i < n; ++i)
      m[static_cast<std::int32_t>(std::pow(kDim, rng.uniform())) - 1] =
          static_cast<float>(0.28 * std::exp(0.9 * rng.normal()));
    v.dim = kDim;
    for (const auto& [i, w] : m) {
      v.indices.push_back(i);
      v.values.push_back(w);
    }
  }
  return out;
}

}  // namespace rv::bench
