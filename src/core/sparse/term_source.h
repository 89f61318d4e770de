// Streams of inverted lists in key order: from memory, from spilled runs, from segments. Merging
// them is how segments are made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace rv::sparse {

struct Posting {
  std::uint32_t doc;
  std::uint32_t value;  // as Term::value; from a segment, the upper bound of the weight
};

class TermSource {
 public:
  TermSource() = default;
  TermSource(const TermSource&) = delete;
  TermSource& operator=(const TermSource&) = delete;
  virtual ~TermSource() = default;

  // Moves to the next term, the first one at first. False at the end.
  virtual bool next() = 0;
  // Of the current term. A view is valid until next().
  virtual std::string_view key() const = 0;
  // How far below the values the true weights may lie.
  virtual float error() const = 0;
  // Appends the postings, ascending by document.
  virtual void read(std::vector<Posting>& out) = 0;
};

// Several sources as one. The documents of each source are all above those of the ones before it.
class MergedTerms final : public TermSource {
 public:
  explicit MergedTerms(std::vector<TermSource*> sources) : sources_(std::move(sources)) {}
  bool next() override;
  std::string_view key() const override { return sources_[current_.front()]->key(); }
  float error() const override;
  void read(std::vector<Posting>& out) override;

 private:
  std::vector<TermSource*> sources_;
  std::vector<std::size_t> heap_;     // sources that have a term beyond the current one
  std::vector<std::size_t> current_;  // sources that have the current term, in order
  bool started_ = false;
};

}  // namespace rv::sparse
