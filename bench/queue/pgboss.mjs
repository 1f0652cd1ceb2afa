// Empties a queue of pg-boss as fast as it can. stdin: {url, jobs, batch, connections}; stdout: {per_s}.
// By fetch and complete in a loop, which is what its own workers do without the pauses between polls.
import { readFileSync } from "node:fs";
import * as module from "pg-boss";

const { url, jobs, batch, connections } = JSON.parse(readFileSync(0, "utf8"));
const PgBoss = module.PgBoss ?? module.default;
const boss = new PgBoss({ connectionString: url, max: connections + 1, supervise: false, schedule: false });
boss.on("error", (error) => { throw error; });
await boss.start();
const queue = `nothing-${process.pid}`;
await boss.createQueue(queue);
for (let first = 0; first < jobs; first += 1000) {
  const count = Math.min(1000, jobs - first);
  await boss.insert(Array.from({ length: count }, (_, i) => ({ name: queue, data: { i: first + i } })));
}

let done = 0;
async function work() {
  for (;;) {
    const fetched = await boss.fetch(queue, { batchSize: batch });
    if (!fetched || fetched.length === 0) return;
    await boss.complete(queue, fetched.map((job) => job.id));
    done += fetched.length;
  }
}
const started = performance.now();
await Promise.all(Array.from({ length: connections }, work));
const seconds = (performance.now() - started) / 1000;
if (done !== jobs) throw new Error(`${done} of ${jobs} jobs were done`);
console.log(JSON.stringify({ per_s: jobs / seconds }));
await boss.stop({ graceful: false });
