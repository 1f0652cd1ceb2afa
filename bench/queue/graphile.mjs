// Empties a queue of graphile-worker as fast as it can. stdin: {url, jobs, batch, connections}; stdout: {per_s}.
// From the first job's start until no job is left; every completion is committed with the server's own settings.
import { readFileSync } from "node:fs";
import { Logger, makeWorkerUtils, run } from "graphile-worker";
import pg from "pg";

const { url, jobs, batch, connections } = JSON.parse(readFileSync(0, "utf8"));
const logger = new Logger(() => () => {});
const pool = new pg.Pool({ connectionString: url, max: connections + 2 });
const utils = await makeWorkerUtils({ pgPool: pool, logger });
await utils.migrate();
await utils.release();
await pool.query("TRUNCATE graphile_worker._private_jobs");
await pool.query(
  "SELECT graphile_worker.add_job('nothing', json_build_object('i', i)) FROM generate_series(1, $1) AS i",
  [jobs],
);
await pool.query("VACUUM ANALYZE graphile_worker._private_jobs");

let started, done = 0;
const ended = deferred();
function deferred() {
  const it = {};
  it.promise = new Promise((resolve) => { it.resolve = resolve; });
  return it;
}
// many jobs at a time: what its documentation advises for throughput
const worker = batch > 1 ? { localQueue: { size: batch }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } : {};
const runner = await run({
  pgPool: pool,
  concurrency: batch > 1 ? batch : connections,
  noHandleSignals: true,
  logger,
  taskList: {
    nothing: async () => {
      started ??= performance.now();
      done += 1;
      if (done === jobs) ended.resolve();
    },
  },
  preset: { worker },
});
await ended.promise;
// what was run is not yet what is committed
while ((await pool.query("SELECT 1 FROM graphile_worker._private_jobs LIMIT 1")).rowCount > 0) {}
const seconds = (performance.now() - started) / 1000;
console.log(JSON.stringify({ per_s: jobs / seconds }));
await runner.stop();
await pool.end();
