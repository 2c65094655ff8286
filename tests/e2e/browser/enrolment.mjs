// From two empty folders to a village's list: the station enrols by the code `init` made, creates a village and makes
// a code; the director types it, both compare six digits, she sets a PIN, and her list arrives.
import {
  choosePin, equal, journey, look, open, startWorld, stationScreen, tabletLandscape, typePin, until,
} from '../lib.mjs'

const digits = (text) => text.replace(/\D/g, '')

journey('a station and a tablet enrol by typed code and compared digits', async (context) => {
  const world = await startWorld(context)
  const station = await open(context, await world.host('station', 'station'), stationScreen)
  await look(station.page, 'station-enrol')
  const first = await world.firstCode()
  await typeCode(station, first.address, first.code)
  const shown = digits(await station.page.locator('[data-test="compare-code"]').innerText())
  equal(shown, (await world.firstCode()).compare_code, 'station and server show the same digits')
  await world.confirm()
  await station.page.locator('[data-test="pin-key-1"]').waitFor()
  await choosePin(station.page, '283946')
  await station.page.locator('[data-test^="station-nav-"]').first().waitFor()
  await look(station.page, 'station-overview-empty')

  await station.page.goto(`${station.core.url.split('/#')[0]}/#/devices`)
  await station.tap('[data-test="village-new"]')
  await station.page.locator('[data-test="village-name"]').fill('白荷村')
  await station.page.locator('[data-test="village-region"]').fill('310199100201')
  await station.tap('[data-test="village-save"]')
  await station.page.locator('[data-test="village-created"]').waitFor()
  await station.tap('[data-test="enrol-new"]')
  await station.page.locator('[data-test="enrol-person"]').fill('李玉梅')
  const village = station.page.locator('[data-test="enrol-village"]')
  if ((await village.evaluate((element) => element.tagName)) === 'SELECT') {
    await village.selectOption({ label: '白荷村' })
  }
  await station.tap('[data-test="enrol-start"]')
  await look(station.page, 'station-enrol-code')
  const address = await station.page.locator('[data-test="enrol-address"]').innerText()
  const code = await station.page.locator('[data-test="enrol-code"]').innerText()

  const tablet = await open(context, await world.host('tablet'), tabletLandscape)
  await look(tablet.page, 'tablet-enrol')
  await typeCode(tablet, address, code)
  const here = digits(await tablet.page.locator('[data-test="compare-code"]').innerText())
  const there = digits(await station.page.locator('[data-test="enrol-compare"]').innerText())
  equal(here, there, 'tablet and station show the same digits')
  await look(tablet.page, 'tablet-compare')
  await look(station.page, 'station-compare')
  await station.tap('[data-test="enrol-confirm"]')
  await tablet.page.locator('[data-test="pin-key-1"]').waitFor()
  await look(tablet.page, 'tablet-choose-pin')
  await choosePin(tablet.page, '593817')
  await until('the list arrives', async () => (await tablet.core.call('app')).stage === 'ready')
  await tablet.page.locator('[data-test="nav-today"]').waitFor()
  await look(tablet.page, 'tablet-today-empty')

  await tablet.core.call('lock')
  await tablet.page.reload()
  await tablet.page.locator('[data-test="pin-key-1"]').waitFor()
  await typePin(tablet.page, '593817')
  await tablet.page.locator('[data-test="nav-today"]').waitFor()
})

async function typeCode(device, address, code) {
  await device.page.locator('[data-test="enrol-address"]').fill(address)
  await device.page.locator('[data-test="enrol-code"]').fill(code)
  await device.tap('[data-test="enrol-start"]')
  await device.page.locator('[data-test="compare-code"]').waitFor()
}
