import { Option, type Command } from 'commander'
import { exitCodes } from '../../../shared/process/errors.ts'
import { newCommand } from '../command.ts'
import type { Host } from '../host.ts'
import { createServiceClient } from './service-client.ts'

interface McpOptions {
  url: string
  allowSubmit: boolean
}

/** `mcp`: the tools of a running service for an agent, on standard input and output. */
export const mcpCommand = (host: Host): Command =>
  newCommand('mcp', { quiet: 'print errors only' })
    .description(
      'Gives an agent the tools search, read_page and list_failures of a running service, by the Model Context Protocol on standard input and output. ' +
        'SCRIPTORIUM_TOKEN holds the secret of its token.',
    )
    .addOption(
      new Option('--url <address>', 'address of the service (env: SCRIPTORIUM_URL)').default(
        host.environment['SCRIPTORIUM_URL'] || 'http://127.0.0.1:8080',
      ),
    )
    .option('--allow-submit', 'also the tool submit, which uploads files of this machine', false)
    .action(async ({ url, allowSubmit }: McpOptions) => {
      const { serveStdio, StdioServerTransport } =
        await import('@modelcontextprotocol/server/stdio')
      const { createMcpTools } = await import('./server.ts')
      const client = createServiceClient(url, host.environment['SCRIPTORIUM_TOKEN'] || undefined)
      const ended = Promise.withResolvers<undefined>()
      const transport = new (class extends StdioServerTransport {
        /** Also called when the agent closes our standard input. */
        override async close(): Promise<void> {
          await super.close()
          ended.resolve(undefined)
        }
      })()
      const handle = serveStdio(() => createMcpTools(client, { maySubmit: allowSubmit }), {
        transport,
        onerror: ({ message }) => void host.stderr.write(`${message}\n`),
      })
      host.stopping().addEventListener('abort', () => ended.resolve(undefined))
      await ended.promise
      await handle.close()
      host.end(exitCodes.done)
    })
