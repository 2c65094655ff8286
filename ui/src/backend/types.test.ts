import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

test('every generated type can be imported from one place', () => {
  const here = `${process.cwd()}/src/backend`
  const generated = readdirSync(`${here}/generated`).map((name) => name.replace(/\.ts$/, ''))
  const listed = [...readFileSync(`${here}/types.ts`, 'utf8').matchAll(/generated\/(\w+)'/g)].map((match) => match[1])
  expect(listed.sort()).toEqual(generated.sort())
})
