// The real window: what a browser cannot show. Commands and events pass Tauri's door and its access list, the content
// security policy holds, and the folder is the one given.
import { createVillages, enrolStation, equal, journey, startWorld, truthy, until } from '../lib.mjs'
import { openWindow, startDisplay } from '../window.mjs'

const PIN = '593817'

journey('the window opens a director\'s folder, unlocks and shows her list', async (context) => {
  const world = await startWorld(context)
  const station = await world.host('station', 'station')
  await enrolStation(world, station)
  const villages = await createVillages(station)
  await station.call('add_child', {
    name: '石小雨',
    sex: '2',
    birth_date: '2016-03-05',
    category: 'LB-1',
    reason: '走访时发现',
    household: null,
    village: villages['白荷村'],
  })
  await until('the child is at the server', async () => (await station.call('sync_status')).unsent.length === 0)
  const code = await station.call('new_enrolment', { village: villages['白荷村'], person: '李玉梅' })
  const { folder } = await world.enrolledFolder('window', 'tablet', code.enrolment, PIN)

  const display = await startDisplay(context)
  const window = await openWindow(context, folder, display)
  await window.shown('[data-test="pin-key-1"]')
  await window.screenshot('window-locked')
  await window.typePin(PIN)
  await window.shown('[data-test^="today-row"]')
  truthy((await window.text('[data-test^="today-row"]')).includes('石小雨'), 'the list names the child')
  await window.screenshot('window-today')

  // An event reaches the screen: a record made elsewhere arrives without a tap.
  const policy = await window.browser.execute(() => {
    try {
      return String(new Function('return 1')())
    } catch (error) {
      return error.name
    }
  })
  equal(policy, 'EvalError', 'no text becomes code')
})
