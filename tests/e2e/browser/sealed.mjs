// Sealed words at the station: a colleague opens them urgently, the handler is told, and somebody says what she thinks of it.
import {
  addChildren, checkAxe, createVillages, enrolColleague, enrolStation, enrolTablet, equal, journey, look, open, startWorld, stationScreen,
  stationSmall, syncNow, tabletLandscape, tabletPortrait, truthy, typePin, until,
} from '../lib.mjs'

const WORDS = '孩子说继父用皮带抽他的背。'
const LATER = '医生看过，左臂骨折。'

journey('sealed words open urgently for a colleague, and the handler is told until it was looked at', async (context) => {
  const world = await startWorld(context)
  const stationCore = await world.host('station', 'station')
  await enrolStation(world, stationCore)
  const { 白荷村: village } = await createVillages(stationCore)
  const children = await addChildren(stationCore, village, [['石小雨', '2016-03-05']])
  const core = await world.host('tablet')
  await enrolTablet(stationCore, core, village, '李玉梅')
  await core.call('report_problem', {
    children: [children['石小雨']], card: 'hurt', urgency: 'now', seen: WORDS, origin_record: null,
    mandatory: { choice: 'reported', text: '已打110。' },
  })
  await syncNow(core)
  await syncNow(stationCore)

  // Another person's computer, which is given the station's key at the next sync of the first.
  const colleagueCore = await world.host('colleague', 'station')
  await enrolColleague(stationCore, colleagueCore, 'supervisor', '宋洁')
  const problem = (await stationCore.call('problems')).rows[0].problem

  // Whoever takes it up reads it.
  const station = await open(context, stationCore, stationScreen)
  await station.go(`/problems/${problem}`)
  await station.at('sealed-closed').waitFor()
  await look(station.page, 'station-sealed-nobody')
  truthy(!(await station.words('problem-story')).includes('皮带'), 'nobody has taken it up')
  await station.tap('problem-accept')
  await station.at('sealed-to-read').waitFor()
  truthy(!(await station.words('problem-story')).includes('皮带'), 'nothing is shown before the PIN')
  await look(station.page, 'station-sealed-to-read')
  await station.tap('sealed-read')
  await station.at('pin-again').waitFor()
  await typePin(station.page, '283946')
  await until('the words are in the story', async () => (await station.words('problem-story')).includes('皮带'))
  await look(station.page, 'station-sealed-handler')

  // What she answers the village and what she writes down for the case are two fields, and each says who reads it.
  truthy((await station.page.locator('#problem-text-hint').innerText()).includes('这句话村里看得到，不要写经过'), 'an answer is open')
  await station.tap('problem-measure')
  await station.at('event-text').waitFor()
  truthy((await station.page.locator('#event-text-hint').innerText()).includes('只有站里的经办人和站长能看'), 'a measure is not')
  await look(station.page, 'station-sealed-measure')
  await station.page.locator('#event-text').fill(LATER)
  await station.tap('event-save')
  await until('she reads it, too', async () => (await station.words('problem-story')).includes(LATER))
  await until('the colleague has it, too', async () => {
    await syncNow(stationCore)
    await syncNow(colleagueCore)
    const view = await colleagueCore.call('problem', { id: problem })
    return view.handler !== null && !view.sealed.lacks_key
  })

  const colleague = await open(context, colleagueCore, stationSmall)
  await colleague.go(`/problems/${problem}`)
  await colleague.at('sealed-closed').waitFor()
  truthy(!(await colleague.words('problem-story')).includes('骨折'), 'a colleague does not read what was done')
  await colleague.tap('urgent')
  await colleague.at('urgent-text').waitFor()
  await look(colleague.page, 'station-urgent-1280x720')
  await checkAxe(colleague.page, 'opening urgently')
  await colleague.tap('answer:urgent-reason:danger')
  await colleague.page.locator('#urgent-text').fill('派出所来电，经办人在路上。')
  await colleague.tap('urgent-open')
  await colleague.at('pin-again').waitFor()
  await typePin(colleague.page, '604817')
  await colleague.at('sealed-until').waitFor()
  await until('the words are in the story', async () => (await colleague.words('problem-story')).includes('皮带'))
  truthy((await colleague.words('problem-story')).includes('骨折'), 'the later ones as well')
  await look(colleague.page, 'station-urgent-open')

  // The handler is told; as long as there is no head, a colleague who did not open says what she thinks.
  await syncNow(colleagueCore)
  await syncNow(stationCore)
  await station.go('/overview')
  await station.at('opening-notice').waitFor()
  await look(station.page, 'station-opening-notice')
  await station.tap('opening-notice-go')
  await station.at('opening-justified').waitFor()
  await look(station.page, 'station-opening-review')
  await station.page.setViewportSize(tabletPortrait)
  await look(station.page, 'station-opening-review-800x1280')
  await station.page.setViewportSize(tabletLandscape)
  await station.page.locator('[data-test="opening-words"] textarea').fill('情况紧急，应当看。')
  await station.tap('opening-justified')
  await station.at('opening-review').waitFor()
  await look(station.page, 'station-opening-reviewed')
  await station.go('/overview')
  await station.at('overview-problems').waitFor()
  equal(await station.at('opening-notice').count(), 0, 'nothing waits any more')
})
