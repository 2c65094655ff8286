// A village's registers, as untidy as offices keep them: looked at row by row, imported, imported again, and refused in words.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  checkAxe, createVillages, delivered, enrolStation, equal, journey, look, open, startWorld, stationScreen, truthy, typePin, until,
} from '../lib.mjs'

const VILLAGE = '永宁圩村'

journey('the station imports registers, sees every row with its reason, and keeps the result', async (context) => {
  const world = await startWorld(context)
  const core = await world.host('station', 'station')
  await enrolStation(world, core)
  const villages = await createVillages(core, 4)
  const station = await open(context, core, stationScreen)
  await station.at('station-nav-imports').waitFor()
  const [leftBehind, difficulty] = registers(await world.ledgers())

  // The first register: new files, and rows that must be refused, each with its reason.
  await station.tap('station-nav-imports')
  await checkAxe(station.page, 'choosing a register')
  await preview(station, leftBehind)
  const rows = await station.words('import-rows')
  for (const words of ['新建', '不能导入', '姓名', '出生日期']) truthy(rows.includes(words), `the preview says ${words}`)
  await look(station.page, 'station-import-preview')
  const rejected = await counted(station, 'rejected')
  const fresh = await counted(station, 'new')
  truthy(rejected >= 4 && fresh >= 6, `${fresh} new and ${rejected} refused rows`)
  await station.tap('import-filter-rejected')
  const reasons = await station.page.locator('[data-test="import-rows"] tbody tr').allInnerTexts()
  equal(reasons.length, rejected, 'one line for each refused row')
  truthy(reasons.every((line) => line.length > 12 && !line.includes('没有问题')), `each says why: ${reasons.join(' | ')}`)
  await look(station.page, 'station-import-rejected')
  await station.tap('import-filter-all')
  await station.tap('import-confirm')
  await station.at('import-done').waitFor()
  await station.tap('import-download')
  await station.at('pin-again').waitFor()
  const [download] = await Promise.all([station.page.waitForEvent('download'), typePin(station.page, '283946')])
  const bytes = readFileSync(await download.path())
  truthy(bytes.length > 2000 && bytes.subarray(0, 4).toString('hex') === 'd0cf11e0', `the result is an encrypted workbook of ${bytes.length} bytes`)
  await station.at('import-password').waitFor()
  truthy(download.suggestedFilename().endsWith('.xlsx'), `its name is ${download.suggestedFilename()}`)
  await look(station.page, 'station-import-done')
  equal((await core.call('search_children', { query: '', village: villages[VILLAGE] })).total, fresh, 'the children are there')

  // The same file again changes nothing and says so.
  await station.tap('import-again')
  await preview(station, leftBehind)
  equal(await counted(station, 'new'), 0, 'nothing is new')
  equal(await counted(station, 'changed'), 0, 'nothing is changed')
  await until('it says nothing has changed', async () => (await station.words('import-sentence')).includes(`没有变化 ${await counted(station, 'same')} 人`))
  truthy(await station.at('import-confirm').isDisabled(), 'there is nothing to confirm')
  await look(station.page, 'station-import-same')
  await station.tap('import-cancel')

  // The second register, of another layout.
  await preview(station, difficulty)
  truthy((await counted(station, 'new')) >= 1, 'children in difficulty are new')
  await station.tap('import-confirm')
  await station.at('import-done').waitFor()

  // The village changed two cells; one of them the station had changed, too.
  const { rows: children } = await core.call('search_children', { query: '', village: villages[VILLAGE] })
  const inFirst = (await Promise.all(children.map((row) => core.call('child_file', { id: row.child })))).filter((file) =>
    ['school_grade', 'carer_phone'].every((key) => fieldOf(file, key)?.text) && file.reasons.join().includes('留守'),
  )
  const names = children.map((row) => row.name)
  const alone = inFirst.filter((file) => names.filter((name) => name === file.name).length === 1)
  truthy(alone.length >= 2, `children with a school and a phone: ${alone.map((file) => file.name)}`)
  const [changed, both] = alone
  await core.call('edit_field', { child: both.child, holder: 'child', key: 'carer_phone', value: '10055510011' })
  const [edited] = registers(
    await world.ledgers([
      { name: changed.name, key: 'school_grade', value: '芦汀小学五年级' },
      { name: both.name, key: 'carer_phone', value: '10055520022' },
    ]),
  )
  await station.tap('import-again')
  await preview(station, edited)
  equal(await counted(station, 'changed'), 1, 'one row is changed')
  equal(await counted(station, 'conflict'), 1, 'one row was changed on both sides')
  await station.tap('import-filter-conflict')
  const conflict = await station.words('import-rows')
  truthy(conflict.includes(both.name), `the row is named: ${both.name}`)
  await look(station.page, 'station-import-conflict')
  await station.tap('import-filter-changed')
  await until('the change is told', async () => (await station.words('import-rows')).includes('芦汀小学五年级'))
  await station.tap('import-confirm')
  await station.at('import-done').waitFor()
  equal(fieldOf(await core.call('child_file', { id: both.child }), 'carer_phone').text, '100****0011', 'the field stays as the station has it')
  equal(fieldOf(await core.call('child_file', { id: changed.child }), 'school_grade').value, '芦汀小学五年级', 'the other field is new')
  await delivered(core)

  // What is no spreadsheet is refused in a plain sentence.
  await station.tap('import-again')
  const folder = mkdtempSync(join(tmpdir(), 'zoufang-ledger-'))
  context.after(async () => rmSync(folder, { recursive: true, force: true }))
  const text = join(folder, '名册.xlsx')
  writeFileSync(text, '姓名,出生日期\n石小雨,2016-03-05\n')
  await station.page.locator('[data-test="import-village"]').selectOption({ label: VILLAGE })
  await station.page.locator('[data-test="import-file"]').setInputFiles(text)
  await station.tap('import-preview')
  await until('a text file is refused in words', async () => (await station.words('import-problem')).includes('这个文件不是 Excel 表格'))
  await look(station.page, 'station-import-refused')
})

function registers(all) {
  const own = all.filter((ledger) => ledger.village === VILLAGE)
  return ['农村留守儿童花名册', '困境儿童花名册'].map((kind) => own.find((ledger) => ledger.kind === kind).path)
}

async function preview(station, path) {
  await station.page.locator('[data-test="import-village"]').selectOption({ label: VILLAGE })
  await station.page.locator('[data-test="import-file"]').setInputFiles(path)
  await station.tap('import-preview')
  await station.at('import-sentence').waitFor()
}

async function counted(station, outcome) {
  return Number(await station.page.locator(`[data-test="import-filter-${outcome}"] b`).innerText())
}

function fieldOf(file, key) {
  return file.blocks.flatMap((block) => block.fields).find((field) => field.key === key)
}
