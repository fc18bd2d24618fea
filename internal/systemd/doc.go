// Package systemd speaks with the service manager that has started this process:
// it takes the sockets that were left to it, says how far it has come, and gives
// sockets into the manager's keeping. The protocols are those of sd_notify(3),
// sd_listen_fds(3), sd_watchdog_enabled(3) and systemd.service(5); systemd itself
// is not needed, whoever sets the variables is spoken to.
//
// It promises:
//
//   - Nothing without being asked. Where NOTIFY_SOCKET is not set there is no
//     [Service], and nothing is sent. A nil Service takes each order and does
//     nothing.
//   - Nothing blocks for ever: a message that the manager does not take is given
//     up after [SendTimeout].
//   - No child sees it. LISTEN_* is removed from the environment as it is taken,
//     and the descriptors are close-on-exec. NOTIFY_SOCKET and WATCHDOG_* stay: a
//     master that replaces itself by execve(2) goes on to speak. Whoever starts
//     another process leaves out [Variables].
//   - What is meant for another process is left alone: LISTEN_PID and
//     WATCHDOG_PID are compared with this one.
//
// # Variables
//
//	NOTIFY_SOCKET     where messages go: an absolute path, or @ and an abstract name
//	WATCHDOG_USEC     how long the manager waits for WATCHDOG=1, in microseconds
//	WATCHDOG_PID      who has to send it; not set: whoever reads the variable
//	LISTEN_PID        who the descriptors are for
//	LISTEN_FDS        how many there are, from 3 on
//	LISTEN_FDNAMES    their names, joined by colons; not set: "unknown"
//	LISTEN_PIDFDID    as LISTEN_PID, from systemd 257 on; not needed beside it
//	FDSTORE           how many descriptors the manager keeps for this service, from
//	                  systemd 254 on; not set: it is not known
//
// The manager's other form of address, vsock:CID:PORT, is for virtual machines
// and not spoken.
package systemd
