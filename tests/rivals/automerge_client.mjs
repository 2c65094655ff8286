// A device that holds all documents on files opens them, connects, and is done when both ends have the expected heads.
import { Repo, decodeHeads } from "@automerge/automerge-repo";
import { WebSocketClientAdapter } from "@automerge/automerge-repo-network-websocket";
import { NodeFSStorageAdapter } from "@automerge/automerge-repo-storage-nodefs";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { documentIdOf, urlOf } from "./repo.mjs";

const [port, control, storage, expected] = process.argv.slice(2);
const wanted = Object.entries(JSON.parse(readFileSync(expected)));
const began = performance.now();
const repo = new Repo({
  storage: new NodeFSStorageAdapter(storage),
  network: [new WebSocketClientAdapter(`ws://127.0.0.1:${port}`)],
});
const handles = await Promise.all(wanted.map(([id]) => repo.find(urlOf(id))));
const reached = ([, heads], at) =>
  [...decodeHeads(handles[at].heads())].sort().join() === heads.join();
while (!wanted.every(reached)) await pause(5);
while ((await (await fetch(`http://127.0.0.1:${control}/missing`)).json()) > 0) await pause(50);
await repo.flush(wanted.map(([id]) => documentIdOf(id)));
console.log(JSON.stringify({ ms: performance.now() - began }));
process.exit(0);
