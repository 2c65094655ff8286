// 没有网络时登记: prepared while there is a network, then two files on a stick, eight digits typed, six compared; she writes
// at once, and the first contact brings the rest.
import {
  addChildren, appoint, choosePin, createVillages, enrolStation, equal, journey, look, lookLarge, open, startWorld, stationScreen,
  syncNow, tabletLandscape, tabletPortrait, truthy, typePin, until,
} from '../lib.mjs'

const PIN = '593817'
const digits = (text) => text.replace(/\D/g, '')

/** A page as people hold it: upright, and with letters twice as large. */
async function lookAll(device, name, back) {
  await look(device.page, name)
  await device.page.setViewportSize(tabletPortrait)
  await look(device.page, `${name}-800x1280`)
  await lookLarge(device.page, `${name}-200pct`)
  await device.page.setViewportSize(back)
}

/** Taps what hands over a file, and keeps the file. */
async function kept(device, name) {
  const downloading = device.page.waitForEvent('download')
  await device.tap(name)
  const file = await downloading
  return { name: file.suggestedFilename(), path: await file.path() }
}

async function put(device, name, file) {
  await device.page.locator(`[data-test="${name}-file"]`).setInputFiles(file.path)
}

journey('a tablet is enrolled from a stick at a station that has no network', async (context) => {
  const world = await startWorld(context)
  const stationCore = await world.host('station', 'station')
  await enrolStation(world, stationCore)
  const { 白荷村: village } = await createVillages(stationCore)
  await addChildren(stationCore, village, [['石小雨', '2016-03-05']])
  await appoint(stationCore, village, '李玉梅')

  const station = await open(context, stationCore, stationScreen)
  await station.at('station-nav-devices').waitFor()
  await station.go('/devices')
  await station.tap('enrol-offline')
  await station.at('offline-ask').waitFor()
  await look(station.page, 'station-offline-before')
  await station.tap('offline-ask')
  await station.at('pin-again').waitFor()
  await typePin(station.page, '283946')
  await station.at('offline-until').waitFor()
  await lookAll(station, 'station-offline-ready', stationScreen)

  // From here on nobody has a network.
  await world.cut()
  const core = await world.host('tablet')
  const tablet = await open(context, core, tabletLandscape)
  await tablet.tap('enrol-offline')
  await tablet.at('offline-save').waitFor()
  await look(tablet.page, 'tablet-offline-request')
  const request = await kept(tablet, 'offline-save')
  truthy(request.name.endsWith('.txt'), `a file for the stick: ${request.name}`)
  await put(station, 'offline-request', request)
  await station.at('offline-digits').waitFor()
  await lookAll(station, 'station-offline-compare', stationScreen)
  await tablet.page.locator('#offline-digits').fill(await station.words('offline-digits'))
  await tablet.tap('offline-enter')
  equal(digits(await tablet.words('compare-code')), digits(await station.words('offline-compare')), 'both show the same six digits')
  await lookAll(tablet, 'tablet-offline-compare', tabletLandscape)

  // A file that is none, and then the station's.
  await put(tablet, 'offline-answer', request)
  await tablet.page.getByText('这不是站里存的回复文件').waitFor()
  await look(tablet.page, 'tablet-offline-wrong-file')
  await station.page.locator('#offline-person').selectOption({ label: '白荷村 李玉梅' })
  const downloading = station.page.waitForEvent('download')
  await station.tap('offline-same')
  const answer = { path: await (await downloading).path() }
  await station.at('offline-saved').waitFor()
  await look(station.page, 'station-offline-saved')
  await put(tablet, 'offline-answer', answer)
  await tablet.page.locator('[data-test="pin-key-1"]').waitFor()
  await choosePin(tablet.page, PIN)
  await tablet.at('nav-today').waitFor()
  await look(tablet.page, 'tablet-offline-today')
  await core.call('add_child', {
    name: '何小满', sex: '2', birth_date: '2017-05-06', category: 'LB-1', reason: '父母都在外', household: null, village: null,
  })

  // The network is back: the station learns of the tablet, and the tablet of its village.
  await world.restore()
  await syncNow(core)
  await until('the village is here', async () => (await core.call('search_children', { query: '', village: null })).rows.length === 2)
  await syncNow(stationCore)
  await station.tap('offline-close')
  await station.go('/children')
  await until('the station has her child', async () =>
    (await stationCore.call('search_children', { query: '何小满', village: null })).rows.length === 1)
  await station.go('/devices')
  await until('the tablet is listed', async () => (await station.words('devices')).includes('李玉梅'))
  await look(station.page, 'station-offline-devices')
})
