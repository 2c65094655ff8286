// A device with PouchDB. First both sides get what they held in the morning and know that they do; then each side's day is
// written; then one sync is measured. The lines: "ready" before the measured sync, its figures after it.
import PouchDB from "pouchdb";
import { mkdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const [port, folder, files] = process.argv.slice(2);
const read = (name) => JSON.parse(readFileSync(`${files}/${name}.json`));
mkdirSync(folder, { recursive: true });
let requests = 0;
const remote = new PouchDB(`http://127.0.0.1:${port}/village`, {
  fetch: (url, options) => {
    requests += 1;
    return PouchDB.fetch(url, options);
  },
});
const local = new PouchDB(`${folder}/local`);

const write = async (database, documents) => {
  const held = await database.allDocs({ keys: documents.map((document) => document._id) });
  const known = new Map(held.rows.filter((row) => row.value && !row.value.deleted).map((row) => [row.id, row.value.rev]));
  const answers = await database.bulkDocs(
    documents.map((document) => (known.has(document._id) ? { ...document, _rev: known.get(document._id) } : document)),
  );
  const failed = answers.find((answer) => answer.error);
  if (failed) throw new Error(JSON.stringify(failed));
};
const exchange = () => new Promise((resolve, reject) => local.sync(remote).on("complete", resolve).on("error", reject));

await write(remote, read("base"));
await exchange();
await exchange();
await write(remote, read("there"));
await write(local, read("here"));
console.log("ready");
await new Promise((resolve) => createInterface({ input: process.stdin }).once("line", resolve));
requests = 0;
const began = performance.now();
const result = await exchange();
const ms = performance.now() - began;
console.log(JSON.stringify({ ms, requests, up: result.push.docs_written, down: result.pull.docs_written }));
process.exit(0);
