#include "pg/learning/worker.h"

#include <string>
#include <vector>

#include "pg/base/datum.h"
#include "pg/learning/models.h"
#include "pg/learning/work.h"

extern "C" {
#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "commands/dbcommands.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/varlena.h"
}

RV_EXPORT void rv_learning_launcher(Datum argument);
RV_EXPORT void rv_learning_round(Datum database);

namespace rv::pg::learn {
namespace {

constexpr const char* kLauncher = "ruvector learning launcher";
constexpr const char* kRound = "ruvector learning worker";

char* databases = nullptr;  // ruvector.worker_databases; null without shared_preload_libraries

void describe(BackgroundWorker* worker, const char* function, const char* type, Oid database) {
  *worker = BackgroundWorker{};
  worker->bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
  // Not on a standby: there is nothing to write there.
  worker->bgw_start_time = BgWorkerStart_RecoveryFinished;
  worker->bgw_restart_time = BGW_NEVER_RESTART;
  worker->bgw_main_arg = ObjectIdGetDatum(database);
  strlcpy(worker->bgw_library_name, "ruvector", sizeof worker->bgw_library_name);
  strlcpy(worker->bgw_function_name, function, sizeof worker->bgw_function_name);
  strlcpy(worker->bgw_type, type, sizeof worker->bgw_type);
  if (OidIsValid(database))
    snprintf(worker->bgw_name, sizeof worker->bgw_name, "%s, database %u", type, database);
  else
    strlcpy(worker->bgw_name, type, sizeof worker->bgw_name);
}

// How a launcher is told apart in pg_stat_activity.
std::string launcher_name(Oid database) {
  return OidIsValid(database) ? "ruvector learning, database " + std::to_string(database)
                              : std::string("ruvector learning");
}

// Databases of the setting that exist, or the one of the argument. PostgreSQL code only.
List* wanted_databases(Oid argument) {
  List* all = NIL;
  StartTransactionCommand();
  (void)GetTransactionSnapshot();
  MemoryContext keep = MemoryContextSwitchTo(TopMemoryContext);
  if (OidIsValid(argument)) {
    if (SearchSysCacheExists1(DATABASEOID, ObjectIdGetDatum(argument)))
      all = lappend_oid(all, argument);
  } else if (databases != nullptr) {
    List* names = NIL;
    char* copy = pstrdup(databases);
    if (SplitIdentifierString(copy, ',', &names)) {
      ListCell* cell;
      foreach (cell, names) {
        const Oid id = get_database_oid(static_cast<char*>(lfirst(cell)), true);
        if (OidIsValid(id)) all = lappend_oid(all, id);
      }
    }
    list_free(names);
    pfree(copy);
  }
  MemoryContextSwitchTo(keep);
  CommitTransactionCommand();
  return all;
}

void nap(long milliseconds) {
  (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, milliseconds,
                  PG_WAIT_EXTENSION);
  ResetLatch(MyLatch);
  CHECK_FOR_INTERRUPTS();
  if (ConfigReloadPending) {
    ConfigReloadPending = false;
    ProcessConfigFile(PGC_SIGHUP);
  }
}

// Starts a round and waits for its end. A shutdown ends it, too.
void run_round(Oid database) {
  BackgroundWorker worker;
  describe(&worker, "rv_learning_round", kRound, database);
  worker.bgw_notify_pid = MyProcPid;
  BackgroundWorkerHandle* handle = nullptr;
  // Without a free place (max_worker_processes) the next naptime tries again.
  if (!RegisterDynamicBackgroundWorker(&worker, &handle)) return;
  pid_t pid = 0;
  while (!ShutdownRequestPending) {
    const BgwHandleStatus status = GetBackgroundWorkerPid(handle, &pid);
    if (status == BGWH_STOPPED || status == BGWH_POSTMASTER_DIED) break;
    nap(1000);
  }
  if (ShutdownRequestPending) TerminateBackgroundWorker(handle);
  pfree(handle);
}

void launch(Oid argument) {
  pqsignal(SIGHUP, SignalHandlerForConfigReload);
  pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
  BackgroundWorkerUnblockSignals();
  BackgroundWorkerInitializeConnection(nullptr, nullptr, 0);
  pgstat_report_appname(launcher_name(argument).c_str());
  while (!ShutdownRequestPending) {
    List* all = wanted_databases(argument);
    if (OidIsValid(argument) && all == NIL) break;  // the database was dropped
    ListCell* cell;
    foreach (cell, all) {
      if (ShutdownRequestPending) break;
      run_round(lfirst_oid(cell));
    }
    list_free(all);
    pgstat_report_activity(STATE_IDLE, nullptr);
    if (!ShutdownRequestPending) nap(1000L * worker_naptime_s());
  }
  proc_exit(0);
}

// Runs a piece of the round in a transaction of its own. Its error is logged and ends that piece.
template <class Piece>
void in_transaction(const char* what, Piece&& piece) {
  try {
    call([&] {
      SetCurrentStatementStartTimestamp();
      StartTransactionCommand();
      PushActiveSnapshot(GetTransactionSnapshot());
      pgstat_report_activity(STATE_RUNNING, what);
      boundary(piece);
      PopActiveSnapshot();
      CommitTransactionCommand();
    });
  } catch (const PgError&) {
    // The one frame of the process below which nothing is left to unwind.
    call([] {
      MemoryContextSwitchTo(TopMemoryContext);
      EmitErrorReport();
      FlushErrorState();
      AbortOutOfAnyTransaction();
    });
  }
  call([] {
    pgstat_report_stat(true);
    pgstat_report_activity(STATE_IDLE, nullptr);
  });
}

Oid extension_schema() {
  SqlSession sql(PG_CATALOG_NAMESPACE);
  const SqlRows r =
      sql.run("SELECT extnamespace FROM pg_catalog.pg_extension WHERE extname = 'ruvector'");
  bool null = true;
  const Datum schema = r.size() > 0 ? r.datum(0, 0, &null) : Datum(0);
  return null ? InvalidOid : DatumGetObjectId(schema);
}

void round_of(Oid database) {
  call([database] {
    pqsignal(SIGTERM, die);
    pqsignal(SIGHUP, SignalHandlerForConfigReload);
    BackgroundWorkerUnblockSignals();
    BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
    // Another launcher may be at work here: one round at a time.
    LOCKTAG tag;
    SET_LOCKTAG_ADVISORY(tag, database, 0x72766c, 0, 2);
    if (LockAcquire(&tag, ExclusiveLock, true, true) == LOCKACQUIRE_NOT_AVAIL) proc_exit(0);
    SetConfigOption("search_path", "pg_catalog, pg_temp", PGC_SUSET, PGC_S_OVERRIDE);
  });

  Oid schema = InvalidOid;
  std::vector<Oid> indexes;
  in_transaction("ruvector: writing sampled scans", [&] {
    schema = extension_schema();
    if (schema == InvalidOid) return;
    SqlSession sql(schema);
    if (sql.run("SELECT FROM pg_catalog.pg_class WHERE relname = 'ruvector_learning_config' AND "
                "relnamespace = $1",
                {{OIDOID, ObjectIdGetDatum(schema), false}})
            .size() == 0) {
      schema = InvalidOid;
      return;
    }
    write_captured(sql, InvalidOid);
    indexes = learning_indexes(sql);
  });
  if (schema == InvalidOid) return;
  for (const Oid index : indexes)
    in_transaction("ruvector: auditing an index", [&] {
      SqlSession sql(schema);
      WorkReport report;
      // It may have been dropped since.
      if (sql.run("SELECT FROM pg_catalog.pg_index WHERE indexrelid = $1",
                  {{OIDOID, ObjectIdGetDatum(index), false}})
              .size() > 0)
        work_on_index(sql, index, report);
    });
  in_transaction("ruvector: removing old trajectories", [&] {
    SqlSession sql(schema);
    trim_logs(sql);
  });
}

}  // namespace

void register_worker() {
  DefineCustomStringVariable("ruvector.worker_databases",
                             "Databases that the background worker looks after.",
                             "A list of names; empty: none.", &databases, "", PGC_POSTMASTER,
                             GUC_LIST_INPUT, nullptr, nullptr, nullptr);
  if (databases == nullptr || databases[0] == '\0') return;
  BackgroundWorker worker;
  describe(&worker, "rv_learning_launcher", kLauncher, InvalidOid);
  worker.bgw_restart_time = 10;
  RegisterBackgroundWorker(&worker);
}

}  // namespace rv::pg::learn

using namespace rv;
using namespace rv::pg;
using namespace rv::pg::learn;

void rv_learning_launcher(Datum argument) {
  boundary([argument] { call([argument] { launch(DatumGetObjectId(argument)); }); });
}

void rv_learning_round(Datum database) {
  boundary([database] { round_of(DatumGetObjectId(database)); });
}

// Starts the worker for the current database, without shared_preload_libraries; false: it runs.
RV_FUNCTION(rv_learning_worker_start)
{
  call([] {
    if (!superuser())
      ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                      errmsg("must be superuser to start the background worker")));
    PreventCommandDuringRecovery("ruvector_learning_worker_start()");
  });
  const std::string name = launcher_name(MyDatabaseId);
  {
    SqlSession sql(schema_of_function(fcinfo));
    if (sql.run("SELECT FROM pg_catalog.pg_stat_activity WHERE application_name = $1",
                {sql_text(name)})
            .size() > 0)
      PG_RETURN_BOOL(false);
  }
  const BgwHandleStatus status = call([] {
    BackgroundWorker worker;
    describe(&worker, "rv_learning_launcher", kLauncher, MyDatabaseId);
    worker.bgw_restart_time = 10;
    worker.bgw_notify_pid = MyProcPid;
    BackgroundWorkerHandle* handle = nullptr;
    if (!RegisterDynamicBackgroundWorker(&worker, &handle)) return BGWH_NOT_YET_STARTED;
    pid_t pid = 0;
    return WaitForBackgroundWorkerStartup(handle, &pid);
  });
  if (status != BGWH_STARTED)
    throw Error(ErrorCode::wrong_state, "the background worker could not be started", {},
                "Raise max_worker_processes.");
  PG_RETURN_BOOL(true);
}

// Ends it; false: there was none.
RV_FUNCTION(rv_learning_worker_stop)
{
  call([] {
    if (!superuser())
      ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                      errmsg("must be superuser to stop the background worker")));
  });
  const std::string name = launcher_name(MyDatabaseId);
  bool stopped = false;
  {
    SqlSession sql(schema_of_function(fcinfo));
    const SqlRows r = sql.run(
        "SELECT pg_catalog.pg_terminate_backend(pid, 10000) FROM pg_catalog.pg_stat_activity WHERE "
        "application_name = $1",
        {sql_text(name)});
    stopped = r.size() > 0;
  }
  PG_RETURN_BOOL(stopped);
}
