// What every journey stands on: a world (server, relay, cores), browsers at tablet and station size, the app's own
// window, checks with a time limit, and counts at the end. No step sleeps; each waits for what it needs, up to a limit.

import { AsyncLocalStorage } from 'node:async_hooks'
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { createInterface } from 'node:readline'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { pseudoLanguage } from './pseudo.mjs'

export const root = fileURLToPath(new URL('../../', import.meta.url))
export const target = process.env.CARGO_TARGET_DIR ?? `${root}target`
/** Pictures of a test run stay out of the repository; `make screenshots` takes the few in docs from here. */
export const screenshots = `${root}target/screenshots`
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Limit of one step. Generous, because a busy machine is no failure; a step that hangs is. */
export const STEP_MS = 30_000

export const tabletLandscape = { width: 1280, height: 800 }
export const tabletPortrait = { width: 800, height: 1280 }
export const stationScreen = { width: 1440, height: 900 }
export const stationSmall = { width: 1280, height: 720 }
export const stationWide = { width: 1280, height: 800 }

// ---- Counting -------------------------------------------------------------------------------------------------

const journeys = []
/** What [`look`] found on the screens of the journey that asks; each one under way has its own. */
const seen = new AsyncLocalStorage()

/** Registers a journey and how long it may take. `run` gets an object whose `after(f)` registers clean-up. */
export function journey(name, run, minutes = 5) {
  journeys.push({ name, run, minutes })
}

const figures = []
const axe = { screens: 0, violations: 0 }

/** A figure somebody measures us by: printed again at the end, after all journeys. */
export function figure(words) {
  figures.push(words)
}

/**
 * Runs every registered journey, `lanes` of them side by side, those that may take longest first; prints
 * `N passed, N failed` and sets the exit code. Each has a world and a browser context of its own.
 */
export async function runJourneys(lanes = 1) {
  const waiting = journeys.toSorted((a, b) => b.minutes - a.minutes)
  const passed = []
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) passed.push(await runJourney(next))
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  if (axe.screens > 0) console.log(`axe screens=${axe.screens} violations=${axe.violations}`)
  for (const words of figures) console.log(words)
  const failed = passed.filter((one) => !one).length
  console.log(`${passed.length - failed} passed, ${failed} failed`)
  process.exitCode = failed === 0 && passed.length > 0 ? 0 : 1
}

/** Plays one journey, says what came of it and cleans up after it → whether it passed. */
function runJourney({ name, run, minutes }) {
  const found = []
  return seen.run(found, async () => {
    const cleanups = []
    const began = Date.now()
    const wrong = []
    const attempt = async (what, ms, step) => {
      try {
        await within(ms, what, step())
      } catch (error) {
        wrong.push(error.stack ?? String(error))
      }
    }
    await attempt(name, minutes * 60_000, () => run({ after: (cleanup) => cleanups.push(cleanup) }))
    if (found.length > 0) wrong.push(`Error: the screens: \n  ${found.join('\n  ')}`)
    // What a page complained of is told when it is closed, and fails the journey as well.
    for (const cleanup of cleanups.reverse()) await attempt('clean-up', STEP_MS, cleanup)
    const passed = wrong.length === 0
    if (passed) console.log(`ok      ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`)
    else console.log(`FAILED  ${name}\n${wrong.join('\n')}\n`)
    return passed
  })
}

/** Fails when a promise takes longer than its limit. */
export async function within(ms, what, promise) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing after ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Asks again and again until the answer is truthy; returns it. */
export async function until(what, ask, ms = STEP_MS) {
  const end = Date.now() + ms
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    if (Date.now() > end) throw new Error(`${what}: not after ${ms} ms`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export function equal(actual, expected, what) {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (a !== b) throw new Error(`${what}: got ${a}, expected ${b}`)
}

export function truthy(value, what) {
  if (!value) throw new Error(what)
}

// ---- The world ------------------------------------------------------------------------------------------------

/** Starts server, relay and the control door. It ends with this process, whatever happens. */
export async function startWorld(context) {
  const child = spawn(`${target}/debug/e2e-world`, [], { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  const first = within(
    STEP_MS,
    'the world',
    new Promise((resolve, reject) => {
      lines.once('line', resolve)
      child.once('exit', (code) => reject(new Error(`the world ended with ${code}`)))
      child.once('error', reject)
    }),
  )
  const ended = new Promise((resolve) => child.once('exit', resolve))
  context.after(async () => {
    child.stdin.end()
    await ended
  })
  const { control } = JSON.parse(await first)

  async function order(action, parts = {}, ms = STEP_MS) {
    const response = await fetch(`${control}/${action}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(parts),
      signal: AbortSignal.timeout(ms),
    })
    if (!response.ok) throw new Error(await response.text())
    return response.json()
  }

  return {
    /** A core with a fresh folder (or one `enrolledFolder` made) → a [`Core`]. */
    async host(name, shell = 'tablet', offsetMs = 0) {
      const { url } = await order('host', { name, shell, offset_ms: offsetMs })
      return core(name, url, shell)
    },
    /** kill -9 of a core's process. */
    kill: (name) => order('kill', { name }),
    /** Starts a killed core again: same folder, same address. */
    restart: (name) => order('restart', { name }),
    /** Moves a core's clock so many milliseconds from the system's. */
    clock: (name, offsetMs) => order('clock', { name, offset_ms: offsetMs }),
    /** The server's clock. */
    serverClock: (offsetMs) => order('server_clock', { offset_ms: offsetMs }),
    cut: () => order('cut'),
    cutAfter: (bytes) => order('cut_after', { bytes }),
    restore: () => order('restore'),
    /** The first station's code: { enrolment, qr, code, address, state, compare_code }. */
    firstCode: () => order('first_code'),
    code: (enrolment) => order('code', { enrolment }),
    /** The operator makes a code for an officer of the district. */
    officerCode: (name) => order('officer_code', { name }),
    /** The operator at the server says the digits are the same. */
    confirm: (enrolment) => order('confirm', enrolment ? { enrolment } : {}),
    /** The made-up villages' registers as files: [{ village, kind, path }]; `edits` are cells changed since. */
    ledgers: (edits = []) => order('ledgers', { edits }),
    /** The shipped visit form as spreadsheets: { good, faulty } with their paths. */
    forms: () => order('forms', {}),
    /** Makes the made-up township with half a year of records, or of so many days: [{ name, village, director }]. Its folders are `station` and the villages' names. */
    township: (villages, pin, days = 0) => order('township', { villages, pin, days }, villages * (days > 0 ? 3 : 1.5) * STEP_MS),
    /** Enrols a director's folder and files so many households in it; give it to `host` by name. */
    largeVillage: (name, enrolment, pin, households) => order('large_village', { name, enrolment, pin, households }, 6 * STEP_MS),
    /** Puts a person into another unit at the server itself. */
    movePerson: (name, unit) => order('move_person', { name, unit }),
    /** Enrols a folder without a screen; give it to `host` by name, or to the window. */
    enrolledFolder: (name, shell, enrolment, pin) => order('enrolled_folder', { name, shell, enrolment, pin }),
  }
}

/** A core as a journey sees it: its address, and commands without a screen. */
function core(name, url, shell) {
  const [origin, fragment] = url.split('/#t=')
  return {
    name,
    url,
    shell,
    /** Address of a page of it. */
    at: (path) => `${origin}/#${path}`,
    /** Sends a command past the screens, to prepare something or to look; throws the UiError's code. */
    async call(command, argument) {
      const response = await fetch(`${origin}/api/${command}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-zoufang-token': fragment },
        body: JSON.stringify(argument ?? {}),
        signal: AbortSignal.timeout(STEP_MS),
      })
      const body = await response.json()
      if (!response.ok) throw new Error(`${command}: ${body.code} ${JSON.stringify(body.params)}`)
      return body
    },
  }
}

/** Enrols the station's core by the first code and the server's operator, past the screens. Returns when it is loaded. */
export async function enrolStation(world, station, pin = '283946') {
  const code = await world.firstCode()
  const here = await station.call('enrol_start', { address: code.qr, code: '' })
  equal((await world.firstCode()).compare_code, here.compare_code, 'both sides show the same digits')
  await world.confirm()
  await ready(station, pin)
}

/** Who an appointment is about: whoever has this very post, or a person nobody of that name is. */
async function whoever(station, role, village, person) {
  const { people } = await station.call('people')
  const hers = people.find((row) => row.person === person && row.role === role && (role !== 'director' || row.village === village))
  return { same_as: hers?.staff ?? null, another: !hers }
}

/** Appoints a director who was vetted, past the screens; only then there is a code for her. */
export async function appoint(station, village, person, pin = '283946') {
  await station.call('step_up', { pin })
  await station.call('appoint', {
    ...(await whoever(station, 'director', village, person)), role: 'director', village, person, from: '2026-01-01', until: '', approved_by: '沈岚', basis: '芦民批〔2026〕7号',
    vetted_on: '2026-01-01', vetting: '查询2026-118', replaces: null,
  })
  // What the PIN was given again for is over: the journey itself is asked again.
  await station.call('lock')
  await station.call('unlock', { pin })
}

/** Appoints a colleague of the station and enrols her computer, past the screens. */
export async function enrolColleague(station, core, role, person, { pin = '604817', stationPin = '283946' } = {}) {
  await station.call('step_up', { pin: stationPin })
  await station.call('appoint', {
    ...(await whoever(station, role, '', person)), role, village: '', person, from: '2026-01-01', until: '', approved_by: '沈岚', basis: '芦民批〔2026〕8号',
    vetted_on: '2026-01-01', vetting: '查询2026-119', replaces: null,
  })
  const code = await station.call('new_enrolment', { role, village: '', person })
  const here = await core.call('enrol_start', { address: code.qr_text, code: '' })
  await station.call('confirm_enrolment', { id: code.enrolment, compare_code: here.compare_code })
  // What the PIN was given again for is over: the journey itself is asked again.
  await station.call('lock')
  await station.call('unlock', { pin: stationPin })
  await ready(core, pin)
}

/** Enrols a tablet's core for a village by a code of the station, past the screens. */
export async function enrolTablet(station, tablet, village, person, pin = '593817') {
  await appoint(station, village, person)
  const code = await station.call('new_enrolment', { role: 'director', village, person })
  const here = await tablet.call('enrol_start', { address: code.qr_text, code: '' })
  await station.call('confirm_enrolment', { id: code.enrolment, compare_code: here.compare_code })
  await ready(tablet, pin)
}

async function ready(device, pin) {
  await until('the confirmation arrives', async () => (await device.call('enrol_poll')).stage === 'choose_pin')
  await device.call('choose_pin', { pin })
  await until('the first download', async () => (await device.call('app')).stage === 'ready')
}

/** Imports a register past the screens. */
export async function importLedger(station, village, path) {
  const bytes = readFileSync(path).toString('base64')
  const preview = await station.call('import_preview', { village, file_name: basename(path), bytes })
  await station.call('import_confirm', { id: preview.import })
  await until('the import ends', async () => (await station.call('import_status', { id: preview.import })).state === 'done')
  await delivered(station)
}

/** Waits until everything recorded on a device is at the server. */
export async function delivered(device) {
  await until(`${device.name} has sent everything`, async () => {
    const sync = await device.call('sync_status')
    return sync.unsent.length === 0 && sync.phase === 'idle' && sync.last_success !== null
  })
}

/** Has a device sync now, and waits until it did. */
export async function syncNow(device) {
  await device.call('sync_now')
  await delivered(device)
}

/** Adds children by hand at the station: [name, birth, category] → ids by name. */
export async function addChildren(station, village, children) {
  for (const [name, birth, category = 'LB-1', sex = '2'] of children) {
    await station.call('add_child', { name, sex, birth_date: birth, category, reason: '走访时发现', household: null, village })
  }
  await delivered(station)
  const { rows } = await station.call('search_children', { query: '', village })
  return Object.fromEntries(rows.map((row) => [row.name, row.child]))
}

/** Creates the villages of domain.md §13 and returns their ids by name. */
export async function createVillages(station, count = 1) {
  const all = [
    ['白荷村', '310199100201'],
    ['东灶村', '310199100202'],
    ['双桥湾村', '310199100203'],
    ['永宁圩村', '310199100204'],
  ]
  const ids = {}
  for (const [name, region] of all.slice(0, count)) {
    const { rows } = await station.call('create_village', { name, region })
    ids[name] = rows.find((row) => row.name === name).village
  }
  return ids
}

// ---- Browsers -------------------------------------------------------------------------------------------------

let browser

/** How the system's Chromium is started, by [`open`] and by whoever keeps a profile. */
export const launching = {
  executablePath: process.env.ZOUFANG_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
}

/** One for all: kept as what is awaited, or two lanes that ask at once start two, and one of them is never closed. */
function theBrowser() {
  browser ??= chromium.launch(launching)
  return browser
}

export async function closeBrowser() {
  await (await browser)?.close()
  browser = undefined
}

/**
 * Opens a core in a browser context of its own: touch and Chinese, like a tablet; a mouse for a station.
 * Anything the page throws, or any console error, fails the journey at its end.
 */
export async function open(context, core, viewport = tabletLandscape, { mirrored = false, ...options } = {}) {
  const touch = core.shell === 'tablet'
  const browserContext = await (await theBrowser()).newContext({
    viewport,
    hasTouch: touch,
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    reducedMotion: 'reduce',
    ...options,
  })
  if (mirrored) await browserContext.addInitScript(pseudoLanguage)
  const page = await browserContext.newPage()
  page.setDefaultTimeout(STEP_MS)
  const faults = []
  page.on('pageerror', (error) => faults.push(`${core.name}: ${error.message}`))
  page.on('console', (message) => {
    // A refused command is an HTTP 4xx, which Chromium reports; the screens show it in words.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      faults.push(`${core.name}: ${message.text()}`)
    }
  })
  context.after(async () => {
    await browserContext.close()
    if (faults.length > 0) throw new Error(`the page complained: ${faults.join('; ')}`)
  })
  await page.goto(core.url)
  const device = {
    page,
    core,
    touch,
    faults,
    /** Taps since it was opened, for what must take few of them. */
    taps: 0,
    /** The element with this test handle. */
    at: (handle) => page.locator(handleOf(handle)),
    /** Taps it: a test handle, or a whole selector. */
    async tap(handle) {
      device.taps += 1
      await tap(page, handleOf(handle), touch)
    },
    /** Waits until it is shown, and returns its words. */
    async words(handle) {
      const element = page.locator(handleOf(handle)).first()
      await element.waitFor()
      return element.innerText()
    },
    /** Goes to a page by its address, as a link would: once the first page stands, for until then nobody listens. */
    async go(path) {
      await page.locator('h1:visible').first().waitFor()
      await page.goto(core.at(path))
    },
  }
  return device
}

function handleOf(handle) {
  return /[[\].>]/.test(handle) ? handle : `[data-test="${handle}"]`
}

/** Taps (or clicks, at a station) the one element a selector finds. */
export async function tap(page, selector, touch = true) {
  const element = page.locator(selector)
  await (touch ? element.tap() : element.click())
}

/** Taps what prints, says what for, and leaves the screen as it stands on the paper. */
export async function toPaper(device, button, purpose) {
  await device.page.evaluate(() => { window.print = () => {} })
  await device.tap(button)
  await device.tap(`print-for:${purpose}`)
  await device.at(`print-for:${purpose}`).waitFor({ state: 'detached' })
  await device.page.emulateMedia({ media: 'print' })
}

/** Types a PIN on the pad, digit by digit. */
export async function typePin(page, pin) {
  for (const digit of pin) {
    await page.locator(`[data-test="pin-key-${digit}"]`).click()
  }
}

/** Sets a new PIN: twice the same. */
export async function choosePin(page, pin) {
  await typePin(page, pin)
  await page.locator('[data-test="pin-second"]').waitFor()
  await typePin(page, pin)
}

/** What axe looks at: WCAG 2.1 AA and best practices. */
const everyRule = { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] }
/** Of a screen that was looked at before in other colours. */
const rulesOfColour = { runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } }
/** Of a screen that was looked at before in the same colours. */
const rulesOfShape = { ...everyRule, rules: { 'color-contrast': { enabled: false } } }

/** Zero violations on what is shown now. */
export async function checkAxe(page, name, rules = everyRule) {
  // A page keeps it until it is loaded anew.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axeSource)
  const violations = await page.evaluate(async (options) => {
    // Under a dialog nothing can be used; a button that waits there for it is paler.
    const dialogs = document.querySelectorAll('[role="dialog"]')
    const shown = dialogs.length > 0 ? dialogs[dialogs.length - 1] : document
    const result = await window.axe.run(shown, { ...options, resultTypes: ['violations'] })
    return result.violations.map((violation) => ({
      id: violation.id,
      help: violation.help,
      where: violation.nodes.slice(0, 3).map((node) => node.target.join(' ')),
    }))
  }, rules)
  axe.screens += 1
  axe.violations += violations.length
  equal(violations, [], `axe on ${name}`)
}

/** Fails when anything is wider than the screen: nobody scrolls sideways. */
export async function checkWidth(page, name) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  truthy(wide <= 0, `${name} is ${wide} px wider than its screen`)
}

/**
 * Fails when a control cannot be brought to where a finger reaches it: something lies over it however one scrolls, or
 * it is smaller than a finger. Also when a word is cut off.
 */
export async function checkReach(page, name) {
  const faults = await page.evaluate(() => {
    const modal = document.querySelector('[role="dialog"]')
    const within = modal ?? document.body
    const scrolled = [...document.querySelectorAll('*')].filter((element) => element.scrollHeight > element.clientHeight).map((element) => [element, element.scrollTop])
    const found = []
    const say = (element) => element.getAttribute('data-test') ?? element.textContent.trim().slice(0, 20)
    for (const element of within.querySelectorAll('a[href], button, input, select, textarea')) {
      if (element.closest('[inert], [aria-hidden="true"]') || element.disabled || element.classList.contains('skip')) continue
      if (!element.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true })) continue
      element.scrollIntoView({ block: 'center', inline: 'nearest' })
      const box = element.getBoundingClientRect()
      // Of what may be higher than its frame the middle is what stands in it.
      const down = box.height > window.innerHeight / 3 ? box.height / 2 : Math.min(box.height / 2, 20)
      const hit = document.elementFromPoint(box.left + box.width / 2, box.top + down)
      if (!hit || !(element.contains(hit) || hit.contains(element))) {
        found.push(`${say(element)} lies under ${hit ? `${hit.tagName.toLowerCase()}.${hit.className}` : 'the edge'}`)
      }
    }
    for (const element of within.querySelectorAll('*')) {
      const style = getComputedStyle(element)
      if (element.classList.contains('only-heard') || element.closest('.only-heard') || !element.checkVisibility()) continue
      if (style.overflowX === 'hidden' && element.scrollWidth > element.clientWidth + 1 && element.textContent.trim() !== '') {
        found.push(`words are cut in ${element.tagName.toLowerCase()}.${element.className}: ${say(element)}`)
      }
    }
    for (const [element, top] of scrolled) element.scrollTop = top
    return found
  })
  equal(faults, [], `reach on ${name}`)
}

/** Words of another language on a Chinese screen, but for the few that are names or stand in a file word for word. */
export async function checkWords(page, name) {
  const foreign = await page.evaluate(() => {
    const known = /(编号 |个案 \d{4}-)[0-9A-F]{8}|Excel|Sheet\d|English|WebView|\.(xlsx?|ods|csv)|SH-|([A-Z2-9]{4}-){2}[A-Z2-9]{4}|[0-9a-f]{8}-[0-9a-f-]{20,}/g
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    const found = []
    while (walker.nextNode()) {
      const parent = walker.currentNode.parentElement
      if (!parent || parent.getClientRects().length === 0 || parent.closest('script, style, [data-test="enrol-address"], [data-verbatim]')) continue
      const text = walker.currentNode.textContent.replace(known, '')
      if (/[A-Za-z]{2,}|\{[a-z_]+\}|undefined|NaN/.test(text)) found.push(text.trim().slice(0, 60))
    }
    return found
  })
  equal(foreign, [], `words on ${name}`)
}

/** Keeps a picture of the screen. What moves or fades on it has come to its end then: a check of colours waits for this. */
export async function screenshot(page, name) {
  mkdirSync(screenshots, { recursive: true })
  await page.evaluate(() => document.fonts.ready)
  // A picture of grey bars shows nothing.
  await page.waitForFunction(() => document.querySelector('.skeleton') === null)
  await page.screenshot({ path: `${screenshots}/${name}.png`, animations: 'disabled', caret: 'hide' })
}

/** Looks at a page with the largest letters, as the setting of the device sets them, and sets them back. */
export async function lookLarge(page, name) {
  await letters(page, 200)
  await look(page, name)
  await letters(page, 100)
}

function letters(page, percent) {
  return page.evaluate((scale) => {
    localStorage.setItem('zoufang.fontScale', String(scale))
    dispatchEvent(new StorageEvent('storage', { key: 'zoufang.fontScale' }))
  }, percent)
}

/**
 * Axe, width, reach, words and a picture of what is shown now. What it finds fails the journey at its end, so that one
 * run shows all of it.
 */
export function look(page, name) {
  return lookBy([checkAxe, checkWidth, checkReach, checkWords], page, name)
}

/** The same for a screen that was looked at before and has other colours now: nothing stands elsewhere. */
export function glance(page, name) {
  return lookBy([(shown, what) => checkAxe(shown, what, rulesOfColour)], page, name)
}

/** The same for a screen that was looked at before and has another size now, or other letters: nothing else is another. */
export function fits(page, name) {
  return lookBy([checkWidth, checkReach], page, name)
}

/** The same for a screen in the made-up language: its words are none. */
export function lookMirrored(page, name) {
  return lookBy([(shown, what) => checkAxe(shown, what, rulesOfShape), checkWidth, checkReach], page, name)
}

async function lookBy(checks, page, name) {
  await screenshot(page, name)
  for (const check of checks) {
    try {
      await check(page, name)
    } catch (error) {
      seen.getStore().push(error.message)
    }
  }
}
