// Every screen as people hold it: both ways of a tablet, two sizes of a station, letters twice as large, dark, and the
// oldest engine the screens promise to run on.
import { brotliDecompressSync } from 'node:zlib'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import {
  equal, journey, look, open, screenshot, startWorld, stationScreen, stationSmall, tabletLandscape, tabletPortrait, truthy,
  typePin, until,
} from '../lib.mjs'

const PIN = '593817'

journey('every screen of the tablet and of the station, at every size', async (context) => {
  const world = await startWorld(context)
  const villages = await world.township(4, PIN)
  const home = villages.at(-1)
  const core = await world.host(home.name)
  const stationCore = await world.host('station', 'station')
  const tablet = await open(context, core, tabletLandscape)
  await tablet.at('pin-key-1').waitFor()
  await look(tablet.page, 'tablet-lock-1280x800')
  await turn(tablet, tabletPortrait)
  await look(tablet.page, 'tablet-lock-800x1280')
  await turn(tablet, tabletLandscape)
  await typePin(tablet.page, PIN)
  await tablet.at('nav-today').waitFor()

  const { rows } = await core.call('today')
  const files = await Promise.all(rows.map((row) => core.call('child_file', { id: row.child })))
  const visited = files.find((file) => file.siblings.length === 0 && file.timeline.some((line) => line.kind === 'visit' && line.counts))
  const child = visited.child
  const problem = (await core.call('problems')).rows[0]
  // A visit that has begun.
  const { draft, parts } = await core.call('open_visit', { id: child })
  await core.call('answer_visit', { draft, part: 'session', key: 'a_met', codes: ['child', 'caregiver'], text: null })
  const section = parts.flatMap((part) => part.sections.map((one) => [part.part, one])).find(([, one]) => one.same_available)
  if (section) await core.call('same_as_last', { draft, part: section[0], section: section[1].key })

  const screens = [
    ['today', `/today?child=${rows[0].child}`, 'nav-today', '/today'],
    ['today-child', `/today?child=${rows[0].child}`, 'go-contact'],
    ['children', '/children', 'children-search'],
    ['child', `/children/${child}`, 'timeline'],
    ['contact', `/contact/${rows[1].child}`, 'answer:state:normal'],
    ['visit', `/visit/${draft}`, 'autosave'],
    ['no-answer', `/attempt/${rows[1].child}`, 'attempt-save'],
    ['report-empty', `/report/${child}`, 'report-save'],
    ['problems', '/problems', 'problem-card'],
    ['problem', `/problems/${problem.problem}`, 'problem-story'],
    ['conflicts-none', '/conflicts', 'conflicts-empty'],
    ['sync', '/sync', 'sync-last'],
    ['me', '/me', 'month'],
  ]
  for (const [name, path, there, upright = path] of screens) {
    await show(tablet, path, there)
    await look(tablet.page, `tablet-${name}-1280x800`)
    await turn(tablet, tabletPortrait)
    await show(tablet, upright, there)
    await look(tablet.page, `tablet-${name}-800x1280`)
    await turn(tablet, tabletLandscape)
  }
  // Dark, and black on white.
  for (const theme of ['dark', 'contrast']) {
    await show(tablet, '/me', 'month')
    await tablet.tap(`answer:theme:${theme}`)
    await show(tablet, '/today', 'nav-today')
    await look(tablet.page, `tablet-today-${theme}`)
    await show(tablet, `/visit/${draft}`, 'autosave')
    await look(tablet.page, `tablet-visit-${theme}`)
  }
  await show(tablet, '/me', 'month')
  await tablet.tap('answer:theme:light')

  // Letters twice as large.
  await tablet.tap('answer:font:200')
  for (const name of ['today', 'today-child', 'child', 'contact', 'visit', 'report-empty', 'problem', 'me']) {
    const [, path, there, upright = path] = screens.find(([one]) => one === name)
    await show(tablet, upright, there)
    await look(tablet.page, `tablet-${name}-200pct`)
  }
  await tablet.tap('lock')
  await tablet.at('pin-key-1').waitFor()
  await look(tablet.page, 'tablet-lock-200pct')

  await station(context, stationCore)
  await oldEngine(context, core)
})

/** Goes to a page and waits until it is drawn. */
async function show(device, path, there) {
  await device.go(path)
  await device.at(there).first().waitFor()
  await until('nothing is being fetched', async () => (await device.page.locator('.skeleton, [aria-busy="true"]').count()) === 0)
}

/** Turns the tablet. */
async function turn(tablet, size) {
  await tablet.page.setViewportSize(size)
  const layout = size === tabletLandscape ? 'wide' : 'narrow'
  await until('the layout follows', () => tablet.page.evaluate((one) => document.documentElement.dataset.layout === one, layout))
}

async function station(context, core) {
  const station = await open(context, core, stationScreen)
  await station.at('pin-key-1').waitFor()
  await look(station.page, 'station-lock')
  await typePin(station.page, PIN)
  await station.at('overview-children').waitFor()
  const { rows } = await core.call('search_children', { query: '', village: null })
  const { rows: problems } = await core.call('problems')
  const busiest = problems.find((row) => row.state === 'in_progress') ?? problems[0]
  const screens = [
    ['overview', '/overview', 'attention'],
    ['children', '/children', 'station-nav-children'],
    ['child', `/children/${rows[0].child}`, 'timeline'],
    ['problems', '/problems', 'problem-column-waiting'],
    ['problem', `/problems/${busiest.problem}`, 'problem-story'],
    ['inbox', '/inbox', 'inbox-read'],
    ['imports', '/imports', 'import-preview'],
    ['devices', '/devices', 'enrol-new'],
    ['erasures', '/erasures', 'retention'],
    ['erase', `/erasures/ask/${rows[0].child}`, 'erase-parts'],
    ['conflicts-none', '/conflicts', 'station-nav-conflicts'],
    ['sync', '/sync', 'sync-last'],
  ]
  for (const size of [stationScreen, stationSmall]) {
    await station.page.setViewportSize(size)
    for (const [name, path, there] of screens) {
      await show(station, path, there)
      await look(station.page, `station-${name}-${size.width}x${size.height}`)
    }
  }
}

/** The screens in Chromium 83, the engine of 2020 that many a tablet still has. */
async function oldEngine(context, core) {
  const folder = mkdtempSync(join(tmpdir(), 'zoufang-chromium83-'))
  context.after(async () => rmSync(folder, { recursive: true, force: true }))
  const manifest = createRequire(import.meta.url).resolve('chrome-aws-lambda/package.json')
  const executablePath = join(folder, 'chromium')
  writeFileSync(executablePath, brotliDecompressSync(readFileSync(join(manifest, '../bin/chromium.br'))))
  chmodSync(executablePath, 0o755)
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--headless', '--disable-gpu', '--no-zygote'] })
  context.after(() => browser.close())
  equal(browser.version().split('.')[0], '83', 'the engine is the old one')
  const page = await browser.newPage({ viewport: tabletLandscape, locale: 'zh-CN', timezoneId: 'Asia/Shanghai' })
  const faults = []
  page.on('pageerror', (error) => faults.push(error.message))
  // Playwright asks elements what this engine cannot answer, so the page itself is asked.
  const drawn = (selector) =>
    until(`the old engine draws ${selector}`, () => page.evaluate((one) => (document.querySelector(one)?.getClientRects().length ?? 0) > 0, selector))
  const click = (selector) => page.evaluate((one) => document.querySelector(one).click(), selector)
  await page.goto(core.url)
  await drawn('[data-test="pin-key-1"]')
  await screenshot(page, 'tablet-lock-chromium83')
  for (const digit of PIN) await click(`[data-test="pin-key-${digit}"]`)
  await drawn('[data-test^="today-row:"]')
  await screenshot(page, 'tablet-today-chromium83')
  await click('[data-test^="draft:"]')
  await drawn('[data-test="autosave"]')
  await screenshot(page, 'tablet-visit-chromium83')
  truthy((await page.evaluate(() => document.querySelectorAll('[data-test^="question:"]').length)) > 10, 'the form is drawn')
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  equal(wide, 0, 'it fits its screen')
  equal(faults, [], 'no error in the old engine')
}
