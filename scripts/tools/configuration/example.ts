import { composeSettings } from './compose-settings.ts'
import { settingRows } from './setting-rows.ts'

const introduction = `# Settings of docker-compose.yml with their defaults: copy to .env, uncomment, change. Git ignores .env: it may hold tokens.
# \`npm run configuration\` writes this file; docs/configuration.md has units and ranges.
`

/** \`.env.example\`: every setting of docker-compose.yml with its description. \`defaults\` are its defaults, by name. */
export function exampleFile(defaults: ReadonlyMap<string, string>): string {
  const left = new Map(defaults)
  const section = (title: string, entries: readonly (readonly [string, string])[]): string => {
    const lines = entries.flatMap(([name, description]) => {
      const value = left.get(name)
      if (value === undefined) return []
      left.delete(name)
      return [`# ${description.replaceAll('`', '')}.\n#${name}=${value}\n`]
    })
    return `\n# --- ${title} ---\n${lines.join('')}`
  }
  const own = section('Docker Compose', Object.entries(composeSettings))
  const roles = [...settingRows()].map(([title, rows]) =>
    section(
      title,
      rows.map((row) => [row.name, row.unit === '' ? row.description : withUnit(row)]),
    ),
  )
  if (left.size > 0) throw new Error(`no description: ${[...left.keys()].join(', ')}`)
  return introduction + own + roles.filter((text) => text.includes('=')).join('')
}

const withUnit = ({ description, unit }: { description: string; unit: string }): string =>
  `${description} [${unit}]`
