// Names of documents, the same on both sides: an id of ours as automerge-repo writes it.
import { parseAutomergeUrl, stringifyAutomergeUrl } from "@automerge/automerge-repo";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const urlOf = (id) =>
  stringifyAutomergeUrl({ documentId: Uint8Array.from(Buffer.from(id.replaceAll("-", ""), "hex")) });

export const documentIdOf = (id) => parseAutomergeUrl(urlOf(id)).documentId;

/** Saved documents of a folder, by their ids. */
export const savedIn = (folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".am"))
    .map((name) => [name.slice(0, -3), new Uint8Array(readFileSync(join(folder, name)))]);
