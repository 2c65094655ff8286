import { beforeEach, expect, test } from 'vitest'
import type { ShellKind } from '@/backend'
import DistrictShell from '@/shell/DistrictShell.vue'
import StationShell from '@/shell/StationShell.vue'
import TabletShell from '@/shell/TabletShell.vue'
import { messagesOf } from '@/shell/locale'
import { pagesOf } from '@/shell/router'
import { demoBackend, readyTablet } from '@/testing/demo'
import { show } from '@/testing/mount'
import FirstUse from './FirstUse.vue'

const words = messagesOf('zh-CN')['first_use'] as unknown as Record<string, unknown>
const framed = (shell: ShellKind) => (words[`at_${shell}`] ?? {}) as Record<string, unknown>

beforeEach(() => window.localStorage.clear())

const card = (screen: string, shell: ShellKind = 'tablet') =>
  show(FirstUse, { backend: demoBackend({}), props: { screen }, app: { ...readyTablet, shell } })

/** Pages without a card, each with its reason. */
const without: Record<string, string> = {
  help: 'explains by itself',
  words: 'explains by itself',
  rules: 'a paper of the authority, shown as it stands',
  family: 'turned to the family, which is not to read what the app is for',
  'problem-paper': 'is printed',
  'right-paper': 'is printed',
  'sign-list': 'is printed',
  'packet-receipt': 'is printed',
  'packet-new': 'says above what it asks',
  breach: 'says above what it is for, every time',
  confidential: 'says above what it is for, every time',
  saved: 'says that something was saved, and what is next',
  writing: 'stands in a frame of its own, which says what is possible',
  pin: 'asks one thing and says why above it',
  'new-lock': 'asks one thing and says why above it',
}

test('a screen says once what it is for', async () => {
  const first = await card('today')
  expect(first.by('first-use:today').textContent).toContain('今天')
  await first.tap('first-use-close')
  expect(document.querySelector('[data-test="first-use:today"]')).toBeNull()
  await card('today')
  expect(document.querySelector('[data-test="first-use:today"]')).toBeNull()
})

test('each screen is known by itself, and one without words has no card', async () => {
  const first = await card('today')
  await first.tap('first-use-close')
  await card('visit')
  expect(document.querySelector('[data-test="first-use:visit"]')).not.toBeNull()
  await card('saved')
  expect(document.querySelector('[data-test="first-use:saved"]')).toBeNull()
})

test('the same page may be for something else at the station', async () => {
  const { by } = await card('problems')
  expect(by('first-use:problems').textContent).toContain('您报上去的事')
  document.body.innerHTML = ''
  const station = await card('problems', 'station')
  expect(station.by('first-use:problems').textContent).toContain('各村报来的')
})

test.each(['tablet', 'station', 'district'] as const)('every page of the %s says what it is for, or is known to say it otherwise', (shell) => {
  const names = [...new Set(pagesOf(shell).map((page) => String(page.name)))]
  expect(names.length).toBeGreaterThan(3)
  for (const name of names) {
    const said = name in words || name in framed(shell)
    expect({ name, said }).toEqual({ name, said: !(name in without) })
  }
})

test('no words are kept for a page that is gone', () => {
  const { close, practice, at_station: station, at_district: district, ...shared } = words
  expect([close, practice, station, district].every(Boolean)).toBe(true)
  const names = (shell: ShellKind) => pagesOf(shell).map((page) => String(page.name))
  expect(Object.keys(shared).filter((name) => ![...names('tablet'), ...names('station')].includes(name))).toEqual([])
  expect(Object.keys(framed('station')).filter((name) => !names('station').includes(name))).toEqual([])
  expect(Object.keys(framed('district')).filter((name) => !names('district').includes(name))).toEqual([])
})

test.each([
  ['tablet', TabletShell, 'today'],
  ['station', StationShell, 'overview'],
  ['district', DistrictShell, 'stations'],
] as const)('the frame of the %s shows the card above its page', async (shell, frame, name) => {
  const { by } = await show(frame, { backend: demoBackend({}), name, app: { ...readyTablet, shell } })
  expect(by(`first-use:${name}`).textContent).toContain('知道了')
})
