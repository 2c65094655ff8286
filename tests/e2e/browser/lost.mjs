// A tablet is lost: the station stops it and has it wiped; what it held comes to be read; and a month without contact.
import {
  addChildren, createVillages, enrolStation, enrolTablet, journey, look, open, startWorld, stationScreen, syncNow,
  tabletLandscape, tabletPortrait, truthy, typePin, until,
} from '../lib.mjs'

const NOTE = '丢之前打的电话，奶奶说都好。'
const DAY_MS = 24 * 60 * 60 * 1000

async function township(context) {
  const world = await startWorld(context)
  const stationCore = await world.host('station', 'station')
  await enrolStation(world, stationCore)
  const { 白荷村: village } = await createVillages(stationCore)
  const children = await addChildren(stationCore, village, [['石小雨', '2016-03-05'], ['周子涵', '2014-11-30', 'LB-1', '1']])
  const core = await world.host('tablet')
  await enrolTablet(stationCore, core, village, '李玉梅')
  await syncNow(core)
  return { world, stationCore, core, children }
}

function contact(child, date, note) {
  return { child, event_date: date, mode: 'phone', party: ['caregiver'], reached: true, child_state: 'normal', topics: [], parent_contact_ok: 'y', note }
}

journey('a lost tablet is stopped and wiped, and what it held is read at the station', async (context) => {
  const { world, stationCore, core, children } = await township(context)
  const { today } = await core.call('app')
  await world.cut()
  await core.call('record_contact', contact(children['石小雨'], today, NOTE))
  await world.kill('tablet')
  await world.restore()

  const station = await open(context, stationCore, stationScreen)
  await station.at('station-nav-devices').waitFor()
  await station.go('/devices')
  await station.page.locator('[data-test="device-lost"]').last().waitFor()
  await look(station.page, 'station-devices-1440x900')
  await station.page.locator('[data-test="device-lost"]').last().click()
  await station.at('stop-held').waitFor()
  await look(station.page, 'station-stop')
  await station.tap('stop-save')
  await station.at('pin-again').waitFor()
  await typePin(station.page, '283946')
  await station.at('stopped-device').waitFor()
  await station.at('wipe-waits').waitFor()
  await look(station.page, 'station-stopped')

  // The tablet comes into contact by itself: it hands over, signs, and is empty.
  await world.restart('tablet')
  const tablet = await open(context, core, tabletLandscape)
  await tablet.at('pin-key-1').waitFor()
  await typePin(tablet.page, '593817')
  await tablet.at('wiped').waitFor()
  await look(tablet.page, 'tablet-wiped-1280x800')

  await station.page.reload()
  await station.at('wipe-receipt').waitFor()
  await look(station.page, 'station-wiped')
  await station.tap('stopped-review')
  await station.at('handed-over').waitFor()
  truthy((await station.words('reviews')).includes(NOTE), 'the words are there to be read')
  await look(station.page, 'station-handed-over')
  await station.tap('take-all')
  await until('they are in the files', async () => (await station.words('moves-said')).includes('都已收进档案'))
  await station.go('/devices')
  await station.tap('stopped-enrol')
  await station.at('enrol-person').waitFor()
  truthy((await station.page.locator('#enrol-person').inputValue()) === '李玉梅', 'a code for the same person')
})

journey('a stopped tablet says so kindly and is emptied by its holder', async (context) => {
  const { stationCore, core } = await township(context)
  const tablet = await open(context, core, tabletLandscape)
  await tablet.at('nav-today').waitFor()
  const station = await open(context, stationCore, stationScreen)
  await station.at('station-nav-devices').waitFor()
  await station.go('/devices')
  await station.page.locator('[data-test="device-stop"]').last().click()
  await station.tap('stop-save')
  await until('it asks why', async () => (await station.page.locator('[role="dialog"]').innerText()).includes('请选一个原因'))
  await station.tap('answer:stop-reason:left_post')
  await station.tap('stop-save')
  await station.at('pin-again').waitFor()
  await typePin(station.page, '283946')
  await station.at('stopped-device').waitFor()

  await core.call('sync_now').catch(() => undefined)
  await tablet.at('stopped-handed').waitFor()
  await look(tablet.page, 'tablet-stopped-1280x800')
  await tablet.page.setViewportSize(tabletPortrait)
  await look(tablet.page, 'tablet-stopped-800x1280')
  await tablet.tap('stopped-clear')
  await tablet.at('stopped-clear-yes').waitFor()
  await look(tablet.page, 'tablet-stopped-clear-800x1280')
  await tablet.tap('stopped-clear-yes')
  // What was begun goes with it: the PIN once more.
  await tablet.at('pin-again').waitFor()
  await typePin(tablet.page, '593817')
  await tablet.at('enrol-start').waitFor()
})

journey('after a month without contact she can write and not read, and one contact brings all back', async (context) => {
  const { world, core, children } = await township(context)
  const { today } = await core.call('app')
  await core.call('record_contact', contact(children['石小雨'], today, NOTE))
  await syncNow(core)
  const tablet = await open(context, core, tabletLandscape)
  await tablet.at('nav-today').waitFor()
  await tablet.go('/me')
  await tablet.at('month').waitFor()
  await tablet.tap('answer:font:200')
  await world.cut()
  await world.clock('tablet', 26 * DAY_MS)
  await tablet.page.reload()
  await tablet.at('lease-warn').waitFor()
  await look(tablet.page, 'tablet-lease-warn-200pct')
  await world.clock('tablet', 31 * DAY_MS)
  await tablet.page.reload()
  await tablet.at('lease-over').waitFor()
  await look(tablet.page, 'tablet-writing-200pct')
  truthy(!(await tablet.page.locator('body').innerText()).includes(NOTE), 'nothing of before is shown')
  await tablet.page.locator('[data-test="writing-child"] button').first().click()
  await tablet.at('writing-contact').waitFor()
  await look(tablet.page, 'tablet-writing-child-200pct')
  await tablet.page.setViewportSize(tabletPortrait)
  await look(tablet.page, 'tablet-writing-child-200pct-800x1280')
  await tablet.page.setViewportSize(tabletLandscape)
  await tablet.tap('writing-visit')
  await tablet.at('autosave').waitFor()
  await look(tablet.page, 'tablet-writing-visit-200pct')
  await tablet.go('/children')
  await tablet.at('lease-over').waitFor()
  await world.serverClock(31 * DAY_MS)
  await world.restore()
  await tablet.tap('writing-again')
  await tablet.at('nav-today').waitFor()
})
