// Every screen as people hold it: both ways of a tablet, two sizes of a station, letters twice as large, dark and high in
// contrast as the system wants it, from right to left, and the oldest engine the screens promise to run on.
import { brotliDecompressSync } from 'node:zlib'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import {
  equal, fits, glance, journey, look, lookMirrored, open, screenshot, startWorld, stationScreen, stationSmall, stationWide,
  tabletLandscape, tabletPortrait, truthy, typePin, until,
} from '../lib.mjs'
import { noneLeftOut, stationScreens, tabletScreens } from '../screens.mjs'

const PIN = '593817'
/** What a system may want, and what the screens are then. */
const wishes = [
  ['dark', { colorScheme: 'dark', contrast: 'no-preference' }],
  ['contrast', { colorScheme: 'light', contrast: 'more' }],
]
const plain = { colorScheme: 'light', contrast: 'no-preference' }

journey('every screen of the tablet and of the station, at every size, in every colour, both ways', async (context) => {
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
  await inColours(tablet, 'tablet-lock')
  await typePin(tablet.page, PIN)
  await tablet.at('nav-today').waitFor()

  const screens = await tabletScreens(core)
  noneLeftOut(screens, 'tablet')
  for (const [name, path, there, upright = path] of screens) {
    await show(tablet, path, there)
    await look(tablet.page, `tablet-${name}-1280x800`)
    await inColours(tablet, `tablet-${name}`)
    await turn(tablet, tabletPortrait)
    await show(tablet, upright, there)
    await look(tablet.page, `tablet-${name}-800x1280`)
    await turn(tablet, tabletLandscape)
  }
  // What a person chose stands over what the system wants, and is kept.
  await show(tablet, '/me', 'month')
  for (const theme of ['dark', 'contrast', 'light', 'system']) {
    await tablet.tap(`answer:theme:${theme}`)
    await tablet.page.emulateMedia({ colorScheme: 'dark' })
    await isDrawn(tablet, theme === 'system' ? 'dark' : theme, `chosen: ${theme}`)
    await tablet.page.reload()
    await tablet.at('month').waitFor()
    await isDrawn(tablet, theme === 'system' ? 'dark' : theme, `kept: ${theme}`)
  }
  await tablet.page.emulateMedia(plain)

  // Letters twice as large.
  await tablet.tap('answer:font:200')
  for (const [name, path, there, upright = path] of screens) {
    await show(tablet, upright, there)
    await look(tablet.page, `tablet-${name}-200pct`)
  }
  await show(tablet, '/me', 'month')
  await tablet.tap('answer:font:100')
  await tablet.tap('lock')
  await tablet.at('pin-key-1').waitFor()

  const station = await open(context, stationCore, stationScreen)
  await station.at('pin-key-1').waitFor()
  await look(station.page, 'station-lock')
  await typePin(station.page, PIN)
  await station.at('overview-children').waitFor()
  const desks = await stationScreens(stationCore, PIN)
  noneLeftOut(desks, 'station')
  for (const [name, path, there] of desks) {
    await show(station, path, there)
    await look(station.page, `station-${name}-1440x900`)
    await inColours(station, `station-${name}`)
    await station.page.setViewportSize(stationSmall)
    await look(station.page, `station-${name}-1280x720`)
    await station.page.setViewportSize(stationWide)
    await fits(station.page, `station-${name}-1280x800`)
    await station.page.setViewportSize(stationScreen)
  }
  // Letters twice as large, on the smaller of the two screens that are usual.
  await show(station, '/me', 'month')
  await station.tap('answer:font:200')
  await station.page.setViewportSize(stationWide)
  for (const [name, path, there] of desks) {
    await show(station, path, there)
    await fits(station.page, `station-${name}-200pct`)
  }
  await show(station, '/me', 'month')
  await station.tap('answer:font:100')
  await station.page.setViewportSize(stationScreen)

  await mirrored(context, core, tabletLandscape, 'tablet', 'nav-today', screens)
  await mirrored(context, stationCore, stationScreen, 'station', 'overview-children', desks)
  await core.call('lock')
  await stationCore.call('lock')
  const browser = await oldEngine(context)
  await tabletInOldEngine(browser, core, pages(screens, ['contact', 'report-empty', 'child', 'problem']))
  await stationInOldEngine(browser, stationCore, pages(desks, ['overview', 'children', 'child', 'problems', 'problem', 'inbox', 'devices']))
}, 13)

/** Those of the screens with these names. */
function pages(screens, names) {
  const found = screens.filter(([name]) => names.includes(name))
  equal(found.length, names.length, 'each of them is a screen')
  return found
}

/** What is shown now as a system that wants it dark, or high in contrast, gets it. */
async function inColours(device, name) {
  for (const [wish, media] of wishes) {
    await device.page.emulateMedia(media)
    await isDrawn(device, wish, 'the screens follow the system')
    await glance(device.page, `${name}-${wish}`)
  }
  await device.page.emulateMedia(plain)
}

function isDrawn(device, theme, what) {
  return until(what, () => device.page.evaluate((one) => document.documentElement.dataset.theme === one, theme))
}

/** Every screen in the made-up language that runs from right to left. */
async function mirrored(context, core, size, shell, home, screens) {
  const device = await open(context, core, size, { mirrored: true })
  if ((await core.call('app')).stage === 'locked') {
    await device.at('pin-key-1').waitFor()
    await lookMirrored(device.page, `${shell}-lock-rtl`)
    await typePin(device.page, PIN)
  }
  await device.at(home).waitFor()
  for (const [name, path, there] of screens) {
    await show(device, path, there)
    await lookMirrored(device.page, `${shell}-${name}-rtl`)
  }
  if (shell === 'tablet') {
    const far = await device.page.evaluate(() => document.querySelector('nav').getBoundingClientRect().right - window.innerWidth)
    equal(Math.round(far), 0, 'the rail stands at the right')
  }
}

/** Goes to a page and waits until it is drawn. */
async function show(device, path, there) {
  // The page that is left keeps its heading until the next one is drawn; the same page once more keeps it for good.
  await device.page.evaluate((next) => {
    const place = (address) => address.replace(/^#/, '').split('?')[0]
    if (place(location.hash) === place(next)) return
    document.querySelectorAll('main h1').forEach((heading) => heading.setAttribute('data-left', ''))
  }, path)
  await device.go(path)
  await (there ? device.at(there).first() : device.page.locator('main h1:not([data-left]):visible').first()).waitFor()
  await until('nothing is being fetched', async () => (await device.page.locator('.skeleton, [aria-busy="true"]').count()) === 0)
}

/** Turns the tablet. */
async function turn(tablet, size) {
  await tablet.page.setViewportSize(size)
  const layout = size === tabletLandscape ? 'wide' : 'narrow'
  await until('the layout follows', () => tablet.page.evaluate((one) => document.documentElement.dataset.layout === one, layout))
}

/** Chromium 83, the engine of 2020 that many a tablet still has. */
async function oldEngine(context) {
  const folder = mkdtempSync(join(tmpdir(), 'zoufang-chromium83-'))
  context.after(async () => rmSync(folder, { recursive: true, force: true }))
  const manifest = createRequire(import.meta.url).resolve('chrome-aws-lambda/package.json')
  const executablePath = join(folder, 'chromium')
  writeFileSync(executablePath, brotliDecompressSync(readFileSync(join(manifest, '../bin/chromium.br'))))
  chmodSync(executablePath, 0o755)
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--headless', '--disable-gpu', '--no-zygote'] })
  context.after(() => browser.close())
  equal(browser.version().split('.')[0], '83', 'the engine is the old one')
  return browser
}

/** A page of a core in the old engine, unlocked. Playwright asks elements what it cannot answer, so the page itself is asked. */
async function inOldEngine(browser, core, viewport, name) {
  const page = await browser.newPage({ viewport, locale: 'zh-CN', timezoneId: 'Asia/Shanghai' })
  const faults = []
  page.on('pageerror', (error) => faults.push(error.message))
  const drawn = (selector) =>
    until(`the old engine draws ${selector}`, () => page.evaluate((one) => (document.querySelector(one)?.getClientRects().length ?? 0) > 0, selector))
  const click = (selector) => page.evaluate((one) => document.querySelector(one).click(), selector)
  /** What is shown now: nothing is wider than the screen, and a picture of it. */
  async function seen(what) {
    await screenshot(page, `${name}-${what}-chromium83`)
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    equal(wide, 0, `${name} ${what} fits its screen`)
    equal(faults, [], `no error in the old engine: ${name} ${what}`)
  }
  await page.goto(core.url)
  await drawn('[data-test="pin-key-1"]')
  await seen('lock')
  for (const digit of PIN) await click(`[data-test="pin-key-${digit}"]`)
  return {
    page,
    drawn,
    click,
    seen,
    async show([what, path, there]) {
      await page.evaluate((address) => { window.location.hash = address }, path)
      await drawn(there ? `[data-test="${there}"]` : 'main h1')
      await until('nothing is being fetched', () => page.evaluate(() => document.querySelector('.skeleton, [aria-busy="true"]') === null))
      await seen(what)
    },
  }
}

async function tabletInOldEngine(browser, core, more) {
  const old = await inOldEngine(browser, core, tabletLandscape, 'tablet')
  await old.drawn('[data-test^="today-row:"]')
  await old.seen('today')
  await old.click('[data-test^="draft:"]')
  await old.drawn('[data-test="autosave"]')
  truthy((await old.page.evaluate(() => document.querySelectorAll('[data-test^="question:"]').length)) > 10, 'the form is drawn')
  await old.seen('visit')
  for (const screen of more) await old.show(screen)
  await old.page.close()
}

async function stationInOldEngine(browser, core, more) {
  const old = await inOldEngine(browser, core, stationScreen, 'station')
  await old.drawn('[data-test="overview-children"]')
  for (const screen of more) await old.show(screen)
  await old.page.close()
}
