// Connects as often as the JSON of the first argument says, one connection after the other, each with the session of
// the one before. Standard output gets a line of JSON about each.
'use strict'
const { constants } = require('crypto')
const fs = require('fs')
const tls = require('tls')

const { times, noTicket, port, ca } = JSON.parse(process.argv[2])
const options = {
  host: '127.0.0.1',
  servername: 'a.example',
  maxVersion: 'TLSv1.2',
  ca: fs.readFileSync(ca),
  secureOptions: noTicket ? constants.SSL_OP_NO_TICKET : 0,
  port,
}
const connect = (left, session) => {
  if (left === 0) return
  const socket = tls.connect({ ...options, session }, () => {
    console.log(JSON.stringify({ reused: socket.isSessionReused(), ticket: socket.getTLSTicket() !== undefined }))
    const next = socket.getSession()
    socket.on('close', () => connect(left - 1, next))
    socket.resume().end()
  })
  socket.on('error', error => {
    console.error(error.code, error.message)
    process.exit(1)
  })
}
connect(times)
