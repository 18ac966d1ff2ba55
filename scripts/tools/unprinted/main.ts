import { Command } from 'commander'
import { number } from '../common/number-option.ts'
import { startTool } from '../common/start-tool.ts'
import { writeUnprinted } from './pages.ts'

await startTool('eval:unprinted', process, async (host) => {
  const command = new Command('npm run eval:unprinted --')
    .description(
      'Writes pages without a word on them. npm run eval -- FOLDER --against plain then counts the words that were read there.',
    )
    .argument('<folder>', 'where the pages go')
    .addOption(number('--count <n>', 'pages to write', 300))
    .option('--seed <text>', 'writes the same pages again', '1')
  command.parse([...host.arguments], { from: 'user' })
  const [folder = ''] = command.args
  const { count, seed } = command.opts<{ count: number; seed: string }>()
  await writeUnprinted(folder, seed, count)
  host.print(`${count} pages written to ${folder}`)
  return true
})
