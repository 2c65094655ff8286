// A round: opened at the station for a village, on the tablet's list after its sync, and taken back.
import {
  addChildren, checkAxe, createVillages, enrolStation, enrolTablet, equal, journey, look, lookLarge, open, startWorld, stationScreen, stationSmall,
  syncNow, tabletLandscape, tabletPortrait, until,
} from '../lib.mjs'

const NAME = '汛期看一看'

journey('a round is opened for a village, is on its list, and is taken back', async (context) => {
  const world = await startWorld(context)
  const stationCore = await world.host('station', 'station')
  await enrolStation(world, stationCore)
  const villages = await createVillages(stationCore, 2)
  await addChildren(stationCore, villages['白荷村'], [['石小雨', '2016-03-05'], ['周子涵', '2014-11-30', 'LB-1', '1']])
  const core = await world.host('tablet')
  await enrolTablet(stationCore, core, villages['白荷村'], '李玉梅')

  const station = await open(context, stationCore, stationScreen)
  await station.go('/coming')
  await station.tap('go-rounds')
  await station.at('rounds-empty').waitFor()
  await station.tap('round-open')
  await station.page.locator('#round-name').fill(NAME)
  await look(station.page, 'station-round-dialog')
  await checkAxe(station.page, 'opening a round')
  await station.page.setViewportSize(stationSmall)
  await look(station.page, 'station-round-dialog-1280x720')
  await station.page.setViewportSize(stationScreen)
  await station.tap('round-save')
  await station.at('round-said').waitFor()
  await until('it says how far it is', async () => (await station.words('round-left')).includes('2 个孩子'))
  await look(station.page, 'station-rounds')
  await checkAxe(station.page, 'the rounds')
  await lookLarge(station.page, 'station-rounds-200pct')

  await syncNow(stationCore)
  await syncNow(core)
  const tablet = await open(context, core, tabletLandscape)
  await tablet.go('/today')
  await until('it is above the list', async () => (await tablet.words('notice:campaign')).includes(NAME))
  await look(tablet.page, 'tablet-round-1280x800')
  await tablet.page.setViewportSize(tabletPortrait)
  await look(tablet.page, 'tablet-round-800x1280')
  const { rows } = await core.call('search_children', { query: '周子涵', village: null })
  await tablet.go(`/children/${rows[0].child}`)
  await until('it is in the file', async () => (await tablet.page.locator('[data-test="campaign"]').first().innerText()).includes(NAME))

  await station.tap('round-take-back')
  await look(station.page, 'station-round-take-back')
  await station.tap('round-take-back-save')
  await station.at('rounds-empty').waitFor()
  await syncNow(stationCore)
  await syncNow(core)
  equal((await core.call('rounds')).rows.length, 0, 'nothing is asked any more')
})
