// The station records, too: a supervisor visits a child of a village without a director, meets nobody the next time, and
// notes what a school told her.
import {
  addChildren, createVillages, enrolStation, equal, journey, look, open, startWorld, stationScreen, stationSmall, syncNow, until,
} from '../lib.mjs'

const NAME = '沈一诺'

journey('the supervisor visits in a village without a director and notes what the school said', async (context) => {
  const world = await startWorld(context)
  const core = await world.host('station', 'station')
  await enrolStation(world, core)
  const villages = await createVillages(core, 2)
  const children = await addChildren(core, villages['东灶村'], [[NAME, '2016-05-12']])
  const child = children[NAME]
  const station = await open(context, core, stationScreen)

  // A visit, begun in the file, left, and gone on with from her first page.
  await station.tap('station-nav-children')
  await station.tap('station-child')
  await station.at('go-visit').waitFor()
  await look(station.page, 'station-file-acts')
  await station.tap('go-visit')
  await station.at('autosave').waitFor()
  const draft = station.page.url().split('/visit/')[1]
  const form = () => core.call('visit_form', { id: draft })
  await station.tap('answer:a_met:child')
  await station.tap('answer:a_met:caregiver')
  await until('who was met is kept', async () => JSON.stringify((await form()).parts[0]).includes('"codes":["child","caregiver"]'))
  await look(station.page, 'station-visit')
  await station.page.setViewportSize(stationSmall)
  await look(station.page, 'station-visit-1280x720')
  await station.page.setViewportSize(stationScreen)
  await station.tap('station-nav-overview')
  await station.at(`draft:${draft}`).waitFor()
  await look(station.page, 'station-overview-draft')
  await station.tap(`draft:${draft}`)
  await station.at('autosave').waitFor()
  await station.tap(`answer:${child}:l_overall:normal`)
  await until('how it is is kept', async () => JSON.stringify((await form()).parts).includes('"codes":["normal"]'))
  await station.tap('visit-save')
  await station.at('saved').waitFor()
  await until('the next date follows', async () => (await station.words('next-dates')).includes('下次走访'))
  await look(station.page, 'station-saved')
  await station.tap('go-file')

  // A call.
  await station.tap('go-contact')
  await station.tap('answer:mode:phone')
  await station.tap('answer:party:caregiver')
  await look(station.page, 'station-contact')
  await station.tap('answer:state:normal')
  await station.at('saved').waitFor()
  await station.tap('go-file')

  // Nobody was met: the visit goes on to why, and nothing is saved before.
  await station.tap('go-visit')
  await station.at('autosave').waitFor()
  await station.tap('answer:a_met:nobody')
  await station.at('is-attempt').waitFor()
  await look(station.page, 'station-visit-nobody')
  await station.tap('visit-save')
  await station.at('attempt-save').waitFor()
  await look(station.page, 'station-attempt')
  await station.tap('answer:reason:refused')
  await station.page.locator('[data-test^="answer:next-day:2"]').first().click()
  await station.tap('attempt-save')
  await station.at('saved').waitFor()
  await look(station.page, 'station-attempt-saved')
  await station.tap('go-file')
  await until('why is in the file', async () => (await station.words('timeline')).includes('不愿意见'))

  // A clue from the school.
  await station.tap('station-nav-problems')
  await station.at('problems-empty').waitFor()
  await look(station.page, 'station-problems-empty')
  await station.tap('problems-clue')
  await station.page.locator('#clue-search').fill(NAME)
  await station.at(`clue:${child}`).waitFor()
  await look(station.page, 'station-clue')
  await station.tap(`clue:${child}`)
  await station.tap('answer:card:school')
  await station.tap('answer:urgency:days')
  await station.page.locator('#report-seen').fill('班主任说一周没来上课。')
  await station.tap('answer:from:school')
  await station.tap('answer:since-unknown:unknown')
  await look(station.page, 'station-report')
  await station.tap('report-save')
  await station.at('go-problem').waitFor()
  await look(station.page, 'station-report-saved')
  await station.tap('go-problem')
  await until('who said it is there', async () => (await station.words('problem-origin')) === '学校')
  equal(await station.words('problem-since'), '不清楚', 'and that nobody knows since when')
  await station.tap('problem-accept')
  await until('it is taken up', async () => (await station.words('problem-state')) === '已受理')
  await look(station.page, 'station-clue-taken')

  await syncNow(core)
  const { timeline } = await core.call('child_file', { id: child })
  equal(timeline.map((line) => line.kind).toSorted(), ['attempt', 'contact', 'problem', 'visit'], 'each is in the file once')
})
