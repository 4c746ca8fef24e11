// Echoes, on a port that it prints first, as the JSON of the first argument says; standard error gets one line of
// JSON about each client.
'use strict'
const fs = require('fs')
const tls = require('tls')

const options = JSON.parse(process.argv[2])
for (const file of ['ca', 'cert', 'key']) {
  if (options[file]) options[file] = fs.readFileSync(options[file])
}
const server = tls.createServer({ maxVersion: 'TLSv1.2', ...options }, socket => {
  const { authorized, alpnProtocol, servername } = socket
  const { subject } = socket.getPeerCertificate()
  console.error(JSON.stringify({ authorized, alpnProtocol, servername, client: subject && subject.CN }))
  socket.on('error', error => console.error(error.message))
  socket.pipe(socket)
})
server.on('tlsClientError', error => console.error(error.code))
server.listen(0, '127.0.0.1', () => console.log(`listening on ${server.address().port}.`))
