// Starts dynalite on 127.0.0.1 and prints its port. It ends when its standard input does.
//
// dynalite 4 knows no ReturnValuesOnConditionCheckFailure and ignores it. Here it is added, within the lock of the item as on AWS:
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html
const db = require("dynalite/db");

const check = db.checkConditional;
db.checkConditional = (data, item) => {
  const failure = check(data, item);
  if (failure && item && data.ReturnValuesOnConditionCheckFailure === "ALL_OLD") failure.body.Item = item;
  return failure;
};
for (const action of ["putItem", "updateItem", "deleteItem"]) {
  require(`dynalite/validations/${action}`).types.ReturnValuesOnConditionCheckFailure = { type: "String" };
}

const server = require("dynalite")({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.on("end", () => process.exit()).resume();
