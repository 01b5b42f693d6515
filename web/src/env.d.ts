/** JSON texts, because a number of the contract may have more digits than a JavaScript number. */
declare module 'virtual:service' {
  const text: string;
  export default text;
}
declare module 'virtual:contract' {
  const text: string;
  export default text;
}
