// A director's day, without a network for most of it: whom to see, a contact in four taps, a visit that survives a
// battery, a door nobody opens, a problem, and everything delivered once the network is back.
import {
  checkAxe, equal, figure, journey, look, open, startWorld, tabletLandscape, truthy, typePin, until,
} from '../lib.mjs'

const PIN = '593817'
const REPORT_WORDS = '10:20 打了110，派出所说马上来'
const SUMMARY = '奶奶说最近睡得早，作业自己写。'

journey("a director's day without a network, and everything delivered after it", async (context) => {
  const world = await startWorld(context)
  const villages = await world.township(3, PIN)
  const home = villages.at(-1)
  const stationCore = await world.host('station', 'station')
  await stationCore.call('unlock', { pin: PIN })
  // Surnames with two readings, for the search by initials.
  for (const [name, birth, sex] of [['单依晨', '2015-04-02', '2'], ['解小满', '2018-08-19', '1']]) {
    await stationCore.call('add_child', { name, sex, birth_date: birth, category: 'LB-1', reason: '学校告诉的', household: null, village: home.village })
  }
  const core = await world.host(home.name)
  const tablet = await open(context, core, tabletLandscape)

  await typePin(tablet.page, PIN)
  await tablet.at('nav-today').waitFor()
  await until('the two new children arrive', async () => (await find(core, '单依晨')) && (await find(core, '解小满')))

  await today(tablet)
  await search(tablet)
  await file(tablet)

  await world.cut()
  await core.call('sync_now').catch(() => {})
  await until('the strip says there is no network', async () => (await tablet.words('sync-strip')).includes('没有网'))

  const { child: contacted, taps: contactTaps } = await contact(tablet)
  const visited = await visit(tablet, world)
  const missed = await attempt(tablet, [contacted, visited.child])

  // Everything says it is kept here.
  await tablet.go('/sync')
  await tablet.at('sync-unsent').waitFor()
  const unsent = await tablet.words('sync-unsent')
  truthy(unsent.includes('已保存在本机') && !unsent.includes('已送达'), `the list says it is saved here: ${unsent}`)
  equal(unsent.split('\n').filter((line) => line === `${visited.name} 走访`).length, 1, 'a visit is one line')
  await look(tablet.page, 'tablet-sync-offline')
  await tablet.go(`/children/${visited.child}`)
  await until('the timeline says it is saved here', async () => (await tablet.words('timeline')).includes('已保存在本机'))
  await checkAxe(tablet.page, 'child file after the visit')
  await tablet.go('/problems')
  const card = tablet.page.locator('[data-test="problem-card"]').filter({ hasText: visited.name }).filter({ hasText: '已保存在本机' })
  await card.waitFor()

  // The network returns; nobody touches the tablet.
  await tablet.go('/sync')
  await tablet.page.evaluate(() => {
    window.heard = []
    const strip = document.querySelector('[data-test="sync-strip"]').parentElement
    const hear = () => window.heard.push(strip.textContent.trim())
    new MutationObserver(hear).observe(strip, { childList: true, subtree: true, characterData: true })
  })
  await world.restore()
  await until('everything is delivered by itself', async () => (await tablet.words('sync-strip')).startsWith('都送到了'), 90_000)
  const heard = await tablet.page.evaluate(() => window.heard)
  truthy(heard.some((words) => /正在(连|上传|接收)/.test(words)), `progress was shown: ${heard.join(' | ')}`)
  await tablet.page.getByText('记好的都送到了').waitFor()
  await look(tablet.page, 'tablet-sync-delivered')
  await tablet.go(`/children/${visited.child}`)
  await until('the visit is delivered', async () => (await tablet.words('timeline')).includes('已送达'))
  await until('nothing in the timeline waits', async () => !(await tablet.words('timeline')).includes('已保存在本机'))

  // And it is at the station. The children may have been visited before, so every visit of hers is looked at.
  await until('the station reads what was written before the battery died', async () => {
    await stationCore.call('sync_now')
    const { rows } = await stationCore.call('inbox')
    const kinds = [[contacted, 'contact'], [visited.child, 'visit'], [missed, 'attempt']]
    const visits = rows.filter((row) => row.child === visited.child && row.kind === 'visit')
    const read = await Promise.all(visits.map(({ record }) => stationCore.call('visit_read', { child: visited.child, record })))
    const are = kinds.every(([child, kind]) => rows.some((row) => row.child === child && row.kind === kind))
    return are && JSON.stringify(read).includes(SUMMARY)
  })
  figure(`taps visit=${visited.taps} contact=${contactTaps}`)
})

async function find(core, query) {
  const { rows } = await core.call('search_children', { query, village: null })
  return rows[0]
}

async function today(tablet) {
  const view = await tablet.core.call('today')
  truthy(view.rows.length > 10, 'the village has children')
  for (const group of new Set(view.rows.map((row) => row.group))) {
    const own = view.rows.filter((row) => row.group === group)
    const words = await tablet.words(`group-${group}`)
    for (const row of own) {
      truthy(words.includes(row.children[0].name), `${row.children[0].name} stands under ${group}`)
      truthy(words.includes(row.first.reason), `the reason of ${row.children[0].name} is there: ${row.first.reason}`)
    }
    truthy(words.includes('可做：'), `the window is there: ${words}`)
  }
  await look(tablet.page, 'tablet-today-list')
}

async function search(tablet) {
  await tablet.tap('nav-children')
  const found = async (query) => {
    await tablet.at('children-search').fill(query)
    const { rows } = await tablet.core.call('search_children', { query, village: null })
    const shown = () => tablet.page.locator('[data-test^="child-row:"]').evaluateAll((all) => all.map((row) => row.dataset.test.slice(10)))
    await until(`the list follows “${query}”`, async () => {
      const there = await shown()
      return there.length === rows.length && rows.every((row) => there.includes(row.child))
    })
    return rows.map((row) => row.name)
  }
  truthy((await found('syc')).includes('单依晨'), '单 as a surname is shan')
  truthy((await found('xxm')).includes('解小满'), '解 as a surname is xie')
  equal(await found('依晨'), ['单依晨'], 'by 汉字')
  const carer = (await tablet.core.call('search_children', { query: '', village: null })).rows.find((row) => row.carer)
  const surnameFree = carer.carer.split(' ').at(-1)
  truthy((await found(surnameFree)).includes(carer.name), `by carer ${surnameFree}`)
  await look(tablet.page, 'tablet-search')
  equal(await found('没有这个人'), [], 'nobody')
  await tablet.at('children-none').waitFor()
  await checkAxe(tablet.page, 'an empty search')
  await tablet.tap('children-all')
}

async function file(tablet) {
  const row = (await tablet.core.call('today')).rows.find((one) => one.first.kind === 'visit') ?? (await tablet.core.call('today')).rows[0]
  await tablet.go(`/children/${row.child}`)
  await until('the file says why', async () => (await tablet.words('dues')).includes(row.first.reason))
  await tablet.at('block:basic').waitFor()
  await tablet.at('timeline').waitFor()
  await look(tablet.page, 'tablet-child-file')
}

/** Four taps when all is well. */
async function contact(tablet) {
  const { rows } = await tablet.core.call('today')
  const row = rows.find((one) => one.first.kind === 'contact' && one.children.length === 1)
  const before = (await tablet.core.call('child_file', { id: row.child })).dues.find((due) => due.kind === 'contact')
  await tablet.go('/today')
  await tablet.tap(`today-row:${row.child}`)
  await tablet.at('go-contact').waitFor()
  const from = tablet.taps
  await tablet.tap('go-contact')
  await tablet.tap('answer:mode:phone')
  await tablet.tap('answer:party:caregiver')
  await checkAxe(tablet.page, 'the contact')
  await tablet.tap('answer:state:normal')
  await tablet.at('saved').waitFor()
  const taps = tablet.taps - from
  equal(taps, 4, 'taps of a contact')
  await until('it says it is saved here', async () => (await tablet.words('saved')).includes('已保存在本机'))
  await look(tablet.page, 'tablet-saved-contact')
  const after = (await tablet.core.call('child_file', { id: row.child })).dues.find((due) => due.kind === 'contact')
  truthy(after.due > before.due, `the next contact moved from ${before.due} to ${after.due}`)
  return { child: row.child, taps }
}

/** A child alone in its household who was seen at the last visit and is cared for well, so that all of it can be copied. */
async function visitable(core) {
  for (const row of (await core.call('today')).rows.filter((one) => one.children.length === 1 && !one.draft)) {
    const there = await core.call('child_file', { id: row.child })
    const last = there.timeline.find((line) => line.kind === 'visit')
    if (there.siblings.length > 0 || !last?.counts) continue
    // An ordinary day: where the care was not rated 较好 it is asked anew each time.
    const rating = there.blocks.flatMap((block) => block.fields).find((field) => field.key === 'guardianship_rating')?.value
    if (rating && rating !== 'good') continue
    const read = await core.call('visit_read', { child: row.child, record: last.record })
    const seen = read.sections.flatMap((section) => section.answers).some((one) => one.label === '情绪')
    if (seen) return there
  }
  throw new Error('no household was visited before')
}

async function visit(tablet, world) {
  const { core } = tablet
  const before = await visitable(core)
  const { child, name } = before
  await tablet.go(`/children/${child}`)
  await tablet.at('go-visit').waitFor()
  let from = tablet.taps
  await tablet.tap('go-visit')
  await tablet.at('autosave').waitFor()
  const draft = tablet.page.url().split('/visit/')[1]
  const form = () => core.call('visit_form', { id: draft })
  const answered = async (part, key) => {
    const question = (await form()).parts.find((one) => one.part === part).sections.flatMap((one) => one.questions).find((one) => one.key === key)
    return question && (question.codes.length > 0 || question.text)
  }
  /** One tap, and the answer is kept before the next. */
  const answer = async (part, key, code) => {
    await tablet.tap(`answer:${part === 'session' ? key : `${part}:${key}`}:${code}`)
    await until(`${key} is kept`, () => answered(part, key))
  }

  await answer('session', 'a_met', 'child')
  await answer('session', 'a_met', 'caregiver')
  const copyable = () => form().then(({ parts }) => parts.flatMap((part) => part.sections).filter((section) => section.same_available && !section.same_applied).length)
  const copied = await copyable()
  await tablet.tap('same-all')
  await until('all that could be is as last time', async () => (await copyable()) === 0)
  truthy(copied >= 3, `sections were copied: ${copied}`)
  await look(tablet.page, 'tablet-visit-copied')
  await tablet.tap(`none:${child}`)
  await until('nothing of it is open', async () => (await form()).parts.every((part) => part.none_open.length === 0))
  // What both leave open, one tap each; the first answer is the one of an ordinary day.
  const opened = []
  for (let gaps = (await form()).missing; gaps.length > 0; gaps = (await form()).missing) {
    const [{ part, key }] = gaps
    const question = (await form()).parts.find((one) => one.part === part).sections.flatMap((one) => one.questions).find((one) => one.key === key)
    opened.push(key)
    await answer(part, key, question.options[0].code)
  }
  const taps = tablet.taps - from + 1
  truthy(taps <= 12, `an uneventful visit takes ${taps} taps; asked one by one: ${opened.join(', ')}`)

  // The last sentence is half typed when the battery dies.
  const text = tablet.page.locator(`[data-test="answer:${child}:l_summary"] textarea, textarea[data-test="answer:${child}:l_summary"]`)
  await text.click()
  await text.fill(SUMMARY)
  await until('the sentence is kept', async () => JSON.stringify(await form()).includes(SUMMARY))
  const total = (await form()).answered
  await world.kill(core.name)
  await world.restart(core.name)
  await tablet.page.goto('about:blank')
  await tablet.page.goto(core.url)
  await typePin(tablet.page, PIN)
  await tablet.at(`draft:${draft}`).waitFor()
  await checkAxe(tablet.page, 'today with a draft')
  await tablet.tap(`draft:${draft}`)
  await tablet.at('autosave').waitFor()
  await until('it stands on the same field', () => tablet.page.evaluate(() => document.activeElement?.id.endsWith('l_summary')))
  equal(await text.inputValue(), SUMMARY, 'the words are there')
  equal((await form()).answered, total, 'every answer is there')

  await problem(tablet, child)

  await tablet.tap('visit-save')
  await tablet.at('saved').waitFor()
  await until('it says when next', async () => (await tablet.words('next-dates')).includes('下次走访'))
  await until('it says it is saved here', async () => (await tablet.words('saved')).includes('已保存在本机'))
  await look(tablet.page, 'tablet-saved-visit')
  const due = (there) => there.dues.find((one) => one.kind === 'visit').due
  const after = await core.call('child_file', { id: child })
  truthy(due(after) > due(before), `the next visit moved from ${due(before)} to ${due(after)}`)
  return { child, name, taps }
}

/** From the visit and back into it; danger opens the page of duties, which is left only by an answer. */
async function problem(tablet, child) {
  await tablet.tap('visit-report')
  await tablet.tap('answer:card:danger')
  await tablet.tap('answer:urgency:now')
  await tablet.at('mandatory-page').waitFor()
  const words = await tablet.words('mandatory-page')
  truthy(words.includes('110') && words.includes('120'), 'the numbers are there without a network')
  await look(tablet.page, 'tablet-mandatory')
  await tablet.tap('nav-today')
  await tablet.page.getByText('就能离开这页').waitFor()
  truthy(await tablet.at('mandatory-page').isVisible(), 'the page stays')
  await tablet.page.goBack()
  await tablet.page.goForward()
  truthy(await tablet.at('mandatory-page').isVisible(), 'the page stays at the way back, too')
  await tablet.tap('answer:mandatory:reported')
  await tablet.tap('answer:whom:110')
  await tablet.page.locator('textarea').fill(REPORT_WORDS)
  await tablet.tap('mandatory-done')
  await until('what was done is kept', async () => (await tablet.words('mandatory-settled')).includes(REPORT_WORDS))
  await tablet.page.getByRole('button', { name: '今天上门时看到' }).tap()
  await look(tablet.page, 'tablet-report')
  await tablet.tap('report-save')
  await tablet.at('back-to-visit').waitFor()
  await checkAxe(tablet.page, 'saved problem')
  const { rows } = await tablet.core.call('problems')
  truthy(rows.some((row) => row.child === child && row.record_state === 'saved'), 'the problem is saved here')
  await tablet.tap('back-to-visit')
  await tablet.at('autosave').waitFor()
}

/** Nobody opens: it is written down, does not count, and says so. */
async function attempt(tablet, others) {
  const { rows } = await tablet.core.call('today')
  const row = rows.find((one) => one.children.length === 1 && !others.includes(one.child))
  const dues = async () => (await tablet.core.call('child_file', { id: row.child })).dues.map((due) => [due.kind, due.due])
  const before = await dues()
  await tablet.go('/today')
  await tablet.tap(`today-row:${row.child}`)
  await tablet.tap('go-attempt')
  await until('it says that it does not count', async () => (await tablet.page.locator('main').innerText()).includes('不算一次走访'))
  await tablet.page.locator('[data-test^="answer:reason:"]').first().tap()
  await look(tablet.page, 'tablet-attempt')
  await tablet.tap('attempt-save')
  await until('it is named', async () => (await tablet.words('saved')).includes('没见到'))
  equal(await tablet.at('why-not').count(), 0, 'what the page said before is not said again')
  await look(tablet.page, 'tablet-saved-attempt')
  equal(await dues(), before, 'an attempt moves no date')
  await tablet.go(`/children/${row.child}`)
  await until('the timeline says it does not count', async () => (await tablet.words('timeline')).includes('不算次数'))
  return row.child
}
