import { Argument, type Command } from 'commander'
import { newCommand } from '../command.ts'
import { bashScript } from './bash.ts'
import { describeCommand, type DescribedCommand } from './describe.ts'
import { fishScript } from './fish.ts'
import { zshScript } from './zsh.ts'

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript } satisfies Record<
  string,
  (program: DescribedCommand) => string
>

interface Deps {
  stdout: Pick<NodeJS.WritableStream, 'write'>
  /** Loads the program with the options of all its commands. */
  loadProgram: () => Promise<Command>
}

/**
 * `completion`: generated from the commands themselves. The script holds every name, so that a shell completes without
 * starting Node.
 */
export const completionCommand = ({ stdout, loadProgram }: Deps): Command =>
  newCommand('completion')
    .description(
      'Prints a completion script. bash and zsh: source <(scriptorium completion bash); fish: scriptorium completion fish | source',
    )
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(scripts)))
    .action(async (shell: keyof typeof scripts) => {
      stdout.write(scripts[shell](describeCommand(await loadProgram())))
    })
