// A year of the made-up township with every oddity of domain.md §13: what the station finds on its pages, and the director
// with the longest list on hers. `VILLAGES=12 node tests/e2e/run.mjs browser year` does the same on the whole township.
import {
  equal, figure, journey, look, open, startWorld, stationScreen, stationWide, tabletLandscape, tabletPortrait, truthy, typePin,
  until,
} from '../lib.mjs'

const PIN = '593817'
const VILLAGES = Number(process.env.VILLAGES ?? 3)
const DAYS = 365
/** A page is there so soon that nobody wonders; a busy machine is given the double of what benchmarks.md allows. */
const SLOW_MS = 3_000

journey('a year of a township: the pages of the station, and of the busiest village', async (context) => {
  const world = await startWorld(context)
  const villages = await world.township(VILLAGES, PIN, DAYS)
  const stationCore = await world.host('station', 'station')
  const station = await open(context, stationCore, stationWide)
  await station.at('pin-key-1').waitFor()
  await typePin(station.page, PIN)
  await station.at('overview-children').waitFor()
  const busiest = await theBusiest(stationCore, villages)
  await atTheStation(station, busiest)

  const core = await world.host(busiest.name)
  const tablet = await open(context, core, tabletLandscape)
  await tablet.at('pin-key-1').waitFor()
  await typePin(tablet.page, PIN)
  await tablet.at('nav-today').waitFor()
  await herPages(tablet)
}, VILLAGES > 3 ? 30 : 6)

/** The village with most children. */
async function theBusiest(stationCore, villages) {
  const { rows } = await stationCore.call('villages')
  const children = ({ village }) => rows.find((row) => row.village === village).children
  return villages.reduce((most, one) => (children(one) > children(most) ? one : most))
}

async function atTheStation(station, busiest) {
  const { core } = station
  const list = await core.call('search_children', { query: '', village: busiest.village })
  const files = await Promise.all(list.rows.map(({ child }) => core.call('child_file', { id: child })))
  const longest = files.reduce((most, one) => (one.timeline.length > most.timeline.length ? one : most))
  const { open: conflicts } = await core.call('conflicts')
  equal(conflicts.length, 1, 'what two tablets wrote apart waits for a person')
  const { outgoing } = await core.call('moves')
  equal(outgoing.length, 1, 'a child moved')

  const pages = [
    ['overview', '/overview', 'attention'],
    ['children', '/children', 'station-nav-children'],
    ['child', `/children/${longest.child}`, 'timeline'],
    ['problems', '/problems', 'problem-column-waiting'],
    ['inbox', '/inbox', 'inbox-read'],
    ['coming', '/coming'],
    ['conflicts', '/conflicts', 'conflict'],
    ['moves', '/moves', 'moves-over'],
    ['people', '/people', 'covers'],
    ['audit', '/audit'],
    ['exports', '/exports'],
    ['me', '/me', 'month'],
  ]
  for (const [name, path, there] of pages) {
    await show(station, `station ${name}`, path, there)
    await look(station.page, `year-station-${name}-1280x800`)
  }
  await station.page.setViewportSize(stationScreen)
  await show(station, 'station overview', '/overview', 'attention')
  await look(station.page, 'year-station-overview-1440x900')
}

/** Her list, the longest file, her problems and her log of the month, both ways up and with letters twice as large. */
async function herPages(tablet) {
  const { core } = tablet
  const list = await core.call('search_children', { query: '', village: null })
  const files = await Promise.all(list.rows.map(({ child }) => core.call('child_file', { id: child })))
  const longest = files.reduce((most, one) => (one.timeline.length > most.timeline.length ? one : most))
  const pages = [
    ['today', '/today', 'nav-today'],
    ['children', '/children', 'children-search'],
    ['child', `/children/${longest.child}`, 'timeline'],
    ['problems', '/problems'],
    ['coming', '/coming'],
    ['me', '/me', 'month'],
    ['work', '/me/work'],
  ]
  for (const [name, path, there] of pages) {
    await show(tablet, `tablet ${name}`, path, there)
    await look(tablet.page, `year-tablet-${name}-1280x800`)
  }
  await tablet.page.setViewportSize(tabletPortrait)
  for (const [name, path, there] of pages) {
    await show(tablet, `tablet ${name}`, path, there)
    await look(tablet.page, `year-tablet-${name}-800x1280`)
  }
  await show(tablet, 'tablet me', '/me', 'month')
  await tablet.tap('answer:font:200')
  for (const [name, path, there] of pages) {
    await show(tablet, `tablet ${name}`, path, there)
    await look(tablet.page, `year-tablet-${name}-200pct`)
  }
  await show(tablet, 'tablet me', '/me', 'month')
  await tablet.tap('answer:font:100')
  await tablet.page.setViewportSize(tabletLandscape)
}

/** Goes to a page, waits until it is drawn, and says how long that took. */
async function show(device, what, path, there) {
  const began = Date.now()
  await device.go(path)
  await (there ? device.at(there).first() : device.page.locator('main h1:visible').first()).waitFor()
  await until('nothing is being fetched', async () => (await device.page.locator('.skeleton, [aria-busy="true"]').count()) === 0)
  const took = Date.now() - began
  if (took > 1_000) figure(`a year, ${what}: ${took} ms`)
  truthy(took < 2 * SLOW_MS, `${what} takes ${took} ms`)
}
