import { pagesCommand } from '../common/pages-command.ts'
import { startTool } from '../common/start-tool.ts'
import { writeUnprinted } from './pages.ts'

await startTool('eval:unprinted', process, async (host) => {
  const command = pagesCommand(
    'eval:unprinted',
    'Writes pages without a word on them. npm run eval -- FOLDER --against plain then counts the words that were read there.',
    300,
  )
  command.parse([...host.arguments], { from: 'user' })
  const [folder = ''] = command.args
  const { count, seed } = command.opts<{ count: number; seed: string }>()
  await writeUnprinted(folder, seed, count)
  host.print(`${count} pages written to ${folder}`)
  return true
})
