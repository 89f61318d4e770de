#include "core/index/ivf/entries.h"

#include <cstring>
#include <vector>

#include "core/index/ivf/centres.h"

namespace rv::index::ivf {
namespace {

std::size_t capacity_of(const PageStore& store, const Description& index) noexcept {
  return list_page_capacity(store.content_bytes(), index.meta.code_bytes);
}

void put_entry(PageStore& store, PageEdits& edits, std::byte* page, const Description& index,
               RowId row, const std::byte* code) {
  auto* head = reinterpret_cast<ListPage*>(page);
  const std::size_t capacity = capacity_of(store, index), bytes = index.meta.code_bytes;
  std::memcpy(page + row_offset(head->count), &row, sizeof row);
  std::memcpy(page + code_offset(capacity, bytes, head->count), code, bytes);
  ++head->count;
  edits.set_used(page, code_offset(capacity, bytes, head->count));
}

std::byte* new_page(PageEdits& edits, std::uint32_t list, Block* block) {
  std::byte* page = edits.create(kListPage, block);
  const ListPage head{list, kNoBlock, 0, 0, 0};
  std::memcpy(page, &head, sizeof head);
  return page;
}

// Makes the first page of an empty list, with its first entry. kNoBlock when somebody else was
// faster.
bool start_list(PageStore& store, const Description& index, std::uint32_t list, RowId row,
                const std::byte* code) {
  const HeadPlace place = head_place(store, index, list);
  PageEdits edits(store);
  std::byte* directory = edits.edit(place.block, kDirectoryPage);
  auto* head = reinterpret_cast<ListHead*>(directory + place.offset);
  if (head->first != kNoBlock) return false;
  Block block;
  std::byte* page = new_page(edits, list, &block);
  put_entry(store, edits, page, index, row, code);
  *head = {block, block};
  edits.commit();
  return true;
}

// Puts the entry on the page, or on a new one behind it when it is the last and full. Returns the
// page that got it; kNoBlock, and the next page to try, when this one is full.
Block try_page(PageStore& store, const Description& index, std::uint32_t list, Block at, RowId row,
               const std::byte* code, Block* next) {
  PageEdits edits(store);
  std::byte* page = edits.edit(at, kListPage);
  const ListPage* head = checked_list_page(store, page, at, index, list);
  if (head->count < capacity_of(store, index)) {
    put_entry(store, edits, page, index, row, code);
    edits.commit();
    return at;
  }
  if (head->next != kNoBlock) {
    *next = head->next;
    return kNoBlock;
  }
  Block block;
  std::byte* behind = new_page(edits, list, &block);
  put_entry(store, edits, behind, index, row, code);
  reinterpret_cast<ListPage*>(page)->next = block;
  edits.commit();
  return block;
}

// Moves the hint of a list, unless somebody has moved it meanwhile.
void move_hint(PageStore& store, const Description& index, std::uint32_t list, Block from,
               Block to) {
  const HeadPlace place = head_place(store, index, list);
  PageEdits edits(store);
  std::byte* directory = edits.edit(place.block, kDirectoryPage);
  auto* head = reinterpret_cast<ListHead*>(directory + place.offset);
  if (head->insert != from) return;
  head->insert = to;
  edits.commit();
}

// True when the page is full, without an exclusive lock; `next` is then set.
bool full(PageStore& store, const Description& index, std::uint32_t list, Block at, Block* next) {
  const PageRead page(store, at, kListPage);
  const ListPage* head = checked_list_page(store, page.bytes(), at, index, list);
  *next = head->next;
  return head->count >= capacity_of(store, index);
}

}  // namespace

void insert(PageStore& store, const Description& index, const float* x, RowId row) {
  const std::uint32_t list = nearest_list(store, index, x);
  store.unpin_all();
  std::vector<std::byte> code(index.meta.code_bytes);
  index.codec->encode(x, code.data());
  ListHead head = read_head(store, index, list);
  if (head.first == kNoBlock) {
    if (start_list(store, index, list, row, code.data())) return;
    head = read_head(store, index, list);
  }
  Block at = head.insert;
  for (ChainGuard chain(store);;) {
    chain.step(at);
    Block next = kNoBlock;
    if (!full(store, index, list, at, &next) || next == kNoBlock) {
      const Block got = try_page(store, index, list, at, row, code.data(), &next);
      if (got != kNoBlock) {
        if (got != head.insert) move_hint(store, index, list, head.insert, got);
        return;
      }
    }
    at = next;
    store.check_interrupts();
  }
}

namespace {

// The rows of a page, read under a shared lock.
void copy_rows(const std::byte* page, std::vector<RowId>* rows) {
  rows->resize(reinterpret_cast<const ListPage*>(page)->count);
  std::memcpy(rows->data(), page + row_offset(0), rows->size() * sizeof(RowId));
}

// Removes entries from a page; `gone` says of the first entries which. Entries are only ever
// appended by others, so the numbers hold.
void compact(PageStore& store, const Description& index, std::uint32_t list, Block block,
             const std::vector<RowId>& rows, const std::vector<bool>& gone, bool* room) {
  PageEdits edits(store);
  std::byte* page = edits.edit(block, kListPage);
  checked_list_page(store, page, block, index, list);
  auto* head = reinterpret_cast<ListPage*>(page);
  const std::size_t capacity = capacity_of(store, index), bytes = index.meta.code_bytes;
  std::size_t to = 0;
  for (std::size_t i = 0; i < head->count; ++i) {
    RowId row;
    std::memcpy(&row, page + row_offset(i), sizeof row);
    if (i < gone.size() && gone[i]) {
      if (row != rows[i]) store.fail(block, "entries changed while they were being removed");
      continue;
    }
    if (to != i) {
      std::memcpy(page + row_offset(to), &row, sizeof row);
      std::memmove(page + code_offset(capacity, bytes, to), page + code_offset(capacity, bytes, i),
                   bytes);
    }
    ++to;
  }
  head->count = static_cast<std::uint16_t>(to);
  edits.set_used(page, code_offset(capacity, bytes, to));
  edits.commit();
  *room = to < capacity;
}

}  // namespace

RemoveResult remove(PageStore& store, const Description& index,
                    const std::function<bool(RowId)>& dead, const std::function<void()>& poll) {
  RemoveResult result;
  std::vector<RowId> rows;
  std::vector<bool> gone;
  for (std::uint32_t list = 0; list < index.lists(); ++list) {
    const ListHead head = read_head(store, index, list);
    Block first_room = kNoBlock;
    ChainGuard chain(store);
    for (Block at = head.first; at != kNoBlock;) {
      chain.step(at);
      poll();
      Block next;
      bool room;
      {
        const PageRead page(store, at, kListPage);
        const ListPage* p = checked_list_page(store, page.bytes(), at, index, list);
        copy_rows(page.bytes(), &rows);
        next = p->next;
        room = p->count < capacity_of(store, index);
      }
      gone.assign(rows.size(), false);
      std::size_t count = 0;
      for (std::size_t i = 0; i < rows.size(); ++i)
        if (dead(rows[i])) {
          gone[i] = true;
          ++count;
        }
      result.removed += count;
      result.kept += rows.size() - count;
      if (count > 0) compact(store, index, list, at, rows, gone, &room);
      if (room && first_room == kNoBlock) first_room = at;
      at = next;
    }
    if (first_room != kNoBlock && first_room != head.insert) {
      const ListHead now = read_head(store, index, list);
      move_hint(store, index, list, now.insert, first_room);
    }
  }
  return result;
}

}  // namespace rv::index::ivf
