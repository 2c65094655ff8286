// The whole file: rows of a block, a pause, a reason for more visits, and the law said where a small child is alone.
import {
  addChildren, createVillages, enrolStation, enrolTablet, journey, look, open, startWorld, stationScreen, syncNow,
  tabletLandscape, tabletPortrait, truthy, until,
} from '../lib.mjs'

journey('a child is in hospital, a wish is written down, and a reason for more visits reaches the station', async (context) => {
  const world = await startWorld(context)
  const core = await world.host('station', 'station')
  await enrolStation(world, core)
  const villages = await createVillages(core)
  const children = await addChildren(core, villages['白荷村'], [['石小雨', '2016-03-05'], ['周子涵', '2020-11-30']])
  const tabletCore = await world.host('tablet')
  await enrolTablet(core, tabletCore, villages['白荷村'], '李玉梅')
  const tablet = await open(context, tabletCore, tabletLandscape)
  const child = children['石小雨']
  await tablet.go(`/children/${child}`)
  await tablet.at('timeline').waitFor()
  await look(tablet.page, 'file-begun-1280x800')

  await tablet.tap('add-row:wish')
  await tablet.page.locator('#row-text').fill('一双球鞋')
  await tablet.tap('answer:row-status:said')
  await look(tablet.page, 'file-row-dialog-1280x800')
  await tablet.tap('row-save')
  await until('the wish is there', async () => (await tablet.words('rows:wish')).includes('一双球鞋'))

  await tablet.tap('add-row:pause')
  await tablet.tap('answer:row-reason:HOSPITAL')
  await tablet.page.locator('[data-test^="answer:row-from-day:2"]').first().click()
  await tablet.tap('row-save')
  await until('the pause is said above', async () => (await tablet.words('paused')).includes('住院'))

  await tablet.tap('add-row:tier')
  await tablet.tap('answer:row-kind:parent_severe_disability')
  await tablet.page.locator('#row-words').fill('母亲重度残疾')
  await tablet.tap('row-save')
  await until('it is seen more often', async () => (await tablet.words('tier')).includes('母亲重度残疾'))
  await look(tablet.page, 'file-1280x800')
  await tablet.page.setViewportSize(tabletPortrait)
  await look(tablet.page, 'file-800x1280')
  await tablet.page.evaluate(() => document.documentElement.style.setProperty('font-size', '200%'))
  await look(tablet.page, 'file-200pct')
  await tablet.page.evaluate(() => document.documentElement.style.removeProperty('font-size'))

  // A child of six whom nobody looks after: the law is said, with the way to report it.
  await tablet.go(`/children/${children['周子涵']}`)
  await tablet.tap('ask:carer_class')
  await tablet.tap('answer:field-carer_class:nobody')
  await tablet.tap('field-save')
  await until('the law is said', async () => (await tablet.words('hint:under_8_unattended')).includes('未满八周岁'))
  truthy(await tablet.at('hint-report:under_8_unattended').isVisible(), 'and the way to report')
  await look(tablet.page, 'file-law-800x1280')

  await syncNow(tabletCore)
  await syncNow(core)
  const station = await open(context, core, stationScreen)
  await station.tap('station-nav-coming')
  await station.page.locator('h1', { hasText: '到时候看一看' }).waitFor()
  await look(station.page, 'station-coming')
  await station.page.setViewportSize(tabletPortrait)
  await look(station.page, 'station-coming-800x1280')
  await station.page.setViewportSize(stationScreen)
  await station.go(`/children/${child}`)
  await until('the station reads the reason', async () => (await station.words('tier')).includes('母亲重度残疾'))
  await look(station.page, 'station-file')
})
