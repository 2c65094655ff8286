// The wiring of @automerge/automerge-repo-sync-server: a repo on files behind a WebSocket, which shares only what is asked for.
// Beside it a path that says whether every document has the heads expected in the end.
import { Repo } from "@automerge/automerge-repo";
import { NodeWSServerAdapter } from "@automerge/automerge-repo-network-websocket";
import { NodeFSStorageAdapter } from "@automerge/automerge-repo-storage-nodefs";
import { decodeHeads } from "@automerge/automerge-repo";
import express from "express";
import { readFileSync } from "node:fs";
import { WebSocketServer } from "ws";
import { documentIdOf } from "./repo.mjs";

const [storage, expected] = process.argv.slice(2);
const wanted = Object.entries(JSON.parse(readFileSync(expected)));
const socket = new WebSocketServer({ noServer: true });
const repo = new Repo({
  network: [new NodeWSServerAdapter(socket)],
  storage: new NodeFSStorageAdapter(storage),
  sharePolicy: async () => false,
});
const app = express();
app.get("/missing", (_, response) => {
  const missing = wanted.filter(([id, heads]) => {
    const handle = repo.handles[documentIdOf(id)];
    return !handle?.isReady() || [...decodeHeads(handle.heads())].sort().join() !== heads.join();
  });
  response.json(missing.length);
});
const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
server.on("upgrade", (request, stream, head) =>
  socket.handleUpgrade(request, stream, head, (ws) => socket.emit("connection", ws, request)),
);
process.stdin.resume().on("end", () => process.exit(0));
