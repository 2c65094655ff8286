// Reads a saved document with the JavaScript Automerge library and prints it as JSON:
// `node outside-reader.mjs FILE` → {"document": …, "nicknames": […]}, the second with every value of a contested field.
import { readFileSync } from 'node:fs'
import * as Automerge from '@automerge/automerge'

const document = Automerge.load(new Uint8Array(readFileSync(process.argv[2])))
const conflicts = Automerge.getConflicts(document.fields, 'nickname') ?? { only: document.fields.nickname }
const nicknames = Object.values(conflicts).map(String)
process.stdout.write(JSON.stringify({ document: Automerge.toJS(document), nicknames }))
