// Runs the journeys of one kind: node tests/e2e/run.mjs browser | window [part of a file's name]
import { readdirSync } from 'node:fs'
import { closeBrowser, runJourneys } from './lib.mjs'

const [kind, only = ''] = process.argv.slice(2)
if (kind !== 'browser' && kind !== 'window') {
  console.error('usage: run.mjs browser|window [part of a name]')
  process.exit(2)
}
const folder = new URL(`./${kind}/`, import.meta.url)
for (const file of readdirSync(folder).sort()) {
  if (file.endsWith('.mjs') && file.includes(only)) await import(new URL(file, folder))
}
// Journeys in a browser wait for most of their time; there is one window.
await runJourneys(kind === 'browser' ? 2 : 1)
await closeBrowser()
