// Every page of both frames, with what must stand on it before it is looked at; and a check that none was left out.
import { readFileSync, readdirSync } from 'node:fs'
import { equal, root } from './lib.mjs'

/** [name, address, what is waited for, address when the tablet stands upright] of a director's tablet. */
export async function tabletScreens(core) {
  const { rows } = await core.call('today')
  const files = await Promise.all(rows.map((row) => core.call('child_file', { id: row.child })))
  const visited = files.find((file) => file.siblings.length === 0 && file.timeline.some((line) => line.kind === 'visit' && line.counts))
  const child = visited.child
  const problem = (await core.call('problems')).rows[0].problem
  // A visit that has begun.
  const { draft, parts } = await core.call('open_visit', { id: child })
  await core.call('answer_visit', { draft, part: 'session', key: 'a_met', codes: ['child', 'caregiver'], text: null })
  const section = parts.flatMap((part) => part.sections.map((one) => [part.part, one])).find(([, one]) => one.same_available)
  if (section) await core.call('same_as_last', { draft, part: section[0], section: section[1].key })
  return [
    ['today', `/today?child=${rows[0].child}`, 'nav-today', '/today'],
    ['today-child', `/today?child=${rows[0].child}`, 'go-contact'],
    ['children', '/children', 'children-search'],
    ['child', `/children/${child}`, 'timeline'],
    ['benefits', `/children/${child}/benefits`],
    ['child-rights', `/rights/${child}`, 'right-form'],
    ['contact', `/contact/${rows[1].child}`, 'answer:state:normal'],
    ['visit', `/visit/${draft}`, 'autosave'],
    ['no-answer', `/attempt/${rows[1].child}`, 'attempt-save'],
    ['report-empty', `/report/${child}`, 'report-save'],
    ['problems', '/problems', 'problem-card'],
    ['problem', `/problems/${problem}`, 'problem-story'],
    ['problem-paper', `/problems/${problem}/paper`, 'paper'],
    ['conflicts-none', '/conflicts', 'conflicts-empty'],
    ['coming', '/coming'],
    ['sync', '/sync', 'sync-last'],
    ['me', '/me', 'month'],
    ['work', '/me/work'],
    ['pin', '/me/pin', 'pin-step'],
    ['new-lock', '/me/lock'],
    ['returned', '/returned'],
    ['departures', '/departures'],
    ['help', '/help'],
    ['words', '/help/words'],
    ['family', '/help/family'],
    ['rules', '/help/rules', 'rules-phone'],
  ]
}

/** Refers a matter to a school and makes the packet for it; its id. */
async function packetOf(core, problem, pin) {
  await core.call('step_up', { pin })
  await core.call('add_problem_event', { problem, kind: 'referred', text: '请学校一起看看。', detail: { body: 'SCH' } })
  const form = await core.call('packet_form', { problem, referral: null })
  const fields = form.fields.filter((field) => field.given).map((field) => field.key)
  await core.call('make_packet', { problem, referral: form.referral, purpose: form.purposes[0].code, who: '中心小学', words: '请一起看看', fields, reason: '', until: '' })
  return (await core.call('problem', { id: problem })).packets[0].packet
}

/** The same of a station. */
export async function stationScreens(core, pin) {
  const { rows } = await core.call('search_children', { query: '', village: null })
  const { rows: problems } = await core.call('problems')
  const busiest = (problems.find((row) => row.state === 'in_progress') ?? problems[0]).problem
  const child = rows[0].child
  // A packet whose receipt is not here, so that it and its paper stand.
  const matter = problems.find((row) => row.names !== '' && row.number === null && ['accepted', 'in_progress', 'referred'].includes(row.state)).problem
  const packet = await packetOf(core, matter, pin)
  // A request that was answered, so that its paper stands.
  const asked = await core.call('ask_right', { child, rights: ['see', 'erase'], who: 'guardian', name: '石磊', text: '去年的记录', on: '' })
  const right = asked.rows[0].request
  await core.call('answer_right', { child, request: right, outcome: 'limited', duty: 'care', text: '走访记录按规定要留着。' })
  await core.call('begin_incident', { kind: 'lost', place: '白荷村的平板，在镇车站', on: '' })
  await core.call('ask_right', { child: rows[1].child, rights: ['copy'], who: 'child', name: '石小晨', text: '', on: '' })
  // A visit the station has begun.
  const { draft } = await core.call('open_visit', { id: rows[2].child })
  await core.call('answer_visit', { draft, part: 'session', key: 'a_met', codes: ['child', 'caregiver'], text: null })
  return [
    ['overview', '/overview', 'drafts'],
    ['children', '/children', 'station-nav-children'],
    ['child', `/children/${child}`, 'timeline'],
    ['benefits', `/children/${child}/benefits`],
    ['add-child', '/children?add=child', 'add-village'],
    ['contact', `/contact/${child}`, 'answer:state:normal'],
    ['visit', `/visit/${draft}`, 'autosave'],
    ['no-answer', `/attempt/${child}`, 'attempt-save'],
    ['report-empty', `/report/${child}`, 'report-save'],
    ['confidential', `/children/${child}/confidential`, 'confidential'],
    ['recusals', `/recusals/${child}`],
    ['rights', '/rights', 'rights-open'],
    ['child-rights', `/rights/${child}`, 'right-form'],
    ['right-paper', `/rights/${child}/${right}/paper`, 'right-paper'],
    ['export-child', `/exports/child/${child}`, 'copy-go'],
    ['guests', `/guests/${child}`],
    ['problems', '/problems', 'problem-column-waiting'],
    ['problem', `/problems/${busiest}`, 'problem-story'],
    ['problem-paper', `/problems/${busiest}/paper`, 'paper'],
    ['problem-packets', `/problems/${matter}`, 'problem-packets'],
    ['packets', '/packets', 'packets'],
    ['packet-new', `/packets/new/${matter}`, 'packet-go'],
    ['packet-receipt', `/packets/receipt/${matter}/${packet}`, 'packet-paper'],
    ['inbox', '/inbox', 'inbox-read'],
    ['coming', '/coming'],
    ['rounds', '/rounds'],
    ['moves', '/moves'],
    ['move-offer', `/moves/offer/${child}`],
    ['imports', '/imports', 'import-preview'],
    ['devices', '/devices', 'enrol-new'],
    ['people', '/people'],
    ['forms', '/forms'],
    ['exports', '/exports'],
    ['figures', '/exports/figures', 'figures-go'],
    ['erasures', '/erasures', 'retention'],
    ['erase', `/erasures/ask/${child}`, 'erase-parts'],
    ['erase-part', `/erasures/part/${child}`],
    ['audit', '/audit'],
    ['breach', '/breach', 'incident'],
    ['conflicts-none', '/conflicts', 'station-nav-conflicts'],
    ['sync', '/sync', 'sync-last'],
    ['me', '/me', 'month'],
    ['reported', '/me/reported'],
    ['work', '/me/work'],
    ['pin', '/me/pin', 'pin-step'],
    ['new-lock', '/me/lock'],
    ['returned', '/returned'],
    ['departures', '/departures'],
    ['help', '/help'],
    ['words', '/help/words'],
    ['family', '/help/family'],
    ['rules', '/help/rules', 'rules-phone'],
  ]
}

/** The same of an officer of the district. */
export async function districtScreens(core) {
  const { rows } = await core.call('stations')
  return [
    ['stations', '/stations', 'urgent'],
    ['station-trails', '/stations/trail', 'trails'],
    ['station', `/stations/${rows.at(-1).station}`, 'report-village'],
    ['sync', '/sync', 'sync-last'],
    ['me', '/me', 'about'],
    ['pin', '/me/pin', 'pin-step'],
    ['new-lock', '/me/lock', 'pin-key-1'],
  ]
}

/** Pages that only stand after something was done, and the journeys that look at them then. */
const elsewhere = {
  '/saved': 'day', '/writing': 'lost', '/me/duties': 'written', '/work/sign/:record': 'written', '/rights/:child/:request/paper': 'looks', '/work/:block/:record?': 'written',
}

/** Fails when a page of this frame is not among the screens. */
export function noneLeftOut(screens, shell) {
  const folder = `${root}ui/src/features`
  const text = readdirSync(folder).map((name) => {
    try {
      return readFileSync(`${folder}/${name}/routes.ts`, 'utf8')
    } catch {
      // A feature without pages of its own.
      return ''
    }
  }).join('\n')
  const pages = [...text.matchAll(/path: '([^']+)'[\s\S]*?shell: '(tablet|station|district|both|all)'/g)]
    .filter(([, path, of]) => (of === shell || of === 'all' || (of === 'both' && shell !== 'district')) && !(path in elsewhere))
    .map(([, path]) => path)
  const matches = (path) => {
    const pattern = new RegExp(`^${path.replace(/\/:\w+\?/g, '(/[^/?]+)?').replace(/:\w+/g, '[^/?]+')}(\\?.*)?$`)
    return screens.some(([, address]) => pattern.test(address))
  }
  equal(pages.filter((path) => !matches(path)), [], `pages of the ${shell} that nobody looks at`)
}
