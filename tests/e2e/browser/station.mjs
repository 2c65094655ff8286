// The station reads what a director sent, takes her problem up and answers; her tablet shows the answer, unread and then read.
import {
  addChildren, checkAxe, createVillages, enrolStation, enrolTablet, equal, journey, look, open, startWorld, stationScreen,
  syncNow, tabletPortrait, truthy, until,
} from '../lib.mjs'

const ANSWER = '收到，我们来办。明天上午和您一起上门。'

journey('the station reads a visit, takes up a problem and answers, and the tablet shows the answer', async (context) => {
  const world = await startWorld(context)
  const stationCore = await world.host('station', 'station')
  await enrolStation(world, stationCore)
  const villages = await createVillages(stationCore, 2)
  const children = await addChildren(stationCore, villages['白荷村'], [
    ['石小雨', '2016-03-05'],
    ['周子涵', '2014-11-30', 'DD', '1'],
    ['吴天宇', '2017-06-18', 'LB-1', '1'],
  ])
  const core = await world.host('tablet')
  await enrolTablet(stationCore, core, villages['白荷村'], '李玉梅')
  await visitAndReport(core, children['石小雨'])
  await syncNow(core)
  await syncNow(stationCore)

  const station = await open(context, stationCore, stationScreen)
  const tablet = await open(context, core, tabletPortrait)

  // The overview says that something waits.
  equal(await station.words('overview-problems').then((words) => /\b1\b/.test(words)), true, 'one problem waits')
  await station.at('station-nav-problems').waitFor()
  await until('the navigation says so, too', async () => (await station.words('station-nav-problems')).includes('1'))
  await look(station.page, 'station-overview-one-problem')

  // The visit is read whole.
  await station.tap('station-nav-inbox')
  const row = station.page.locator('tr', { hasText: '石小雨' }).first()
  await row.locator('[data-test="inbox-read"]').click()
  for (const words of ['孩子在写作业，屋里收拾得干净。', '见到的人', '照料人']) {
    await until(`the record says ${words}`, async () => (await station.words('inbox-record')).includes(words))
  }
  await look(station.page, 'station-visit-read')
  await station.tap('inbox-close')

  // The problem is taken up and answered.
  await station.tap('station-nav-problems')
  await look(station.page, 'station-problems-board')
  await station.page.locator('[data-test="problem-column-waiting"] [data-test="problem-card"]').click()
  await until('what was seen is read', async () => (await station.words('problem-story')).includes('灶台边的电线'))
  await look(station.page, 'station-problem')
  await station.tap('problem-accept')
  await until('it is taken up', async () => (await station.words('problem-state')) === '已受理')
  await station.tap('problem-reply')
  await station.page.getByText('先写一句话，再点。').waitFor()
  await station.page.locator('#problem-text').fill(ANSWER)
  await station.tap('problem-reply')
  await station.at('problem-event-replied').waitFor()
  await until('it says what becomes of the answer', async () => (await station.words('problem-saved')).includes('平板'))
  await checkAxe(station.page, 'an answered problem')
  await station.tap('station-nav-problems')
  await station.page.locator('[data-test="problem-column-working"] [data-test="problem-card"]').waitFor()
  await syncNow(stationCore)

  // The tablet shows it by itself after its next sync: unread, then read.
  await core.call('sync_now')
  await tablet.at('go-answers').waitFor()
  await look(tablet.page, 'tablet-today-answer')
  await until('the navigation counts the answer', async () => (await tablet.words('nav-problems')).includes('1'))
  await tablet.tap('go-answers')
  await tablet.at('problem-unread').waitFor()
  await until('the answer is on the card', async () => (await tablet.words('problem-card')).includes(ANSWER))
  await look(tablet.page, 'tablet-problems-unread')
  await tablet.tap('problem-card')
  await until('the answer is read', async () => (await tablet.words('problem-story')).includes(ANSWER))
  await look(tablet.page, 'tablet-problem-answered')
  await tablet.tap('nav-problems')
  await tablet.at('problem-card').waitFor()
  equal(await tablet.at('problem-unread').count(), 0, 'it is read now')
  equal((await core.call('today')).answered_problems, 0, 'today says no more of it')
})

async function visitAndReport(core, child) {
  const { draft, parts } = await core.call('open_visit', { id: child })
  const answer = (part, key, codes, text = null) => core.call('answer_visit', { draft, part, key, codes, text })
  const own = parts.find((part) => part.part !== 'session').part
  await answer('session', 'a_met', ['child', 'caregiver'])
  await answer(own, 'a_seen', ['y'])
  await answer(own, 'l_overall', ['normal'])
  await answer('session', 'g_hazards', ['none'])
  await answer(own, 'l_summary', [], '孩子在写作业，屋里收拾得干净。')
  await core.call('save_visit', { id: draft })
  await core.call('report_problem', {
    children: [child], card: 'danger', urgency: 'days', seen: '灶台边的电线皮破了，孩子自己烧水。', origin_record: null, mandatory: null,
  })
}
