// A director's work in the real window: what she records is kept by the core behind it, and outlives the window.
import { equal, journey, truthy, until } from '../lib.mjs'
import { directorsFolder, openWindow, startDisplay } from '../window.mjs'

const PIN = '593817'

journey('a contact recorded in the window arrives at the station', async (context) => {
  const { station, children, folder } = await directorsFolder(context, PIN)
  const window = await openWindow(context, folder, await startDisplay(context))
  await window.typePin(PIN)
  await window.shown('[data-test="nav-today"]')
  await window.go(`/contact/${children['石小雨']}`)
  await window.tap('[data-test="answer:mode:phone"]')
  await window.tap('[data-test="answer:party:caregiver"]')
  await window.tap('[data-test="answer:state:normal"]')
  truthy((await window.text('[data-test="saved"]')).includes('石小雨'), 'it is saved')
  await window.screenshot('window-saved')
  await until('the station has it', async () => {
    await station.call('sync_now')
    return (await station.call('inbox')).rows.some((row) => row.child === children['石小雨'] && row.kind === 'contact')
  })
  // The state on the screen follows by an event, without a tap.
  await window.go(`/children/${children['石小雨']}`)
  await until('it is delivered', async () => (await window.text('[data-test="timeline"]')).includes('已送达'))
})

journey('the answers of a visit outlive the window', async (context) => {
  const { children, folder } = await directorsFolder(context, PIN)
  const child = children['石小雨']
  const display = await startDisplay(context)
  let window = await openWindow(context, folder, display)
  await window.typePin(PIN)
  await window.shown('[data-test="nav-today"]')
  await window.go(`/children/${child}`)
  await window.tap('[data-test="go-visit"]')
  await window.tap('[data-test="answer:a_met:caregiver"]')
  await window.tap(`[data-test="answer:${child}:l_overall:watch"]`)
  await until('three answers and more are kept', async () => Number((await window.text('[data-test="autosave"]')).match(/(\d+)\/\d+/)?.[1]) >= 5)
  const before = await window.text('[data-test="autosave"]')
  await window.close()

  window = await openWindow(context, folder, display)
  await window.typePin(PIN)
  await window.tap('[data-test^="draft:"]')
  const after = await window.text('[data-test="autosave"]')
  equal(after.split('·')[1], before.split('·')[1], 'as many answers as before')
  const chosen = (code) => window.browser.execute((name) => document.querySelector(`[data-test="${name}"] input`).checked, code)
  truthy(await chosen('answer:a_met:caregiver'), 'whom she met is there')
  truthy(await chosen(`answer:${child}:l_overall:watch`), 'her judgement is there')
  await window.screenshot('window-visit-resumed')
})

journey('danger now opens the page of duties in the window, and the report is kept', async (context) => {
  const { children, folder } = await directorsFolder(context, PIN)
  const window = await openWindow(context, folder, await startDisplay(context))
  await window.typePin(PIN)
  await window.shown('[data-test="nav-today"]')
  await window.go(`/report/${children['周子涵']}`)
  await window.tap('[data-test="answer:card:hurt"]')
  await window.tap('[data-test="answer:urgency:now"]')
  await window.shown('[data-test="mandatory-page"]')
  truthy((await window.text('[data-test="mandatory-page"]')).includes('110'), 'the numbers are there')
  await window.screenshot('window-duties')
  await window.tap('[data-test="nav-today"]')
  await until('the page says how to leave it', async () => (await window.text('[data-test="mandatory-page"]')).includes('就能离开这页'))
  await window.tap('[data-test="answer:mandatory:reported"]')
  await window.tap('[data-test="answer:whom:110"]')
  await window.shown('textarea')
  await (await window.browser.$('textarea')).addValue('10点打了110')
  await window.tap('[data-test="mandatory-done"]')
  await window.tap('[data-test="phrase-0"]')
  await window.tap('[data-test="report-save"]')
  await window.shown('[data-test="saved"]')
  await window.go('/problems')
  truthy((await window.text('[data-test="problem-card"]')).includes('周子涵'), 'the report is on the list')
})
