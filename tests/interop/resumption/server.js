// Serves on a port that it prints first, as the JSON of the first argument says, and says of each client whether its
// session was reused. With `late` it keeps sessions itself, and answers questions about them after so many
// milliseconds. Each line of standard input is 48 bytes in hexadecimal: the ticket keys from then on.
'use strict'
const { constants } = require('crypto')
const fs = require('fs')
const readline = require('readline')
const tls = require('tls')

const { cert, key, late, noTicket, ticketKeys } = JSON.parse(process.argv[2])
const server = tls.createServer({
  maxVersion: 'TLSv1.2',
  cert: fs.readFileSync(cert),
  key: fs.readFileSync(key),
  secureOptions: noTicket ? constants.SSL_OP_NO_TICKET : 0,
  ticketKeys: ticketKeys && Buffer.from(ticketKeys, 'hex'),
}, socket => {
  console.log(JSON.stringify({ reused: socket.isSessionReused() }))
  socket.on('error', error => console.error(error.message))
  socket.pipe(socket)
})
if (late) {
  const sessions = new Map()
  server.on('newSession', (id, session, done) => setTimeout(() => {
    console.log(JSON.stringify({ stored: id.toString('hex') }))
    sessions.set(id.toString('hex'), session)
    done()
  }, late))
  server.on('resumeSession', (id, done) => setTimeout(() => {
    console.log(JSON.stringify({ asked: id.toString('hex') }))
    done(null, sessions.get(id.toString('hex')) || null)
  }, late))
}
server.on('tlsClientError', error => console.error(error.code))
readline.createInterface({ input: process.stdin }).on('line', line => {
  server.setTicketKeys(Buffer.from(line, 'hex'))
  console.log(`keys ${line.slice(0, 32)}`)
})
server.listen(0, '127.0.0.1', () => console.log(`listening on ${server.address().port}.`))
