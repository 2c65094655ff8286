// A village of a thousand households: of every list only the rows in sight are in the page, and after a far scroll it is the
// right ones that stand there.
import {
  appoint, createVillages, enrolStation, equal, figure, journey, open, startWorld, tabletLandscape,
  tabletPortrait, truthy, typePin, until,
} from '../lib.mjs'

const PIN = '593817'
const HOUSEHOLDS = 1000
/** More rows than this at once are more than a screen and what lies around it. */
const MOST_ROWS = 90
/** Two thousand documents go up and come down. */
const LONG_MS = 120_000

journey('a thousand households scroll, with a bounded number of rows in the page', async (context) => {
  const world = await startWorld(context)
  const stationCore = await world.host('station', 'station')
  await enrolStation(world, stationCore)
  const { 白荷村: village } = await createVillages(stationCore)
  await appoint(stationCore, village, '李玉梅')
  const code = await stationCore.call('new_enrolment', { role: 'director', village, person: '李玉梅' })
  await world.largeVillage('tablet', code.enrolment, PIN, HOUSEHOLDS)
  // What is looked at is the lists, not the sending of a thousand families.
  await world.cut()
  const core = await world.host('tablet')
  const tablet = await open(context, core, tabletLandscape)
  await typePin(tablet.page, PIN)
  await tablet.at('nav-today').waitFor()

  const { rows } = await core.call('search_children', { query: '', village: null })
  equal(rows.length, HOUSEHOLDS, 'children of the village')
  await tablet.go('/children')
  await far(tablet, 'child-row', 'the children', (id) => rows.find((row) => row.child === id)?.name)
  await tablet.page.setViewportSize(tabletPortrait)
  await tablet.go('/children')
  await far(tablet, 'child-row', 'the children upright', (id) => rows.find((row) => row.child === id)?.name)
  await tablet.page.setViewportSize(tabletLandscape)

  const today = (await core.call('today')).rows
  await tablet.go('/today')
  await far(tablet, 'today-row', '今天', (id) => today.find((row) => row.child === id)?.children[0].name)

  // And at the station, once the thousand families are there.
  await world.restore()
  let all = []
  await until('the thousand families reach the station', async () => {
    await core.call('sync_now')
    await stationCore.call('sync_now')
    all = (await stationCore.call('search_children', { query: '', village: null })).rows
    return all.length === HOUSEHOLDS
  }, LONG_MS)
  const station = await open(context, stationCore, tabletLandscape)
  await station.go('/children')
  // The card of the first visit stands above the list, which is as high as the screen without it.
  await station.at('station-child').first().waitFor()
  await station.tap('first-use-close')
  await far(station, 'station-child', 'the children of the station', (id) => all.find((row) => row.child === id)?.name)
})

/** Scrolls a list to its middle and to its end, and counts. */
async function far(device, kind, what, nameOf) {
  const rows = device.page.locator(`[data-test="${kind}"], [data-test^="${kind}:"]`)
  await rows.first().waitFor()
  const counts = []
  for (const share of [0, 0.5, 0.87, 1, 0.3, 0]) {
    let seen = []
    // What is drawn is measured, so the end may move a little as one comes to it.
    await until(`${what}: rows stand at ${share}`, async () => {
      await device.page.evaluate(scrollTo, share)
      seen = await device.page.evaluate(inSight, kind)
      const last = seen.at(-1)
      return last && (share < 1 || last.place === last.size)
    })
    for (const { id, place, before, text } of seen) {
      truthy(text.includes(nameOf(id)), `${what}: ${id} is drawn as ${text}`)
      truthy(before === null || place === before + 1, `${what}: ${place} stands after ${before}`)
    }
    if (share === 0) equal(seen[0].place, 1, `${what}: the first one at the top`)
    counts.push(await rows.count())
  }
  truthy(Math.max(...counts) <= MOST_ROWS, `${what}: ${counts} rows in the page`)
  figure(`rows in the page of ${HOUSEHOLDS}, ${what}: ${counts.join(' ')}`)
}

function scrollTo(share) {
  let frame = document.querySelector('ul.long')
  const scrolls = (element) => element.scrollHeight > element.clientHeight && /auto|scroll/.test(getComputedStyle(element).overflowY)
  while (frame && !scrolls(frame)) frame = frame.parentElement
  const scroller = frame ?? document.scrollingElement
  scroller.scrollTop = (scroller.scrollHeight - scroller.clientHeight) * share
}

/** The rows on the screen, in order, with the place each says it has and the place of the one before it. */
function inSight(kind) {
  const found = []
  for (const row of document.querySelectorAll(`[data-test="${kind}"], [data-test^="${kind}:"]`)) {
    const box = row.getBoundingClientRect()
    if (box.bottom < 0 || box.top > window.innerHeight) continue
    const item = row.closest('li')
    const before = item.previousElementSibling
    found.push({
      // A row that opens a file says whose in its address.
      id: row.dataset.test.slice(kind.length + 1) || row.getAttribute('href').split('/').at(-1),
      place: Number(item.getAttribute('aria-posinset')),
      size: Number(item.getAttribute('aria-setsize')),
      before: before ? Number(before.getAttribute('aria-posinset')) : null,
      text: row.textContent,
    })
  }
  return found
}
