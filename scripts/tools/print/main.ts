import { Option } from 'commander'
import { pagesCommand } from '../common/pages-command.ts'
import { startTool } from '../common/start-tool.ts'
import { parts, requireFaces, type Part } from './fonts.ts'
import { writePrinted } from './pages.ts'

await startTool('eval:print', process, async (host) => {
  const command = pagesCommand(
    'eval:print',
    'Writes printed pages with their text, in many fonts and sizes. npm run eval -- FOLDER --against plain then lists those that plain Tesseract reads better.',
    200,
  ).addOption(
    new Option(
      '--part <name>',
      'pages for tuning, or with other fonts and kinds of pages for the proof',
    )
      .choices(parts)
      .default('seen'),
  )
  command.parse([...host.arguments], { from: 'user' })
  const [folder = ''] = command.args
  const { count, seed, part } = command.opts<{ count: number; seed: string; part: Part }>()
  requireFaces(part)
  await writePrinted({ folder, part, seed, count, stopping: host.stopping })
  host.print(`${count} pages written to ${folder}`)
  return true
})
