import { definitions, names } from '../../../services/api/limits/limits.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { composeSettings } from './compose-settings.ts'
import { settingRows, type SettingRow } from './setting-rows.ts'

const introduction = `# Configuration

\`npm run configuration\` writes this page and [\`.env.example\`](../.env.example) from the schemas in
\`shared/process/settings/\`; edit those.

Each role reads its environment and nothing else. A role that finds invalid variables reports all of them by name
and exits with code 9. An empty variable counts as unset. Flags of \`ingest\` have variables of their own:
[command-line.md](command-line.md#flags).
`

const limits = `## Limits of the API

The API refuses a request that would exceed one of these limits, with \`Retry-After\` and the name of the setting.
\`/metrics\` shows each as \`scriptorium_limit{limit="…"}\`, \`scriptorium_limit_used\` and
\`scriptorium_limit_refused_total\`.

One token (one address without tokens) gets half of each of the first seven limits, and 429 \`too_many_open\` beyond
that. A single request that needs more than half is served while its token has nothing else open.
`

const fixed = `## Fixed limits

- JSON bodies: 64 KiB (\`POST /v1/runs\` 1 MiB, \`/v1/documents/check\` 256 KiB, \`/v1/documents\` 16 MiB), 150 s.
- HTTP headers: 16 KiB, 30 s.
- The log of \`npm start\` and \`ingest\`: 10 MB, then a new file; one older file is kept.
`

const compose = `## Docker Compose

\`docker-compose.yml\` hands the settings above to its containers and reads these itself. Put them into \`.env\`.
`

/** \`docs/configuration.md\`. \`defaults\` are those of docker-compose.yml, by name. */
export function configurationPage(defaults: ReadonlyMap<string, string>): string {
  const sections = [...settingRows()].map(
    ([title, rows]) => `## ${title}\n\n${table(header, rows.map(cellsOf))}`,
  )
  const composeRows = Object.entries(composeSettings).map(([name, description]) => [
    code(name),
    code(defaults.get(name) ?? ''),
    description,
  ])
  return [
    introduction,
    ...sections,
    `${limits}\n${table(['Limit', 'Setting', 'Refusal'], limitRows())}`,
    fixed,
    `${compose}\n${table(['Variable', 'Default', 'Meaning'], composeRows)}`,
  ].join('\n')
}

const header = ['Variable', 'Default', 'Unit', 'Range', 'Meaning']

const cellsOf = (row: SettingRow): string[] => [
  code(row.name),
  code(row.default),
  row.unit,
  row.range,
  row.description,
]

const limitRows = (): string[][] =>
  names.map((name) => {
    const { setting, code: answer } = definitions[name]
    const { httpStatus } = new ScriptoriumError(answer, '')
    return [code(name), code(setting), `${httpStatus} ${code(answer)}`]
  })

const code = (text: string): string => (text === '' ? '' : `\`${text}\``)

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  return line(titles) + line(titles.map(() => '---')) + rows.map(line).join('')
}
