// A form in a spreadsheet: its faults are named, a sound one is published, and the tablet opens its next visit with it.
import {
  addChildren, createVillages, enrolStation, enrolTablet, journey, look, lookLarge, open, startWorld, stationScreen, syncNow,
  tabletLandscape, tabletPortrait, truthy, typePin,
} from '../lib.mjs'

journey('the station publishes a visit form from a spreadsheet', async (context) => {
  const world = await startWorld(context)
  const core = await world.host('station', 'station')
  await enrolStation(world, core)
  const villages = await createVillages(core)
  await addChildren(core, villages['白荷村'], [['石小雨', '2016-03-05']])
  const tablet = await world.host('tablet')
  await enrolTablet(core, tablet, villages['白荷村'], '李玉梅')
  const { good, faulty } = await world.forms()

  const station = await open(context, core, stationScreen)
  await station.tap('station-nav-forms')
  await station.at('form:hv-cn-3').waitFor()
  await look(station.page, 'station-forms')
  const choose = (path) => station.page.locator('[data-test="form-file"]').setInputFiles(path)

  await choose(faulty)
  await station.at('form-faults').waitFor()
  const faults = await station.words('form-faults')
  for (const words of ['survey', 'geopoint', '4']) truthy(faults.includes(words), `the faults name ${words}: ${faults}`)
  await look(station.page, 'station-forms-faults')
  await station.page.setViewportSize(tabletPortrait)
  await look(station.page, 'station-forms-faults-800x1280')
  await station.page.setViewportSize(tabletLandscape)

  await choose(good)
  await station.at('form-compiled').waitFor()
  await look(station.page, 'station-forms-compiled-1280x800')
  await lookLarge(station.page, 'station-forms-compiled-200pct')
  await station.tap('form-publish')
  await station.at('pin-again').waitFor()
  await typePin(station.page, '283946')
  await station.at('form-published').waitFor()
  await station.at('form:hv-cn-4').waitFor()
  await look(station.page, 'station-forms-published')

  await choose(good)
  await station.at('form-held').waitFor()
  truthy((await station.words('form-held')).includes('不用再发'), 'what was published is not published again')

  await syncNow(tablet)
  const [newest] = (await tablet.call('forms')).rows
  truthy(newest.id === 'hv-cn-4' && newest.used, 'the tablet opens its next visit with the new form')
})
