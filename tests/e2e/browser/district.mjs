// An officer of the district: enrolled at the server, in a frame of her own.
import {
  checkAxe, choosePin, enrolStation, equal, journey, look, lookMirrored, open, startWorld, stationScreen, tabletLandscape, tabletPortrait, truthy, typePin,
  until,
} from '../lib.mjs'
import { districtScreens, noneLeftOut } from '../screens.mjs'

const PIN = '593817'

journey('an officer of the district is enrolled at the server and has a frame of her own', async (context) => {
  const world = await startWorld(context)
  const stationCore = await world.host('station', 'station')
  await enrolStation(world, stationCore)

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
  await officer.at('stations-empty').waitFor()
  equal(await officer.words('district-person'), '何珊', 'who is here')
  equal(await officer.page.locator('nav a').allInnerTexts(), ['各街镇', '我的'], 'two places')

  const screens = districtScreens()
  noneLeftOut(screens, 'district')
  await everySize(officer, screens)
  await officer.page.setViewportSize(tabletLandscape)
  await checkAxe(officer.page, 'the frame of the district')

  // The address of a child's file, typed by hand, leads nowhere.
  await officer.go('/children')
  await officer.at('stations-empty').waitFor()
  await officer.tap('lock')
  await officer.at('pin-key-1').waitFor()
  truthy((await officer.page.locator('body').innerText()).includes('区级未保干部'), 'the lock says whose it is')
  await look(officer.page, 'district-lock')
  await typePin(officer.page, PIN)
  await officer.at('stations-empty').waitFor()

  const mirrored = await open(context, core, stationScreen, { mirrored: true })
  await mirrored.at('stations-empty').waitFor()
  for (const [name, path, there] of screens) {
    await mirrored.go(path)
    await (there ? mirrored.at(there).first() : mirrored.page.locator('main h1:visible').first()).waitFor()
    await lookMirrored(mirrored.page, `district-${name}-rtl`)
  }
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
