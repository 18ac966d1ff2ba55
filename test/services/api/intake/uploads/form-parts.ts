const boundary = 'x-y-z'
export const multipartType = { 'content-type': `multipart/form-data; boundary=${boundary}` }

/** A part as bytes of the body. */
export const part = (disposition: string, body: Buffer | string, type = ''): Buffer =>
  Buffer.concat([
    Buffer.from(
      `--${boundary}\r\ncontent-disposition: form-data; ${disposition}\r\n${type === '' ? '' : `content-type: ${type}\r\n`}\r\n`,
    ),
    Buffer.from(body),
    Buffer.from('\r\n'),
  ])
export const filePart = (name: string, body: Buffer): Buffer =>
  part(`name="files"; filename="${name}"`, body)
export const end = Buffer.from(`--${boundary}--\r\n`)
export const whole = (...parts: Buffer[]): Buffer => Buffer.concat([...parts, end])
