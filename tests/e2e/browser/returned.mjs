// What the station did not take is told in words, tried again, written again, put away; the station sees who and why.
import {
  addChildren, checkAxe, createVillages, enrolStation, enrolTablet, equal, journey, look, open, startWorld, stationScreen,
  tabletLandscape, tabletPortrait, toPaper, truthy, until,
} from '../lib.mjs'

journey('what was not taken lies in the tray, is written again, put away and taken in the end', async (context) => {
  const world = await startWorld(context)
  const station = await world.host('station', 'station')
  await enrolStation(world, station)
  const villages = await createVillages(station, 2)
  const [home, elsewhere] = [villages['白荷村'], Object.values(villages).find((unit) => unit !== villages['白荷村'])]
  const children = await addChildren(station, home, [['石小雨', '2016-03-05'], ['周子涵', '2014-11-30', 'LB-1', '1']])
  const core = await world.host('tablet')
  await enrolTablet(station, core, home, '李玉梅')
  const { today } = await core.call('app')

  // Somebody at the district put her into another village by mistake.
  await world.movePerson('李玉梅', elsewhere)
  const contact = (child, note) =>
    core.call('record_contact', {
      child, event_date: today, mode: 'phone', party: ['caregiver'], reached: true, child_state: 'watch', topics: [], parent_contact_ok: 'y', note,
    })
  await contact(children['石小雨'], '奶奶说孩子这两天咳嗽，已经带去村卫生室看过，开了药。')
  await core.call('edit_field', { child: children['石小雨'], holder: 'child', key: 'nickname', value: '小雨点' })
  await core.call('edit_field', { child: children['周子涵'], holder: 'child', key: 'nickname', value: '涵涵' })
  await core.call('sync_now')
  const open_ = async () => (await core.call('returned')).open
  await until('three came back', async () => (await open_()).length === 3)

  const tablet = await open(context, core, tabletLandscape)
  await tablet.at('nav-today').waitFor()
  await tablet.go('/sync')
  await tablet.at('go-returned').waitFor()
  await tablet.go('/me')
  await until('我的 counts them', async () => (await tablet.words('returned-count')).includes('3'))
  await tablet.tap('go-returned')
  await tablet.at('returned').first().waitFor()
  equal(await tablet.at('returned').count(), 3, 'one line a record')
  const words = await tablet.page.locator('main').innerText()
  truthy(words.includes('没有收下：这份不在您管的村里'), words)
  truthy(words.includes('平板会自己再交'), words)
  await tablet.page.locator('[data-test="returned-written"]').last().click()
  await until('it opens to what was written', async () => (await tablet.page.locator('[data-test="returned-line"]').allInnerTexts()).join().includes('已经带去村卫生室'))
  await look(tablet.page, 'tablet-returned-1280x800')
  await tablet.page.setViewportSize(tabletPortrait)
  await look(tablet.page, 'tablet-returned-800x1280')
  await tablet.page.setViewportSize(tabletLandscape)

  // To be read out on the telephone.
  await tablet.page.locator('[data-test="returned-read"]').last().click()
  const plain = await tablet.words('returned-plain')
  truthy(plain.includes('石小雨 联系') && plain.includes('已经带去村卫生室'), plain)
  await look(tablet.page, 'tablet-returned-read')
  await toPaper(tablet, 'returned-print', 'anew')
  truthy(await tablet.at('returned-plain').isVisible() && await tablet.at('returned-paper').isVisible(), 'the record is on the paper, with its number')
  truthy(!(await tablet.at('returned').first().isVisible()), 'and nothing else')
  await look(tablet.page, 'tablet-returned-paper')
  await tablet.page.emulateMedia({ media: 'screen' })
  await tablet.tap('dialog-close')

  // Written again: the contact's own form has everything.
  await tablet.page.locator('[data-test="returned-redo"]').last().click()
  await tablet.at('refilled').waitFor()
  equal(await tablet.at('[data-test="contact-note-text"] textarea').inputValue(), '奶奶说孩子这两天咳嗽，已经带去村卫生室看过，开了药。', 'the words are there')
  await look(tablet.page, 'tablet-returned-contact')
  await tablet.go('/returned')

  // A field's own dialog as well; then it is put away and brought back.
  await tablet.at('returned').first().waitFor()
  await tablet.page.locator('[data-test="returned-redo"]').first().click()
  await tablet.page.locator('#field-value').waitFor()
  equal(await tablet.page.locator('#field-value').inputValue(), '涵涵', 'the value is there')
  await tablet.tap('dialog-close')
  await tablet.go('/returned')
  await tablet.at('returned').first().waitFor()
  await tablet.page.locator('[data-test="returned-away"]').first().click()
  await until('it is put away', async () => (await open_()).length === 2)
  await tablet.at('returned-put-away').click()
  await checkAxe(tablet.page, 'put away')
  await tablet.tap('returned-back')
  await until('it is back', async () => (await open_()).length === 3)

  // Letters twice as large.
  await tablet.go('/me')
  await tablet.at('month').waitFor()
  await tablet.tap('answer:font:200')
  await tablet.go('/returned')
  await tablet.at('returned').first().waitFor()
  await look(tablet.page, 'tablet-returned-200pct')

  // The station sees who and why, not what.
  const office = await open(context, station, stationScreen)
  await office.at('station-nav-imports').waitFor()
  await office.go('/devices')
  await office.at('device-refusal').first().waitFor()
  const told = await office.words('devices')
  truthy(told.includes('没收下') && !told.includes('咳嗽'), told)
  await look(office.page, 'station-devices-refused')

  // The mistake is mended; she asks again, and everything arrives.
  await world.movePerson('李玉梅', home)
  await tablet.page.locator('[data-test="returned-again"]').first().click()
  await until('the one she asked for is taken', async () => (await open_()).length < 3)
  // What else the mistake held back, the tablet offers by itself once it hears that it is mended.
  await until('the others are taken', async () => {
    await core.call('sync_now')
    return (await open_()).length === 0
  })
  await tablet.at('returned-empty').waitFor()
  await until('the station has the words', async () => {
    await station.call('sync_now')
    return JSON.stringify((await station.call('child_file', { id: children['石小雨'] })).timeline).includes('已经带去村卫生室')
  })
})
