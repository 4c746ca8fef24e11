// Connects as often as the JSON of the first argument says, to each of its ports in turn, each time with the session of
// the time before, and without tickets. Standard output gets a line of JSON about each connection.
'use strict'
const { constants } = require('crypto')
const fs = require('fs')
const tls = require('tls')

const { times, ports, ca } = JSON.parse(process.argv[2])
const options = {
  host: '127.0.0.1',
  servername: 'a.example',
  maxVersion: 'TLSv1.2',
  ca: fs.readFileSync(ca),
  secureOptions: constants.SSL_OP_NO_TICKET,
}
const connect = (number, session) => {
  if (number === times) return
  const port = ports[number % ports.length]
  const socket = tls.connect({ ...options, port, session }, () => {
    console.log(JSON.stringify({ reused: socket.isSessionReused() }))
    const next = socket.getSession()
    socket.on('close', () => connect(number + 1, next))
    socket.resume().end()
  })
  socket.on('error', error => {
    console.error(error.code, error.message)
    process.exit(1)
  })
}
connect(0)
