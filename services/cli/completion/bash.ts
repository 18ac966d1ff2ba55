import { allCommands, quoted, spellings, type DescribedCommand } from './describe.ts'

const wordsOf = (words: readonly string[]): string => quoted(words.join(' '))
const placeOf = ({ path }: DescribedCommand): string => path.map((name) => `/${name}`).join('')

/** A completion script for bash. Where it proposes nothing, readline proposes files. */
export function bashScript(program: DescribedCommand): string {
  const all = allCommands(program)
  const places = all.filter(({ path }) => path.length > 0).map(placeOf)
  const values = all.flatMap((command) =>
    command.options
      .filter(({ takesValue }) => takesValue)
      .map((option) => {
        const patterns = spellings(option).map((name) => `${placeOf(command)}:${name}`)
        return `    ${patterns.join('|')}) words=${wordsOf(option.choices)} kind=value ;;`
      }),
  )
  const flags = all.map(
    (command) =>
      `    ${placeOf(command) || "''"}) flags=${wordsOf(command.options.flatMap(spellings))}` +
      ` words=${wordsOf([...command.commands.map(({ name }) => name), ...command.choices])} ;;`,
  )
  return `# bash completion for ${program.name}. Use: source <(${program.name} completion bash)
_${program.name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} at=$((COMP_CWORD - 1)) place= kind= words= flags= word
  # bash splits --name=value at the sign.
  if [[ $current == = ]]; then current=; elif [[ \${COMP_WORDS[at]} == = ]]; then at=$((at - 1)); fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $place/$word in
    ${places.join('|')}) place=$place/$word ;;
    esac
  done
  case $place:\${COMP_WORDS[at]} in
${values.join('\n')}
  esac
  if [[ $kind != value ]]; then
    case $place in
${flags.join('\n')}
    esac
    [[ $current == -* ]] && words=$flags
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _${program.name} ${program.name}
`
}
