// The floor to compare with: the smallest node:http server that answers JSON.
import { createServer } from "node:http";

const server = createServer((request, response) => {
  request.resume().on("end", () => {
    response.setHeader("content-type", "application/json");
    response.end('{"reply":"hello"}');
  });
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
process.once("SIGTERM", () => {
  server.closeAllConnections();
  server.close();
});
