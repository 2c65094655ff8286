import { expect, test } from 'vitest'
import { makeRouter } from './router'

test('a record is written in both frames of a township, and in the district in none', () => {
  const written = ['/contact/c1', '/visit/d1', '/attempt/c1', '/report/c1', '/saved']
  const names = (shell: 'tablet' | 'station' | 'district') => written.map((path) => makeRouter(shell).resolve(path).name)
  expect(names('station')).toEqual(['contact', 'visit', 'attempt', 'report', 'saved'])
  expect(names('tablet')).toEqual(names('station'))
  expect(names('district').every((name) => name === undefined)).toBe(true)
})
