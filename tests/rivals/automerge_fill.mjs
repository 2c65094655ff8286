// Puts saved documents into a storage folder of automerge-repo, as if they had always been there.
import { Repo } from "@automerge/automerge-repo";
import { NodeFSStorageAdapter } from "@automerge/automerge-repo-storage-nodefs";
import { documentIdOf, savedIn } from "./repo.mjs";

const [folder, storage] = process.argv.slice(2);
const repo = new Repo({ storage: new NodeFSStorageAdapter(storage) });
const ids = [];
for (const [id, bytes] of savedIn(folder)) {
  const docId = documentIdOf(id);
  repo.import(bytes, { docId });
  ids.push(docId);
}
await repo.flush(ids);
process.exit(0);
