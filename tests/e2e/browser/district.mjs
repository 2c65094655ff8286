// An officer of the district: enrolled at the server, in a frame of her own, with what a station reported; and what the
// station's people see of that.
import {
  checkAxe, choosePin, delivered, equal, journey, look, lookMirrored, open, startWorld, stationScreen, stationSmall, syncNow,
  tabletLandscape, tabletPortrait, truthy, typePin, until,
} from '../lib.mjs'
import { districtScreens, noneLeftOut } from '../screens.mjs'

const PIN = '593817'
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
  await syncNow(stationCore)
  await until('the station reported', async () => (await stationCore.call('reported')).lines.some((one) => one.open))
  await core.call('sync_now')
  await until('the officer hears of it', async () => (await core.call('stations')).lines.length > 0)
  await officer.page.reload()
  await officer.at('report-line').first().waitFor()
  const lines = await officer.at('report-line').allInnerTexts()
  truthy(lines.some((line) => line.includes('还没有回执') && line.includes('站里受理')), `a line says what is next: ${lines}`)
  truthy(!children.some((row) => lines.join().includes(row.name)), 'and names nobody')

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
  equal(await stationCore.call('reported'), await core.call('station_report', { id: unit }), 'both see the same')
})

/** Each page lying, upright and with letters twice as large. */
async function everySize(device, screens) {
  for (const [name, path, there] of screens) {
    await device.go(path)
    await (there ? device.at(there).first() : device.page.locator('main h1:visible').first()).waitFor()
    await device.page.setViewportSize(tabletLandscape)
    await look(device.page, `district-${name}-1280x800`)
    await device.page.setViewportSize(tabletPortrait)
    await look(device.page, `district-${name}-800x1280`)
    await device.page.evaluate(() => document.documentElement.style.setProperty('font-size', '200%'))
    await look(device.page, `district-${name}-200pct`)
    await device.page.evaluate(() => document.documentElement.style.removeProperty('font-size'))
  }
}
