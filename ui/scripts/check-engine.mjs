// Looks through the built files for things the oldest supported web engine (Chromium 83) or the
// content security policy would not take.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../dist', import.meta.url))
const rules = {
  '.css': [/@layer\b/, /:has\(/, /@container\b/, /color-mix\(/, /oklch\(/, /100dvh/, /:is\(/, /[;{]inset:/],
  '.js': [/\bnew Function\(/, /[^.\w]eval\(/, /\.replaceAll\(/, /\.findLast\(/, /Object\.groupBy/, /crypto\.randomUUID/],
}
const found = []
for (const name of readdirSync(root, { recursive: true })) {
  const extension = Object.keys(rules).find((ending) => name.endsWith(ending))
  if (!extension) continue
  const text = readFileSync(join(root, name), 'utf8')
  for (const rule of rules[extension]) {
    const at = text.search(rule)
    if (at >= 0) found.push(`${name}: ${rule} near "${text.slice(Math.max(0, at - 40), at + 60)}"`)
  }
}
if (found.length > 0) {
  console.error(found.join('\n'))
  process.exit(1)
}
console.log('nothing in dist is newer than Chromium 83')
