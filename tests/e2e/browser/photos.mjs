// A photo and a signature on a visit: added, taken off and put back, saved with it, opened at the station.
import { readFileSync } from 'node:fs'
import { equal, journey, look, open, root, startWorld, stationScreen, tabletLandscape, tabletPortrait, truthy, typePin, until } from '../lib.mjs'

const PIN = '593817'

journey('a photo and a signature go from the visit to the station', async (context) => {
  const world = await startWorld(context)
  const villages = await world.township(3, PIN)
  const home = villages.at(-1)
  const core = await world.host(home.name)
  const stationCore = await world.host('station', 'station')
  const tablet = await open(context, core, tabletLandscape)
  await typePin(tablet.page, PIN)
  await tablet.at('nav-today').waitFor()
  const { rows } = await core.call('search_children', { query: '', village: null })
  const child = rows[0].child
  await tablet.go(`/children/${child}`)
  await tablet.tap('go-visit')
  await tablet.at('autosave').waitFor()
  const draft = tablet.page.url().split('/visit/')[1]
  const answer = (part, key, codes, text = null) => core.call('answer_visit', { draft, part, key, codes, text })
  await answer('session', 'a_met', ['child', 'caregiver'])
  for (let gaps = (await core.call('visit_form', { id: draft })).missing; gaps.length > 0; ) {
    const [{ part, key }] = gaps
    const questions = (await core.call('visit_form', { id: draft })).parts.find((one) => one.part === part).sections.flatMap((one) => one.questions)
    const [option] = questions.find((one) => one.key === key).options
    gaps = (await answer(part, key, option ? [option.code] : [], option ? null : '都好')).missing
  }
  await tablet.page.reload()
  await tablet.go(`/visit/${draft}`)
  await tablet.at('attachments').waitFor()

  const picture = { name: 'a.png', mimeType: 'image/png', buffer: readFileSync(`${root}docs/screenshots/tablet-today-dark.png`) }
  await tablet.at('photo-file').setInputFiles(picture)
  const photo = tablet.page.locator('[data-test^="attachment:"] img')
  await photo.waitFor()
  await tablet.tap('[data-test^="remove:"]')
  await until('it is off', async () => (await photo.count()) === 0)
  await tablet.page.getByText('撤销').click()
  await photo.waitFor()
  await tablet.tap('add-signature')
  const field = await tablet.at('sign-field').boundingBox()
  await tablet.page.mouse.move(field.x + 60, field.y + 40)
  await tablet.page.mouse.down()
  for (let step = 1; step <= 20; step += 1) await tablet.page.mouse.move(field.x + 60 + step * 15, field.y + 60 + 30 * Math.sin(step / 2))
  await tablet.page.mouse.up()
  await tablet.tap('answer:signer:caregiver')
  await look(tablet.page, 'tablet-signature')
  await tablet.tap('sign-done')
  await until('both are there', async () => (await core.call('draft_attachments', { id: draft })).rows.length === 2)
  await tablet.at('attachments').scrollIntoViewIfNeeded()
  await look(tablet.page, 'tablet-visit-photos-1280x800')
  await tablet.page.setViewportSize(tabletPortrait)
  await tablet.at('attachments').scrollIntoViewIfNeeded()
  await look(tablet.page, 'tablet-visit-photos-800x1280')
  await tablet.tap('visit-save')
  await tablet.at('saved').waitFor()

  await until('they are through', async () => {
    await core.call('sync_now')
    return (await core.call('sync_status')).photos_unsent === 0
  })
  await stationCore.call('unlock', { pin: PIN })
  await until('the station knows of both', async () => {
    await stationCore.call('sync_now')
    return (await stationCore.call('child_attachments', { id: child })).rows.length === 2
  })
  const station = await open(context, stationCore, stationScreen)
  await station.go(`/children/${child}`)
  const there = station.page.locator('[data-test^="attachment:"] img')
  await there.waitFor()
  await there.scrollIntoViewIfNeeded()
  await look(station.page, 'station-child-photos')
  await there.click()
  await station.at('attachment-photo').waitFor()
  const width = await station.at('attachment-photo').evaluate((image) => image.naturalWidth)
  truthy(width > 400 && width <= 1600, `the photo is ${width} pixels wide`)
  await look(station.page, 'station-photo')
  equal(station.faults.length, 0, 'nothing complained')
})
