// The page store over shared buffers, where only a server can show what it does.
#include "pg/storage/buffer_store.h"

extern "C" {
#include "access/genam.h"
#include "fmgr.h"
}

using namespace rv;
using namespace rv::pg;

// Pins a page of an index, gives it another kind, as recycling does, and pins it again as what it
// was, which must raise XX002. The index is damaged afterwards.
RV_FUNCTION(rv_pin_recycled_page)
{
  constexpr index::PageKind kOld = 0x7001, kNew = 0x7002;
  const Oid id = PG_GETARG_OID(0);
  Relation relation = call([id] { return index_open(id, RowExclusiveLock); });
  {
    BufferStore store(relation, BufferStore::Mode::logged);
    index::Block block;
    {
      index::PageEdits edits(store);
      edits.create(kOld, &block);
      edits.commit();
    }
    store.pin(block, kOld);
    store.unpin_all();
    {
      index::PageEdits edits(store);
      edits.set_kind(edits.edit(block, kOld), kNew);
      edits.commit();
    }
    store.pin(block, kOld);
    store.unpin_all();
  }
  call([relation] { index_close(relation, NoLock); });
  PG_RETURN_VOID();
}
