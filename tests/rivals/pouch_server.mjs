// express-pouchdb on LevelDB: what stands in for a CouchDB where none can be installed.
import express from "express";
import expressPouchdb from "express-pouchdb";
import PouchDB from "pouchdb";
import { mkdirSync } from "node:fs";

const [folder] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
process.chdir(folder);
const Stored = PouchDB.defaults({ prefix: `${folder}/` });
const app = express();
app.use("/", expressPouchdb(Stored, { mode: "minimumForPouchDB" }));
const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.resume().on("end", () => process.exit(0));
