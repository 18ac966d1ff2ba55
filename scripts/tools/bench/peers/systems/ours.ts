import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseRunReport } from '../../../../../services/cli/ingest/follow.ts'
import { presets, type Preset } from '../../../../../shared/contract/recipe.ts'
import { compileCache } from '../../run/ingest-run.ts'
import { tesseractPresence } from './tesseract-cli.ts'
import { psm, type PeerOrder, type System } from './system.ts'

type Engine = 'tesseract.js' | 'native'

const reportFile = ({ scratch }: PeerOrder): string => join(scratch, 'report.json')

/** Scriptorium with one preset and one engine, from the start of the command to its end, without npm's own start. */
function ourSystem(preset: Preset, engine: Engine): System {
  return {
    name: `Scriptorium ${preset}${engine === 'native' ? ' (native)' : ''}`,
    label: preset,
    family: engine,
    exitCodes: [0, 2, 4],
    find: (bench) =>
      engine === 'native'
        ? tesseractPresence(bench)
        : { kind: 'installed', version: 'tesseract.js, this checkout' },
    commandFor: (order, { node }) => ({
      program: node,
      arguments: [
        ['scripts/scriptorium.js', 'ingest', `@${order.lines}`],
        ['--base', order.root, '--out', order.out, '--report', reportFile(order)],
        ['--formats', 'txt', '--preset', preset, '--psm', String(psm)],
        ['--languages', order.languages, '--workers', String(order.cores)],
      ].flat(),
      environment: { NODE_COMPILE_CACHE: compileCache, SCRIPTORIUM_ENGINE: engine },
    }),
    reportedSeconds(order) {
      const file = reportFile(order)
      return existsSync(file) ? parseRunReport(readFileSync(file, 'utf8')).seconds : undefined
    },
  }
}

/** Every preset with every engine. */
export const ourSystems: readonly System[] = (['tesseract.js', 'native'] as const).flatMap(
  (engine) => presets.map((preset) => ourSystem(preset, engine)),
)
