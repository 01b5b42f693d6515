/** The bytes of a file as text, in the encodings that spreadsheets write. Knows no format. */

export interface Text {
  text: string;
  /** Whether the encoding is a guess. */
  guessed: boolean;
}

/** Return the text of a file: by its byte order mark, or UTF-8; what is not UTF-8 is read as Windows-1252, as old spreadsheets write it. */
export async function textIn(file: Blob): Promise<Text> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return { text: decoded(bytes, 'utf-16le'), guessed: false };
  if (first === 0xfe && second === 0xff) return { text: decoded(bytes, 'utf-16be'), guessed: false };
  try {
    return { text: decoded(bytes, 'utf-8', true), guessed: false };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { text: decoded(bytes, 'windows-1252'), guessed: true };
  }
}

function decoded(bytes: Uint8Array, encoding: string, fatal = false): string {
  return new TextDecoder(encoding, { fatal }).decode(bytes);
}
