// The whole form on the screen: opened and folded, hazards, rows added and taken away, saved; then the screening that a
// person settles, and the station that alone leads out of the highest level.
import { checkAxe, equal, journey, look, lookLarge, open, startWorld, stationScreen, tabletLandscape, tabletPortrait, truthy, typePin, until } from '../lib.mjs'

const PIN = '593817'

journey('the whole visit form, and a screening that a person settles', async (context) => {
  const world = await startWorld(context)
  const villages = await world.township(3, PIN)
  const home = villages.at(-1)
  const core = await world.host(home.name)
  const stationCore = await world.host('station', 'station')
  const tablet = await open(context, core, tabletLandscape)
  await typePin(tablet.page, PIN)
  await tablet.at('nav-today').waitFor()
  // A child alone in its household: whether it was seen follows from who was met.
  let child = ''
  for (const row of (await core.call('today')).rows.filter((one) => one.children.length === 1 && !one.draft)) {
    if (child === '' && (await core.call('child_file', { id: row.child })).siblings.length === 0) child = row.child
  }
  truthy(child, 'a child lives alone with its carers')
  await tablet.go(`/children/${child}`)
  await tablet.tap('go-visit')
  await tablet.at('autosave').waitFor()
  const draft = tablet.page.url().split('/visit/')[1]
  const form = () => core.call('visit_form', { id: draft })
  const sections = async (part) => (await form()).parts.filter((one) => one.part === part).flatMap((one) => one.sections)
  const questions = async (part) => (await sections(part)).flatMap((one) => one.questions.concat(one.rows.flatMap((row) => row.questions)))
  const question = async (part, key) => (await questions(part)).find((one) => one.key === key)
  const answer = async (part, key, code) => {
    await tablet.tap(`answer:${part === 'session' ? key : `${part}:${key}`}:${code}`)
    await until(`${key} is kept`, async () => (await question(part, key))?.codes.includes(code))
  }

  // Short: a hazard that was seen asks at once what became of it.
  await answer('session', 'a_met', 'child')
  await answer('session', 'a_met', 'caregiver')
  const short = (await questions('session')).length
  await answer('session', 'g_hazards', 'H01')
  equal((await question('session', 'g_H01')).codes, ['open'], 'a seen hazard wants an end')
  truthy(!(await question('session', 'g_H02')), 'the others are not asked about')
  await answer('session', 'g_H01', 'fixed')

  // Whole.
  await tablet.tap('visit-full')
  await until('the whole form is open', async () => (await form()).full)
  truthy((await questions('session')).length > short + 20, 'there is much more to answer')
  equal((await question('session', 'g_H02')).codes, ['none'], 'what was not seen follows')
  await look(tablet.page, 'tablet-visit-whole')
  await checkAxe(tablet.page, 'the whole form')

  // Rows.
  await answer('session', 'k_done', 'goods')
  await tablet.tap('row-add:session:K_goods')
  const what = tablet.page.locator('[data-test="row:session:K_goods"] textarea').first()
  await what.fill('书包')
  await what.blur()
  await until('the row is kept', async () => JSON.stringify(await sections('session')).includes('书包'))
  const count = tablet.page.locator('[data-test^="answer:k_g_count@"]')
  await count.fill('2')
  await count.blur()
  await until('the number is kept', async () => (await questions('session')).some((one) => one.key.startsWith('k_g_count@') && one.text === '2'))
  await tablet.at('row:session:K_goods').scrollIntoViewIfNeeded()
  await look(tablet.page, 'tablet-visit-rows')
  await tablet.tap('row-remove')
  await until('the row is away', async () => (await sections('session')).find((one) => one.key === 'K_goods').rows.length === 0)
  await tablet.page.getByText('撤销').click()
  await until('the row is back with its words', async () => JSON.stringify(await sections('session')).includes('书包'))

  // Folded again, what was answered stays.
  const before = (await form()).answered
  await tablet.tap('visit-full')
  await until('it is short again', async () => !(await form()).full)
  truthy(JSON.stringify(await sections('session')).includes('书包'), 'what was answered stays in sight')
  truthy((await form()).answered >= before - 30, 'only what follows by itself is folded')

  // What an uneasy visit says.
  await answer(child, 'a_alone', 'y')
  await answer(child, 'd_stage', 'dropout')
  await answer(child, 'f_mood', 'fear')
  await answer(child, 'l_overall', 'risk')
  await tablet.tap('visit-full')
  await until('the whole form is open again', async () => (await form()).full)
  await answer(child, 'c_discipline', 'beat')
  await tablet.at('asks-after').waitFor()
  await tablet.page.setViewportSize(tabletPortrait)
  await look(tablet.page, 'tablet-visit-portrait')
  await tablet.page.setViewportSize(tabletLandscape)
  await tablet.tap('visit-save')

  // The words are safe; whether it was reported is asked, on this page and after the page was lost.
  await tablet.at('duty-question').waitFor()
  truthy((await tablet.words('duty-question')).includes('体罚'), 'what asks is said')
  await look(tablet.page, 'visit-question-1280x800')
  await checkAxe(tablet.page, 'a visit that asks')
  await tablet.page.setViewportSize(tabletPortrait)
  await look(tablet.page, 'visit-question-800x1280')
  await lookLarge(tablet.page, 'visit-question-200pct')
  await tablet.page.setViewportSize(tabletLandscape)
  await tablet.tap('nav-today')
  await tablet.page.getByText('就能离开这页').waitFor()
  truthy(await tablet.at('duty-question').isVisible(), 'the page stays')
  // Opened anew, as after an empty battery: it stands on top of the list.
  const anew = await open(context, core, tabletLandscape)
  await anew.go('/today')
  await anew.at(`question:${child}`).waitFor()
  await look(anew.page, 'today-question-1280x800')
  await checkAxe(anew.page, 'today with a question')
  await anew.page.setViewportSize(tabletPortrait)
  await look(anew.page, 'today-question-800x1280')
  await anew.page.close()
  await tablet.tap('answer:mandatory:not_such_case')
  await tablet.page.locator('#duty-text').fill('是说气话，身上没有伤，奶奶也在场。')
  await tablet.tap('mandatory-done')
  await until('it is answered', async () => (await core.call('today')).questions.length === 0)
  await tablet.at('saved').waitFor()

  // What was given is filed as care and help with one tap.
  truthy((await tablet.words('goods')).includes('书包2件'), 'what was given is offered')
  await tablet.tap('file-goods')
  await tablet.at('goods-filed').waitFor()
  await until('it stands in the file', async () => JSON.stringify((await core.call('child_file', { id: child })).timeline).includes('书包'))
  await look(tablet.page, 'visit-goods-1280x800')

  // What was said otherwise than the file: offered, not written; taken by a tap, and taken back.
  await tablet.at('difference:child/school_stage').waitFor()
  const field = async (key) => (await core.call('child_file', { id: child })).blocks.flatMap((block) => block.fields).find((one) => one.key === key)
  const stage = (await field('school_stage')).value
  truthy(stage !== 'dropout', 'nothing was written by itself')
  await look(tablet.page, 'visit-differences-1280x800')
  await checkAxe(tablet.page, 'what a visit said otherwise')
  await tablet.page.setViewportSize(tabletPortrait)
  await look(tablet.page, 'visit-differences-800x1280')
  await lookLarge(tablet.page, 'visit-differences-200pct')
  await tablet.page.setViewportSize(tabletLandscape)
  await tablet.tap('take:child/school_stage')
  await until('the file says it', async () => (await field('school_stage')).value === 'dropout')
  await tablet.at('differences-taken').waitFor()
  await look(tablet.page, 'visit-differences-taken')
  await tablet.page.locator('[data-test^="undo:"]').first().click()
  await until('the file says what it said', async () => (await field('school_stage')).value === stage)
  await tablet.at('difference:child/school_stage').waitFor()

  await tablet.tap(`screening:${child}`)
  await tablet.at('screening-suggested').waitFor()
  truthy((await tablet.words('screening-suggested')).includes('较高'), `30 to 44 points: ${await tablet.words('screening-suggested')}`)
  truthy(!/\d+\s*分/.test(await tablet.words('screening')), 'no score on a screen a family may see')
  await look(tablet.page, 'tablet-screening')
  await checkAxe(tablet.page, 'the screening')
  await tablet.tap('screening-settle')
  await tablet.at('screening-settled').waitFor()
  const timeline = (await core.call('child_file', { id: child })).timeline
  const { record } = timeline.find((line) => line.kind === 'visit')
  truthy(JSON.stringify(await core.call('visit_read', { child, record })).includes('书包'), 'the saved visit has the row')

  // And at the station.
  await until('everything is delivered', async () => {
    await core.call('sync_now')
    return (await core.call('sync_status')).unsent.length === 0
  })
  await stationCore.call('unlock', { pin: PIN })
  const there = await until('the station has it', async () => {
    await stationCore.call('sync_now')
    const view = await stationCore.call('screening', { child, record }).catch(() => null)
    return view?.settled && view
  })
  equal(there.settled.level.code, 'raised', 'the station reads what was settled')
  const station = await open(context, stationCore, stationScreen)
  await station.go('/overview')
  await station.at('mandatory-disagrees').waitFor()
  await look(station.page, 'station-mandatory')
  await checkAxe(station.page, 'why something was not reported')
  await station.tap('mandatory-disagrees')
  await station.page.locator('#mandatory-words').fill('请马上打110，我这就过来。')
  await look(station.page, 'station-mandatory-again')
  await station.tap('mandatory-ask-again')
  await until('it is open again', async () => (await stationCore.call('overview')).questions[0]?.answer === null)
  const again = await until('the village has it', async () => {
    await stationCore.call('sync_now')
    await core.call('sync_now')
    return (await core.call('today')).questions[0]
  })
  truthy(again.station.text.includes('110'), 'and reads why')
  truthy(there.settled.by.length > 0, 'and who settled it')
})
