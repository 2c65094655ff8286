// An officer of the district: enrolled at the server, in a frame of her own, with what a station reported; and what the
// station's people see of that.
import {
  checkAxe, choosePin, delivered, equal, journey, look, lookLarge, lookMirrored, open, startWorld, stationScreen, stationSmall, syncNow,
  tabletLandscape, tabletPortrait, truthy, typePin, until,
} from '../lib.mjs'
import { districtScreens, noneLeftOut } from '../screens.mjs'

const PIN = '593817'
const WHY = '孩子还住在那间屋里，先搬出来再说。'
const DAY_MS = 24 * 60 * 60 * 1000

journey('an officer of the district is enrolled at the server, sees what the stations report, and no file', async (context) => {
  const world = await startWorld(context)
  await world.township(2, PIN)
  const stationCore = await world.host('station', 'station')
  await stationCore.call('unlock', { pin: PIN })
  const { rows: children } = await stationCore.call('search_children', { query: '', village: null })
  await stationCore.call('report_problem', {
    children: [children[0].child], card: 'hurt', urgency: 'now', seen: '孩子身上有伤。', origin_record: null,
    mandatory: { choice: 'reported', text: '已打110。' },
  })
  await delivered(stationCore)
  const head = await enrolHead(world, stationCore)
  const grave = await closeGravely(head, children[1].child)

  const core = await world.host('officer', 'station')
  const officer = await open(context, core, tabletLandscape)
  const code = await world.officerCode('何珊')
  await officer.at('enrol-address').fill(code.address)
  await officer.at('enrol-code').fill(code.code)
  await officer.tap('enrol-start')
  await officer.at('compare-code').waitFor()
  const shown = (await officer.words('compare-code')).replace(/\D/g, '')
  await until('the server has the digits', async () => (await world.code(code.enrolment)).compare_code === shown)
  await world.confirm(code.enrolment)
  await officer.at('pin-key-1').waitFor()
  await choosePin(officer.page, PIN)
  await officer.at('stations').waitFor()
  equal(await officer.words('district-person'), '何珊', 'who is here')
  equal(await officer.page.locator('nav a').allInnerTexts(), ['各街镇', '我的'], 'two places')

  // The next day the station says what is urgent.
  await world.serverClock(DAY_MS)
  await world.clock('station', DAY_MS)
  await world.clock('officer', DAY_MS)
  await world.clock('head', DAY_MS)
  await syncNow(stationCore)
  await until('the station reported', async () => (await stationCore.call('reported')).lines.some((one) => one.open))
  await core.call('sync_now')
  await until('the officer hears of it', async () => (await core.call('stations')).lines.length > 0)
  await officer.page.reload()
  await officer.at('report-line').first().waitFor()
  const lines = await officer.at('report-line').allInnerTexts()
  truthy(lines.some((line) => line.includes('还没有回执') && line.includes('站里受理')), `a line says what is next: ${lines}`)
  truthy(!children.some((row) => lines.join().includes(row.name)), 'and names nobody')

  // What the head closed waits to be countersigned; the officer says that it is not over, and why.
  const waiting = await officer.words('waiting')
  truthy(waiting.includes('待复核') && waiting.includes('您不说，也算办结'), `it waits, and nothing waits for it: ${waiting}`)
  await everySize(officer, [['waiting', '/stations', 'waiting']])
  await officer.page.setViewportSize(tabletLandscape)
  await officer.go('/stations')
  await officer.tap('report-not-over')
  await officer.tap('countersign-say')
  await officer.at('countersign-reason').waitFor()
  truthy((await officer.page.locator('[role=dialog]').innerText()).includes('请写原因'), 'it wants a reason')
  await officer.page.locator('[data-test=countersign-reason] textarea').fill(WHY)
  await look(officer.page, 'district-not-over-1280x800')
  await officer.page.setViewportSize(tabletPortrait)
  await look(officer.page, 'district-not-over-800x1280')
  await officer.page.setViewportSize(tabletLandscape)
  await officer.tap('countersign-say')
  await officer.at('pin-key-1').waitFor()
  await typePin(officer.page, PIN)
  await officer.at('waiting').waitFor({ state: 'detached' })
  await until('the station hears of it', async () => {
    await syncNow(stationCore)
    await syncNow(head)
    return (await head.call('problem', { id: grave })).row.review === 'not_over'
  })
  const headPage = await open(context, head, stationScreen)
  await headPage.go(`/problems/${grave}`)
  await headPage.at('problem-not-over').waitFor()
  const told = await headPage.words('problem-event-not_over')
  truthy(told.includes('何珊') && told.includes(WHY), `the story says who and why: ${told}`)
  await look(headPage.page, 'station-not-over-1440x900')
  await headPage.page.setViewportSize(stationSmall)
  await look(headPage.page, 'station-not-over-1280x720')
  await checkAxe(headPage.page, 'a problem the district says is not over')
  await headPage.go('/problems')
  await headPage.at('card-review').first().waitFor()
  await look(headPage.page, 'station-problems-not-over-1280x720')
  await headPage.go('/me/reported')
  await headPage.at('report-review').first().waitFor()
  await look(headPage.page, 'station-reported-not-over-1280x720')

  // She asks for the case; the head sends it to her alone, and she opens it.
  await officer.go('/stations')
  await officer.at('report-ask').first().waitFor()
  await officer.page.locator('[data-test=report-ask]').first().click()
  await officer.page.locator('[data-test=case-reason] textarea').fill('市里督办，要看这家现在的情况。')
  await look(officer.page, 'district-ask-1280x800')
  await officer.tap('case-run')
  await officer.at('case').waitFor()
  await everySize(officer, [['cases', '/stations', 'case']])
  await until('the head hears of it', async () => {
    await syncNow(head)
    return (await head.call('reported')).cases.length === 1
  })
  await headPage.go('/')
  await headPage.at('overview-cases').waitFor()
  await look(headPage.page, 'station-overview-district-1280x720')
  await headPage.go('/me/reported')
  await headPage.at('case').waitFor()
  await look(headPage.page, 'station-case-1280x720')
  await headPage.tap('case-send')
  await headPage.at('case-run').waitFor()
  await look(headPage.page, 'station-case-send-1280x720')
  await headPage.tap('case-run')
  await headPage.at('pin-key-1').waitFor()
  await typePin(headPage.page, PIN)
  await until('it was sent', async () => (await head.call('reported')).cases[0].state === 'sent')
  await headPage.at('case-run').waitFor({ state: 'detached' })
  await look(headPage.page, 'station-case-sent-1280x720')
  await checkAxe(headPage.page, 'what the district asked for')
  await core.call('sync_now')
  await officer.page.setViewportSize(tabletLandscape)
  await officer.go('/stations')
  await officer.at('case-open').waitFor()
  await officer.tap('case-open')
  await officer.at('case-password').waitFor()
  truthy(/^[A-Z2-9]{4}(-[A-Z2-9]{4}){2}$/.test(await officer.words('case-password')), 'the password is shown once')
  await look(officer.page, 'district-case-opened-1280x800')
  await officer.tap('case-close')

  const screens = await districtScreens(core)
  noneLeftOut(screens, 'district')
  await everySize(officer, screens)
  await officer.page.setViewportSize(tabletLandscape)
  await checkAxe(officer.page, 'the frame of the district')

  // The address of a child's file, typed by hand, leads nowhere.
  await officer.go('/children')
  await officer.at('stations').waitFor()
  await officer.tap('lock')
  await officer.at('pin-key-1').waitFor()
  truthy((await officer.page.locator('body').innerText()).includes('区级未保干部'), 'the lock says whose it is')
  await look(officer.page, 'district-lock')
  await typePin(officer.page, PIN)
  await officer.at('stations').waitFor()

  const mirrored = await open(context, core, stationScreen, { mirrored: true })
  await mirrored.at('stations').waitFor()
  for (const [name, path, there] of screens) {
    await mirrored.go(path)
    await mirrored.at(there).first().waitFor()
    await lookMirrored(mirrored.page, `district-${name}-rtl`)
  }

  // To the letter what the station's own people see.
  const station = await open(context, stationCore, stationScreen)
  await station.go('/me')
  await station.tap('go-reported')
  await station.at('report-village').first().waitFor()
  await look(station.page, 'station-reported-1440x900')
  await station.page.setViewportSize(stationSmall)
  await look(station.page, 'station-reported-1280x720')
  const { station: unit } = await stationCore.call('reported')
  // Her own words she has besides; the station reads them with the problem.
  const there = await core.call('station_report', { id: unit })
  for (const line of there.lines) line.review_reason = null
  const here = await stationCore.call('reported')
  // What is sealed the district reads under its number until it was sent the case; whoever reported it knows it.
  const numbers = there.lines.filter((line) => line.kind.startsWith('个案 '))
  truthy(numbers.length > 0, 'the district reads a sealed matter under its number')
  for (const line of numbers) here.lines.find((one) => one.problem === line.problem).kind = line.kind
  // What was asked for each side reads with its own key.
  equal({ ...here, cases: [] }, { ...there, cases: [] }, 'both see the same')
})

/** A head of the station, enrolled past the screens. */
async function enrolHead(world, station) {
  await station.call('step_up', { pin: PIN })
  await station.call('appoint', {
    role: 'head', village: '', person: '高岚', from: '2026-01-01', until: '', approved_by: '沈岚', basis: '芦民批〔2026〕8号',
    vetted_on: '2026-01-01', vetting: '查询2026-119', replaces: null,
  })
  const code = await station.call('new_enrolment', { role: 'head', village: '', person: '高岚' })
  const head = await world.host('head', 'station')
  const here = await head.call('enrol_start', { address: code.qr_text, code: '' })
  await station.call('confirm_enrolment', { id: code.enrolment, compare_code: here.compare_code })
  await until('the confirmation arrives', async () => (await head.call('enrol_poll')).stage === 'choose_pin')
  await head.call('choose_pin', { pin: PIN })
  await until('the first download', async () => (await head.call('app')).stage === 'ready')
  return head
}

/** Something grave, worked on, verified, the child seen, and closed by the head. */
async function closeGravely(head, child) {
  const { record } = await head.call('report_problem', {
    children: [child], card: 'danger', urgency: 'now', seen: '院墙要倒。', origin_record: null,
    mandatory: { choice: 'not_such_case', text: '没有人受伤。' },
  })
  const add = (kind) => head.call('add_problem_event', { problem: record, kind, text: '墙已经拆了，孩子平安。' })
  for (const kind of ['accepted', 'measure', 'resolved', 'confirmed']) await add(kind)
  const { draft, parts } = await head.call('open_visit', { id: child })
  const answer = (part, key, codes) => head.call('answer_visit', { draft, part, key, codes, text: null })
  await answer('session', 'a_met', ['child', 'caregiver'])
  for (const { part } of parts.filter((one) => one.part !== 'session')) {
    await answer(part, 'a_seen', ['y'])
    await answer(part, 'l_overall', ['normal'])
  }
  await head.call('save_visit', { id: draft })
  await add('closed')
  await delivered(head)
  return record
}

/** Each page lying, upright and with letters twice as large. */
async function everySize(device, screens) {
  for (const [name, path, there] of screens) {
    await device.go(path)
    await (there ? device.at(there).first() : device.page.locator('main h1:visible').first()).waitFor()
    await device.page.setViewportSize(tabletLandscape)
    await look(device.page, `district-${name}-1280x800`)
    await device.page.setViewportSize(tabletPortrait)
    await look(device.page, `district-${name}-800x1280`)
    await lookLarge(device.page, `district-${name}-200pct`)
  }
}
