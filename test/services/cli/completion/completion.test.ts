import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { makeFolder } from '../../../helpers/folder.ts'
import { repository } from '../../../helpers/processes/processes.ts'
import { withoutTools } from '../../../helpers/tools.ts'

const scripts = new Map<string, string>()

before(() => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const words = [join(repository, 'scripts/scriptorium.js'), 'completion', shell]
    const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    scripts.set(shell, stdout)
  }
})

/** The proposals of bash for the last of the words. */
function completeInBash(file: string, words: readonly string[]): string[] {
  const line = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _scriptorium
    printf '%s\\n' "\${COMPREPLY[@]}"`
  const all = ['-c', line, 'bash', file, 'scriptorium', ...words]
  const { status, stdout, stderr } = spawnSync('bash', all, { encoding: 'utf8' })
  assert.deepEqual([status, stderr], [0, ''])
  return stdout.split('\n').filter((word) => word !== '')
}

test('bash completes commands, flags and their values', (t) => {
  const file = join(makeFolder(t), 'scriptorium.bash')
  writeFileSync(file, scripts.get('bash') ?? '')
  const complete = (...words: string[]): string[] => completeInBash(file, words)
  assert.deepEqual(complete('in'), ['ingest'])
  for (const command of ['ingest', 'serve', 'workers', 'status', 'doctor', 'completion'])
    assert.ok(complete('').includes(command), command)
  assert.deepEqual(complete('--ver'), ['--version'])
  assert.deepEqual(complete('ingest', 'scans', '--pre'), ['--preset'])
  assert.deepEqual(complete('ingest', '--preset', 'b'), ['balanced', 'best'])
  assert.deepEqual(complete('ingest', '--preset', '=', 'b'), ['balanced', 'best'])
  assert.deepEqual(complete('ingest', '--preset', '='), ['fast', 'balanced', 'best'])
  assert.deepEqual(complete('languages', 'a'), ['add'])
  assert.deepEqual(complete('languages', 'add', '--q'), ['--quiet'])
  assert.deepEqual(complete('completion', 'f'), ['fish'])
  assert.deepEqual(complete('status', '--pre'), [], 'a flag of another command')
  assert.deepEqual(complete('ingest', 'scans'), [], 'files are for readline')
  assert.deepEqual(complete('ingest', '--out', '--pre'), [], 'a value is no flag')
})

test('zsh completes commands and flags', { skip: withoutTools('zsh') }, (t) => {
  const file = join(makeFolder(t), 'scriptorium.zsh')
  writeFileSync(file, scripts.get('zsh') ?? '')
  // The completion itself, with stand-ins for the functions that need a line editor: each prints its arguments.
  const line = `compdef() { :; }; source "$1"
    _arguments() { print -rl -- "$@" }; _describe() { print -rl -- "\${commands[@]}" }
    _scriptorium; _scriptorium_ingest; _scriptorium_languages_add`
  const { status, stdout, stderr } = spawnSync('zsh', ['-fc', line, 'zsh', file], {
    encoding: 'utf8',
  })
  assert.deepEqual([status, stderr], [0, ''])
  assert.match(stdout, /^\*--preset\[.*\]:value:\(fast balanced best\)$/m)
  assert.match(stdout, /^\*--out\[output folder\]:value:_files$/m)
  assert.match(stdout, /^\*--quiet\[/m)
})

test('fish completes commands, flags and their values', { skip: withoutTools('fish') }, (t) => {
  const file = join(makeFolder(t), 'scriptorium.fish')
  writeFileSync(file, scripts.get('fish') ?? '')
  const complete = (line: string): string[] => {
    const asked = `source ${file}; complete -C ${JSON.stringify(line)}`
    const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', asked], { encoding: 'utf8' })
    assert.equal(stderr, '')
    return stdout.split('\n').flatMap((text) => text.split('\t')[0] || [])
  }
  assert.deepEqual(complete('scriptorium in'), ['ingest'])
  assert.deepEqual(complete('scriptorium ingest --pre'), ['--preset'])
  assert.deepEqual(complete('scriptorium ingest --preset b').toSorted(), ['balanced', 'best'])
  assert.deepEqual(complete('scriptorium languages a'), ['add'])
})
