// Connects once, as the JSON of the first argument says: standard input goes to the server, what comes back goes to
// standard output, and what was agreed on goes to standard error, as one line of JSON.
'use strict'
const fs = require('fs')
const tls = require('tls')

const options = JSON.parse(process.argv[2])
for (const file of ['ca', 'cert', 'key']) {
  if (options[file]) options[file] = fs.readFileSync(options[file])
}
const socket = tls.connect({ host: '127.0.0.1', servername: 'a.example', maxVersion: 'TLSv1.2', ...options }, () => {
  const { authorized, alpnProtocol } = socket
  console.error(JSON.stringify({ authorized, alpnProtocol, cipher: socket.getCipher().name }))
  process.stdin.pipe(socket)
})
socket.pipe(process.stdout)
socket.on('error', error => {
  console.error(error.code, error.message)
  process.exitCode = 1
  process.stdin.destroy()
})
socket.on('end', () => process.stdin.destroy())
