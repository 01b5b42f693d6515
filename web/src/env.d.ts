declare module 'virtual:content' {
  const schema: import('./contract/schema').Schema;
  export default schema;
}
declare module 'virtual:contract' {
  const document: import('./reference/document').OpenApi;
  export default document;
}
