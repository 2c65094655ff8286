// Two tablets of one village edit while neither has a network. The same field: both values stay, with who and when, on
// both tablets and at the station, until one tap settles it. Different fields: nobody notices.
import {
  addChildren, createVillages, enrolStation, enrolTablet, equal, journey, look, open, startWorld, stationScreen, syncNow,
  tabletLandscape, tabletPortrait, truthy, until,
} from '../lib.mjs'

const MINE = '10055510011'
const YOURS = '10055520022'

journey('two tablets edit one field of one child offline, and one tap settles it everywhere', async (context) => {
  const world = await startWorld(context)
  const stationCore = await world.host('station', 'station')
  await enrolStation(world, stationCore)
  const villages = await createVillages(stationCore)
  const village = villages['白荷村']
  const children = await addChildren(stationCore, village, [['石小雨', '2016-03-05'], ['周子涵', '2014-11-30', 'LB-1', '1']])
  const child = children['石小雨']
  const cores = []
  for (const [name, person] of [['first', '李玉梅'], ['second', '王桂芳']]) {
    const core = await world.host(name)
    await enrolTablet(stationCore, core, village, person)
    cores.push(core)
  }
  const first = await open(context, cores[0], tabletLandscape)
  const second = await open(context, cores[1], tabletPortrait)
  const station = await open(context, stationCore, stationScreen)

  await world.cut()
  await edit(first, child, 'carer_phone', MINE)
  await edit(second, child, 'carer_phone', YOURS)
  // Different fields of one child, and of another one.
  await edit(first, child, 'carer_name', '王秀兰')
  await edit(second, child, 'landmark', '门口有棵大柿子树')
  await edit(second, children['周子涵'], 'nickname', '涵涵')
  await world.restore()
  for (const core of [...cores, ...cores, stationCore]) await syncNow(core)

  // Both values, who and when, on all three.
  for (const [device, name] of [[first, 'tablet-conflict'], [second, 'tablet-conflict-portrait'], [station, 'station-conflict']]) {
    await device.go('/conflicts')
    await until(`${name} shows it`, async () => (await device.at('conflict').count()) === 1)
    const words = await device.words('conflict')
    for (const part of ['石小雨', '照料人电话', apart(MINE), apart(YOURS), '李玉梅', '王桂芳', '今天']) {
      truthy(words.includes(part), `${name} says ${part}: ${words}`)
    }
    equal(await device.at('conflict-value').count(), 2, `${name} has both values`)
    await look(device.page, name)
  }
  // The different fields are simply there.
  for (const core of [...cores, stationCore]) {
    equal(await field(core, child, 'carer_name'), '王秀兰', `${core.name} has the carer`)
    equal(await field(core, child, 'landmark'), '门口有棵大柿子树', `${core.name} has the landmark`)
    equal(await field(core, children['周子涵'], 'nickname'), '涵涵', `${core.name} has the nickname`)
  }
  await first.go('/today')
  await first.tap('go-conflicts')
  await first.go(`/children/${child}`)
  await first.at('go-conflicts').waitFor()
  await look(first.page, 'tablet-child-conflict')

  // One tap settles it, and the choice travels.
  await second.go('/conflicts')
  await second.at('conflict').waitFor()
  const from = second.taps
  await second.tap(`[data-test="conflict-value"]:has-text("${apart(MINE)}") [data-test="conflict-choose"]`)
  await second.at('conflict-settled').waitFor()
  equal(second.taps - from, 1, 'taps of a settled conflict')
  await until('it says which value stands', async () => (await second.words('conflict-settled')).includes(apart(MINE)))
  await look(second.page, 'tablet-conflict-settled')
  for (const core of [cores[1], cores[0], stationCore]) await syncNow(core)
  for (const device of [first, second, station]) {
    await until(`${device.core.name} has nothing open`, async () => (await device.core.call('conflicts')).open.length === 0)
    equal(await field(device.core, child, 'carer_phone'), masked(MINE), `${device.core.name} has the chosen value`)
  }
  await station.at('conflicts-empty').waitFor()
  await first.go('/conflicts')
  await first.at('conflicts-empty').waitFor()
})

async function edit(device, child, key, value) {
  await device.go(`/children/${child}`)
  await device.tap(`edit:${key}`)
  await device.page.locator('#field-value').fill(value)
  await device.tap('field-save')
  const shown = key === 'carer_phone' ? masked(value) : value
  await until('the field shows it', async () => (await device.words(`field:${key}`)).includes(shown))
}

/** A telephone number as a file shows it until somebody taps 看一下. */
function masked(number) {
  return `${number.slice(0, 3)}****${number.slice(-4)}`
}

/** The same where two of them are to be told apart. */
function apart(number) {
  return `${number.slice(0, 3)}***${number.slice(-5)}`
}

async function field(core, child, key) {
  const { blocks } = await core.call('child_file', { id: child })
  const one = blocks.flatMap((block) => block.fields).find((found) => found.key === key)
  return one.value ?? one.text
}
