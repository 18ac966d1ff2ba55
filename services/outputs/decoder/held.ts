const pieceBytes = 1_048_576

/** Announced bytes that are taken in pieces. */
export function createHeld() {
  let pieces: Uint8Array[] = []
  return {
    hold(data: readonly Uint8Array[]): void {
      pieces = data.toReversed()
    },
    /** The next piece; nothing after the last. */
    take(maxBytes: number): Uint8Array {
      const taken: Uint8Array[] = []
      for (let room = Math.min(pieceBytes, maxBytes); room > 0;) {
        const next = pieces.pop()
        if (next === undefined) break
        if (next.length > room) pieces.push(next.subarray(room))
        taken.push(next.subarray(0, room))
        room -= Math.min(room, next.length)
      }
      const [only] = taken
      return taken.length === 1 && only !== undefined ? only : Buffer.concat(taken)
    },
  }
}
