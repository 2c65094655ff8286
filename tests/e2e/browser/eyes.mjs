// The right eyes: a director who is a relative is not to act for a family, and one thing of a file is asked to be erased.
import {
  addChildren, checkAxe, createVillages, enrolStation, enrolTablet, journey, look, open, startWorld, stationScreen, stationSmall, syncNow,
  tabletLandscape, tabletPortrait, truthy, typePin, until,
} from '../lib.mjs'

journey('the station writes down a conflict of interest, and asks for one thing of a file to be erased', async (context) => {
  const world = await startWorld(context)
  const stationCore = await world.host('station', 'station')
  await enrolStation(world, stationCore)
  const villages = await createVillages(stationCore, 2)
  const children = await addChildren(stationCore, villages['白荷村'], [['石小雨', '2016-03-05'], ['周子涵', '2014-11-30', 'LB-1', '1']])
  const core = await world.host('tablet')
  await enrolTablet(stationCore, core, villages['白荷村'], '李玉梅')
  await syncNow(stationCore)

  const station = await open(context, stationCore, stationScreen)
  await station.go(`/children/${children['周子涵']}`)
  await station.tap('go-recusals')
  await station.at('recusal-form').waitFor()
  await station.tap('recusal-save')
  await until('it says what is missing', async () => (await station.words('recusal-form')).includes('请选一个人'))
  await look(station.page, 'station-recusal-missing')
  const people = station.page.locator('#recusal-staff option')
  const director = (await people.allInnerTexts()).find((words) => words.includes('李玉梅'))
  await station.page.locator('#recusal-staff').selectOption({ label: director })
  await station.tap('answer:recusal-reason:relative')
  for (const [name, size] of [['1280x800', tabletLandscape], ['800x1280', tabletPortrait], ['1280x720', stationSmall]]) {
    await station.page.setViewportSize(size)
    await look(station.page, `station-recusal-${name}`)
  }
  await station.page.setViewportSize(stationScreen)
  await checkAxe(station.page, 'a conflict of interest')
  await station.tap('recusal-save')
  await station.at('pin-again').waitFor()
  await typePin(station.page, '283946')
  await station.at('recusal-row').waitFor()
  await look(station.page, 'station-recusal')
  await station.go('/overview')
  await station.at('instead').waitFor()
  await look(station.page, 'station-overview-instead')

  await syncNow(core)
  const tablet = await open(context, core, tabletPortrait)
  await tablet.at('today-recused').waitFor()
  await look(tablet.page, 'tablet-today-recused')
  await tablet.go(`/children/${children['周子涵']}`)
  await until('she is told who visits', async () => (await tablet.words('recused')).includes('由站里走访'))
  await look(tablet.page, 'tablet-file-recused')

  await station.go(`/erasures/part/${children['石小雨']}`)
  await station.at('part-field').waitFor()
  await station.page.locator('#part-field').selectOption({ label: '小名或门前记号' })
  await station.tap('answer:part-basis:mistake')
  await station.page.locator('#part-why').fill('家里要求')
  for (const [name, size] of [['1280x800', tabletLandscape], ['800x1280', tabletPortrait], ['1280x720', stationSmall]]) {
    await station.page.setViewportSize(size)
    await look(station.page, `station-erase-part-${name}`)
  }
  await station.page.setViewportSize(stationScreen)
  await checkAxe(station.page, 'one thing to be erased')
  await station.tap('part-send')
  await until('it waits for a head', async () => (await station.page.locator('main').innerText()).includes('小名或门前记号'))
  await look(station.page, 'station-erase-part-asked')
  truthy(await station.at('erasure-part').isVisible(), 'the request says what is to go')
})
