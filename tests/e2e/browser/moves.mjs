// A family moves to another village: offered and received at the station; what the old tablet still had waits to be read.
import {
  addChildren, createVillages, enrolStation, enrolTablet, journey, look, open, startWorld, stationScreen, stationSmall,
  syncNow, tabletLandscape, tabletPortrait, truthy, typePin, until,
} from '../lib.mjs'

const NOTE = '在路上遇见奶奶，说孩子在新村上学了，都好。'

journey('a child moves to another village, what was written late is read at the station, and a second village knows of a child', async (context) => {
  const world = await startWorld(context)
  const stationCore = await world.host('station', 'station')
  await enrolStation(world, stationCore)
  const villages = await createVillages(stationCore, 2)
  const [home] = [villages['白荷村']]
  const [otherName] = Object.keys(villages).filter((name) => name !== '白荷村')
  const children = await addChildren(stationCore, home, [['石小雨', '2016-03-05'], ['周子涵', '2014-11-30', 'LB-1', '1']])
  const core = await world.host('tablet')
  await enrolTablet(stationCore, core, home, '李玉梅')
  const { today } = await core.call('app')

  // The tablet goes out of reach; meanwhile the child moves.
  const station = await open(context, stationCore, stationScreen)
  await station.at('station-nav-imports').waitFor()
  await station.go('/moves')
  await station.at('moves-empty').waitFor()
  await look(station.page, 'station-moves-empty')
  await station.go(`/children/${children['石小雨']}`)
  await station.tap('go-move')
  await station.at('move-village').waitFor()
  await station.tap('move-send')
  await until('it says what is missing', async () => (await station.page.locator('main').innerText()).includes('还没选村'))
  await look(station.page, 'station-move-missing')
  await station.page.locator('#move-village').selectOption({ label: otherName })
  await station.page.locator('#move-reason').fill('全家搬走')
  await look(station.page, 'station-move-offer')
  await station.page.setViewportSize(stationSmall)
  await look(station.page, 'station-move-offer-1280x720')
  await station.page.setViewportSize(stationScreen)
  // Such a step wants the PIN once more, and goes on by itself.
  await station.tap('move-send')
  await station.at('pin-again').waitFor()
  await look(station.page, 'station-pin-again')
  await typePin(station.page, '283946')
  await station.at('incoming').waitFor()
  await look(station.page, 'station-moves-incoming')
  await station.tap('move-accept')
  await until('it is done', async () => (await station.words('moves-said')).includes('已接收'))

  // Not knowing of it, the director writes something down; it is neither lost nor refused.
  await core.call('record_contact', {
    child: children['石小雨'], event_date: today, mode: 'phone', party: ['caregiver'], reached: true, child_state: 'normal', topics: [], parent_contact_ok: 'y', note: NOTE,
  })
  await syncNow(core)
  await syncNow(stationCore)
  await syncNow(core)

  const tablet = await open(context, core, tabletLandscape)
  await tablet.at('nav-today').waitFor()
  await tablet.go('/children')
  await until('she is not in the list any more', async () => {
    const words = await tablet.page.locator('body').innerText()
    return words.includes('周子涵') && !words.includes('石小雨')
  })
  await tablet.go('/departures')
  await tablet.at('late').first().waitFor()
  await look(tablet.page, 'tablet-departures-1280x800')
  await tablet.page.setViewportSize(tabletPortrait)
  await look(tablet.page, 'tablet-departures-800x1280')
  await tablet.page.setViewportSize(tabletLandscape)
  await tablet.go('/me')
  await tablet.at('month').waitFor()
  await tablet.tap('answer:font:200')
  await tablet.go('/departures')
  await tablet.at('late').first().waitFor()
  await look(tablet.page, 'tablet-departures-200pct')

  // The station reads it and takes it into the file.
  await station.go('/moves')
  await station.tap('moves-again')
  await station.at('reviews').waitFor()
  truthy((await station.words('reviews')).includes(NOTE), 'the words are there to be read')
  await look(station.page, 'station-moves-review')
  await station.tap('review-aside')
  await station.at('aside-reason').waitFor()
  await look(station.page, 'station-moves-aside')
  await station.tap('dialog-close')
  await station.tap('review-take')
  await until('it is taken', async () => (await station.words('moves-said')).includes('已收进'))
  await until('it is in the file', async () => {
    await stationCore.call('sync_now')
    return JSON.stringify((await stationCore.call('child_file', { id: children['石小雨'] })).timeline).includes(NOTE)
  })
  await until('the director hears of it', async () => {
    await core.call('sync_now')
    return (await core.call('departures')).late.some((row) => row.state === 'taken')
  })

  // 户籍村: the other village gets to know of a child that goes on living here, reads its file and calls.
  const second = await world.host('second')
  await enrolTablet(stationCore, second, villages[otherName], '何静')
  const child = children['周子涵']
  await station.go(`/children/${child}`)
  await station.tap('go-guests')
  await station.at('guest-save').waitFor()
  await station.tap('guest-save')
  await until('it says what is missing', async () => (await station.page.locator('main').innerText()).includes('请选一个村'))
  await look(station.page, 'station-guest-missing')
  await station.page.locator('#guest-village').selectOption({ label: otherName })
  await station.tap('guest-save')
  await station.at('pin-again').waitFor()
  await typePin(station.page, '283946')
  await until('it is told', async () => (await station.words('guests-said')).includes('告知好了'))
  await look(station.page, 'station-guest')
  await station.page.setViewportSize(stationSmall)
  await look(station.page, 'station-guest-1280x720')
  await station.page.setViewportSize(stationScreen)
  await station.go(`/children/${child}`)
  await until('the file says so', async () => (await station.words('guest')).includes(`户籍在${otherName}`))
  await look(station.page, 'station-guest-file')

  await syncNow(second)
  const other = await open(context, second, tabletLandscape)
  await other.at('notice:registered').waitFor()
  await look(other.page, 'tablet-guest-today-1280x800')
  await other.go('/children')
  await other.at('guest-children').waitFor()
  truthy((await other.words('guest-children')).includes('由白荷村管理'), 'the list says who manages')
  await look(other.page, 'tablet-guest-list-1280x800')
  await other.go(`/children/${child}`)
  await other.at('guest').waitFor()
  truthy((await other.words('guest')).includes('户籍在本村 · 由白荷村管理'), 'the file is marked')
  truthy((await other.at('go-visit').count()) === 0, 'no visit is offered')
  await look(other.page, 'tablet-guest-file-1280x800')
  await other.page.setViewportSize(tabletPortrait)
  await look(other.page, 'tablet-guest-file-800x1280')
  await other.page.setViewportSize(tabletLandscape)
  await other.go('/me')
  await other.at('month').waitFor()
  await other.tap('answer:font:200')
  await other.go(`/children/${child}`)
  await other.at('guest').waitFor()
  await look(other.page, 'tablet-guest-file-200pct')
  await second.call('record_contact', {
    child, event_date: today, mode: 'phone', party: ['caregiver'], reached: true, child_state: 'normal', topics: [], parent_contact_ok: 'y', note: '老家这边打的。',
  })
  await syncNow(second)
  await until('it is read where the child lives', async () => {
    await core.call('sync_now')
    return JSON.stringify((await core.call('child_file', { id: child })).timeline).includes('老家这边打的。')
  })

  await station.go(`/guests/${child}`)
  await station.tap('guest-end')
  await until('it is over', async () => (await station.words('guests-said')).includes('不再看到'))
  await until('it leaves the other tablet', async () => {
    await second.call('sync_now')
    return (await second.call('search_children', { query: '', village: null })).guests.length === 0
  })
})
