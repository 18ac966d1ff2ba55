import { styleText } from 'node:util'
import { Command, Help, Option } from 'commander'

/** Effects of `--quiet` and `--verbose` on a command, for its help. */
interface Verbosity {
  quiet?: string
  verbose?: string
}

/** The options that every command has. */
export interface Common {
  quiet: boolean
  verbose: boolean
}

const bold = (text: string): string => styleText('bold', text, { validateStream: false })

/**
 * A command with the settings that all share: it throws `CommanderError` instead of exiting, names the nearest flag,
 * and colours its help where the terminal has colours and NO_COLOR is not set.
 */
export function newCommand(name: string, verbosity: Verbosity = {}): Command {
  const { quiet = 'print errors and requested data only', verbose } = verbosity
  const causes = 'print causes and stack traces of errors'
  return new Command(name)
    .exitOverride()
    .showHelpAfterError('(--help lists all options)')
    .showSuggestionAfterError()
    .configureHelp({
      styleTitle: bold,
      optionDescription(option) {
        const isOff = option.defaultValue === false
        return isOff ? option.description : Help.prototype.optionDescription.call(this, option)
      },
    })
    .addOption(new Option('-q, --quiet', quiet).default(false).conflicts('verbose'))
    .addOption(
      new Option('-v, --verbose', verbose === undefined ? causes : `${verbose}; ${causes}`).default(
        false,
      ),
    )
}
