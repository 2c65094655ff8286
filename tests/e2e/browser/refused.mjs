// What is wrong is said in a sentence, and nothing that was entered is lost.
import {
  addChildren, checkAxe, createVillages, enrolStation, enrolTablet, equal, journey, look, open, startWorld, tabletLandscape,
  appoint, tabletPortrait, truthy, typePin, until,
} from '../lib.mjs'

const MINUTE = 60_000

journey('a wrong, a late and a used code, and a wrong PIN, are told in words', async (context) => {
  const world = await startWorld(context)
  const station = await world.host('station', 'station')
  await enrolStation(world, station)
  const villages = await createVillages(station)
  await appoint(station, villages['白荷村'], '李玉梅')
  const newCode = () => station.call('new_enrolment', { role: 'director', village: villages['白荷村'], person: '李玉梅' })
  const core = await world.host('tablet')
  const tablet = await open(context, core, tabletPortrait)
  const says = async (sentence) => {
    await tablet.page.getByText(sentence).waitFor()
    truthy((await core.call('app')).stage === 'fresh', 'it is not enrolled')
  }
  const enter = async (address, code) => {
    await tablet.at('enrol-address').fill(address)
    await tablet.at('enrol-code').fill(code)
    await tablet.tap('enrol-start')
  }

  const first = await newCode()
  await enter('这里没有地址', first.code)
  await says('地址看不懂')
  const digits = first.code.replace(/\D/g, '')
  const other = (digit) => String((Number(digit) + 1) % 10)
  await enter(first.address, other(digits[0]) + digits.slice(1))
  await says('登记码不对')
  await look(tablet.page, 'tablet-enrol-wrong-code')
  await world.cut()
  await enter(first.address, first.code)
  await says('连不上站里的电脑')
  await world.restore()
  await world.serverClock(11 * MINUTE)
  await enter(first.address, first.code)
  await says('登记码过期了')
  await checkAxe(tablet.page, 'an expired code')
  await world.serverClock(0)

  // The half of the code that is secret is proved only after both people confirmed.
  const half = await newCode()
  const halfDigits = half.code.replace(/\D/g, '')
  await enter(half.address, halfDigits.slice(0, 7) + other(halfDigits[7]))
  const shown = (await tablet.words('compare-code')).replace(/\D/g, '')
  await station.call('confirm_enrolment', { id: half.enrolment, compare_code: shown })
  await tablet.page.getByText('登记码不对').waitFor()
  await checkAxe(tablet.page, 'a code that is half right')
  await tablet.page.reload()
  if ((await core.call('app')).stage === 'comparing') await tablet.tap('enrol-cancel')
  await tablet.at('enrol-address').waitFor()

  // A good one; then its code once more on another device.
  const good = await newCode()
  const here = await core.call('enrol_start', { address: good.qr_text, code: '' })
  await station.call('confirm_enrolment', { id: good.enrolment, compare_code: here.compare_code })
  await until('confirmed', async () => (await core.call('enrol_poll')).stage === 'choose_pin')
  await tablet.page.reload()
  await typePin(tablet.page, '123456')
  await tablet.at('pin-second').waitFor()
  await typePin(tablet.page, '123456')
  await tablet.page.getByText('这个密码太好猜').waitFor()
  await typePin(tablet.page, '593817')
  await tablet.at('pin-second').waitFor()
  await typePin(tablet.page, '593818')
  await tablet.page.getByText('两次按的不一样').waitFor()
  await checkAxe(tablet.page, 'two different PINs')
  await typePin(tablet.page, '593817')
  await tablet.at('pin-second').waitFor()
  await typePin(tablet.page, '593817')
  await tablet.at('nav-today').waitFor()
  await checkAxe(tablet.page, 'an empty village')
  const late = await open(context, await world.host('other'), tabletLandscape)
  await late.at('enrol-address').fill(good.address)
  await late.at('enrol-code').fill(good.code)
  await late.tap('enrol-start')
  await late.page.getByText('已经用过了').waitFor()

  // Wrong PINs: so many are left, then a wait; nothing is lost.
  await tablet.tap('lock')
  await tablet.at('pin-key-1').waitFor()
  await typePin(tablet.page, '111213')
  await tablet.page.getByText(/密码不对。还能试 \d 次。/).waitFor()
  await look(tablet.page, 'tablet-wrong-pin')
  while ((await tablet.at('pin-wait').count()) === 0) {
    await typePin(tablet.page, '111213')
    await until('the answer to a wrong PIN', async () =>
      (await tablet.at('pin-wait').count()) > 0 || (await tablet.page.getByText(/还能试 \d 次/).count()) > 0,
    )
    await until('the pad is ready or waits', async () => (await tablet.at('pin-wait').count()) > 0 || (await tablet.at('pin-key-1').isEnabled()))
  }
  const wait = await tablet.words('pin-wait')
  truthy(wait.includes('数据都在'), `it says that nothing is lost: ${wait}`)
  truthy(await tablet.at('pin-key-1').isDisabled(), 'the pad waits')
  await look(tablet.page, 'tablet-pin-wait')
  await world.clock('tablet', 10 * MINUTE)
  await tablet.page.reload()
  await until('the wait is over', async () => (await tablet.at('pin-key-1').count()) > 0 && (await tablet.at('pin-key-1').isEnabled()))
  await typePin(tablet.page, '593817')
  await tablet.at('nav-today').waitFor()
})

journey('a child is added, a field edited, a visit of tomorrow refused, a record amended and voided', async (context) => {
  const world = await startWorld(context)
  const station = await world.host('station', 'station')
  await enrolStation(world, station)
  const villages = await createVillages(station)
  const children = await addChildren(station, villages['白荷村'], [['石小雨', '2016-03-05'], ['周子涵', '2014-11-30', 'LB-1', '1']])
  const core = await world.host('tablet')
  await enrolTablet(station, core, villages['白荷村'], '李玉梅')
  const tablet = await open(context, core, tabletLandscape)
  const { page } = tablet
  const child = children['石小雨']

  // A child nobody had on a list.
  await tablet.tap('nav-children')
  await tablet.tap('add-child')
  await tablet.tap('add-save')
  await page.getByText('还没填名字').waitFor()
  await tablet.at('add-name').fill('冯一诺')
  await tablet.page.locator('#add-reason').fill('邻居说刚从外地回来，和外婆住')
  await look(page, 'tablet-add-child')
  await tablet.tap('add-save')
  await page.locator('[data-test^="child-row:"]').filter({ hasText: '冯一诺' }).waitFor()
  await checkAxe(page, 'the list with the new child')

  // A field, and a number that could belong to somebody.
  await tablet.go(`/children/${child}`)
  await tablet.tap('edit:nickname')
  await page.locator('#field-value').fill('小雨点')
  await look(page, 'tablet-edit-field')
  await tablet.tap('field-save')
  await until('the field shows it', async () => (await tablet.words('field:nickname')).includes('小雨点'))
  await tablet.tap('edit:id_no')
  await page.locator('#field-value').fill('11010519491231002X')
  await tablet.tap('field-save')
  await page.getByText('演示和练习里不能填真的身份证号').waitFor()
  equal(await page.locator('#field-value').inputValue(), '11010519491231002X', 'what was typed stays')
  await checkAxe(page, 'a refused number')
  await tablet.tap('dialog-close')

  // A visit of tomorrow.
  await tablet.tap('go-visit')
  await tablet.at('autosave').waitFor()
  await tablet.tap('answer:a_met:child')
  await tablet.tap(`answer:${child}:l_overall:normal`)
  await tablet.tap('answer:a_date-day:other')
  const today = new Date(`${(await core.call('app')).today}T00:00:00Z`)
  const tomorrow = new Date(today.getTime() + 24 * 60 * MINUTE)
  const selects = page.locator('[data-test="question:a_date"] select')
  for (const [at, value] of [[0, tomorrow.getUTCFullYear()], [1, tomorrow.getUTCMonth() + 1], [2, tomorrow.getUTCDate()]]) {
    const select = selects.nth(at)
    if ((await select.locator(`option[value="${value}"]`).count()) > 0) await select.selectOption(String(value))
  }
  const draft = page.url().split('/visit/')[1]
  await until('tomorrow is kept in the draft', async () => JSON.stringify(await core.call('visit_form', { id: draft })).includes(tomorrow.toISOString().slice(0, 10)))
  await page.getByText('走访日期不能晚于今天').first().waitFor()
  await tablet.tap('visit-save')
  await page.getByText(/日子还没到|走访日期不能晚于今天。/).first().waitFor()
  await look(page, 'tablet-visit-tomorrow')
  equal((await core.call('today')).drafts.length, 1, 'the draft is there')
  await tablet.tap('answer:a_date-day:' + today.toISOString().slice(0, 10))
  await tablet.tap('visit-save')
  await tablet.at('saved').waitFor()

  // A record of one's own: words added, then voided, each with a reason.
  const due = async () => (await core.call('child_file', { id: child })).dues.find((one) => one.kind === 'visit').due
  const after = await due()
  await tablet.tap('go-file')
  const record = (await core.call('child_file', { id: child })).timeline[0].record
  await tablet.tap(`amend:${record}`)
  await page.locator('#amend-words').fill('孩子的作业本也看了。')
  await tablet.tap('amend-save')
  await page.getByText('还没写为什么').waitFor()
  await look(page, 'tablet-amend')
  await page.locator('#amend-reason').fill('当时忘了写')
  await tablet.tap('amend-save')
  await until('the words stand in the timeline', async () => (await tablet.words('timeline')).includes('孩子的作业本也看了。'))
  await tablet.tap(`amend:${record}`)
  await tablet.tap('answer:amend-way:void')
  await page.locator('#amend-reason').fill('记到别家去了')
  await checkAxe(page, 'voiding')
  await tablet.tap('amend-save')
  await until('it is voided', async () => (await tablet.words('timeline')).includes('已作废'))
  await until('the reason is there', async () => (await tablet.words('timeline')).includes('记到别家去了'))
  await look(page, 'tablet-voided')
  truthy((await due()) < after, 'a voided visit does not count')
})
