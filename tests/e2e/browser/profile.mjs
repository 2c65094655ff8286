// What a browser with a folder of its own keeps of a day at the tablet and at the station: nothing anybody wrote, in no cache,
// history, session, form data or storage, while it runs and after it was closed.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import {
  addChildren, createVillages, enrolStation, enrolTablet, equal, journey, launching, startWorld, stationScreen, target, truthy,
  typePin, until,
} from '../lib.mjs'

const PIN = '593817'
const STATION_PIN = '283946'
/** Kept on purpose, so that a search that finds nothing says something. */
const PROOF = '浏览器留下的凭据'
const CHILD = '石榴花枝'
const QUERY = '榴花枝头'
const SEEN = '灶台边上三只搪瓷碗都空着'
const NOTE = '外婆说夜里咳得像拉风箱'
const REPLY = '明早带听诊器同去看一眼'

journey('a browser keeps nothing of what was read or written', async (context) => {
  const world = await startWorld(context)
  const stationCore = await world.host('station', 'station')
  await enrolStation(world, stationCore, STATION_PIN)
  const villages = await createVillages(stationCore, 1)
  const children = await addChildren(stationCore, villages['白荷村'], [[CHILD, '2016-03-05']])
  const child = children[CHILD]
  const core = await world.host('tablet')
  await enrolTablet(stationCore, core, villages['白荷村'], '李玉梅', PIN)
  await core.call('record_contact', {
    child, event_date: new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10), mode: 'phone', party: ['caregiver'],
    reached: true, child_state: 'normal', topics: [], parent_contact_ok: null, note: NOTE,
  })
  await core.call('report_problem', {
    children: [child], card: 'danger', urgency: 'later', seen: SEEN, origin_record: null, mandatory: null,
  })
  await core.call('sync_now')
  const problem = (await core.call('problems')).rows[0].problem
  await until('the station has it', async () => {
    await stationCore.call('sync_now')
    return (await stationCore.call('problems')).rows.some((row) => row.problem === problem)
  })

  const folder = mkdtempSync(join(tmpdir(), 'zoufang-profile-'))
  context.after(async () => rmSync(folder, { recursive: true, force: true }))
  const browser = await chromium.launchPersistentContext(folder, {
    ...launching, viewport: stationScreen, locale: 'zh-CN', timezoneId: 'Asia/Shanghai', reducedMotion: 'reduce',
  })
  let closed = false
  context.after(async () => { if (!closed) await browser.close() })

  // At the tablet: the PIN, the file, a report that is written and left.
  await core.call('lock')
  const tablet = await browser.newPage()
  const at = (page, handle) => page.locator(`[data-test="${handle}"]`)
  await tablet.goto(core.url)
  await typePin(tablet, PIN)
  await at(tablet, 'nav-today').waitFor()
  await tablet.evaluate((words) => window.localStorage.setItem('proof', words), PROOF)
  await tablet.goto(core.at(`/children/${child}`))
  await at(tablet, 'timeline').first().waitFor()
  await tablet.goto(core.at(`/report/${child}`))
  await tablet.locator('#report-seen').fill(`${SEEN}。`)
  await tablet.goto(core.at('/children'))
  await at(tablet, 'children-search').waitFor()

  // At the station: what is looked for, and an answer that is typed and not sent.
  const station = await browser.newPage()
  await station.goto(stationCore.url)
  await at(station, 'overview-children').waitFor()
  await station.goto(stationCore.at('/children'))
  await at(station, 'station-search').fill(QUERY)
  await station.goto(stationCore.at(`/problems/${problem}`))
  await at(station, 'problem-accept').click()
  await at(station, 'problem-reply').waitFor()
  await station.locator('#problem-text').fill(REPLY)
  // What a browser would bring back after a reload it has kept.
  await station.reload()
  await at(station, 'problem-story').waitFor()

  // A browser writes when it pleases: once the proof is there, what came before it is there as well.
  await until('what is kept on purpose is on the disk', async () => (await search(folder, [PROOF])).lines.some((line) => line.startsWith('line 1 as ')))
  await keepsOnlyTheProof(folder, 'while it runs')
  await browser.close()
  closed = true
  await keepsOnlyTheProof(folder, 'after it was closed')
})

/** Searches the folder as the canary's hunt does, compressed streams and every spelling included. */
async function keepsOnlyTheProof(folder, when) {
  const words = [PROOF, CHILD, QUERY, SEEN, NOTE, REPLY, PIN, STATION_PIN]
  const { lines, code } = await search(folder, words)
  equal(code, 0, `the search ends ${when}`)
  const of = (number) => lines.filter((line) => line.startsWith(`line ${number} as `))
  truthy(of(1).length > 0, `${when}: what is kept on purpose is found`)
  equal(words.slice(1).flatMap((_, at) => of(at + 2)), [], `kept ${when}`)
}

function search(folder, words) {
  return new Promise((resolve, reject) => {
    const child = spawn(`${target}/debug/zoufang-canary`, ['search', folder], { stdio: ['pipe', 'pipe', 'inherit'] })
    let said = ''
    child.stdout.on('data', (part) => { said += part })
    child.once('error', reject)
    child.once('exit', (code) => resolve({ lines: said.split('\n'), code }))
    child.stdin.end(words.join('\n'))
  })
}
