#include "core/sparse/pending.h"

#include "core/sparse/pages.h"

namespace rv::sparse {
namespace {

PendingPage head_of(index::PageStore& store, Block block, const std::byte* page) {
  const auto head = load_at<PendingPage>(page);
  if (head.self != block) store.fail(block, "another page where a pending page is expected");
  if (head.used > pending_room(store)) store.fail(block, "damaged pending page");
  return head;
}

// Notices a damaged chain that leads back into itself: Brent, "An improved Monte Carlo
// factorization algorithm", BIT 1980.
class CycleGuard {
 public:
  void pass(index::PageStore& store, Block block) {
    if (block == mark_) store.fail(block, "pending list that leads back into itself");
    if (++steps_ < limit_) return;
    mark_ = block;
    limit_ *= 2;
    steps_ = 0;
  }

 private:
  Block mark_ = kNoBlock;
  std::uint64_t steps_ = 0, limit_ = 1;
};

struct Record {
  PendingDocument doc;  // entries: null while they are incomplete
  std::size_t bytes;    // of the whole record
};

Record record_at(const std::byte* p) noexcept {
  Record r;
  r.doc.row = load_row(p);
  r.doc.length = load_at<std::uint32_t>(p + 8);
  r.doc.terms = load_at<std::uint32_t>(p + 12);
  r.doc.bytes = load_at<std::uint32_t>(p + 16);
  r.doc.entries = p + kPendingHeader;
  r.bytes = kPendingHeader + r.doc.bytes;
  return r;
}

// The rest of a record of `bytes` bytes that begins at the end of `start`, from the pages that
// continue it. Returns the page behind the last one.
Block read_continuation(index::PageStore& store, Block next, std::size_t bytes,
                        std::vector<std::byte>& start, std::vector<Block>* pages) {
  while (start.size() < bytes) {
    if (next == kNoBlock) store.fail(0, "a pending document is incomplete");
    store.check_interrupts();
    const index::PageRead page(store, next, kContinuationPage);
    const PendingPage head = head_of(store, next, page.bytes());
    if (head.used == 0 || head.used > bytes - start.size())
      store.fail(next, "damaged continuation of a pending document");
    const std::byte* data = page.bytes() + sizeof(PendingPage);
    start.insert(start.end(), data, data + head.used);
    if (pages != nullptr) pages->push_back(next);
    next = head.next;
  }
  return next;
}

}  // namespace

std::vector<std::byte> encode_pending(const Document& d) {
  std::size_t bytes = 0;
  for (const Term& t : d.terms) bytes += 6 + t.key.size();
  std::vector<std::byte> out(kPendingHeader + bytes);
  store_row(out.data(), d.row);
  store_at(out.data() + 6, std::uint16_t{0});
  store_at(out.data() + 8, d.length);
  store_at(out.data() + 12, static_cast<std::uint32_t>(d.terms.size()));
  store_at(out.data() + 16, static_cast<std::uint32_t>(bytes));
  std::byte* p = out.data() + kPendingHeader;
  for (const Term& t : d.terms) {
    store_at(p, static_cast<std::uint16_t>(t.key.size()));
    std::memcpy(p + 2, t.key.data(), t.key.size());
    store_at(p + 2 + t.key.size(), t.value);
    p += 6 + t.key.size();
  }
  return out;
}

bool PendingEntries::next(Term& out) noexcept {
  if (end_ - at_ < 6) return false;
  const std::size_t size = load_at<std::uint16_t>(at_);
  if (static_cast<std::size_t>(end_ - at_) < 6 + size) return false;
  out.key = {reinterpret_cast<const char*>(at_ + 2), size};
  out.value = load_at<std::uint32_t>(at_ + 2 + size);
  at_ += 6 + size;
  return true;
}

std::uint64_t read_pending(index::PageStore& store, Block head,
                           const std::function<void(const PendingDocument&)>& each,
                           std::vector<Block>* pages) {
  std::uint64_t found = 0;
  std::vector<std::byte> copy;
  CycleGuard guard;
  for (Block block = head; block != kNoBlock;) {
    store.check_interrupts();
    guard.pass(store, block);
    Block next;
    std::vector<std::byte> large;
    {
      const index::PageRead page(store, block, kPendingPage);
      const PendingPage h = head_of(store, block, page.bytes());
      copy.assign(page.bytes() + sizeof(PendingPage), page.bytes() + sizeof(PendingPage) + h.used);
      next = h.next;
    }
    if (pages != nullptr) pages->push_back(block);
    for (std::size_t at = 0; at < copy.size();) {
      if (copy.size() - at < kPendingHeader) store.fail(block, "damaged pending document");
      Record r = record_at(copy.data() + at);
      if (r.bytes > copy.size() - at) {
        // Only a page's single document may go on beyond it.
        if (at != 0) store.fail(block, "damaged pending document");
        large = copy;
        next = read_continuation(store, next, r.bytes, large, pages);
        r = record_at(large.data());
        at = copy.size();
      } else {
        at += r.bytes;
      }
      ++found;
      each(r.doc);
    }
    block = next;
  }
  return found;
}

std::uint64_t mark_pending(index::PageStore& store, Block head,
                           const std::function<bool(const Row&)>& is_dead, std::uint64_t* live) {
  std::uint64_t marked = 0;
  std::vector<std::byte> copy;
  CycleGuard guard;
  for (Block block = head; block != kNoBlock;) {
    store.check_interrupts();
    guard.pass(store, block);
    Block next;
    std::size_t record_bytes = 0;
    {
      const index::PageRead page(store, block, kPendingPage);
      const PendingPage h = head_of(store, block, page.bytes());
      copy.assign(page.bytes() + sizeof(PendingPage), page.bytes() + sizeof(PendingPage) + h.used);
      next = h.next;
    }
    std::vector<std::size_t> dead;
    for (std::size_t at = 0; at < copy.size(); at += record_bytes) {
      if (copy.size() - at < kPendingHeader) store.fail(block, "damaged pending document");
      const Record r = record_at(copy.data() + at);
      record_bytes = r.bytes;
      if (r.doc.row.kind == RowKind::dead) continue;
      if (is_dead(r.doc.row))
        dead.push_back(at);
      else
        ++*live;
    }
    if (!dead.empty()) {
      index::PageEdits edits(store);
      std::byte* page = edits.edit(block, kPendingPage);
      for (const std::size_t at : dead) {
        std::byte* p = page + sizeof(PendingPage) + at;
        Row row = load_row(p);
        row.kind = RowKind::dead;
        store_row(p, row);
      }
      const auto h = load_at<PendingPage>(page);
      edits.set_used(page, sizeof(PendingPage) + h.used);
      edits.commit();
      marked += dead.size();
    }
    // Skip the pages that continue a large document.
    if (record_bytes > copy.size()) {
      std::vector<std::byte> large = copy;
      next = read_continuation(store, next, record_bytes, large, nullptr);
    }
    block = next;
  }
  return marked;
}

}  // namespace rv::sparse
