import assert from 'node:assert/strict'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { languagesCommand } from '../../../../services/cli/languages/languages.ts'
import { execute } from '../../../../services/cli/program.ts'
import { makeFolder } from '../../../helpers/folder.ts'

/**
 * A machine with these programs on its PATH, each a line of shell, and a folder of models. Package managers are stand-ins:
 * a test must not install.
 */
function makeMachine(t: TestContext, programs: Record<string, string>) {
  const [folder, models] = [makeFolder(t), makeFolder(t)]
  const log = join(folder, 'log')
  const all = { env: 'exec /usr/bin/env "$@"', ...programs }
  for (const [name, line] of Object.entries(all)) {
    const file = join(folder, name)
    writeFileSync(file, `#!/bin/sh\necho "${name} $*" >>${log}\n${line}\n`)
    chmodSync(file, 0o755)
  }
  const environment = { PATH: folder, TESSDATA_PREFIX: models }
  return {
    models,
    calls: () => (existsSync(log) ? readFileSync(log, 'utf8').split('\n') : []),
    run: async (words: readonly string[], isRoot = true) => {
      const [stdout, stderr] = [new PassThrough(), new PassThrough()]
      const packagesFolder = join(folder, 'packages')
      const deps = { environment, isRoot, packagesFolder, stdout, stderr }
      const code = await execute(languagesCommand, words, deps)
      const read = (stream: PassThrough) => String(stream.read() ?? '')
      return { code, stdout: read(stdout), stderr: read(stderr) }
    },
  }
}

const install = 'for word; do :; done; : >"$TESSDATA_PREFIX/${word##*[-/]}.traineddata"'
const apt = { 'apt-get': `case "$*" in *install*) ${install};; esac`, 'apt-cache': '' }

test('readable models are listed with their paths, scripts as scripts', async (t) => {
  const { models, run } = makeMachine(t, {})
  for (const name of ['xyz', 'osd', 'equ', 'Fraktur']) {
    writeFileSync(join(models, `${name}.traineddata`), '')
  }
  const { code, stdout } = await run([])
  assert.equal(code, 0)
  assert.match(stdout, new RegExp(`^xyz +${models}/xyz.traineddata$`, 'm'))
  assert.match(stdout, new RegExp(`^script/Fraktur +${models}/Fraktur.traineddata$`, 'm'))
  assert.doesNotMatch(stdout, /osd|equ/)
  const listed = JSON.parse((await run(['--json'])).stdout) as { language: string }[]
  assert.ok(listed.some(({ language }) => language === 'eng'))
})

test("root on Debian installs Debian's package, and prints the commands for other systems", async (t) => {
  const { models, run, calls } = makeMachine(t, apt)
  const { code, stdout } = await run(['add', 'xyz'])
  assert.equal(code, 0)
  assert.match(
    stdout,
    new RegExp(`^xyz was installed by apt \\(tesseract-ocr-xyz\\): ${models}/xyz`),
  )
  assert.match(stdout, /dnf install tesseract-langpack-xyz/)
  const installs = calls().filter((call) => /^apt-get .*install/.test(call))
  assert.deepEqual(installs, ['apt-get install -y -qq --no-install-recommends tesseract-ocr-xyz'])
})

test('several languages are added, separated by + or spaces, and the package lists are updated once', async (t) => {
  const { run, calls } = makeMachine(t, apt)
  const { code, stdout } = await run(['add', 'xya+xyb', 'xyc', 'xya'])
  assert.equal(code, 0)
  assert.equal(stdout.match(/was installed/g)?.length, 3)
  assert.equal(calls().filter((call) => call.startsWith('apt-get update')).length, 1)
})

test('installed languages stay unchanged', async (t) => {
  const { models, run, calls } = makeMachine(t, apt)
  writeFileSync(join(models, 'xyz.traineddata'), '')
  const { code, stdout } = await run(['add', 'xyz'])
  assert.deepEqual([code, stdout], [0, `xyz is already installed: ${models}/xyz.traineddata\n`])
  assert.deepEqual(calls(), [])
})

test("a user who cannot run apt gets npm's package", async (t) => {
  const { run, calls } = makeMachine(t, { ...apt, npm: install, sudo: 'exit 1' })
  const { code, stdout } = await run(['add', 'xyz'], false)
  assert.equal(code, 0)
  assert.match(stdout, /^xyz was installed by npm \(@tesseract\.js-data\/xyz\)/)
  assert.ok(!calls().some((call) => call.startsWith('apt-get install')))
})

test("a user with passwordless sudo gets apt's package", async (t) => {
  const { run } = makeMachine(t, { ...apt, sudo: 'shift; exec "$@"', true: '' })
  assert.match((await run(['add', 'xyz'], false)).stdout, /^xyz was installed by apt/)
})

test('languages that cannot be installed are listed with reasons and cures, and the others are installed', async (t) => {
  const refuse = 'echo "npm error code E404\nnpm error 404 Not Found" >&2; exit 1'
  const known = 'case "$*" in *xyz*) ;; *) exit 1;; esac'
  const { run } = makeMachine(t, { ...apt, 'apt-cache': known, npm: refuse })
  const { code, stdout, stderr } = await run(['add', 'qqq', 'xyz', 'script/Klingon'])
  assert.equal(code, 9)
  assert.match(stdout, /^xyz was installed/)
  assert.match(stderr, /qqq was not installed\. apt: no such package; npm: .*404 Not Found/)
  assert.match(
    stderr,
    /script\/Klingon was not installed\. apt: Debian has no package of this script; npm: npm has/,
  )
  assert.match(stderr, /dnf install tesseract-langpack-qqq tesseract-script-klingon/)
})

test('a package without a model is an error', async (t) => {
  const { run } = makeMachine(t, { ...apt, 'apt-get': '' })
  const { code, stderr } = await run(['add', 'xyz'])
  assert.equal(code, 9)
  assert.match(stderr, /tesseract-ocr-xyz contains no model/)
})

test('an invalid language is rejected before anything is installed', async (t) => {
  const { run, calls } = makeMachine(t, apt)
  for (const name of ['osd', '../eng', 'script/../x', '-y', 'a;b']) {
    await assert.rejects(run(['add', '--', 'xyz', name]), { code: 'bad_arguments', exitCode: 1 })
  }
  assert.deepEqual(calls(), [])
})
