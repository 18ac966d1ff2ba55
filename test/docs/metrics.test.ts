import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { startApi } from '../helpers/api/api.ts'
import { makeFolder } from '../helpers/folder.ts'
import { repository } from '../helpers/processes/processes.ts'
import { runTool, withoutTools } from '../helpers/tools.ts'

const read = (file: string): string => readFileSync(join(repository, 'docs', file), 'utf8')

/** Names and types of the metrics, by the API and by the tables. */
const api = await startApi({ after })
const { text } = await api.call('GET', '/metrics')
const exported = new Map(
  [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]),
)
const tables = [...read('metrics.md').matchAll(/^\| `(\w+)` +\| (\w+) +\| (.+?) +\|/gm)]
const documented = new Map(tables.map(([, name = '', type = '']) => [name, type]))

/** PromQL of the dashboard, by panel. */
const panels: { title: string; targets?: { expr: string }[] }[] = JSON.parse(
  read('deploy/grafana.json'),
).panels
const expressions = panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => ({ title, expr: expr.replaceAll('$__rate_interval', '5m') })),
)

test('docs/metrics.md has every metric once, with its type and unit', () => {
  assert.equal(tables.length, documented.size)
  assert.deepEqual(
    [...exported].filter(([name, type]) => documented.get(name) !== type),
    [],
  )
  const own = [...documented.keys()].filter((name) => name.startsWith('scriptorium_'))
  assert.deepEqual(
    own.filter((name) => !exported.has(name)),
    [],
  )
  assert.deepEqual(
    tables.filter(([, , , unit = '']) => unit.trim() === '').map(([row]) => row),
    [],
  )
})

test('alerts and dashboard use only metrics that the API exports', () => {
  const used = [read('deploy/alerts.yml'), ...expressions.map(({ expr }) => expr)].flatMap((from) =>
    [...from.matchAll(/\bscriptorium_\w+/g)].map(([name]) =>
      name.replace(/_(bucket|count|sum)$/, ''),
    ),
  )
  assert.ok(used.length > 30)
  assert.deepEqual(
    used.filter((name) => !exported.has(name)),
    [],
  )
})

test('the dashboard shows every metric of Scriptorium but the refusals', () => {
  const all = expressions.map(({ expr }) => expr).join('\n')
  const missing = [...exported.keys()].filter(
    (name) =>
      name.startsWith('scriptorium_') && !new RegExp(`${name}(_bucket|_count)?\\{`).test(all),
  )
  assert.deepEqual(missing, ['scriptorium_pages_per_minute', 'scriptorium_limit_refused_total'])
})

test('Prometheus accepts alerts and dashboard', { skip: withoutTools('promtool') }, (t) => {
  const rules = join(makeFolder(t), 'rules.yml')
  const records = expressions.map(({ expr }, index) => ({ record: `panel_${index}`, expr }))
  writeFileSync(rules, JSON.stringify({ groups: [{ name: 'dashboard', rules: records }] }))
  for (const file of [join(repository, 'docs/deploy/alerts.yml'), rules]) {
    const { status, stdout, stderr } = runTool('promtool', ['check', 'rules', file])
    assert.equal(status, 0, `${stdout}${stderr}`)
  }
})
