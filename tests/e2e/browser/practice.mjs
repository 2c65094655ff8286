// 练习: from the card of the first use into the practice village, a contact and a visit there, and back to a list on which
// nothing has changed; locking leads back as well.
import {
  addChildren, checkAxe, createVillages, enrolStation, enrolTablet, equal, journey, look, lookLarge, open, startWorld, syncNow,
  tabletLandscape, tabletPortrait, truthy, typePin, until,
} from '../lib.mjs'

const PIN = '593817'

journey('a new director tries a contact and a visit with an invented family, and her own list stays as it was', async (context) => {
  const world = await startWorld(context)
  const stationCore = await world.host('station', 'station')
  await enrolStation(world, stationCore)
  const { 白荷村: village } = await createVillages(stationCore)
  await addChildren(stationCore, village, [['石小雨', '2016-03-05'], ['周子涵', '2014-11-30']])
  const core = await world.host('tablet')
  await enrolTablet(stationCore, core, village, '李玉梅')
  await syncNow(core)
  const before = await core.call('today')
  const tablet = await open(context, core, tabletLandscape)
  await tablet.at('first-use:today').waitFor()
  await look(tablet.page, 'practice-first-use')

  // In, by the card.
  await tablet.tap('first-use-practice')
  await tablet.at('practice-strip').waitFor()
  await tablet.page.locator('[data-test^="today-row:"]').first().waitFor()
  truthy((await tablet.words('practice-strip')).includes('不会上传'), 'the strip says that nothing is sent')
  equal(await tablet.at('sync-strip').count(), 0, 'and nothing speaks of sending')
  await look(tablet.page, 'practice-today-1280x800')
  const { rows } = await core.call('search_children', { query: '', village: null })
  const one = rows.find((row) => row.name === '练一舟')
  const family = rows.find((row) => row.name === '练小禾')
  truthy(one && family && rows.length === 3, 'an invented family is there, and nobody else')

  // A contact in four taps.
  await tablet.go(`/contact/${one.child}`)
  await tablet.at('practice-strip').waitFor()
  for (const answer of ['mode:phone', 'party:caregiver', 'state:normal']) await tablet.tap(`answer:${answer}`)
  await tablet.at('saved').waitFor()
  await look(tablet.page, 'practice-saved-1280x800')

  // A visit: what was so last time is taken over, and it is saved.
  const { draft } = await core.call('open_visit', { id: family.child })
  await tablet.go(`/visit/${draft}`)
  await tablet.at('autosave').waitFor()
  await look(tablet.page, 'practice-visit-1280x800')
  await tablet.page.setViewportSize(tabletPortrait)
  await look(tablet.page, 'practice-visit-800x1280')
  await lookLarge(tablet.page, 'practice-visit-200pct')
  await tablet.page.setViewportSize(tabletLandscape)
  await core.call('answer_visit', { draft, part: 'session', key: 'a_met', codes: ['child', 'caregiver'], text: null })
  const { parts } = await core.call('visit_form', { id: draft })
  for (const { part } of parts.filter((one) => one.part !== 'session')) {
    for (const [key, code] of [['a_seen', 'y'], ['l_overall', 'normal']]) {
      await core.call('answer_visit', { draft, part, key, codes: [code], text: null })
    }
  }
  await tablet.go('/today')
  await tablet.go(`/visit/${draft}`)
  await tablet.tap('visit-save')
  await tablet.at('saved').waitFor()
  const { timeline } = await core.call('child_file', { id: family.child })
  truthy(timeline.filter((line) => line.kind === 'visit').length === 2, 'her visit stands beside the one of before')

  // 我的 has the way to begin anew, and nothing of her own lock or sync.
  await tablet.go('/me')
  await tablet.at('practice-leave').waitFor()
  equal(await tablet.at('go-pin').count(), 0, 'her own lock is not to be changed here')
  await look(tablet.page, 'practice-me-1280x800')
  await checkAxe(tablet.page, '我的 while practising')

  // And back.
  await tablet.tap('practice-end')
  await tablet.at('sync-strip').waitFor()
  equal(await tablet.at('practice-strip').count(), 0, 'it is over')
  equal((await core.call('today')).rows, before.rows, 'her own list is as it was')
  equal((await core.call('sync_status')).unsent, [], 'and nothing waits to be sent')
  await look(tablet.page, 'practice-over-1280x800')

  // Once more from 我的, and out by the lock.
  await tablet.go('/me')
  await tablet.tap('practice-start')
  await tablet.at('practice-strip').waitFor()
  await tablet.go(`/children/${rows[0].child}`)
  await tablet.tap('lock')
  await tablet.at('pin-key-1').waitFor()
  await typePin(tablet.page, PIN)
  await tablet.at('sync-strip').waitFor()
  await until('her own list', async () => (await tablet.page.locator('[data-test^="today-row:"]').count()) > 0)
  equal(await tablet.at('practice-strip').count(), 0, 'locking ended it')
  equal((await core.call('search_children', { query: '', village: null })).rows.length, 2, 'her own village')
})
